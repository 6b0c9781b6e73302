"""Maps on a coarser grid of the same picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def average_to(heatmap: ArrayLike, height: int, width: int) -> Array:
    """Average a map to a coarser grid, [h, w] -> [height, width].

    Where poolings can have made the coarse grid, rows and columns that they leave over at the end are left
    out. Other grids are spread evenly over the map, and a cell on a border counts by its share.
    """
    values = read_finite(heatmap, "a map")
    down, across = find_stride(values.shape, (height, width))
    kept = values[: round(height * down), : round(width * across)]
    if not (down.is_integer() and across.is_integer()):
        return _spread(_spread(kept, height).T, width).T
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


def _spread(values: Array, count: int) -> Array:
    """Means of `count` equal parts of the rows."""
    edges = np.linspace(0, len(values), count + 1)
    whole = np.minimum(edges.astype(int), len(values) - 1)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    reached = sums[whole] + (edges - whole)[:, None] * values[whole]
    means: Array = np.diff(reached, axis=0) * count / len(values)
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
