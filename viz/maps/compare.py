"""Two maps, or the layers of two networks, held against each other."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viz.maps.coarsen import average_to, read_finite
from viz.maps.values import normalize
from viz.networks.layers import Layer


def match_depth(place: int, count: int, others: int) -> int:
    """The place in another network that lies as deep, counted from 0.

    The first layers and the last layers of both belong together; between them places are spread evenly.

    Args:
        place: In the first network, counted from 0.
        count: Layers of the first network.
        others: Layers of the other one.
    """
    return round(place / max(count - 1, 1) * (others - 1))


def pair_layers(chosen: Sequence[Layer], layers: Sequence[Layer], others: Sequence[Layer]) -> list[Layer]:
    """The partner of each chosen layer among other layers.

    Args:
        chosen: Some of `layers`.
        layers: All of the first network, from the input on.
        others: All of the other network; one of them can have several partners. Of the same network each
            layer is its own partner.

    Returns:
        One layer of `others` for each of `chosen`.
    """
    names = [layer.name for layer in layers]
    return [others[match_depth(names.index(layer.name), len(names), len(others))] for layer in chosen]


def correlate_maps(first: ArrayLike, second: ArrayLike) -> float | None:
    """Pearson's correlation of two maps, cell by cell.

    Along each axis the finer map is averaged to the coarser grid, as
    `viz.maps.coarsen.average_to` does it.

    Args:
        first: Finite values, [h, w].
        second: The same, on a grid of its own.

    Returns:
        -1..1; None where a map does not vary on the common grid, for then it is not defined.

    Raises:
        ValueError: A map is no map of finite values.

    Example:
        >>> correlate_maps([[0.0, 1.0]], [[5.0, 5.0, 7.0, 7.0]])
        1.0
    """
    grids = zip(read_finite(first, "a map").shape, read_finite(second, "a map").shape, strict=True)
    height, width = (min(lengths) for lengths in grids)
    a, b = average_to(first, height, width), average_to(second, height, width)
    largest = float(np.abs(a).max() * np.abs(b).max())
    a, b = a - a.mean(), b - b.mean()
    spread = sqrt(float(np.vdot(a, a))) * sqrt(float(np.vdot(b, b)))
    if spread <= 1e-12 * a.size * largest:  # what rounding leaves of a constant is no variation
        return None
    return min(1.0, max(-1.0, float(np.vdot(a, b)) / spread))


def subtract_maps(
    first: NDArray[np.float32], second: NDArray[np.float32], normalised: bool
) -> NDArray[np.float32]:
    """The second map taken from the first.

    Args:
        first: Finite values, [h, w].
        second: The same, on the same grid.
        normalised: Whether each is scaled to 0..1 first, for values that cannot be compared.

    Returns:
        float32 [h, w]; positive where the first is larger. Of normalised maps -1..1.

    Raises:
        ValueError: The grids differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"expected maps of one grid, got {list(first.shape)} and {list(second.shape)}")
    difference: NDArray[np.float32] = normalize(first) - normalize(second) if normalised else first - second
    return difference
