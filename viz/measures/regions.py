"""The connected regions of a map's active cells, at several thresholds at once."""

from collections.abc import Sequence
from itertools import pairwise
from math import pi

import numpy as np
from numpy.typing import NDArray

from viz.maps.coarsen import Array

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)


def measure_regions(values: Array, thresholds: Sequence[float]) -> list[NDArray[np.int64]]:
    """Cells in each 8-connected region of active cells, for each threshold.

    Args:
        values: A map [h, w], finite; its maximum is always active.
        thresholds: Places in the map's range, 0..1, from which on a cell counts as active.

    Raises:
        ValueError: A threshold is outside 0..1.
    """
    from scipy import ndimage  # takes a while to import

    for threshold in thresholds:
        if not 0 <= threshold <= 1:
            raise ValueError(f"expected a threshold from 0 to 1, got {threshold}")
    low, high = float(values.min()), float(values.max())
    # By rounding the sum can pass the maximum, and then no cell would be active.
    least = np.minimum(low + np.array(thresholds) * (high - low), high)
    planes = np.zeros((3, 3, 3), dtype=bool)
    planes[1] = EIGHT_CONNECTED  # planes, one a threshold, do not touch
    active = values >= least[:, None, None]
    labels, _ = ndimage.label(active, structure=planes)
    # Planes are labelled one after another, so a plane's labels end where the next one's begin.
    sizes, ends = np.bincount(labels[active])[1:], labels.max(axis=(1, 2)).tolist()
    return [sizes[start:end] for start, end in pairwise([0, *ends])]


def find_largest(sizes: NDArray[np.int64]) -> float:
    """Share of the active cells that lie in the largest region, 0..1."""
    return float(sizes.max() / sizes.sum())


def find_diameter(sizes: NDArray[np.int64], cell_px: float) -> float:
    """Median over the regions of the diameter of the disc with the region's area, in input pixels.

    `cell_px` is the side of a cell.
    """
    # Of an even number the mean of the two in the middle.
    ordered = np.sort(sizes)
    middle = ordered[[(len(sizes) - 1) // 2, len(sizes) // 2]]
    return float(np.sqrt(middle / pi).sum()) * cell_px
