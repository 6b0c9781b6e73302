"""What a visitor waits for and what the server holds, each against a reference measured in the same run.

The clock stops when all heatmaps of the view are painted and everything else in it stands. Run it from the
project's folder, on a machine that does nothing else: `python benchmarks/visitor.py`. It needs Linux, for the
memory, and Chromium: the variable CHROMIUM's, the machine's, or Playwright's own.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path

from browser import Browser, Tab, launch_browser, stands
from common import WRITE_HELP, Row, alternate, compare_memory, compare_slower, print_table
from servers import Server, read_memory, run_server, stop_group, wait_until_healthy

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from page.settings import HOMEWORK_LAYERS
from viz.networks.layers import choose_default_layers
from viz.networks.vgg16 import LAYERS

LAUNCH_LIMIT = 2.1
VISIT_LIMIT = 1.6
CHANGE_LIMIT = 1.6
ALL_CHANGE_LIMIT = 2.8
SECOND_ROW_LIMIT = 2
MEMORY_LIMIT_MB = 200

REST_S = 2  # after the first heatmaps, for what browser and server still do on their own
FLOOR_NAME = "a page with one 14×14 heatmap"
SPARED_NAME = "the same, without `runner.postScriptGC`"
BARE = "import streamlit, torch; print(flush=True); input()"
OPTIONS = (1, 2, 3, 4, 0)  # both selectboxes have five, and start with the first


@dataclass(frozen=True)
class Subject:
    """A page to measure.

    Attributes:
        script: Its path from the project's folder.
        widget: Key of a selectbox whose change redraws the heatmaps.
        maps: How many heatmaps it shows.
        query: The address's parameters.
        settings: Arguments of `streamlit run` that outdo the project's settings.
    """

    script: str
    widget: str
    maps: int
    query: str = ""
    settings: tuple[str, ...] = ()


def _select(layers: list[str]) -> Subject:
    return Subject("app.py", "aggregation", len(layers), f"?layers={','.join(layers)}")


# The project's settings spare Python's garbage collection after each run. The floor is served as Streamlit
# does by itself; how the changes compare with a floor that is spared it, too, is reported beside that.
FLOOR = Subject("benchmarks/floor.py", "values", 1, settings=("--runner.postScriptGC", "true"))
SPARED_FLOOR = Subject("benchmarks/floor.py", "values", 1)
PAGE = Subject("app.py", "aggregation", len(choose_default_layers(LAYERS)))
CHANGES = (
    (_select(HOMEWORK_LAYERS), "three layers", CHANGE_LIMIT),
    (_select([layer.name for layer in LAYERS]), "all 13 layers", ALL_CHANGE_LIMIT),
)

# With the maps of three layers once more under each other, before the ReLU: they are there already.
THREE_LAYERS = CHANGES[0][0]
SECOND_ROW = replace(THREE_LAYERS, maps=2 * THREE_LAYERS.maps, query=f"{THREE_LAYERS.query}&beside=side")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="launches, visits and memory readings")
    parser.add_argument("--changes", type=int, default=10, help="changes of the widget")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that servers are killed then, too
    with print_table("visitor", options.write) as add:
        for row in measure_page(options.repeat, options.changes):
            add(row.to_cells())


def measure_page(rounds: int, changes: int) -> Iterator[Row]:
    """All rows, one after the other."""
    for measure in (measure_launch, measure_visit, measure_memory):
        yield measure(rounds)
    for subject, layers, limit in CHANGES:
        yield from compare_change(subject, layers, limit, changes)
    yield compare_second_row(changes)


def measure_launch(rounds: int) -> Row:
    """From the start of server and browser until the heatmaps stand."""
    seconds = alternate([partial(time_launch, subject) for subject in (FLOOR, PAGE)], rounds)
    return compare_slower("launch to first heatmap", FLOOR_NAME, seconds, LAUNCH_LIMIT)


def time_launch(subject: Subject) -> float:
    """Seconds from the start of a fresh server and a fresh browser until the heatmaps stand."""
    start = time.time()
    with run_server(subject.script, *subject.settings) as server, launch_browser() as browser:
        wait_until_healthy(server)
        return show(Tab(browser), server, subject) - start


def show(tab: Tab, server: Server, subject: Subject) -> float:
    """Open a page; returns when all its heatmaps stand, in seconds since 1970."""
    tab.open(server.url + subject.query)
    return tab.wait(stands(subject.maps))


@contextmanager
def serve_first_visitor(subject: Subject) -> Iterator[tuple[Server, Browser, Tab]]:
    """A server and a browser in whose tab the heatmaps stand; all of them rest."""
    with run_server(subject.script, *subject.settings) as server, launch_browser() as browser:
        wait_until_healthy(server)
        tab = Tab(browser)
        show(tab, server, subject)
        time.sleep(REST_S)
        yield server, browser, tab


def measure_visit(rounds: int) -> Row:
    """From a further visitor's call until the heatmaps stand, server and browser running."""
    with ExitStack() as stack:
        measures = [stack.enter_context(prepare_visits(subject)) for subject in (FLOOR, PAGE)]
        seconds = alternate(measures, rounds)
    return compare_slower("a second visitor's first heatmap", FLOOR_NAME, seconds, VISIT_LIMIT)


@contextmanager
def prepare_visits(subject: Subject) -> Iterator[Callable[[], float]]:
    """A function that comes as a new visitor and returns the seconds until the heatmaps stand."""
    with serve_first_visitor(subject) as (server, browser, _):

        def time_visit() -> float:
            tab = Tab(browser)
            called = time.time()
            seconds = show(tab, server, subject) - called
            time.sleep(REST_S)
            tab.close()
            return seconds

        yield time_visit


def compare_change(subject: Subject, layers: str, limit: float, rounds: int) -> list[Row]:
    """From the change of a widget until all heatmaps are repainted, held against both floors."""
    pages = (FLOOR, SPARED_FLOOR, subject)
    with ExitStack() as stack:
        floor, spared, seconds = alternate(
            [stack.enter_context(prepare_changes(page)) for page in pages], rounds
        )
    what = f"widget change to repaint, {layers}"
    return [
        compare_slower(what, FLOOR_NAME, [floor, seconds], limit),
        compare_slower(what, SPARED_NAME, [spared, seconds]),
    ]


def compare_second_row(rounds: int) -> Row:
    """From the change of a widget until both rows are repainted, held against one row."""
    with ExitStack() as stack:
        pages = [stack.enter_context(prepare_changes(page)) for page in (THREE_LAYERS, SECOND_ROW)]
        seconds = alternate(pages, rounds)
    what = "widget change to repaint, three layers with a second row"
    return compare_slower(what, "the same without the second row", seconds, SECOND_ROW_LIMIT)


@contextmanager
def prepare_changes(subject: Subject) -> Iterator[Callable[[], float]]:
    """A function that chooses the widget's next option and returns the seconds until the repaint."""
    with serve_first_visitor(subject) as (_, _, tab):
        options = cycle(OPTIONS)
        yield lambda: tab.time_change(subject.widget, next(options))


def measure_memory(rounds: int) -> Row:
    """Resident memory of the server after the first photograph."""
    megabytes = alternate([read_bare_memory, read_page_memory], rounds)
    what = "resident memory of the server after the first photograph"
    return compare_memory(what, "`import streamlit, torch`", megabytes, MEMORY_LIMIT_MB)


def read_page_memory() -> float:
    """MB that the page's server holds, with all its children."""
    with serve_first_visitor(PAGE) as (server, _, _):
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
