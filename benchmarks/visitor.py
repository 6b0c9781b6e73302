"""What the page costs, each figure against a reference measured in the same run.

Run it from the project's folder, on a machine that does nothing else: `python benchmarks/page.py`. It needs
Linux, for the memory, and Chromium: the variable CHROMIUM's, the machine's, or Playwright's own.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

from browser import Browser, launch_browser, time_change, time_click, visit
from common import Row, alternate, compare_memory, compare_slower, print_header
from servers import Server, read_memory, run_server, stop_group, wait_until_healthy

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.layers import LAYER_NAMES

LAUNCH_LIMIT = 1.3
VISIT_LIMIT = 1.1
CHANGE_LIMIT = 1.3
ALL_CHANGE_LIMIT = 2
CLICK_LIMIT = 2
MEMORY_LIMIT_MB = 200

REST_S = 2  # after the first heatmap: the run that drew it ends, the browser fetches what it still wants
FLOOR_NAME = "a page with one 14×14 heatmap"
SPARED_NAME = "the same, without `runner.postScriptGC`"
BARE = "import streamlit, torch; print(flush=True); input()"


@dataclass(frozen=True)
class Subject:
    """A page to measure.

    Attributes:
        script: Its path from the project's folder.
        query: The parameters with which its widget is measured.
        widget: Key of a selectbox whose change redraws the heatmaps.
        settings: Arguments of `streamlit run` that outdo the project's.
    """

    script: str
    query: str
    widget: str
    settings: tuple[str, ...] = ()


# Streamlit by itself has Python look for garbage after each run; the page's settings forgo that. It takes
# time from a change soon after it, so changes are held against a floor that is spared it, too.
FLOOR = Subject("benchmarks/floor.py", "", "values", ("--runner.postScriptGC", "true"))
SPARED_FLOOR = Subject("benchmarks/floor.py", "", "values")
PAGE = Subject("app.py", "?layers=conv1_1&layers=conv3_1&layers=conv4_2", "aggregation")
ALL_LAYERS = Subject("app.py", "?" + "&".join(f"layers={name}" for name in LAYER_NAMES), "aggregation")
CHANGES = ((PAGE, "three layers", CHANGE_LIMIT), (ALL_LAYERS, "all 13 layers", ALL_CHANGE_LIMIT))
PLACES = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.8), (0.2, 0.7), (0.8, 0.15))  # shares of width and height
OPTIONS = (1, 2, 3, 4, 0)  # both selectboxes have five, and start with the first


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="launches, visits and memory readings")
    parser.add_argument("--changes", type=int, default=10, help="changes of the widget")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that servers are killed then, too
    print_header()
    for measure in (measure_launch, measure_visit, measure_memory):
        print(measure(options.repeat).to_markdown(), flush=True)
    for subject, layers, limit in CHANGES:
        for row in compare_change(subject, layers, limit, options.changes):
            print(row.to_markdown(), flush=True)
    print(measure_click(options.changes).to_markdown(), flush=True)


def measure_launch(rounds: int) -> Row:
    """From the start of server and browser to the first heatmap."""
    seconds = alternate([partial(time_launch, subject) for subject in (FLOOR, PAGE)], rounds)
    return compare_slower("launch to first heatmap in the browser", FLOOR_NAME, seconds, LAUNCH_LIMIT)


def time_launch(subject: Subject) -> float:
    """Seconds from the start of a fresh server and a fresh browser to the first painted heatmap."""
    start = time.time()
    with run_server(subject.script, *subject.settings) as server, launch_browser() as browser:
        wait_until_healthy(server)
        return visit(browser, server.url).shown - start


@contextmanager
def serve_first_visitor(subject: Subject) -> Iterator[tuple[Server, Browser]]:
    """A server and a browser that have shown a heatmap and answered a change of the widget, and rest."""
    with run_server(subject.script, *subject.settings) as server, launch_browser() as browser:
        wait_until_healthy(server)
        tab = visit(browser, server.url).tab
        time_change(tab, subject.widget, 1)  # the first heatmap of all needs no network
        time.sleep(REST_S)
        yield server, browser


def measure_visit(rounds: int) -> Row:
    """From a further visitor's call to the first heatmap, server and browser running."""
    with ExitStack() as stack:
        running = [stack.enter_context(serve_first_visitor(subject)) for subject in (FLOOR, PAGE)]
        seconds = alternate([partial(time_visit, browser, server.url) for server, browser in running], rounds)
    return compare_slower("a second visitor's first heatmap", FLOOR_NAME, seconds, VISIT_LIMIT)


def time_visit(browser: Browser, url: str) -> float:
    """Seconds from a new visitor's call to the first painted heatmap."""
    seen = visit(browser, url)
    time.sleep(REST_S)
    seen.tab.close()
    return seen.shown - seen.called


def compare_change(subject: Subject, layers: str, limit: float, rounds: int) -> list[Row]:
    """From the change of a widget to the repainted heatmaps, against that on the floor and the spared one."""
    pages = (FLOOR, SPARED_FLOOR, subject)
    with ExitStack() as stack:
        measures = [stack.enter_context(open_for_changes(page)) for page in pages]
        *floors, seconds = alternate(measures, rounds)
    what = f"widget change to repaint, {layers}"
    names = (FLOOR_NAME, SPARED_NAME)
    return [
        compare_slower(what, name, [floor, seconds], limit) for name, floor in zip(names, floors, strict=True)
    ]


def measure_click(rounds: int) -> Row:
    """From a click on the photograph to the marked cells and their table, of three layers."""
    with ExitStack() as stack:
        change = stack.enter_context(open_for_changes(PAGE))
        click = stack.enter_context(open_for_clicks())
        seconds = alternate([change, click], rounds)
    what = "a click in “Point at it” to its marks and table, three layers"
    return compare_slower(what, "the page's own widget change", seconds, CLICK_LIMIT)


@contextmanager
def open_for_clicks() -> Iterator[Callable[[], float]]:
    """An open page's function that clicks on the next place and returns the seconds to the answer."""
    with serve_first_visitor(PAGE) as (server, browser):
        tab = visit(browser, f"{server.url}{PAGE.query}&view=probe").tab
        time.sleep(REST_S)
        places = cycle(PLACES)
        yield lambda: time_click(tab, *next(places))


@contextmanager
def open_for_changes(subject: Subject) -> Iterator[Callable[[], float]]:
    """An open page's function that chooses the widget's next option and returns the seconds it took."""
    with serve_first_visitor(subject) as (server, browser):
        tab = visit(browser, server.url + subject.query).tab
        time.sleep(REST_S)
        options = cycle(OPTIONS)
        yield lambda: time_change(tab, subject.widget, next(options))


def measure_memory(rounds: int) -> Row:
    """Resident memory of the server after the first photograph."""
    megabytes = alternate([read_bare_memory, read_page_memory], rounds)
    what = "resident memory of the server after the first photograph"
    return compare_memory(what, "`import streamlit, torch`", megabytes, MEMORY_LIMIT_MB)


def read_page_memory() -> float:
    """MB that the page's server holds, with all its children."""
    with serve_first_visitor(PAGE) as (server, _):
        return read_memory(server.process.pid)


def read_bare_memory() -> float:
    """MB that a process holds which has imported Streamlit and torch, and does nothing."""
    command = [sys.executable, "-c", BARE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True) as process:
        try:
            assert process.stdout is not None  # it is the pipe
            process.stdout.readline()
            time.sleep(REST_S)
            return read_memory(process.pid)
        finally:
            stop_group(process)


if __name__ == "__main__":
    main()
