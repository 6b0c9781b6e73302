"""Two maps, or the layers of two networks, held against each other."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viz.maps.coarsen import average_to, read_finite
from viz.maps.values import normalize
from viz.networks.layers import Layer


def match_depth(place: int, count: int, others: int) -> int:
    """The place among `others` layers that lies as deep as a place among `count` layers, counted from 0.

    The first layers and the last layers of both belong together; between them places are spread evenly.
    """
    return round(place / max(count - 1, 1) * (others - 1))


def pair_layers(chosen: Sequence[Layer], layers: Sequence[Layer], others: Sequence[Layer]) -> list[Layer]:
    """The partner of each chosen one of a network's layers among another network's layers.

    One layer can have several partners. Of the same network each layer is its own partner.
    """
    names = [layer.name for layer in layers]
    return [others[match_depth(names.index(layer.name), len(names), len(others))] for layer in chosen]


def correlate_maps(first: ArrayLike, second: ArrayLike) -> float | None:
    """Pearson's correlation of two maps [h, w], cell by cell, -1..1.

    Along each axis the finer map is averaged to the coarser grid, as `viz.maps.coarsen.average_to` does it.
    None where a map does not vary on the common grid, for then it is not defined.

    Example:
        >>> correlate_maps([[0.0, 1.0]], [[5.0, 5.0, 7.0, 7.0]])
        1.0
    """
    maps = read_finite(first, "a map"), read_finite(second, "a map")
    grids = zip(maps[0].shape, maps[1].shape, strict=True)
    height, width = (min(lengths) for lengths in grids)
    # Without what all cells share: the digits of a large offset would drown those of what varies.
    a, b = (average_to(values - values[0, 0], height, width) for values in maps)
    largest = float(np.abs(a).max() * np.abs(b).max())
    a, b = a - a.mean(), b - b.mean()
    spread = sqrt(float(np.vdot(a, a))) * sqrt(float(np.vdot(b, b)))
    if spread <= 1e-12 * a.size * largest:  # what rounding leaves of a constant is no variation
        return None
    return min(1.0, max(-1.0, float(np.vdot(a, b)) / spread))


def subtract_maps(
    first: NDArray[np.float32], second: NDArray[np.float32], normalised: bool
) -> NDArray[np.float32]:
    """The second map [h, w] taken from the first; maps of two grids are a ValueError.

    With `normalised` each is scaled to 0..1 first, for values that cannot be compared.
    """
    if first.shape != second.shape:
        raise ValueError(f"expected maps of one grid, got {list(first.shape)} and {list(second.shape)}")
    return normalize(first) - normalize(second) if normalised else first - second
