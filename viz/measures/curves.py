"""The metrics that claims are judged by, over the depth of a network and at several thresholds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from viz.maps.cells import Cells, lay_cells
from viz.maps.coarsen import Array, coarsen
from viz.measures.box import AnyBox, box_auc
from viz.measures.metrics import METRICS, MeasuredMap
from viz.measures.regions import find_diameter, find_largest, measure_regions
from viz.networks.layers import Layer

# Places in a map's range from which on a cell counts as active: what holds at one of them alone says little.
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

# By the metric's name, [thresholds, layers]; [1, layers] where no threshold counts.
Curves = dict[str, Array]


def measure_curves(maps: Sequence[ArrayLike], edges: Array, layers: Sequence[Layer] = ()) -> Curves:
    """Measure the maps [h, w] of a photograph with these edges [H, W], one a layer, from the input on.

    The layers say where the cells lie; without them they are spread evenly.

    "coarse_region_share" is the largest region's share on the grid of the deepest layer, to which finer maps
    are averaged, so that a coarse grid alone cannot make regions look large. A layer that is coarser still
    keeps its own grid.
    """
    cells = _lay(maps, layers, *edges.shape)
    measured = [MeasuredMap(values, edges, cells=at) for values, at in zip(maps, cells, strict=True)]
    deepest = measured[-1].values.shape
    shared = [coarsen(found.values, deepest) for found in measured]
    # By layer, then by threshold.
    own = [measure_regions(found.values, THRESHOLDS) for found in measured]
    coarse = [
        sizes if values.shape == found.values.shape else measure_regions(values, THRESHOLDS)
        for values, found, sizes in zip(shared, measured, own, strict=True)
    ]
    diameters = [
        [find_diameter(region, found.cell_px) for region in sizes]
        for sizes, found in zip(own, measured, strict=True)
    ]
    return {
        "edge_correlation": _measure_once("edge_correlation", measured),
        "cells": _measure_once("cells", measured),
        "median_region_px": np.array(diameters).T,
        "largest_region_share": np.array([list(map(find_largest, sizes)) for sizes in own]).T,
        "coarse_region_share": np.array([list(map(find_largest, sizes)) for sizes in coarse]).T,
    }


def _measure_once(metric: str, measured: Sequence[MeasuredMap]) -> Array:
    """What is the same at each threshold, [1, layers]."""
    return np.array([[METRICS[metric].measure(found) for found in measured]], dtype=np.float64)


def find_lead(ours: ArrayLike, others: ArrayLike) -> int | None:
    """The place from which on, to the end, each of our values is larger than the other one there.

    It is counted from 0; None where the last value is not larger. NaN is not larger.
    """
    behind = np.flatnonzero(~(np.asarray(ours) > np.asarray(others)))
    start = int(behind[-1]) + 1 if behind.size else 0
    return start if start < np.size(ours) else None


def measure_box(
    maps: Sequence[ArrayLike | None], box: AnyBox, height: int, width: int, layers: Sequence[Layer] = ()
) -> Curves:
    """Measure how well each layer's map tells a box from the rest, NaN for a layer without one: "box_auc".

    The layers say where the cells lie; without them they are spread evenly.
    """
    areas = [
        np.nan if values is None else box_auc(values, box, height, width, cells)
        for values, cells in zip(maps, _lay(maps, layers, height, width), strict=True)
    ]
    return {"box_auc": np.array([areas])}


def _lay(
    maps: Sequence[ArrayLike | None], layers: Sequence[Layer], height: int, width: int
) -> list[Cells | None]:
    if not layers:
        return [None] * len(maps)
    return [
        None if values is None else lay_cells(layer, np.shape(values), height, width)
        for values, layer in zip(maps, layers, strict=True)
    ]
