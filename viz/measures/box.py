"""How well a map tells a box from the rest of the photograph."""

import numpy as np
from numpy.typing import ArrayLike

from viz.maps.coarsen import Array, find_stride, read_finite
from viz.pictures.frame import Box


def box_auc(heatmap: ArrayLike, box: Box, height: int, width: int) -> float:
    """How well a map tells a box from the rest: the area under the ROC curve of its cells.

    It is the share of pairs of a place inside and a place outside the box in which the one inside has the
    higher value, ties counted half (Mann and Whitney, https://doi.org/10.1214/aoms/1177730491; Hanley and
    McNeil, https://doi.org/10.1148/radiology.143.1.7063747). A cell that the box cuts belongs to both sides,
    by its shares. Other than a ratio of means it has no ceiling that depends on the size of the box.
    0.5 is chance, also where the box leaves nothing inside or outside. The map [h, w] has finite values, or
    it is a ValueError; the box lies in a photograph of this height and width.
    """
    values = read_finite(heatmap, "a map")
    rows, columns = find_stride((height, width), values.shape)
    left, top, right, bottom = box
    inside = np.outer(
        _cover_cells(top, bottom, rows, values.shape[0]), _cover_cells(left, right, columns, values.shape[1])
    ).ravel()
    _, order = np.unique(values, return_inverse=True)
    here = np.bincount(order.ravel(), inside)
    there = np.bincount(order.ravel(), 1 - inside)
    pairs = float(here.sum()) * float(there.sum())
    return float(here @ (np.cumsum(there) - there / 2)) / pairs if pairs else 0.5


def _cover_cells(start: float, end: float, stride: float, count: int) -> Array:
    """Share of each of `count` cells along one axis that lies between two places in input pixels."""
    edges = np.arange(count) * stride
    cover: Array = np.clip(np.minimum(end, edges + stride) - np.maximum(start, edges), 0, stride) / stride
    return cover
