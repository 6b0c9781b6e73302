"""The metrics that claims are judged by, over the depth of a network and at several thresholds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from viz.maps.coarsen import Array, coarsen
from viz.measures.box import box_auc
from viz.measures.metrics import MeasuredMap, find_metric
from viz.pictures.frame import Box

# Places in a map's range from which on a cell counts as active: what holds at one of them alone says little.
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

# By the metric's name, [thresholds, layers]; [1, layers] where no threshold counts.
Curves = dict[str, Array]


def measure_curves(maps: Sequence[ArrayLike], edges: Array) -> Curves:
    """Measure the maps [h, w] of a photograph with these edges [H, W], one a layer, from the input on.

    "coarse_region_share" is the largest region's share on the grid of the deepest layer, to which finer maps
    are averaged, so that a coarse grid alone cannot make regions look large. A layer that is coarser still
    keeps its own grid.
    """
    deepest = np.shape(maps[-1])
    shared = [coarsen(np.asarray(values, dtype=np.float64), deepest) for values in maps]
    own, coarse = (
        [[MeasuredMap(values, edges, threshold) for values in arrays] for threshold in THRESHOLDS]
        for arrays in (maps, shared)
    )
    return {
        "edge_correlation": _measure("edge_correlation", own[:1]),  # the same at each threshold
        "cells": _measure("cells", own[:1]),
        "median_region_px": _measure("median_region_px", own),
        "largest_region_share": _measure("largest_region_share", own),
        "coarse_region_share": _measure("coarse_region_share", coarse),
    }


def _measure(metric: str, rows: Sequence[Sequence[MeasuredMap]]) -> Array:
    measure = find_metric(metric).measure
    return np.array([[measure(measured) for measured in row] for row in rows], dtype=np.float64)


def find_lead(ours: ArrayLike, others: ArrayLike) -> int | None:
    """The place from which on, to the end, each of our values is larger than the other one there.

    It is counted from 0; None where the last value is not larger. NaN is not larger.
    """
    behind = np.flatnonzero(~(np.asarray(ours) > np.asarray(others)))
    start = int(behind[-1]) + 1 if behind.size else 0
    return start if start < np.size(ours) else None


def measure_box(maps: Sequence[ArrayLike | None], box: Box, height: int, width: int) -> Curves:
    """Measure how well each layer's map tells a box from the rest, NaN for a layer without one: "box_auc"."""
    areas = [np.nan if values is None else box_auc(values, box, height, width) for values in maps]
    return {"box_auc": np.array([areas])}
