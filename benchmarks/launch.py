"""Where the time from launch to the first heatmaps goes, as a timeline of the page and of the floor.

Run it from the project's folder, on a machine that does nothing else: `python benchmarks/launch.py`. It needs
Chromium, as `benchmarks/visitor.py` does.
"""

import argparse
import subprocess
import sys
import time
from statistics import median

from browser import Tab, launch_browser, stands
from servers import ROOT, run_server, wait_until_healthy
from visitor import FLOOR, PAGE, Subject

ALONE = """
import time
start = time.perf_counter()
def lap(what):
    global start
    print(f"| {what} | {time.perf_counter() - start:.2f} |")
    start = time.perf_counter()
import streamlit
lap("import streamlit")
import torch
lap("import torch")
import viz
network = viz.load_network("vgg16")
lap("load the weights, check their digest, build the network")
from pathlib import Path
batch = network.to_batch(viz.frame_image(viz.read_image(Path("assets/images/cat.png").read_bytes())))
lap("read and frame the photograph")
viz.extract_heatmaps(network, batch)
lap("the first pass")
viz.extract_heatmaps(network, batch)
lap("a later pass, for comparison")
"""


def follow_launch(subject: Subject) -> dict[str, float]:
    """Seconds from the start of a fresh server and a fresh browser to each event, in this order."""
    start = time.time()
    seen: dict[str, float] = {}
    with run_server(subject.script) as server, launch_browser() as browser:
        seen["the browser has started"] = time.time() - start
        wait_until_healthy(server)
        seen["the server answers"] = time.time() - start
        tab = Tab(browser)
        tab.open(server.url)
        seen["the browser has the HTML"] = time.time() - start
        for what, condition in (
            ("Streamlit's page stands", "document.querySelector('[data-testid=\"stMain\"]')"),
            ("the first widget stands", "document.querySelector('[class*=\"st-key-\"] input')"),
            ("the first figure stands", "document.querySelector('.js-plotly-plot .main-svg')"),
            ("the first heatmap is painted", "document.querySelector('.heatmaplayer .hm image')"),
            ("all heatmaps stand, and the script has ended", stands(subject.maps)),
        ):
            seen[what] = tab.wait(condition) - start
    return seen


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="launches of each page")
    options = parser.parse_args()
    lines = [(follow_launch(PAGE), follow_launch(FLOOR)) for _ in range(options.repeat)]
    print("| event | page, s | floor, s |\n| --- | --- | --- |")
    for event in lines[0][0]:
        page, floor = (median(line[place][event] for line in lines) for place in (0, 1))
        print(f"| {event} | {page:.2f} | {floor:.2f} |")
    print("\n| in a process that does nothing else | s |\n| --- | --- |", flush=True)
    subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
