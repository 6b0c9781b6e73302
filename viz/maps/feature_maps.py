"""The feature maps themselves, channel by channel: kept in half precision, or computed again."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.maps.one_pass import run_or_fall_back, run_pass
from viz.networks.layers import Layer
from viz.networks.network import Network

# float16 ends at 65504. Larger values, which the bundled weights reach, are kept divided by a power of two.
SAFE_PEAK = 2.0**15


@dataclass(frozen=True)
class FeatureMaps:
    """What one pass leaves of some layers, by layer name and side of the activation."""

    values: dict[tuple[str, str], NDArray[np.float16]]  # [h, w, C], each divided by its factor
    factors: dict[tuple[str, str], float]  # powers of two, so that dividing loses nothing
    # Names of the layers whose values after the activation are those before it, without the negative ones;
    # they are kept once.
    rectified: frozenset[str]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self._find(*key) in self.values

    def read(self, layer: str, side: str) -> NDArray[np.float32]:
        """The values of a layer that was kept, float32 [h, w, C], within 0.05% of the network's own."""
        return self._restore(self.values[self._find(layer, side)], layer, side)

    def read_vector(self, layer: str, row: int, column: int, side: str) -> NDArray[np.float32]:
        """The channels of one cell, float32 [C]; otherwise as `read`."""
        return self._restore(self.values[self._find(layer, side)][row, column], layer, side)

    def _find(self, layer: str, side: str) -> tuple[str, str]:
        return (layer, "pre") if layer in self.rectified else (layer, side)

    def _restore(self, values: NDArray[np.float16], layer: str, side: str) -> NDArray[np.float32]:
        factor = self.factors[self._find(layer, side)]
        restored: NDArray[np.float32] = values.astype(np.float32) * np.float32(factor)
        return np.maximum(restored, 0) if side == "post" and layer in self.rectified else restored


def keep_feature_maps(network: Network, batch: Tensor, limit: int) -> FeatureMaps:
    """Run a network once and keep as many feature maps as fit, counted from the deepest.

    Shallow maps are the largest and the cheapest to compute again, so they are what is left out. The first
    layer is never kept: it has but three colours to convolve.

    Network, batch and what is raised are as for `extract_heatmaps`; `limit` is in bytes for all maps.
    """
    return run_or_fall_back(network, lambda chosen: _keep(chosen, batch, limit))


def _keep(network: Network, batch: Tensor, limit: int) -> FeatureMaps:
    activations = [(layer.name, layer.activation) for layer in network.layers if layer.activation is not None]
    rectified = frozenset(name for name, found in activations if found.direct and found.kind == "ReLU")
    kept = FeatureMaps({}, {}, rectified)

    def keep(layer: Layer, side: str, signal: Tensor) -> None:
        if layer == network.layers[0] or (side == "post" and layer.name in kept.rectified):
            return
        key = layer.name, side
        factor = kept.factors[key] = _choose_factor(float(signal.abs().amax()))
        kept.values[key] = signal[0].permute(1, 2, 0).div(factor).half().cpu().numpy()
        while sum(values.nbytes for values in kept.values.values()) > limit:
            del kept.values[next(iter(kept.values))]

    with torch.inference_mode():
        run_pass(network, batch, keep)
    return kept


def _choose_factor(peak: float) -> float:
    power = int(np.ceil(np.log2(peak / SAFE_PEAK))) if SAFE_PEAK < peak < np.inf else 0
    return float(2**power)


def compute_feature_map(network: Network, batch: Tensor, layer: str, side: str) -> NDArray[np.float32]:
    """Run a network as far as one layer and return that layer's values, float32 [h, w, C].

    Network, batch and what is raised are as for `extract_heatmaps`; an unknown layer is a ValueError, too.
    """
    wanted = network.find_layer(layer)
    return run_or_fall_back(network, lambda chosen: _compute(chosen, batch, wanted, side))


def _compute(network: Network, batch: Tensor, wanted: Layer, side: str) -> NDArray[np.float32]:
    found: list[NDArray[np.float32]] = []

    def keep(seen: Layer, at: str, signal: Tensor) -> None:
        if (seen, at) == (wanted, side):
            found.append(signal[0].permute(1, 2, 0).cpu().numpy().copy())

    with torch.inference_mode():
        run_pass(network, batch, keep, last=(wanted.name, side))
    return found[0]
