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
    return features.std(dim=0, correction=0)


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

# Aggregations that keep the sign of what they reduce; the others cannot be negative.
SIGNED = frozenset({"mean", "max", "strongest"})


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


def reduce_channels(
    cells: Tensor, largest: NDArray[np.float32] | None = None
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
    """All of `AGGREGATIONS` at once, reading the feature map four times instead of ten.

    Args:
        cells: A feature map with its channels last in memory, [h, w, C].
        largest: What "max" is to be, [h, w], where it is known; then three times are enough.

    Returns:
        The maps [h, w] by aggregation key, and the means of the channels [C], on the CPU.

    Example:
        >>> maps, means = reduce_channels(torch.ones(2, 3, 4))
        >>> maps["l2"].shape, means.shape
        ((2, 3), (4,))
    """
    mean = cells.mean(dim=-1).cpu().numpy()
    norm = cells.norm(dim=-1).cpu().numpy()
    channel_means = cells.mean(dim=(0, 1)).cpu().numpy()
    # Var = E[x^2] - E[x]^2. Rounding can push it a hair below zero where all channels agree.
    # In NumPy: for maps as small as these, waking torch's threads takes longer than the work.
    variance = np.maximum(np.square(norm) / cells.shape[-1] - np.square(mean), 0)
    maps = {
        "mean": mean,
        "max": cells.amax(dim=-1).cpu().numpy() if largest is None else largest,
        "l2": norm,
        "std": np.sqrt(variance),
        "strongest": cells[..., find_strongest(channel_means)].contiguous().cpu().numpy(),
    }
    return maps, channel_means


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
