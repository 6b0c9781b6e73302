"""Maps on a coarser grid of the same picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def average_to(heatmap: ArrayLike, height: int, width: int) -> Array:
    """Average a map to a coarser grid, [h, w] -> [height, width].

    Rows and columns that are left over at the end, as pooling leaves them, are left out.

    Raises:
        ValueError: The grid is not a coarser one of the same picture.
    """
    values = read_finite(heatmap, "a map")
    block = find_stride(values.shape, (height, width))
    if block == 1:
        return values[:height, :width]
    kept = values[: height * block, : width * block]
    # Twice along one axis is several times faster than at once along two.
    averaged: Array = kept.reshape(height, block, -1).mean(axis=1).reshape(height, width, block).mean(axis=2)
    return averaged


def find_stride(fine: Sequence[int], coarse: Sequence[int]) -> int:
    """How many cells of a fine grid, across and down, make one cell of a grid that pooling made of it.

    Args:
        fine: Its height and width.
        coarse: The same of the coarse grid.

    Raises:
        ValueError: There is no such number.
    """
    if min(*fine, *coarse) > 0:
        exact = fine[0] // coarse[0]
        # Pooling drops what is left over, so several numbers can fit; VGG16's are powers of two.
        for stride in (*([exact] if _divides(fine, coarse) else []), *(2**power for power in range(20))):
            if (fine[0] // stride, fine[1] // stride) == tuple(coarse):
                return int(stride)
    raise ValueError(f"expected a grid that pooling makes of {list(fine)}, got {list(coarse)}")


def _divides(fine: Sequence[int], coarse: Sequence[int]) -> bool:
    return (
        fine[0] % coarse[0] == 0 and fine[1] % coarse[1] == 0 and fine[0] // coarse[0] == fine[1] // coarse[1]
    )


def read_finite(values: ArrayLike, what: str) -> Array:
    """An array of finite values [h, w] in double precision.

    Raises:
        ValueError: It is not; the message names `what` was expected.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"expected {what} [h, w], got the shape {list(array.shape)}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected {what} of finite values, got NaN or infinity")
    return array
