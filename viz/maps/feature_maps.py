"""The feature maps themselves, channel by channel: kept in half precision, or computed again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.maps.one_pass import run_pass
from viz.networks.layers import Layer
from viz.networks.network import Network

# float16 ends at 65504. Larger values, which the bundled weights reach, are kept divided by a power of two.
SAFE_PEAK = 2.0**15


@dataclass(frozen=True)
class FeatureMaps:
    """What one pass leaves of some layers: the values before the ReLU, which hold those after it.

    Attributes:
        values: float16 [h, w, C] by layer name, each divided by its factor.
        factors: Powers of two by layer name, so that dividing loses nothing.
    """

    values: dict[str, NDArray[np.float16]]
    factors: dict[str, float]

    def __contains__(self, layer: str) -> bool:
        return layer in self.values

    def read(self, layer: str, side: str) -> NDArray[np.float32]:
        """One layer's values, float32 [h, w, C], within 0.05 % of the network's own.

        Args:
            layer: One that was kept.
            side: "pre" or "post" the ReLU.
        """
        return self._restore(self.values[layer], layer, side)

    def read_vector(self, layer: str, row: int, column: int, side: str) -> NDArray[np.float32]:
        """The channels of one cell, float32 [C]; otherwise as `read`."""
        return self._restore(self.values[layer][row, column], layer, side)

    def _restore(self, values: NDArray[np.float16], layer: str, side: str) -> NDArray[np.float32]:
        restored: NDArray[np.float32] = values.astype(np.float32) * np.float32(self.factors[layer])
        return np.maximum(restored, 0) if side == "post" else restored


def choose_kept(layers: Sequence[Layer], height: int, width: int, limit: int) -> frozenset[str]:
    """The layers whose maps fit into `limit` bytes, counted from the deepest.

    Shallow maps are the largest and the cheapest to compute again, so they are what is left out. The first
    layer is never kept: to convolve three colours takes less time than to convert from half precision.

    Args:
        layers: Of a network, from the input on.
        height: Of the picture, in input pixels.
        width: Of the picture, in input pixels.
        limit: Bytes for all of them, in half precision.

    Returns:
        Names of layers.
    """
    kept: list[str] = []
    for layer in reversed(layers[1:]):
        limit -= 2 * layer.channels * prod(layer.map_size(height, width))
        if limit < 0:
            break
        kept.append(layer.name)
    return frozenset(kept)


def keep_feature_maps(network: Network, batch: Tensor, names: Collection[str]) -> FeatureMaps:
    """Run a network once and keep the feature maps of the named layers.

    Args:
        network: Left as it is.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        names: Of layers, such as `choose_kept` gives.

    Raises:
        ValueError: As `viz.maps.one_pass.run_pass`.
    """
    kept = FeatureMaps({}, {})

    def keep(layer: Layer, side: str, signal: Tensor) -> None:
        if side == "pre" and layer.name in names:
            factor = kept.factors[layer.name] = _choose_factor(float(signal.abs().amax()))
            kept.values[layer.name] = signal[0].permute(1, 2, 0).div(factor).half().cpu().numpy()

    with torch.inference_mode():
        run_pass(network, batch, keep)
    return kept


def _choose_factor(peak: float) -> float:
    return float(2 ** max(0, int(np.ceil(np.log2(peak / SAFE_PEAK))))) if peak > SAFE_PEAK else 1.0


def compute_feature_map(network: Network, batch: Tensor, layer: str, side: str) -> NDArray[np.float32]:
    """Run a network as far as one layer and return that layer's values, float32 [h, w, C].

    Args:
        network: Left as it is.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        layer: Its name.
        side: "pre" or "post" the activation.

    Raises:
        ValueError: The batch has another shape, or the layer is unknown.
    """
    wanted = network.find_layer(layer)
    found: list[NDArray[np.float32]] = []

    def keep(seen: Layer, at: str, signal: Tensor) -> None:
        if (seen, at) == (wanted, side):
            found.append(signal[0].permute(1, 2, 0).cpu().numpy().copy())

    with torch.inference_mode():
        run_pass(network, batch, keep, last=(layer, side))
    return found[0]
