"""Channels to one map, by the methods of tensors alone, so that the page can import this without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Aggregation:
    """A function of a feature map that gives one map.

    Attributes:
        reduce: Takes the feature map [C, h, w] and gives the map [h, w].
        signed: Whether the map can be negative where the feature map is.
    """

    reduce: Callable[[Tensor], Tensor]
    signed: bool = True

    def __call__(self, feature_map: Tensor) -> Tensor:
        return self.reduce(feature_map)


def spread_channels(feature_map: Tensor) -> Tensor:
    """Standard deviation over the channels, with divisor C. [C, h, w] -> [h, w]."""
    variance = feature_map.square().mean(dim=0) - feature_map.mean(dim=0).square()
    return variance.clamp(min=0).sqrt()  # rounding can push it a hair below zero where all channels agree


def pick_strongest_channel(feature_map: Tensor) -> Tensor:
    """The channel whose mean over the map is highest (the first, on a tie). [C, h, w] -> [h, w]."""
    means = feature_map.mean(dim=(1, 2)).cpu().numpy()
    return feature_map[int(means.argmax())]  # NumPy promises the first one, torch does not


# The pass, the sidebar, the address and the tests take theirs from this table. A plain function
# [C, h, w] -> [h, w] may be put into it as well, and counts as signed.
AGGREGATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": Aggregation(lambda feature_map: feature_map.mean(dim=0)),  # the homework's heatmap
    "max": Aggregation(lambda feature_map: feature_map.amax(dim=0)),
    "l2": Aggregation(lambda feature_map: feature_map.square().sum(dim=0).sqrt(), signed=False),
    "std": Aggregation(spread_channels, signed=False),
    "strongest": Aggregation(pick_strongest_channel),
}


def get_aggregation(name: str) -> Callable[[Tensor], Tensor]:
    """The aggregation with this key."""
    if name not in AGGREGATIONS:
        raise ValueError(f"unknown aggregation {name!r}; expected one of {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[name]


def is_signed(name: str) -> bool:
    """Whether an aggregation's maps can be negative where the feature map is; True for what is not known."""
    aggregation = AGGREGATIONS.get(name)
    return aggregation.signed if isinstance(aggregation, Aggregation) else True
