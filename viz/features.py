"""The feature maps themselves, channel by channel: kept in half precision, or computed again."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.dlpack import from_dlpack

from viz.extractor import run_to, walk_layers
from viz.layers import CONV_LAYERS

# float16 ends at 65504. Larger values, which the bundled weights reach, are kept divided by a power of two.
SAFE_PEAK = 2.0**15


@dataclass(frozen=True)
class FeatureMaps:
    """What one pass leaves of some layers: the values before the ReLU, which hold those after it.

    Attributes:
        cells: float16 [h, w, C] by layer name, each divided by its factor.
        factors: Powers of two by layer name, so that dividing loses nothing.
    """

    cells: dict[str, NDArray[np.float16]]
    factors: dict[str, float]

    @property
    def nbytes(self) -> int:
        """Bytes that the values take."""
        return sum(cells.nbytes for cells in self.cells.values())

    def __contains__(self, layer: str) -> bool:
        return layer in self.cells

    def read(self, layer: str, side: str) -> NDArray[np.float32]:
        """One layer's values, float32 [h, w, C], within 0.05 % of the network's own.

        Args:
            layer: One that was kept.
            side: "pre" or "post" the ReLU.
        """
        # torch converts half precision several times faster than NumPy. It knows no arrays that must not be
        # written to, and warns of them, but for this exchange format.
        cells: NDArray[np.float32] = from_dlpack(self.cells[layer]).float().numpy()
        cells *= np.float32(self.factors[layer])
        return np.maximum(cells, 0, out=cells) if side == "post" else cells

    def read_vector(self, layer: str, row: int, column: int, side: str) -> NDArray[np.float32]:
        """The channels of one cell, float32 [C]; otherwise as `read`."""
        vector: NDArray[np.float32] = self.cells[layer][row, column].astype(np.float32)
        vector *= np.float32(self.factors[layer])
        return np.maximum(vector, 0, out=vector) if side == "post" else vector


def choose_kept(height: int, width: int, limit: int) -> frozenset[str]:
    """The layers whose maps fit into `limit` bytes, counted from the deepest.

    Shallow maps are the largest and the cheapest to compute again, so they are what is left out. conv1_1 is
    never kept: to convolve three colours takes less time than to convert its values from half precision.

    Args:
        height: Of the picture, in input pixels.
        width: Of the picture, in input pixels.
        limit: Bytes for all of them, in half precision.
    """
    kept: list[str] = []
    for layer in reversed(CONV_LAYERS[1:]):
        limit -= 2 * layer.channels * (height // layer.stride) * (width // layer.stride)
        if limit < 0:
            break
        kept.append(layer.name)
    return frozenset(kept)


def keep_features(features: nn.Sequential, batch: Tensor, names: Collection[str]) -> FeatureMaps:
    """Run the convolutions once and keep the feature maps of the named layers.

    Args:
        features: As for `viz.extractor.extract_heatmaps`; left as it is.
        batch: One picture, normalised for these weights, [1, 3, H, W].
        names: Of layers, such as `choose_kept` gives.

    Raises:
        ValueError: As `viz.extractor.extract_heatmaps`.
    """
    kept = FeatureMaps({}, {})
    with torch.inference_mode():
        for name, side, signal in walk_layers(features, batch):
            if side == "pre" and name in names:
                cells = signal[0].permute(1, 2, 0)
                factor = _choose_factor(float(cells.abs().amax()))
                kept.factors[name] = factor
                kept.cells[name] = cells.div(factor).half().cpu().numpy()
                del cells
            del signal
    return kept


def _choose_factor(peak: float) -> float:
    return float(2 ** max(0, int(np.ceil(np.log2(peak / SAFE_PEAK))))) if peak > SAFE_PEAK else 1.0


def compute_features(features: nn.Sequential, batch: Tensor, layer: str, side: str) -> NDArray[np.float32]:
    """One layer's values, float32 [h, w, C], by running the network as far as that layer.

    Args:
        features: As for `viz.extractor.extract_heatmaps`; left as it is.
        batch: One picture, normalised for these weights, [1, 3, H, W].
        layer: One of conv1_1 ... conv5_3.
        side: "pre" or "post" the ReLU.

    Raises:
        ValueError: As `viz.extractor.run_to`.
    """
    with torch.inference_mode():
        signal = run_to(features, batch, layer, side)
    cells: NDArray[np.float32] = signal[0].permute(1, 2, 0).cpu().numpy()
    return cells
