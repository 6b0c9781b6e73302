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
        heatmaps: Maps [h, w].
        how: "own" (each map's minimum and maximum), "shared" (the least and the greatest of all maps) or
            "percentiles" (each map's percentiles 1 and 99; what lies outside is drawn in the end colours;
            "own" where both are the same).
        diverging: Whether the scale of each map must be symmetric around zero.
    """
    return _complete(_choose(heatmaps, how), diverging)


def share_limits(
    first: Sequence[NDArray[np.float32]],
    second: Sequence[NDArray[np.float32]],
    how: str,
    diverging: Sequence[bool],
) -> list[Limits]:
    """One pair of limits for the two maps of each column: the widest of what each would get in its row.

    Else as `choose_limits`; "shared" is meant within a row.
    """
    columns = zip(_choose(first, how), _choose(second, how), strict=True)
    return _complete([(min(a[0], b[0]), max(a[1], b[1])) for a, b in columns], diverging)


def _choose(heatmaps: Sequence[NDArray[np.float32]], how: str) -> list[Limits]:
    """Limits as the maps have them; a constant map's are the same."""
    if how not in RANGES:
        raise ValueError(f"unknown colour range {how!r}; expected one of {', '.join(RANGES)}")
    limits: list[Limits] = []
    for heatmap in heatmaps:
        if how == "percentiles":
            low, high = np.percentile(heatmap, (CLIPPED_PERCENT, 100 - CLIPPED_PERCENT))
        if how != "percentiles" or low == high:  # few cells may be all that differ
            low, high = heatmap.min(), heatmap.max()
        limits.append((float(low), float(high)))
    if how == "shared" and limits:
        lows, highs = zip(*limits, strict=True)
        limits = [(min(lows), max(highs))] * len(limits)
    return limits


def _complete(limits: Sequence[Limits], diverging: Sequence[bool]) -> list[Limits]:
    """Limits around zero where they must be; a constant map gets a range."""
    completed: list[Limits] = []
    for (low, high), signed in zip(limits, diverging, strict=True):
        if signed:
            reach = max(abs(low), abs(high)) or 1.0
            low, high = -reach, reach
        if high <= low:  # so that a constant map's single value gets the first colour
            high = low + max(1.0, abs(low) * 1e-6)  # 1 is lost in large values
        completed.append((low, high))
    return completed
