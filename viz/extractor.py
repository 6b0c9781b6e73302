"""One pass through the network; every map that the page can ask for is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from viz.aggregate import AGGREGATIONS, find_strongest
from viz.layers import CONV_LAYERS

MapKey = tuple[str, str, str]


@dataclass(frozen=True)
class Heatmaps(Mapping[MapKey, NDArray[np.float32]]):
    """What one pass leaves behind.

    A mapping from (layer name, "pre" or "post" the ReLU, aggregation) to a float32 map [h, w].

    Attributes:
        maps: The mapping itself.
        channel_means: The mean of every channel [C] over its map, by (layer name, side). The channel
            with the highest one is the one that the aggregation "strongest" shows.
        zero_shares: The share of values that are exactly zero after the ReLU, 0..1, by layer name.
    """

    maps: dict[MapKey, NDArray[np.float32]]
    channel_means: dict[tuple[str, str], NDArray[np.float32]]
    zero_shares: dict[str, float]

    def __getitem__(self, key: MapKey) -> NDArray[np.float32]:
        return self.maps[key]

    def __iter__(self) -> Iterator[MapKey]:
        return iter(self.maps)

    def __len__(self) -> int:
        return len(self.maps)

    def strongest_channel(self, layer: str, side: str) -> int:
        """Number of the channel with the highest mean, counted from 0."""
        return find_strongest(self.channel_means[layer, side])


def extract_heatmaps(features: nn.Sequential, batch: Tensor) -> Heatmaps:
    """Run the convolutions once and reduce every feature map as it appears.

    The network is iterated over, not hooked, so one network serves many threads. Only the feature map
    in hand is alive at any time, never all of them together.

    Args:
        features: VGG16's `features`, with ReLUs that are not in place (see `viz.model.load_features`).
        batch: One picture, normalised for these weights, [1, 3, H, W].

    Returns:
        The maps of all 13 layers, both sides of the ReLU and all aggregations, on the CPU.

    Raises:
        ValueError: The batch is not [1, 3, H, W], or a ReLU works in place.

    Example:
        >>> heatmaps = extract_heatmaps(load_features(), to_batch(frame_image(photo)))
        >>> heatmaps["conv3_1", "post", "mean"].shape
        (56, 56)
    """
    kept = Heatmaps({}, {}, {})
    with torch.inference_mode():
        for name, side, signal in walk_layers(features, batch):
            _keep(kept, name, side, signal)
            if side == "post":
                kept.zero_shares[name] = _share_zeros(signal)
            del signal  # or it would be alive beside the next two
    return kept


def walk_layers(features: nn.Sequential, batch: Tensor) -> Iterator[tuple[str, str, Tensor]]:
    """Run the convolutions one by one; whoever asks stops when there is enough.

    Whether gradients are recorded is up to the caller.

    Args:
        features: As for `extract_heatmaps`; left as it is.
        batch: One picture, normalised for these weights, [1, 3, H, W].

    Yields:
        Layer name, "pre" or "post" the ReLU, and the feature map [1, C, h, w].

    Raises:
        ValueError: As `extract_heatmaps`.
    """
    if batch.ndim != 4 or batch.shape[:2] != (1, 3):
        raise ValueError(f"expected a batch of shape [1, 3, H, W], got {list(batch.shape)}")
    layers = {layer.index: layer.name for layer in CONV_LAYERS}
    device = next(features.parameters()).device
    signal = batch.to(device, memory_format=torch.channels_last)
    for index, module in enumerate(features[: CONV_LAYERS[-1].index + 2]):
        if getattr(module, "inplace", False):
            raise ValueError(f"features[{index}] works in place and would overwrite its input")
        signal = module(signal)
        if index in layers:
            yield layers[index], "pre", signal
        elif index - 1 in layers:
            yield layers[index - 1], "post", signal


def run_to(features: nn.Sequential, batch: Tensor, layer: str, side: str) -> Tensor:
    """One layer's feature map [1, C, h, w]; nothing behind the layer is run.

    Args:
        features: As for `extract_heatmaps`; left as it is.
        batch: One picture, normalised for these weights, [1, 3, H, W].
        layer: One of conv1_1 ... conv5_3.
        side: "pre" or "post" the ReLU.

    Raises:
        ValueError: As `extract_heatmaps`, or there is no such layer or side.
    """
    for name, at, signal in walk_layers(features, batch):
        if (name, at) == (layer, side):
            return signal
    raise ValueError(f"expected a layer and pre or post, got {layer!r} and {side!r}")


def _keep(kept: Heatmaps, layer: str, side: str, signal: Tensor) -> None:
    kept.channel_means[layer, side] = signal[0].mean(dim=(1, 2)).cpu().numpy()
    for name, aggregate in AGGREGATIONS.items():
        kept.maps[layer, side, name] = aggregate(signal[0]).contiguous().cpu().numpy()


def _share_zeros(signal: Tensor) -> float:
    # NumPy, because torch's own way of counting takes thirty times as long.
    return 1 - int(np.count_nonzero(signal.cpu().numpy() > 0)) / signal.numel()
