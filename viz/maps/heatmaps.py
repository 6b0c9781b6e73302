"""What one pass through a network leaves behind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MapKey = tuple[str, str, str]


@dataclass(frozen=True)
class Heatmaps(Mapping[MapKey, NDArray[np.float32]]):
    """A mapping from (layer name, "pre" or "post" the activation, aggregation) to a float32 map [h, w].

    Attributes:
        maps: The mapping itself.
        channel_means: The mean of every channel [C] over its map, by (layer name, side).
        zero_shares: The share of values that are exactly zero after the activation, 0..1, by layer name.
        fell_back: Whether the network's device ran out of memory, so that the CPU had to compute them.
    """

    maps: dict[MapKey, NDArray[np.float32]]
    channel_means: dict[tuple[str, str], NDArray[np.float32]]
    zero_shares: dict[str, float]
    fell_back: bool = False

    def __getitem__(self, key: MapKey) -> NDArray[np.float32]:
        return self.maps[key]

    def __iter__(self) -> Iterator[MapKey]:
        return iter(self.maps)

    def __len__(self) -> int:
        return len(self.maps)

    @cached_property
    def not_finite(self) -> tuple[str, ...]:
        """Names of the layers with NaN or infinity in a map, in the order of the pass."""
        return tuple(
            dict.fromkeys(key[0] for key, values in self.maps.items() if not np.isfinite(values).all())
        )

    def strongest_channel(self, layer: str, side: str) -> int:
        """Number of the channel that the aggregation "strongest" shows, counted from 0.

        It is the one with the highest mean; the first one on a tie.
        """
        return int(np.argmax(self.channel_means[layer, side]))
