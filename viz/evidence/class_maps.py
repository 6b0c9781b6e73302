"""Which cells of each layer speak for a class."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.evidence.methods import METHODS
from viz.maps.one_pass import run_or_fall_back, run_to_end
from viz.networks.errors import NetworkError
from viz.networks.examine import shorten_error
from viz.networks.layers import Layer
from viz.networks.network import Network

# By layer name and method, float32 [h, w].
ClassMaps = dict[tuple[str, str], NDArray[np.float32]]


def class_maps(
    network: Network, batch: Tensor, class_index: int, method: str = "layercam", against: int | None = None
) -> dict[str, NDArray[np.float32]]:
    """Which cells of each layer speak for a class: one pass forward and one backward for all layers.

    The methods stand in `viz.evidence.methods.METHODS`; of those without a sign negative values are set to
    zero. Against another class the map is that of the class minus that of the other, with all values: above
    zero a cell speaks for the class, below for the other. For Grad-CAM and HiResCAM this is the map of the
    difference of the two logits; for LayerCAM it is not, as it takes the positive gradients of either class
    by themselves. A second pass backward is made.

    Args:
        network: Left as it is. Of one that gives probabilities, the logits are what they are made of.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].
        class_index: Of the class, counted from 0.
        method: Key of `viz.evidence.methods.METHODS`.
        against: Index of another class; None for none.

    Returns:
        A map [h, w] by layer name, not normalised, of the feature map after the activation where the layer
        has one, else before it.

    Raises:
        ValueError: The batch has another shape, the method is unknown, or there is no such class.
        NetworkError: The network has no classifier, does not run on this picture, or a part of it runs
            without gradients.

    Example:
        >>> class_maps(network, batch, predict(network, batch)[0].index)["blocks.6.0.conv_pw"].shape
        (7, 7)
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    maps = compute_class_maps(network, batch, class_index, against)
    return {layer: values for (layer, name), values in maps.items() if name == method}


def compute_class_maps(
    network: Network, batch: Tensor, class_index: int, against: int | None = None
) -> ClassMaps:
    """The maps of all layers by all `METHODS`, which take no more passes than one; else as `class_maps`."""
    count = 0 if network.classes is None else len(network.classes)
    for index in (class_index, against):
        if index is not None and count and not 0 <= index < count:
            raise ValueError(f"unknown class {index}; expected 0 to {count - 1}")
    return run_or_fall_back(network, lambda chosen: _compute(chosen, batch, class_index, against))


@torch.inference_mode(False)
@torch.enable_grad()
def _compute(network: Network, batch: Tensor, class_index: int, against: int | None) -> ClassMaps:
    signals: dict[str, Tensor] = {}

    def keep(layer: Layer, side: str, signal: Tensor) -> Tensor | None:
        if side != layer.pick_side("post"):
            return None
        if not signal.requires_grad:
            raise NetworkError("no_class_gradient", layer=layer.name)
        signals[layer.name] = signal
        # What follows may write to its input in place; what is kept has to stay as it is.
        return signal.clone()

    # Parameters need no gradients, so that the graph has to begin at the pixels.
    logits = run_to_end(network, batch.detach().clone().requires_grad_(), keep).logits
    order = [layer.name for layer in network.layers]
    maps = _differentiate(logits[class_index], signals, retain=against is not None)
    if against is not None:
        other = _differentiate(logits[against], signals)
        maps = {key: maps[key] - other[key] for key in maps}
    else:
        maps = {key: maps[key] if METHODS[key[1]].signed else maps[key].clamp(min=0) for key in maps}
    return {(layer, method): maps[layer, method].numpy(force=True) for layer in order for method in METHODS}


def _differentiate(
    logit: Tensor, signals: Mapping[str, Tensor], retain: bool = False
) -> dict[tuple[str, str], Tensor]:
    """The maps [h, w] of one logit by layer and method, with their negative values."""
    try:
        gradients = torch.autograd.grad(logit, list(signals.values()), retain_graph=retain, allow_unused=True)
    except RuntimeError as error:  # such as a value that the gradient needs and the network overwrote
        if "out of memory" in str(error):
            raise
        raise NetworkError("no_backward", error=shorten_error(error)) from error
    maps: dict[tuple[str, str], Tensor] = {}
    with torch.no_grad():
        for (layer, signal), gradient in zip(signals.items(), gradients, strict=True):
            if gradient is None:
                raise NetworkError("no_class_gradient", layer=layer)
            for name, method in METHODS.items():
                maps[layer, name] = method.weigh(signal[0], gradient[0])
    return maps
