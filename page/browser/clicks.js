// Figures come and go with the page's changes, so the script looks for them again and again.
// A tap is a click to Plotly twice: first as what it is, then as the mouse that browsers make of it, when the
// figure may have moved. Only the first counts.
export default function ({ data, parentElement, setTriggerValue }) {
  const element = parentElement.host ?? parentElement;
  const main = element.closest('[data-testid="stMain"]') ?? document;
  const listen = () => {
    for (const key of data) {
      const figure = main.querySelector(`.st-key-${key} .js-plotly-plot`);
      if (!figure?.on) continue;
      // Plotly forgets who listens when it draws a figure from scratch, and then has another "on".
      if (figure.heard !== figure.on) {
        figure.heard = figure.on;
        figure.on("plotly_click", ({ points }) => {
          const again = element.told && performance.now() - element.tapped < 1000;
          element.told = true;
          if (again) return;
          const { curveNumber, x, y } = points[0];
          figure.tellClick(`${key} ${curveNumber} ${x} ${y}`);
        });
        figure.style.cursor = "crosshair";
      }
      figure.tellClick = (text) => setTriggerValue("click", text);
    }
  };
  const noteTap = () => { element.tapped = performance.now(); element.told = false; };
  main.addEventListener("touchend", noteTap, true);
  clearInterval(element.listening);
  element.listening = setInterval(listen, 100);
  return () => { clearInterval(element.listening); main.removeEventListener("touchend", noteTap, true); };
}
