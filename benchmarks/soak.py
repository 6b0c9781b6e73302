"""How a server fares that a class shares: its memory, its turns, and what it asks of others on the internet.

    python benchmarks/soak.py --before FOLDER               all tables
    python benchmarks/soak.py --row turns --row changes     some of them

The memory is held against a state before, which FOLDER holds: another worktree of this repository, whose page
runs on the same Python. Run it from the project's folder, on a machine that does nothing else; it needs
Linux, for the memory.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from common import WRITE_HELP, Row, alternate, compare_memory_ratio, print_rows
from outside import measure_outside
from servers import BEFORE_HELP, BEFORE_NAME, ROOT, Server, read_folder, read_memory, serve_page
from sessions import VIEWS, Session, make_photograph
from turns import measure_changes, measure_turns

UPLOADS = 12
UPLOADS_LIMIT = 0.4
REST_S = 10  # until what a run has left behind is let go

VISITORS = 4
MINUTES = 15
VIEWS_LIMIT = 0.55
SAMPLE_S = 1
LOOKS = tuple(
    f"network={network}&{view}"
    for view in (*VIEWS, "view=classes", "view=lesson")
    for network in ("vgg16", "efficientnet_lite0")
)

ROWS = ("uploads", "views", "turns", "changes", "outside")
WITH_BEFORE = {"uploads", "views"}


def measure_uploads(before: Path, rounds: int) -> Iterator[Row]:
    """What a server has grown by after uploads at the same moment."""
    what = f"growth of the server by {UPLOADS} uploads at once, over the first visit"
    megabytes = alternate([partial(read_growth, before), partial(read_growth, ROOT)], rounds)
    yield compare_memory_ratio(what, BEFORE_NAME, megabytes, UPLOADS_LIMIT)


def read_growth(folder: Path) -> float:
    """MB that a server holds after the uploads, over those after the first visit."""
    with serve_page(folder) as server:
        return asyncio.run(_upload_at_once(server))


async def _upload_at_once(server: Server) -> float:
    sessions = [Session(server.url) for _ in range(UPLOADS)]
    await sessions[0].open("")
    await asyncio.sleep(REST_S)
    first = read_memory(server.process.pid)
    for number, session in enumerate(sessions):
        if number:
            await session.open("")
        await session.upload(f"photograph{number}.jpg", make_photograph(number))
    await asyncio.gather(*(session.run() for session in sessions))
    await asyncio.sleep(REST_S)
    growth = read_memory(server.process.pid) - first
    await close_all(sessions)
    return growth


async def close_all(sessions: list[Session]) -> None:
    """Let all visitors leave; none of them may have seen an error."""
    for session in sessions:
        await session.close()
        assert not session.errors, session.errors


def measure_views(before: Path, minutes: float) -> Iterator[Row]:
    """The most that a server holds while visitors look at everything."""
    what = f"most memory in {minutes:g} minutes of {VISITORS} visitors over all views, both bundled networks"
    megabytes = [read_most(folder, minutes) for folder in (before, ROOT)]
    yield compare_memory_ratio(what, BEFORE_NAME, megabytes, VIEWS_LIMIT)


def read_most(folder: Path, minutes: float) -> float:
    """The most MB that a server holds in that time, with all its children."""
    with serve_page(folder) as server:
        return asyncio.run(_look_around(server, minutes))


async def _look_around(server: Server, minutes: float) -> float:
    sessions = [Session(server.url) for _ in range(VISITORS)]
    end, most, shown = time.monotonic() + minutes * 60, 0.0, []

    async def look(place: int) -> None:
        """See photograph after photograph in all ways; each visitor begins with others of them."""
        session, begin = sessions[place], place * len(LOOKS) // VISITORS
        await session.open("")
        for number in count(place, VISITORS):
            await session.upload(f"photograph{number}.jpg", make_photograph(number))
            await session.run()
            for query in (*LOOKS[begin:], *LOOKS[:begin]):
                if time.monotonic() > end:
                    return
                await session.go(f"photo=upload&{query}")
                shown.append(query)

    looking = asyncio.gather(*map(look, range(VISITORS)))
    while not looking.done():
        most = max(most, read_memory(server.process.pid))
        await asyncio.wait([looking], timeout=SAMPLE_S)
    looking.result()  # or what went wrong
    await close_all(sessions)
    print(f"at most {most:.0f} MB, {len(shown)} views shown", file=sys.stderr, flush=True)
    return most


def main() -> None:
    """Measure what was asked for; the exit status says whether it met its bars."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--row", choices=ROWS, action="append", help="only this one, and others so named")
    parser.add_argument("--before", type=read_folder, metavar="FOLDER", help=BEFORE_HELP)
    parser.add_argument("--repeat", type=int, default=3, help="servers whose growth is read, of each state")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of the visitors over all views")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    chosen = options.row or ROWS
    if options.before is None and WITH_BEFORE.intersection(chosen):
        parser.error(f"{' and '.join(sorted(WITH_BEFORE))} want a state before: --before FOLDER")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that servers are killed then, too
    met = True
    if "uploads" in chosen:
        met &= print_rows("uploads", measure_uploads(options.before, options.repeat), options.write)
    if "views" in chosen:
        met &= print_rows("soak", measure_views(options.before, options.minutes), options.write)
    if "turns" in chosen:
        met &= print_rows("turns", measure_turns(), options.write)
    if "changes" in chosen:
        met &= print_rows("changes", measure_changes(), options.write)
    if "outside" in chosen:
        met &= print_rows("outside", measure_outside(), options.write)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
