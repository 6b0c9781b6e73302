"""Where the time from launch to the first heatmap goes, as a timeline of the page and of the floor.

Run it from the project's folder, on a machine that does nothing else: `python benchmarks/launch.py`. It needs
Chromium, as `benchmarks/page.py` does.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from browser import HEATMAP, SCREEN, launch_browser, run_server, time_change, wait_until_healthy
from playwright.sync_api import Page, Playwright, WebSocket, sync_playwright

Note = Callable[[str], None]

ROUNDS = 5
SUBJECTS = {"floor": ("benchmarks/floor.py", "values"), "page": ("app.py", "aggregation")}
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


def follow_launch(playwright: Playwright, script: str, widget: str) -> dict[str, float]:
    """Seconds from the start of a fresh server and a fresh browser to each event."""
    start = time.time()
    seen: dict[str, float] = {}

    def note(what: str) -> None:
        seen.setdefault(what, time.time() - start)

    with run_server(script) as server, launch_browser(playwright) as browser:
        note("the browser has started")
        wait_until_healthy(server)
        note("the server answers")
        page = browser.new_context(viewport=SCREEN).new_page()
        _listen(page, note)
        page.goto(server.url, wait_until="commit")
        note("the browser has the HTML")
        page.wait_for_selector('[data-testid="stMain"]', state="attached", timeout=60_000)
        note("Streamlit's page stands")
        page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
        note("the first Plotly figure stands")
        page.wait_for_selector(HEATMAP, timeout=60_000)
        note("the first heatmap is there")
        time_change(page, widget, 1)
        note("a widget, changed as soon as it is there, has its heatmap")
    return seen


def _listen(page: Page, note: Note) -> None:
    def finish(url: str) -> None:
        if "PlotlyChart" in url:
            note("Plotly's script is loaded")

    page.on("websocket", lambda socket: _follow_socket(socket, note))
    page.on("requestfinished", lambda request: finish(request.url))


def _follow_socket(socket: WebSocket, note: Note) -> None:
    note("the session begins")
    socket.on("framereceived", lambda _: note("the server's first message"))


def main() -> None:
    """Print both tables."""
    timelines: dict[str, list[dict[str, float]]] = {name: [] for name in SUBJECTS}
    with sync_playwright() as playwright:
        for _ in range(ROUNDS):
            for name, (script, widget) in SUBJECTS.items():
                timelines[name].append(follow_launch(playwright, script, widget))
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
