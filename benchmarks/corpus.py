"""What becomes of hostile and broken files: a picture or a sentence, never a traceback; how soon, how large.

Run it from the project's folder: `python benchmarks/corpus.py`. The files are built by
`tests/hostile_files.py`. How soon is counted in the processor's seconds, which grow little when others use
the machine. It needs Linux, for the memory.
"""

import argparse
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

from common import WRITE_HELP, print_table

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.hostile_files import list_cases
from viz.pictures.decode import ImageError, read_image
from viz.pictures.frame import frame_image

LONGEST_S = 2.0
MOST_MB = 300.0
WATCH_S = 0.002
HEADER = ("files", "cases", "pictures", "sentences", "tracebacks", "longest", "most memory over idle")


class Memory:
    """The largest resident memory while it watches, over that at its start, in MB."""

    def __init__(self) -> None:
        self._idle = self._most = _read_resident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def most(self) -> float:
        """MB over idle."""
        return self._most - self._idle

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_S):
            self._most = max(self._most, _read_resident())


def _read_resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    """Try all files, print the table; the exit status says whether all bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    cases = list_cases()
    read_image(next(case.data for case in cases if case.name == "sound.png"))  # Pillow loads its parts once
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    megabytes: dict[str, float] = defaultdict(float)
    failures: list[str] = []
    for case in cases:
        begin = time.process_time()
        with Memory() as memory:
            try:
                frame_image(read_image(case.data))
                outcome = "pictures"
            except ImageError:
                outcome = "sentences"
            except Exception as error:
                outcome = "tracebacks"
                failures.append(f"{case.group}, {case.name!r}: {error!r}")
        took = time.process_time() - begin
        outcomes[case.group][outcome] += 1
        seconds[case.group] = max(seconds[case.group], took)
        megabytes[case.group] = max(megabytes[case.group], memory.most)
        if took > LONGEST_S or memory.most > MOST_MB:
            failures.append(f"{case.group}, {case.name!r}: {took:.2f} s, {memory.most:.0f} MB")
    with print_table("corpus", options.write, HEADER) as add:
        for group, counts in outcomes.items():
            add(_list_cells(group, counts, seconds[group], megabytes[group]))
        total = sum(outcomes.values(), Counter())
        add(_list_cells("**all**", total, max(seconds.values()), max(megabytes.values())))
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


def _list_cells(group: str, counts: Counter[str], seconds: float, megabytes: float) -> list[str]:
    numbers = (counts.total(), *(counts[name] for name in ("pictures", "sentences", "tracebacks")))
    return [group, *map(str, numbers), f"{seconds:.2f} s", f"{megabytes:.0f} MB"]


if __name__ == "__main__":
    main()
