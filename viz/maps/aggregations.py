"""Channels to one map.

`AGGREGATIONS` is the one table of them: the pass, the sidebar, the address and the tests take theirs from it.
Tensors are used by their methods alone, so that the page can import this module without torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Aggregation = Callable[["Tensor"], "Tensor"]


def average_channels(feature_map: Tensor) -> Tensor:
    """Mean over the channels: the homework's heatmap. [C, h, w] -> [h, w]."""
    return feature_map.mean(dim=0)


def maximize_channels(feature_map: Tensor) -> Tensor:
    """Largest value among the channels. [C, h, w] -> [h, w]."""
    return feature_map.amax(dim=0)


def norm_channels(feature_map: Tensor) -> Tensor:
    """Euclidean (L2) norm of each cell's channels. [C, h, w] -> [h, w]."""
    return feature_map.square().sum(dim=0).sqrt()


def spread_channels(feature_map: Tensor) -> Tensor:
    """Standard deviation over the channels, with divisor C. [C, h, w] -> [h, w]."""
    variance = feature_map.square().mean(dim=0) - feature_map.mean(dim=0).square()
    return variance.clamp(min=0).sqrt()  # rounding can push it a hair below zero where all channels agree


def pick_strongest_channel(feature_map: Tensor) -> Tensor:
    """The channel whose mean over the map is highest (the first, on a tie). [C, h, w] -> [h, w]."""
    means = feature_map.mean(dim=(1, 2)).cpu().numpy()
    return feature_map[int(means.argmax())]  # NumPy promises the first one, torch does not


AGGREGATIONS: dict[str, Aggregation] = {
    "mean": average_channels,
    "max": maximize_channels,
    "l2": norm_channels,
    "std": spread_channels,
    "strongest": pick_strongest_channel,
}

# Those that cannot be negative; the others keep the sign of what they reduce.
UNSIGNED = frozenset({"l2", "std"})


def get_aggregation(name: str) -> Aggregation:
    """Look an aggregation up by its key.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
    """
    if name not in AGGREGATIONS:
        raise ValueError(f"unknown aggregation {name!r}; expected one of {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[name]
