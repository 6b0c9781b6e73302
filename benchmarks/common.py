"""What the benchmarks share: alternating measurements, and the tables that they print and write."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
MEASUREMENTS, NETWORKS = DOCS / "measurements.md", DOCS / "networks.md"
CPU_INFO = Path("/proc/cpuinfo")  # Linux alone has it
LIBRARIES = ("torch", "streamlit")
WRITE_HELP = "also replace the table in docs/measurements.md"

AddRow = Callable[[Sequence[str]], None]  # given the row's cells

HEADER = ("what", "reference", "measured", "reference's figure", "ratio", "bar", "met or not")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What is measured, and in which circumstances.
        reference: What it is held against, measured in the same run.
        measured: The subject's figure, with its unit.
        reference_value: The reference's figure, with its unit.
        ratio: How the two compare.
        bar: What is demanded of the ratio.
        met: Whether it is so.
    """

    what: str
    reference: str
    measured: str
    reference_value: str
    ratio: str
    bar: str
    met: bool

    def to_cells(self) -> tuple[str, ...]:
        """What stands under each name of `HEADER`."""
        met = "met" if self.met else "**not met**"
        return (self.what, self.reference, self.measured, self.reference_value, self.ratio, self.bar, met)


def compare_slower(what: str, reference: str, seconds: Sequence[float], limit: float = inf) -> Row:
    """A row for something that may take at most `limit` times as long as its reference.

    Args:
        what: Name of the subject.
        reference: Name of the reference.
        seconds: Medians of the reference and of the subject, as `alternate` returns them.
        limit: The largest ratio that is good enough; none when the row only reports.
    """
    base, measured = seconds
    ratio = measured / base
    times = (format_seconds(measured), format_seconds(base))
    bar = "none" if limit == inf else f"at most {limit:g}"
    return Row(what, reference, *times, f"{ratio:.2f}", bar, ratio <= limit)


def compare_faster(what: str, reference: str, seconds: Sequence[float], limit: float) -> Row:
    """A row for something that must be at least `limit` times faster than its reference.

    The arguments are those of `compare_slower`.
    """
    base, measured = seconds
    factor = base / measured
    times = (format_seconds(measured), format_seconds(base))
    ratio = f"{factor:.1f} times faster"
    return Row(what, reference, *times, ratio, f"at least {limit:g} times faster", factor >= limit)


def compare_memory(what: str, reference: str, megabytes: Sequence[float], limit: float = inf) -> Row:
    """A row for something that may hold at most `limit` MB more than its reference, if there is a limit."""
    base, measured = megabytes
    more = measured - base
    sizes = (f"{measured:.0f} MB", f"{base:.0f} MB")
    bar = "none" if limit == inf else f"at most {limit:g} MB more"
    return Row(what, reference, *sizes, f"{more:+.0f} MB", bar, more <= limit)


def compare_memory_ratio(what: str, reference: str, megabytes: Sequence[float], limit: float) -> Row:
    """A row for something that may hold at most `limit` times what its reference does."""
    base, measured = megabytes
    ratio = measured / base
    sizes = (f"{measured:.0f} MB", f"{base:.0f} MB")
    return Row(what, reference, *sizes, f"{ratio:.2f}", f"at most {limit:g}", ratio <= limit)


def format_seconds(seconds: float) -> str:
    """Three significant digits, in the unit that reads best.

    Example:
        >>> format_seconds(0.2331), format_seconds(8.912)
        ('233 ms', '8.91 s')
    """
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def print_rows(name: str, rows: Iterable[Row], write: bool) -> bool:
    """Print a table of rows with `HEADER`, each as soon as it is measured; see `print_table`.

    Returns:
        Whether all bars are met.
    """
    met = True
    with print_table(name, write) as add:
        for row in rows:
            add(row.to_cells())
            met &= row.met
    return met


@contextmanager
def print_table(
    name: str, write: bool, header: Sequence[str] = HEADER, device: str = "", page: Path | None = None
) -> Iterator[AddRow]:
    """Print a table row by row as it is measured, and write it down once it is complete.

    Args:
        name: Of its place in the page, between `<!-- name -->` and `<!-- /name -->`.
        write: Whether it replaces the table there.
        header: The names of its columns.
        device: The accelerator that was measured, if one was.
        page: The document that it stands in; None: docs/measurements.md.

    Yields:
        A function that adds a row.

    Raises:
        ValueError: It is to be written, and the page has no such place.

    Example:
        >>> with print_table("network", write=False, header=("network", "time")) as add:
        ...     add(("VGG16", "106 ms"))
    """
    page = page or MEASUREMENTS
    if write:
        _split_at(page, name)  # a wrong name is told before anything is measured
    lines: list[str] = []

    def add_line(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    def add(cells: Sequence[str]) -> None:
        add_line(f"| {' | '.join(cells)} |")

    add_line(f"_{describe_run(device)}_")
    add_line("")
    add(header)
    add(["---"] * len(header))
    yield add
    add_line("")
    if write:
        before, after = _split_at(page, name)
        page.write_text("\n".join([before, *lines, after]), encoding="utf-8")


def _split_at(page: Path, name: str) -> tuple[str, str]:
    """A document up to the end of a table's first marker, and from its second one on."""
    text = page.read_text(encoding="utf-8")
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = text.partition(first)
    _, ended, after = rest.partition(last)
    if not found or not ended:
        raise ValueError(f"{page.name} has no place between {first} and {last}")
    return before + first, last + after


def describe_run(device: str = "") -> str:
    """When and where a table is measured: date, versions, accelerator if there is one, processor."""
    versions = [f"{library} {version(library)}" for library in LIBRARIES if find_spec(library)]
    count = os.cpu_count() or 1
    cores = f"{count} core{'s' * (count > 1)}"
    return ", ".join(filter(None, [date.today().isoformat(), *versions, device, name_processor(), cores]))


def name_processor() -> str:
    """The processor's model where Linux tells it, else what Python knows of it."""
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def alternate(measures: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Measure in turns, A B A B, so that the machine's noise hits all alike.

    Args:
        measures: Each measures once and returns its figure.
        rounds: How often each is called.

    Returns:
        The median of each.
    """
    figures = [[measure() for measure in measures] for _ in range(rounds)]
    return [median(column) for column in zip(*figures, strict=True)]


def time_call(function: Callable[[], Any]) -> float:
    """Seconds that one call takes; letting go of its result is not counted."""
    start = time.perf_counter()
    result = function()
    seconds = time.perf_counter() - start
    del result
    return seconds
