"""What the benchmarks share: alternating measurements and the table they print."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any

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

    def to_markdown(self) -> str:
        """The row of a Markdown table."""
        met = "met" if self.met else "**not met**"
        cells = (self.what, self.reference, self.measured, self.reference_value, self.ratio, self.bar, met)
        return f"| {' | '.join(cells)} |"


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


def compare_memory(what: str, reference: str, megabytes: Sequence[float], limit: float) -> Row:
    """A row for something that may hold at most `limit` MB more than its reference."""
    base, measured = megabytes
    more = measured - base
    sizes = (f"{measured:.0f} MB", f"{base:.0f} MB")
    return Row(what, reference, *sizes, f"{more:+.0f} MB", f"at most {limit:g} MB more", more <= limit)


def format_seconds(seconds: float) -> str:
    """Three significant digits, in the unit that reads best.

    Example:
        >>> format_seconds(0.2331), format_seconds(8.912)
        ('233 ms', '8.91 s')
    """
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def print_header() -> None:
    """The first two lines of the table; its rows follow as they are measured."""
    print(f"| {' | '.join(HEADER)} |\n|{' --- |' * len(HEADER)}", flush=True)


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
