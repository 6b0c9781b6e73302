"""What a visitor waits for and what the server holds, each against a reference measured in the same run.

    python benchmarks/visitor.py                    the page against a floor
    python benchmarks/visitor.py --before FOLDER    the page against a state before, which FOLDER holds

The clock stops when all heatmaps of the view are painted and everything else in it stands. Run it from the
project's folder, on a machine that does nothing else. It needs Linux, for the memory, and Chromium: the
variable CHROMIUM's, the machine's, or Playwright's own. FOLDER is another worktree of this repository; its
page runs on the same Python.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path

from browser import Browser, Tab, launch_browser, stands
from common import WRITE_HELP, Row, alternate, compare_memory, compare_slower, print_rows
from servers import (
    BEFORE_HELP,
    BEFORE_NAME,
    ROOT,
    Server,
    read_folder,
    read_memory,
    run_server,
    stop_group,
    wait_until_healthy,
)

LAUNCH = "launch to first heatmap"
VISIT = "a second visitor's first heatmap"
CHANGE = "widget change to repaint"
CHANGE_OF_THREE = f"{CHANGE}, three layers"

LAUNCH_LIMIT = 2.1
VISIT_LIMIT = 1.6
CHANGE_LIMIT = 1.6
ALL_CHANGE_LIMIT = 2.8
SECOND_ROW_LIMIT = 2
MEMORY_LIMIT_MB = 200
BEFORE_LIMIT = 1.05

REST_S = 2  # after the first heatmaps, for what browser and server still do on their own
FLOOR_NAME = "a page with one 14×14 heatmap"
SPARED_NAME = "the same, without `runner.postScriptGC`"
BARE = "import streamlit, torch; print(flush=True); input()"
OPTIONS = (1, 2, 3, 4, 0)  # both selectboxes have five, and start with the first

# The page is known by its address alone, so that another state of it can be measured, too.
DEFAULT_LAYERS = 4  # that it opens with
HOMEWORK_LAYERS = ("conv1_1", "conv3_1", "conv4_2")
CONVOLUTIONS = (2, 2, 3, 3, 3)  # of VGG16, a block each
LAYERS = tuple(
    f"conv{block}_{place}"
    for block, count in enumerate(CONVOLUTIONS, start=1)
    for place in range(1, count + 1)
)


@dataclass(frozen=True)
class Subject:
    """A page to measure.

    Attributes:
        script: Its path from the folder.
        widget: Key of a selectbox whose change redraws the heatmaps.
        maps: How many heatmaps it shows.
        query: The address's parameters.
        settings: Arguments of `streamlit run` that outdo the project's settings.
        folder: The project's, or another state of it.
    """

    script: str
    widget: str
    maps: int
    query: str = ""
    settings: tuple[str, ...] = ()
    folder: Path = ROOT


def _select(layers: Sequence[str]) -> Subject:
    return Subject("app.py", "aggregation", len(layers), f"?layers={','.join(layers)}")


# The project's settings spare Python's garbage collection after each run. The floor is served as Streamlit
# does by itself; how the changes compare with a floor that is spared it, too, is reported beside that.
FLOOR = Subject("benchmarks/floor.py", "values", 1, settings=("--runner.postScriptGC", "true"))
SPARED_FLOOR = Subject("benchmarks/floor.py", "values", 1)
PAGE = Subject("app.py", "aggregation", DEFAULT_LAYERS)
THREE_LAYERS = _select(HOMEWORK_LAYERS)
ALL_LAYERS = _select(LAYERS)
CHANGES = (
    (THREE_LAYERS, CHANGE_OF_THREE, CHANGE_LIMIT),
    (ALL_LAYERS, f"{CHANGE}, all {len(LAYERS)} layers", ALL_CHANGE_LIMIT),
)

# With the maps of three layers once more under each other, before the ReLU: they are there already.
SECOND_ROW = replace(THREE_LAYERS, maps=2 * THREE_LAYERS.maps, query=f"{THREE_LAYERS.query}&beside=side")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=read_folder, metavar="FOLDER", help=BEFORE_HELP)
    parser.add_argument("--repeat", type=int, default=5, help="launches, visits and memory readings")
    parser.add_argument("--changes", type=int, default=10, help="changes of the widget")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that servers are killed then, too
    if options.before is None:
        print_rows("visitor", compare_with_floor(options.repeat, options.changes), options.write)
    else:
        rows = compare_with_before(options.before, options.repeat, options.changes)
        print_rows("before", rows, options.write)


def compare_with_floor(rounds: int, changes: int) -> Iterator[Row]:
    """The page, held against a page with one heatmap, the imports alone, and itself."""
    yield compare_slower(LAUNCH, FLOOR_NAME, time_launches((FLOOR, PAGE), rounds), LAUNCH_LIMIT)
    yield compare_slower(VISIT, FLOOR_NAME, time_visits((FLOOR, PAGE), rounds), VISIT_LIMIT)
    yield measure_memory(rounds)
    for subject, what, limit in CHANGES:
        floor, spared, seconds = time_changes((FLOOR, SPARED_FLOOR, subject), changes)
        yield compare_slower(what, FLOOR_NAME, [floor, seconds], limit)
        yield compare_slower(what, SPARED_NAME, [spared, seconds])
    what = f"{CHANGE_OF_THREE} with a second row"
    medians = time_changes((THREE_LAYERS, SECOND_ROW), changes)
    yield compare_slower(what, "the same without the second row", medians, SECOND_ROW_LIMIT)


def compare_with_before(folder: Path, rounds: int, changes: int) -> Iterator[Row]:
    """The page, held against the page of another folder, which is served by the same Python."""
    pages = (replace(PAGE, folder=folder), PAGE)
    yield compare_slower(LAUNCH, BEFORE_NAME, time_launches(pages, rounds), BEFORE_LIMIT)
    yield compare_slower(VISIT, BEFORE_NAME, time_visits(pages, rounds), BEFORE_LIMIT)
    pages = (replace(THREE_LAYERS, folder=folder), THREE_LAYERS)
    yield compare_slower(CHANGE_OF_THREE, BEFORE_NAME, time_changes(pages, changes), BEFORE_LIMIT)


def time_launches(subjects: Sequence[Subject], rounds: int) -> list[float]:
    """Median seconds of each from the start of server and browser until the heatmaps stand."""
    return alternate([partial(time_launch, subject) for subject in subjects], rounds)


def time_launch(subject: Subject) -> float:
    """Seconds from the start of a fresh server and a fresh browser until the heatmaps stand."""
    start = time.time()
    with serve(subject) as server, launch_browser() as browser:
        wait_until_healthy(server)
        return show(Tab(browser), server, subject) - start


def show(tab: Tab, server: Server, subject: Subject) -> float:
    """Open a page; returns when all its heatmaps stand, in seconds since 1970."""
    tab.open(server.url + subject.query)
    return tab.wait(stands(subject.maps))


def serve(subject: Subject) -> AbstractContextManager[Server]:
    """The server of a page, as it starts."""
    return run_server(subject.script, *subject.settings, folder=subject.folder)


@contextmanager
def serve_first_visitor(subject: Subject) -> Iterator[tuple[Server, Browser, Tab]]:
    """A server and a browser in whose tab the heatmaps stand; all of them rest."""
    with serve(subject) as server, launch_browser() as browser:
        wait_until_healthy(server)
        tab = Tab(browser)
        show(tab, server, subject)
        time.sleep(REST_S)
        yield server, browser, tab


def time_visits(subjects: Sequence[Subject], rounds: int) -> list[float]:
    """Median seconds of each from a further visitor's call until the heatmaps stand; the servers run."""
    with ExitStack() as stack:
        return alternate([stack.enter_context(prepare_visits(subject)) for subject in subjects], rounds)


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


def time_changes(subjects: Sequence[Subject], rounds: int) -> list[float]:
    """Median seconds of each from the change of a widget until all heatmaps are repainted."""
    with ExitStack() as stack:
        return alternate([stack.enter_context(prepare_changes(subject)) for subject in subjects], rounds)


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
