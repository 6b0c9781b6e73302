"""Where the time from launch to the first heatmap goes, as a timeline of the page and of the floor.

Run it from the project's folder, on a machine that does nothing else: `python benchmarks/launch.py`. It needs
Chromium, as `benchmarks/page.py` does.
"""

import subprocess
import sys
import time
from statistics import median

from browser import HEATMAP, Tab, launch_browser, time_change
from servers import run_server, wait_until_healthy

ROUNDS = 5
SUBJECTS = {"floor": ("benchmarks/floor.py", "values"), "page": ("app.py", "aggregation")}
LAST_EVENT = "the first heatmap is there"
# Run in the page before its own scripts; seconds since 1970.
NOTE_EVENTS = f"""
window.noted = {{}};
const note = (what) => {{ window.noted[what] ??= (performance.timeOrigin + performance.now()) / 1000; }};
window.WebSocket = class extends WebSocket {{
  constructor(...all) {{
    super(...all);
    note("the session begins");
    this.addEventListener("message", () => note("the server's first message"), {{ once: true }});
  }}
}};
new PerformanceObserver((list) => {{
  const plotly = list.getEntries().some(({{ name }}) => name.includes("PlotlyChart"));
  if (plotly) note("Plotly's script is loaded");
}}).observe({{ type: "resource", buffered: true }});
const waited = {{
  "Streamlit's page stands": '[data-testid="stMain"]',
  "the first Plotly figure stands": ".js-plotly-plot .main-svg",
  {LAST_EVENT!r}: {HEATMAP!r},
}};
const look = () => {{
  for (const [what, selector] of Object.entries(waited)) if (document.querySelector(selector)) note(what);
  requestAnimationFrame(look);
}};
look();
"""
ALONE = """
import time
start = time.perf_counter()
def lap(what):
    global start
    print(f"{what}\\t{time.perf_counter() - start}")
    start = time.perf_counter()
import streamlit
lap("import streamlit")
import torch
lap("import torch")
from viz.model import load_features
network = load_features()
lap("load the weights, check their digest, build the network")
from pathlib import Path
from viz.images import frame_image, read_image, to_batch
batch = to_batch(frame_image(read_image(Path("assets/images/cat.png").read_bytes())))
lap("read and frame the photograph")
from viz.extractor import extract_heatmaps
extract_heatmaps(network, batch)
lap("the first pass")
extract_heatmaps(network, batch)
lap("a later pass, for comparison")
"""


def follow_launch(script: str, widget: str) -> dict[str, float]:
    """Seconds from the start of a fresh server and a fresh browser to each event."""
    start = time.time()
    seen: dict[str, float] = {}
    with run_server(script) as server, launch_browser() as browser:
        seen["the browser has started"] = time.time() - start
        wait_until_healthy(server)
        seen["the server answers"] = time.time() - start
        tab = Tab(browser, NOTE_EVENTS)
        tab.open(server.url)
        seen["the browser has the HTML"] = time.time() - start
        tab.wait(f"window.noted[{LAST_EVENT!r}]")
        time_change(tab, widget, 1)
        seen["a widget, changed as soon as it is there, has its heatmap"] = time.time() - start
        return seen | {what: noted - start for what, noted in tab.evaluate("window.noted").items()}


def main() -> None:
    """Print both tables."""
    timelines: dict[str, list[dict[str, float]]] = {name: [] for name in SUBJECTS}
    for _ in range(ROUNDS):
        for name, (script, widget) in SUBJECTS.items():
            timelines[name].append(follow_launch(script, widget))
    print("| event | page, s | floor, s |\n| --- | --- | --- |")
    events = {
        name: {event: median(line[event] for line in lines) for event in lines[0]}
        for name, lines in timelines.items()
    }
    for event, seconds in sorted(events["page"].items(), key=lambda pair: pair[1]):
        print(f"| {event} | {seconds:.2f} | {events['floor'].get(event, float('nan')):.2f} |")
    alone = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True).stdout
    print("\n| in a process that does nothing else | s |\n| --- | --- |")
    for line in alone.splitlines():
        what, took = line.split("\t")
        print(f"| {what} | {float(took):.2f} |")


if __name__ == "__main__":
    main()
