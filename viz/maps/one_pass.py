"""One pass through a network; every map that the page can ask for is kept."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import torch
from torch import Tensor, nn

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.heatmaps import Heatmaps
from viz.networks.layers import Layer
from viz.networks.network import Network, copy_structure

See = Callable[[Layer, str, Tensor], None]


class _SeenEnough(Exception):
    """Ends a pass whose remaining layers nobody wants."""


def extract_heatmaps(network: Network, batch: Tensor) -> Heatmaps:
    """Run a network once and reduce every feature map as it appears.

    Args:
        network: Left as it is, so that many threads may use it at the same time.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].

    Returns:
        The maps of all layers, both sides of the activation and all aggregations, on the CPU.

    Raises:
        ValueError: The batch has another shape.

    Example:
        >>> heatmaps = extract_heatmaps(network, network.to_batch(frame_image(photo)))
        >>> heatmaps["conv3_1", "post", "mean"].shape
        (56, 56)
    """
    kept = Heatmaps({}, {}, {})

    def keep(layer: Layer, side: str, signal: Tensor) -> None:
        feature_map = signal[0]
        kept.channel_means[layer.name, side] = feature_map.mean(dim=(1, 2)).cpu().numpy()
        for name, aggregate in AGGREGATIONS.items():
            # A copy, or a map that is a part of the feature map would keep all of it.
            kept.maps[layer.name, side, name] = aggregate(feature_map).cpu().numpy().copy()
        if side == "post":
            zeros = np.count_nonzero(signal.cpu().numpy() == 0)
            kept.zero_shares[layer.name] = float(zeros / signal.numel())

    with torch.inference_mode():
        run_pass(network, batch, keep)
    return kept


def run_pass(network: Network, batch: Tensor, see: See, last: tuple[str, str] | None = None) -> None:
    """Run a private copy of a network once and show each feature map as it appears.

    Forward hooks on the copy (see `viz.networks.network.copy_structure`) call `see` before any later module
    can overwrite a feature map in place. Whether gradients are recorded is up to the caller.

    Args:
        network: Left as it is.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        see: Called with the layer, the side of its activation and the feature map [1, C, h, w], in the order
            of the pass. It has to take what it wants of the map at once.
        last: Layer name and side behind which the pass ends; None runs the whole network.

    Raises:
        ValueError: The batch has another shape.
    """
    if batch.ndim != 4 or batch.shape[:2] != (1, 3):
        raise ValueError(f"expected a batch of shape [1, 3, H, W], got {list(batch.shape)}")
    private = copy_structure(network.module)
    for layer in network.layers:
        _watch(private.get_submodule(layer.path), layer, "pre", see, last)
        if layer.activation is not None:
            _watch(private.get_submodule(layer.activation), layer, "post", see, last)
    with suppress(_SeenEnough):
        private(batch.to(network.device, memory_format=torch.channels_last))


def _watch(module: nn.Module, layer: Layer, side: str, see: See, last: tuple[str, str] | None) -> None:
    def show(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        see(layer, side, output)
        if (layer.name, side) == last:
            raise _SeenEnough

    module.register_forward_hook(show)
