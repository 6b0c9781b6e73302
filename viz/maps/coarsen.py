"""Maps on a coarser grid of the same picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viz.maps.cells import Cells

Array = NDArray[np.float64]
TINY = np.finfo(float).tiny


def average_to(heatmap: ArrayLike, height: int, width: int) -> Array:
    """Average a map to a coarser grid, [h, w] -> [height, width].

    Where poolings can have made the coarse grid, rows and columns that they leave over at the end are left
    out. Other grids are spread evenly over the map, and a cell on a border counts by its share.
    """
    values = read_finite(heatmap, "a map")
    down, across = find_stride(values.shape, (height, width))
    kept = values[: round(height * down), : round(width * across)]
    if not (down.is_integer() and across.is_integer()):
        edges = np.linspace(0, len(kept), height + 1), np.linspace(0, kept.shape[1], width + 1)
        return _average_parts(kept, *edges)
    if down == across == 1:
        return kept
    # Twice along one axis is faster than at once along two.
    rows = kept.reshape(height, int(down), -1).mean(axis=1)
    averaged: Array = rows.reshape(height, width, int(across)).mean(axis=2)
    return averaged


def coarsen(values: NDArray[Any], grid: Sequence[int]) -> NDArray[Any]:
    """Average a map to a grid, [height, width]; a map that is coarser somewhere keeps its own."""
    finer = values.shape[0] >= grid[0] and values.shape[1] >= grid[1]
    return average_to(values, grid[0], grid[1]) if finer else values


def average_over(pixels: ArrayLike, cells: Cells, shape: tuple[int, ...]) -> Array:
    """The mean over each cell of a map of this shape, as far as it lies in the picture, [H, W] -> [h, w]."""
    values = read_finite(pixels, "a picture")
    return _average_parts(values, *cells.list_edges(shape, *values.shape))


def _average_parts(values: Array, down: Array, across: Array) -> Array:
    """The means between edges of rows [h + 1] and of columns [w + 1]; what they cut counts by its share."""
    return _average_rows(_average_rows(values, down).T, across).T


def _average_rows(values: Array, edges: Array) -> Array:
    whole = np.minimum(edges.astype(int), len(values) - 1)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    reached = sums[whole] + (edges - whole)[:, None] * values[whole]
    lengths = np.diff(edges)[:, None]
    # What lies wholly outside has the value that is nearest.
    means: Array = np.where(
        lengths > 0, np.diff(reached, axis=0) / np.maximum(lengths, TINY), values[whole[1:]]
    )
    return means


def find_stride(fine: Sequence[int], coarse: Sequence[int]) -> tuple[float, float]:
    """How many cells of a fine grid (height, width) make one of a coarse grid, down and across.

    A power of two where poolings that drop what is left over can have made the grid; elsewhere the ratios of
    the sides. An empty grid is a ValueError.
    """
    if min(*fine, *coarse) < 1:
        raise ValueError(f"expected grids with cells, got {list(fine)} and {list(coarse)}")
    down, across = fine[0] / coarse[0], fine[1] / coarse[1]
    if down != across or not down.is_integer():
        for power in range(20):
            if (fine[0] >> power, fine[1] >> power) == tuple(coarse):
                return float(2**power), float(2**power)
    return down, across


def read_finite(values: ArrayLike, what: str) -> Array:
    """An array of finite values [h, w] in double precision, or a ValueError with `what` was expected."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"expected {what} [h, w], got the shape {list(array.shape)}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected {what} of finite values, got NaN or infinity")
    return array
