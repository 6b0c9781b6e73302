"""How well a map tells a box from the rest of the photograph."""

import numpy as np
from numpy.typing import ArrayLike

from viz.maps.cells import Cells
from viz.maps.coarsen import Array, find_stride, read_finite

# Left, top, right and bottom edge, in input pixels, not only whole ones.
AnyBox = tuple[float, float, float, float]


def box_auc(heatmap: ArrayLike, box: AnyBox, height: int, width: int, cells: Cells | None = None) -> float:
    """How well a map tells a box from the rest: the area under the ROC curve of its cells.

    It is the share of pairs of a place inside and a place outside the box in which the one inside has the
    higher value, ties counted half (Mann and Whitney, https://doi.org/10.1214/aoms/1177730491; Hanley and
    McNeil, https://doi.org/10.1148/radiology.143.1.7063747). A cell that the box cuts belongs to both sides,
    by its shares; of a cell that the photograph's edge cuts, the part inside counts. Other than a ratio of
    means it has no ceiling that depends on the size of the box. 0.5 is chance, also where the box leaves
    nothing inside or outside.

    Args:
        heatmap: Finite values, [h, w], or it is a ValueError.
        box: Left, top, right and bottom edge, in input pixels.
        height: Of the photograph, in input pixels.
        width: Of the photograph, in input pixels.
        cells: Where the map's cells lie; None spreads them evenly over the photograph.
    """
    values = read_finite(heatmap, "a map")
    cells = cells or spread_evenly(values.shape, height, width)
    down, across = cells.list_edges(values.shape, height, width)
    left, top, right, bottom = box
    inside = np.outer(_cover(down, top, bottom), _cover(across, left, right)).ravel()
    outside = np.outer(np.diff(down), np.diff(across)).ravel() - inside
    _, order = np.unique(values, return_inverse=True)
    here = np.bincount(order.ravel(), inside)
    there = np.bincount(order.ravel(), outside)
    pairs = float(here.sum()) * float(there.sum())
    return float(here @ (np.cumsum(there) - there / 2)) / pairs if pairs else 0.5


def spread_evenly(shape: tuple[int, ...], height: int, width: int) -> Cells:
    """Cells that fill a photograph from its corner on, for a map of which nothing else is known."""
    down, across = find_stride((height, width), shape)
    return Cells(0, 0, across, down)


def _cover(edges: Array, start: float, end: float) -> Array:
    """How much of what lies between each edge and the next, [n + 1] -> [n], lies between two places."""
    cover: Array = np.diff(np.clip(edges, start, end))
    return cover
