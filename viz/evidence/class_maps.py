"""Which cells of each layer speak for a class."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viz.evidence.methods import METHODS
from viz.maps.compare import correlate_maps
from viz.maps.one_pass import run_or_fall_back, run_to_end
from viz.networks.errors import NetworkError, is_memory_error, shorten_error
from viz.networks.layers import Layer
from viz.networks.network import Network

# By layer name and method, float32 [h, w].
ClassMaps = dict[tuple[str, str], NDArray[np.float32]]

# By the same, -1..1; None where it is not defined.
Agreements = dict[tuple[str, str], float | None]


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
    asked = [class_index] if against is None else [class_index, against]
    _check_classes(network, asked)
    found = run_or_fall_back(network, lambda chosen: _compute(chosen, batch, lambda logits: asked))
    if against is None:
        return _cut(found[0])
    return {key: found[0][key] - found[1][key] for key in found[0]}


def compare_class_maps(network: Network, batch: Tensor, class_index: int) -> tuple[ClassMaps, Agreements]:
    """The maps of `compute_class_maps`, and how each agrees with that of the least likely other class.

    That is Pearson's correlation of the two, before negative values are set to zero. Near 1 the map shows
    what the layer answers whichever class it is asked about, near or below 0 what is this class's. It is None
    where a map does not vary, or there is no other class. A second pass backward is made.
    """
    _check_classes(network, [class_index])

    def choose(logits: Tensor) -> list[int]:
        order = logits.argsort().tolist()
        return [class_index, next((index for index in order if index != class_index), class_index)]

    own, other = run_or_fall_back(network, lambda chosen: _compute(chosen, batch, choose))
    defined = len(network.classes or ()) > 1
    return _cut(own), {key: _agree(own[key], other[key]) if defined else None for key in own}


def _check_classes(network: Network, asked: Sequence[int]) -> None:
    count = 0 if network.classes is None else len(network.classes)
    for index in asked:
        if count and not 0 <= index < count:
            raise ValueError(f"unknown class {index}; expected 0 to {count - 1}")


def _cut(maps: ClassMaps) -> ClassMaps:
    """Without the negative values of the methods to which they mean nothing."""
    return {key: values if METHODS[key[1]].signed else np.maximum(values, 0) for key, values in maps.items()}


def _agree(first: NDArray[np.float32], second: NDArray[np.float32]) -> float | None:
    finite = np.isfinite(first).all() and np.isfinite(second).all()
    return correlate_maps(first, second) if finite else None


@torch.inference_mode(False)
@torch.enable_grad()
def _compute(network: Network, batch: Tensor, choose: Callable[[Tensor], list[int]]) -> list[ClassMaps]:
    """The maps of each class that is chosen by the logits [classes], with their negative values."""
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
    ordered = {layer.name: signals[layer.name] for layer in network.layers}
    *first, last = (logits[index] for index in choose(logits))
    return [*(_differentiate(logit, ordered, retain=True) for logit in first), _differentiate(last, ordered)]


def _differentiate(logit: Tensor, signals: Mapping[str, Tensor], retain: bool = False) -> ClassMaps:
    """The maps [h, w] of one logit by layer and method, with their negative values."""
    try:
        gradients = torch.autograd.grad(logit, list(signals.values()), retain_graph=retain, allow_unused=True)
    except RuntimeError as error:  # such as a value that the gradient needs and the network overwrote
        if is_memory_error(error):
            raise
        raise NetworkError("no_backward", error=shorten_error(error)) from error
    maps: ClassMaps = {}
    with torch.no_grad():
        for (layer, signal), gradient in zip(signals.items(), gradients, strict=True):
            if gradient is None:
                raise NetworkError("no_class_gradient", layer=layer)
            for name, method in METHODS.items():
                maps[layer, name] = method.weigh(signal[0], gradient[0]).numpy(force=True)
    return maps
