"""What happens when a whole class opens the page: thirty sessions, each with a photograph of its own.

    python benchmarks/crowd.py                       thirty sessions, ten changes of a widget each
    python benchmarks/crowd.py --photographs 1000    one session, one photograph after another
    python benchmarks/crowd.py --views               six photographs through all views, at several input sizes
    python benchmarks/crowd.py --passes              how many passes at once this machine serves best

What the sessions are shown is compared to the bit with maps that are computed here, one after the other. Run
it from the project's folder, on a machine that does nothing else; it needs Linux, for the memory.
"""

import argparse
import asyncio
import base64
import json
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from common import WRITE_HELP, Row, compare_memory_ratio, compare_slower, print_rows, print_table
from numpy.typing import NDArray
from servers import ROOT, read_memory, read_peak, serve_page
from sessions import VIEWS, Session, make_photograph

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(ROOT))

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.heatmaps import Heatmaps
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import load_network
from viz.networks.network import Network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

VISITORS = 30
CHANGES = 10
LAYERS = ("conv1_1", "conv3_1", "conv5_3")
QUERY = "&".join(f"layers={name}" for name in LAYERS)

THROUGHPUT_LIMIT = 0.7
WAIT_LIMIT = 1.5
MEMORY_LIMIT = 1.25
PASSES = 24
VIEWED = 6  # photographs
REST_S = 3  # until what a run has left behind is let go


def read_maps(spec: str) -> list[NDArray[np.float32]]:
    """The heatmaps' values in a figure."""
    return [_decode(trace["z"]) for trace in json.loads(spec)["data"] if trace["type"] == "heatmap"]


def _decode(array: dict[str, str]) -> NDArray[np.float32]:
    shape = [int(side) for side in array["shape"].split(",")]
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"]).reshape(shape)


