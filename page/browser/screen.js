// It speaks only when the figure would look wrong, so the usual window costs no second run, and only between
// runs, so that none is cut off. It waits until all widgets are there, too: Streamlit shows a skeleton for one
// whose script is still on its way, and a run that knows nothing of a widget sets it back to its default. On a
// phone the height is left out: there the browser's bars come and go, and the figure scrolls anyway.
// After a restart of the server the page would rest as it is, and the next choice be taken for an old one: the
// new session's first run reads the address. So the script asks for that run as soon as the server is back.
// Another view, or step of the lesson, begins at its top.
// Only the visitor's own way back or forward is told as an address: any message to the server carries the address
// that the browser has just then, which on a slow line is one from before the last choice.
// Streamlit calls it again for new data, without ending what the call before began.
const stops = new WeakMap();
let shown = null;

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  stops.get(parentElement)?.();
  const element = parentElement.host ?? parentElement;
  const main = element.closest('[data-testid="stMain"]') ?? document.documentElement;
  const column = element.closest('[data-testid="stVerticalBlock"]') ?? main;
  document.documentElement.lang = data.language;
  if (shown !== null && shown !== data.place) main.scrollTo(0, 0);
  shown = data.place;
  let timer = 0;
  const unfinished = '[data-test-script-state="running"], [data-testid="stSkeleton"]';
  const busy = () => document.querySelector(unfinished) !== null;
  const tell = () => {
    if (busy()) { later(); return; }
    const width = Math.round(column.clientWidth);
    const top = element.getBoundingClientRect().top + main.scrollTop;
    const height = Math.round(window.innerHeight - top - 16);
    const wide = Math.abs(width - data.width) > 0.015 * data.width;
    const high = width > data.narrow && Math.abs(height - data.height) > 0.04 * data.height;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const told = `${width}x${height}${still ? " still" : ""}`;
    if (width > 0 && (wide || high || still !== data.still)) setStateValue("size", told);
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(tell, 150); };
  const observer = new ResizeObserver(later);
  observer.observe(column);
  window.addEventListener("resize", later);
  const move = () => setTriggerValue("moved", window.location.search || "?");
  window.addEventListener("popstate", move);
  let connected = true;
  const watch = setInterval(() => {
    const now = document.querySelector('[data-test-connection-state="CONNECTED"]') !== null;
    if (now && !connected) setTriggerValue("back", true);
    connected = now;
  }, 500);
  const stop = () => {
    clearTimeout(timer);
    clearInterval(watch);
    observer.disconnect();
    window.removeEventListener("resize", later);
    window.removeEventListener("popstate", move);
  };
  stops.set(parentElement, stop);
  return stop;
}
