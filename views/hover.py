"""Works out the normalised values that a figure shows on hover, in the browser.

They follow from the true values, which are there. Sent beside these, a number a cell, they make a change of a
widget a tenth longer with all 13 layers.
"""

# A function for the page's script. Plotly says when it is about to look for what is below the mouse; where a
# map has been drawn anew, its `text` still is the placeholder (`viz.specs.UNKNOWN`) then. A map that Plotly
# paints has its values in `z`, one that comes painted in `customdata`: templates find them there in both. The
# result is that of `viz.aggregate.normalize`, in whole percent.
SCRIPT = """
function normaliseOnHover(root) {
  const normalise = (trace) => {
    if (trace.type === "heatmap") trace.customdata = trace.z;
    let low = Infinity, high = -Infinity;
    for (const row of trace.customdata) {
      for (const value of row) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    const scale = high > low ? 100 / (high - low) : 0;
    const round = (value) => Math.round((value - low) * scale);
    trace.text = Array.from(trace.customdata, (row) => Uint8Array.from(row, round));
  };
  const fill = (figure) => figure._fullData.filter(({ text }) => text?.[0]?.[0] === null).forEach(normalise);
  const meet = ({ target }) => {
    const figure = target.closest?.(".js-plotly-plot");
    if (!figure?.on || figure.normalises) return;
    figure.normalises = true;
    figure.on("plotly_beforehover", () => fill(figure));
  };
  const kinds = ["pointermove", "pointerdown"];
  for (const kind of kinds) root.addEventListener(kind, meet, true);
  return () => { for (const kind of kinds) root.removeEventListener(kind, meet, true); };
}
"""