@dataclass
class Report:
    """What the sessions have seen.

    Attributes:
        total: Seconds from the first asking to the last maps.
        longest: Seconds from asking for a photograph to its maps, of the session that waited longest.
        figures: Each session's figures and how their maps were aggregated, in the order in which they came.
        errors: What the page showed as errors.
    """

    total: float = 0.0
    longest: float = 0.0
    figures: list[list[tuple[str, str]]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def run_crowd(url: str, photographs: Sequence[bytes]) -> Report:
    """All sessions ask for their photographs at once, and then change the aggregation, ten times each."""
    sessions = [Session(url) for _ in photographs]
    report = Report(figures=[[] for _ in sessions])
    await asyncio.gather(*(session.open(QUERY) for session in sessions))
    for number, (session, data) in enumerate(zip(sessions, photographs, strict=True)):
        await session.upload(f"photograph{number}.jpg", data)
    names = list(AGGREGATIONS)

    async def ask(session: Session, seen: list[tuple[str, str]]) -> None:
        begin = time.perf_counter()
        await session.run()
        report.longest = max(report.longest, session.shown - begin)
        seen.append((names[0], session.find("heatmaps").spec))

    async def change(session: Session, seen: list[tuple[str, str]]) -> None:
        for step in range(1, CHANGES + 1):
            option = step % len(names)
            session.choose("aggregation", option)
            await session.run()
            seen.append((names[option], session.find("heatmaps").spec))

    begin = time.perf_counter()
    await asyncio.gather(*map(ask, sessions, report.figures))
    report.total = max(session.shown for session in sessions) - begin
    await asyncio.gather(*map(change, sessions, report.figures))
    for session in sessions:
        report.errors += session.errors
        await session.close()
    return report


def count_equal(figures: Sequence[tuple[str, str]], expected: Heatmaps) -> int:
    """How many maps of one session's figures are those computed here, to the bit."""
    return sum(
        np.array_equal(heatmap, expected[name, "post", aggregation])
        for aggregation, spec in figures
        for name, heatmap in zip(LAYERS, read_maps(spec), strict=True)
    )


def make_batches(network: Network, photographs: Sequence[bytes]) -> list[torch.Tensor]:
    """What the network sees of them."""
    return [network.to_batch(frame_image(read_image(data))) for data in photographs]


def time_serial(network: Network, batches: Sequence[torch.Tensor]) -> float:
    """Seconds of a bare forward for each batch, one after the other."""
    with torch.inference_mode():
        network.module(batches[0].to(network.device))
        begin = time.perf_counter()
        for batch in batches:
            network.module(batch.to(network.device)).cpu()
    return time.perf_counter() - begin


def measure_crowd(visitors: int, write: bool) -> bool:
    """Print the table of one crowd, and say whether all bars are met."""
    network = load_network("vgg16")
    photographs = [make_photograph(number) for number in range(visitors)]
    batches = make_batches(network, photographs)
    expected = [extract_heatmaps(network, batch) for batch in batches]
    before = time_serial(network, batches)
    with serve_page() as server:
        asyncio.run(_warm_up(server.url))
        report = asyncio.run(run_crowd(server.url, photographs))
    fair = (before + time_serial(network, batches)) / 2
    equal = sum(map(count_equal, report.figures, expected))
    maps = visitors * (1 + CHANGES) * len(LAYERS)
    errors = len(report.errors)
    throughput = fair / report.total
    rates = (f"{visitors / report.total:.2f}/s", f"{visitors / fair:.2f}/s")
    bar = f"at least {THROUGHPUT_LIMIT:g}"
    what = f"longest wait of {visitors} sessions"
    share = f"{visitors} bare forwards, the fair share"
    rows = [
        Row("maps", "serial ones, to the bit", f"{equal} equal", f"{maps}", "", "all", equal == maps),
        Row("errors on the page", "", f"{errors}", "", "", "none", not errors),
        Row(
            "passes", "serial bare forwards", *rates, f"{throughput:.2f}", bar, throughput >= THROUGHPUT_LIMIT
        ),
        compare_slower(what, share, [fair, report.longest], WAIT_LIMIT),
    ]
    met = print_rows("crowd", rows, write)
    for error in report.errors[:5]:
        print(error)
    return met


async def _warm_up(url: str) -> None:
    """Have the network loaded, as the first visitor does."""
    session = Session(url)
    await session.open(QUERY)
    await session.close()


def measure_photographs(count: int, write: bool) -> bool:
    """One session, one photograph after another; memory at the end over that after the first tenth."""
    megabytes: list[float] = []

    async def look(url: str, process: int) -> list[str]:
        session = Session(url)
        await session.open(QUERY)
        for number in range(1, count + 1):
            await session.upload(f"photograph{number}.jpg", make_photograph(number))
            await session.run()
            if number % (count // 10) == 0:
                megabytes.append(read_memory(process))
                print(f"{number} photographs: {megabytes[-1]:.0f} MB", file=sys.stderr, flush=True)
        await session.close()
        return session.errors

    with serve_page() as server:
        errors = asyncio.run(look(server.url, server.process.pid))
    what, reference = f"memory after {count} photographs", f"memory after {count // 10}"
    row = compare_memory_ratio(what, reference, [megabytes[0], megabytes[-1]], MEMORY_LIMIT)
    print_rows("photographs", [row], write)
    for error in errors[:5]:
        print(error)
    return row.met and not errors


def measure_views(write: bool) -> bool:
    """Six photographs of one session through all views, at each input size; memory at rest and at most."""

    async def look(url: str, size: int) -> None:
        session = Session(url)
        await session.open(f"size={size}")
        for number in range(VIEWED):
            await session.upload(f"photograph{number}.jpg", make_photograph(number))
            await session.run()
            for view in VIEWS:
                await session.go(f"photo=upload&size={size}&{view}")
        assert not session.errors, session.errors
        await session.close()

    with print_table("views", write, ("input size", "after the first visit", "at rest", "at most")) as add:
        for size in (224, 320, 512):
            with serve_page() as server:
                asyncio.run(_warm_up(server.url))
                before = read_memory(server.process.pid)
                asyncio.run(look(server.url, size))
                time.sleep(REST_S)
                figures = (before, read_memory(server.process.pid), read_peak(server.process.pid))
            add((f"{size} px", *(f"{figure:.0f} MB" for figure in figures)))
    return True


def measure_passes(write: bool) -> bool:
    """Passes per second by how many run at once."""
    network = load_network("vgg16")
    batches = make_batches(network, [make_photograph(0)]) * PASSES
    with print_table("passes", write, ("at once", "passes per second")) as add:
        for at_once in range(1, 5):
            begin = time.perf_counter()
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(lambda batch: extract_heatmaps(network, batch), batches))
            add((f"{at_once}", f"{PASSES / (time.perf_counter() - begin):.2f}"))
    return True


def main() -> None:
    """Measure what was asked for; the exit status says whether it met its bars."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--photographs", type=int, help="one after another, at least ten")
    parser.add_argument("--passes", action="store_true")
    parser.add_argument("--views", action="store_true")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that servers are killed then, too
    if options.passes:
        met = measure_passes(options.write)
    elif options.views:
        met = measure_views(options.write)
    elif options.photographs:
        met = measure_photographs(options.photographs, options.write)
    else:
        met = measure_crowd(options.visitors, options.write)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
