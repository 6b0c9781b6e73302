"""Channels to one map, and one map to 0..1.

Tensors are used by their methods alone, so the page can import this room while torch is still loading.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from torch import Tensor

Aggregation = Callable[["Tensor"], "Tensor"]


def average_channels(features: Tensor) -> Tensor:
    """Mean over the channels: the homework's heatmap. [C, h, w] -> [h, w]."""
    return features.mean(dim=0)


def maximize_channels(features: Tensor) -> Tensor:
    """Largest value among the channels. [C, h, w] -> [h, w]."""
    return features.amax(dim=0)


def measure_channels(features: Tensor) -> Tensor:
    """Euclidean (L2) norm of the channel vector of each cell. [C, h, w] -> [h, w]."""
    return features.square().sum(dim=0).sqrt()


def spread_channels(features: Tensor) -> Tensor:
    """Standard deviation over the channels, with divisor C. [C, h, w] -> [h, w]."""
    variance = features.square().mean(dim=0) - features.mean(dim=0).square()
    return variance.clamp(min=0).sqrt()  # rounding can push it a hair below zero where all channels agree


def pick_strongest_channel(features: Tensor) -> Tensor:
    """The channel whose mean over the map is highest (the first, on a tie). [C, h, w] -> [h, w]."""
    return features[find_strongest(features.mean(dim=(1, 2)).cpu().numpy())]


AGGREGATIONS: dict[str, Aggregation] = {
    "mean": average_channels,
    "max": maximize_channels,
    "l2": measure_channels,
    "std": spread_channels,
    "strongest": pick_strongest_channel,
}

# Aggregations that cannot be negative; the others keep the sign of what they reduce.
UNSIGNED = frozenset({"l2", "std"})


def get_aggregation(name: str) -> Aggregation:
    """Look an aggregation up by its key.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
    """
    if name not in AGGREGATIONS:
        raise ValueError(f"unknown aggregation {name!r}; expected one of {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[name]


def find_strongest(channel_means: NDArray[np.float32]) -> int:
    """Index of the largest of the channel means [C]; the first one on a tie."""
    return int(np.argmax(channel_means))  # which NumPy promises, and torch does not


def normalize(heatmap: ArrayLike) -> NDArray[np.float32]:
    """Min-max scale one map to 0..1, as the homework does, with a guard for a constant map.

    Args:
        heatmap: Finite values, [h, w].

    Returns:
        float32 [h, w]; 0 at the minimum and 1 at the maximum, all zeros for a constant map.

    Raises:
        ValueError: A value is not finite.

    Example:
        >>> normalize([[2.0, 4.0], [3.0, 2.0]]).tolist()
        [[0.0, 1.0], [0.5, 0.0]]
    """
    values = np.asarray(heatmap, dtype=np.float64)  # max - min can overflow float32
    if not np.isfinite(values).all():
        raise ValueError("expected a map of finite values, got NaN or infinity")
    low, high = values.min(), values.max()
    if high == low:
        return np.zeros(values.shape, dtype=np.float32)
    scaled: NDArray[np.float32] = ((values - low) / (high - low)).astype(np.float32)
    return scaled
