"""What visitors wait for while others run erase tests, of several hundred passes each; see soak.py."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from typing import Any

import numpy as np
from common import Row, compare_slower
from servers import Server, serve_page
from sessions import Session

ASKED = 20  # times
FAIR = 2  # passes: those that run when somebody asks
TURNS_PERCENTILE = 90
TURNS_LIMIT = 3

CHANGES = 40
CHANGES_LIMIT = 4
CHANGES_PERCENTILE = 95
OPTIONS = (1, 2, 3, 4, 0)  # of the aggregations, of which the page starts with the first

CLASSES = "view=classes&network=efficientnet_lite0"
TESTED = f"{CLASSES}&layers=" + ",".join(
    f"blocks.{stage}.{block}.{name}"
    for stage in range(1, 6)
    for block in range(2)
    for name in ("conv_dw", "conv_pwl")
)
TESTERS = ("coffee", "astronaut")  # the photographs of those others
DONE = re.compile(r"Passes: (\d+) of \d+")  # as the page words it


class Tester(Session):
    """A visitor who runs erase tests.

    Attributes:
        asked: When the newest test asked for its first pass.
        results: When each pass was answered, of all tests.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked = 0.0
        self.results: list[float] = []
        self._done = 0

    def note(self, element: Any) -> None:
        """Keep the time, too: before each pass the page says how many are done."""
        super().note(element)
        if element.WhichOneof("type") == "progress" and (found := DONE.match(element.progress.text)):
            now, done = time.perf_counter(), int(found[1])
            if done == 0:
                self.asked = now
            self.results += [now] * (done - self._done)
            self._done = done

    async def ask(self) -> None:
        """Begin a test, and end it when its first pass is answered; the next test begins with another."""
        answered = len(self.results)
        self.press("run_erase")
        await self.start()
        while len(self.results) == answered:
            await self.receive()
        await self.run()


@asynccontextmanager
async def run_tests(server: Server) -> AsyncIterator[list[Tester]]:
    """Two visitors whose erase tests run.

    Raises:
        RuntimeError: A test has ended, or failed, before the block did.
    """
    testers = [Tester(server.url) for _ in TESTERS]
    for tester, photo in zip(testers, TESTERS, strict=True):
        await tester.open(f"{TESTED}&photo={photo}")
        tester.press("run_erase")
    tests = [asyncio.create_task(tester.run()) for tester in testers]
    try:
        while not all(tester.results for tester in testers):
            await asyncio.sleep(0.1)
        yield testers
        if any(test.done() for test in tests):
            raise RuntimeError("an erase test has ended too early")
    finally:
        for test in tests:
            test.cancel()
        await asyncio.wait(tests)
        for tester in testers:
            await tester.close()


def measure_turns() -> Iterator[Row]:
    """How many passes of others come before a visitor's own."""
    times = f"{TURNS_PERCENTILE}th percentile of {ASKED} times"
    what = f"passes that come before that of a waiting visitor, two others with hundreds each, {times}"
    with serve_page() as server:
        counts = asyncio.run(_count_passes(server))
    print(f"passes that came before: {counts}", file=sys.stderr, flush=True)
    usual = int(np.percentile(counts, TURNS_PERCENTILE, method="lower"))
    cells = (f"{usual}", f"{FAIR}", f"{usual / FAIR:.2f}", f"at most {TURNS_LIMIT} passes")
    yield Row(what, "the fair ones, which run already", *cells, usual <= TURNS_LIMIT)


async def _count_passes(server: Server) -> list[int]:
    visitor = Tester(server.url)
    await visitor.open(CLASSES)
    counts = []
    async with run_tests(server) as others:
        for _ in range(ASKED):
            await visitor.ask()
            answered = visitor.results[-1]
            results = [time for other in others for time in other.results]
            counts.append(sum(visitor.asked < time <= answered for time in results))
    await visitor.close()
    return counts


def measure_changes() -> Iterator[Row]:
    """How much longer a change of a widget takes while others run erase tests."""
    what = f"a simple change while two erase tests run, {CHANGES_PERCENTILE}th percentile of {CHANGES}"
    with serve_page() as server:
        seconds = asyncio.run(_time_alone_and_among(server))
    yield compare_slower(what, "alone", seconds, CHANGES_LIMIT)


async def _time_alone_and_among(server: Server) -> list[float]:
    visitor = Session(server.url)
    await visitor.open("")
    alone = await _time_changes(visitor, CHANGES // 2)
    async with run_tests(server):
        among = await _time_changes(visitor, CHANGES)
    alone += await _time_changes(visitor, CHANGES // 2)
    await visitor.close()
    return [float(np.percentile(seconds, CHANGES_PERCENTILE)) for seconds in (alone, among)]


async def _time_changes(visitor: Session, changes: int) -> list[float]:
    """Seconds of each, from the choice until the heatmaps are here."""
    seconds = []
    for option in islice(cycle(OPTIONS), changes):
        visitor.choose("aggregation", option)
        begin = time.perf_counter()
        await visitor.run()
        seconds.append(visitor.shown - begin)
    return seconds
