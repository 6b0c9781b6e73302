"""Channels to one map, by the methods of tensors alone, so that the page can import this without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from viz.texts import Translate

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FeatureMap:
    """A feature map, and what several aggregations need of it, computed once.

    Attributes:
        values: The feature map, [C, h, w].
    """

    values: Tensor

    @cached_property
    def mean(self) -> Tensor:
        """Mean over the channels, [h, w]."""
        return self.values.mean(dim=0)

    @cached_property
    def channel_means(self) -> Tensor:
        """Mean of each channel over its map, [C]."""
        return self.values.mean(dim=(1, 2))

    def spread(self) -> Tensor:
        """Standard deviation over the channels, with divisor C, [h, w]."""
        # By the deviations themselves: E[x²] - E[x]² loses all digits where the mean is large.
        lengths: Tensor = (self.values - self.mean).norm(dim=0)
        deviation: Tensor = lengths / len(self.values) ** 0.5
        return deviation

    def pick_strongest(self) -> Tensor:
        """The channel whose mean over the map is highest (the first, on a tie), [h, w]."""
        means = self.channel_means.cpu().numpy()
        return self.values[int(means.argmax())].clone()  # NumPy promises the first one, torch does not


@dataclass(frozen=True)
class Aggregation:
    """A function of a feature map that gives one map.

    Attributes:
        reduce: Takes the feature map [C, h, w] and gives the map [h, w].
        signed: Whether the map can be negative where the feature map is.
        share: The same of a `FeatureMap`, where aggregations have something in common.
    """

    reduce: Callable[[Tensor], Tensor]
    signed: bool = True
    share: Callable[[FeatureMap], Tensor] | None = None

    def __call__(self, values: Tensor) -> Tensor:
        return self.reduce(values)


def _share(compute: Callable[[FeatureMap], Tensor], signed: bool = True) -> Aggregation:
    return Aggregation(lambda values: compute(FeatureMap(values)), signed, compute)


# The pass, the sidebar, the address and the tests take theirs from this table. A plain function
# [C, h, w] -> [h, w] may be put into it as well, and counts as signed.
AGGREGATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": _share(lambda feature_map: feature_map.mean),  # the homework's heatmap
    "max": Aggregation(lambda values: values.amax(dim=0)),
    "l2": Aggregation(lambda values: values.norm(dim=0), signed=False),
    "std": _share(FeatureMap.spread, signed=False),
    "strongest": _share(FeatureMap.pick_strongest),
}


def aggregate_once(aggregate: Callable[[Tensor], Tensor], feature_map: FeatureMap) -> Tensor:
    """What an aggregation of the table makes of a feature map, [h, w]; it keeps nothing of it."""
    if isinstance(aggregate, Aggregation) and aggregate.share is not None:
        return aggregate.share(feature_map)
    found = aggregate(feature_map.values)
    # A view would keep all of the feature map.
    storages = {values.untyped_storage().data_ptr() for values in (found, feature_map.values)}
    return found.clone() if len(storages) == 1 else found


def get_aggregation(name: str) -> Callable[[Tensor], Tensor]:
    """The aggregation with this key."""
    if name not in AGGREGATIONS:
        raise ValueError(f"unknown aggregation {name!r}; expected one of {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[name]


def is_diverging(side: str, name: str) -> bool:
    """Whether maps of this side of the activation and aggregation have a sign."""
    return side == "pre" and is_signed(name)


def list_diverging(sides: Sequence[str], name: str, how: str) -> list[bool]:
    """The same of several maps with a range of `viz.maps.ranges.RANGES`.

    Where they share one scale, it is that of the signed maps, if there is one.
    """
    signed = [is_diverging(side, name) for side in sides]
    return [any(signed)] * len(signed) if how == "shared" else signed


def is_signed(name: str) -> bool:
    """Whether an aggregation's maps can be negative where the feature map is; True for what is not known."""
    aggregation = AGGREGATIONS.get(name)
    return aggregation.signed if isinstance(aggregation, Aggregation) else True


def name_aggregation(aggregation: str, translate: Translate) -> str:
    """An aggregation's name, such as "Mean"; its key where the catalogue has no name."""
    return translate.find(f"aggregation.{aggregation}") or aggregation
