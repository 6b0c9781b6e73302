"""Which values get the two ends of a colour scale."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RANGES = ("own", "shared", "percentiles")

# The share of cells, in percent, that is drawn in the end colours at each end of "percentiles".
CLIPPED_PERCENT = 1.0

Limits = tuple[float, float]


def choose_limits(
    heatmaps: Sequence[NDArray[np.float32]], how: str, diverging: Sequence[bool]
) -> list[Limits]:
    """The values drawn in the first and the last colour of each map's scale.

    Args:
        heatmaps: Maps [h, w], one a panel.
        how: "own" (each map's minimum and maximum), "shared" (the least and the greatest of all maps) or
            "percentiles" (each map's percentiles 1 and 99; what lies outside is drawn in the end colours).
        diverging: Whether the scale of each map must be symmetric around zero.

    Returns:
        One (low, high) with low < high a map.

    Raises:
        ValueError: `how` is unknown; the message lists the valid ones.
    """
    limits = _choose(heatmaps, how)
    return [
        _open_up(*_centre(*pair) if signed else pair) for pair, signed in zip(limits, diverging, strict=True)
    ]


def share_limits(
    first: Sequence[NDArray[np.float32]],
    second: Sequence[NDArray[np.float32]],
    how: str,
    diverging: Sequence[bool],
) -> list[Limits]:
    """One pair of limits for the two maps of each column: the widest of what each would get in its row.

    Args:
        first: Maps of one row, as of `choose_limits`.
        second: Those under them.
        how: As of `choose_limits`; "shared" is meant within a row.
        diverging: Whether the scale of each column must be symmetric around zero.

    Returns:
        One (low, high) with low < high a column.

    Raises:
        ValueError: `how` is unknown; the message lists the valid ones.
    """
    columns = zip(_choose(first, how), _choose(second, how), diverging, strict=True)
    both = [((min(a[0], b[0]), max(a[1], b[1])), signed) for a, b, signed in columns]
    return [_open_up(*_centre(*pair) if signed else pair) for pair, signed in both]


def _choose(heatmaps: Sequence[NDArray[np.float32]], how: str) -> list[Limits]:
    """Limits as the maps have them; a constant map's are the same."""
    if how not in RANGES:
        raise ValueError(f"unknown colour range {how!r}; expected one of {', '.join(RANGES)}")
    percents = (CLIPPED_PERCENT, 100 - CLIPPED_PERCENT) if how == "percentiles" else (0, 100)
    limits = [_measure(heatmap, percents) for heatmap in heatmaps]
    if how == "shared" and limits:
        lows, highs = zip(*limits, strict=True)
        limits = [(min(lows), max(highs))] * len(limits)
    return limits


def _measure(heatmap: NDArray[np.float32], percents: tuple[float, float]) -> Limits:
    if percents == (0, 100):
        return float(heatmap.min()), float(heatmap.max())
    low, high = np.percentile(heatmap, percents)
    return float(low), float(high)


def _centre(low: float, high: float) -> Limits:
    reach = max(abs(low), abs(high)) or 1.0
    return -reach, reach


def _open_up(low: float, high: float) -> Limits:
    """A constant map has no range; give it one, so that its single value gets the first colour."""
    return (low, high) if high > low else (low, low + max(1.0, abs(low) * 1e-6))  # 1 is lost in large values
