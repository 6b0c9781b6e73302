"""One pass through a network; every map that the page can ask for is kept."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.heatmaps import Heatmaps
from viz.networks.errors import NetworkError
from viz.networks.layers import Layer
from viz.networks.network import Network, copy_structure, move_to_cpu
from viz.networks.trial import shorten_error

# Takes the layer, the side of its activation and the feature map. A tensor that it returns goes on through
# the network in the feature map's place.
See = Callable[[Layer, str, Tensor], Tensor | None]
Result = TypeVar("Result")


class _SeenEnough(Exception):
    """Ends a pass whose remaining layers nobody wants."""


class _SeeFailed(Exception):
    """Carries an error that is not the network's out of a pass."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def extract_heatmaps(network: Network, batch: Tensor) -> Heatmaps:
    """Run a network once and reduce every feature map as it appears.

    Args:
        network: Left as it is, so that many threads may use it at the same time.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W].

    Returns:
        The maps of all layers, both sides of the activation and all aggregations, on the CPU.

    Raises:
        ValueError: The batch has another shape.
        NetworkError: The network does not run on this picture, or not as in its trial.

    Example:
        >>> heatmaps = extract_heatmaps(network, network.to_batch(frame_image(photo)))
        >>> heatmaps["conv3_1", "post", "mean"].shape
        (56, 56)
    """
    return run_or_fall_back(network, lambda chosen: _extract(chosen, batch, chosen is not network))


def run_or_fall_back(network: Network, compute: Callable[[Network], Result]) -> Result:
    """Compute something with a network, and where its device runs out of memory, with a copy on the CPU."""
    try:
        return compute(network)
    except RuntimeError as error:  # torch has a class for this on CUDA, and none on Apple's MPS
        if network.device.type == "cpu" or "out of memory" not in str(error):
            raise
    return compute(move_to_cpu(network))


def _extract(network: Network, batch: Tensor, fell_back: bool) -> Heatmaps:
    kept = Heatmaps({}, {}, {}, fell_back)

    def keep(layer: Layer, side: str, signal: Tensor) -> None:
        feature_map = signal[0]
        kept.channel_means[layer.name, side] = feature_map.mean(dim=(1, 2)).cpu().numpy()
        for name, aggregate in AGGREGATIONS.items():
            # A copy, or a map that is a part of the feature map would keep all of it.
            kept.maps[layer.name, side, name] = aggregate(feature_map).cpu().numpy().copy()
        if side == "post":
            kept.zero_shares[layer.name] = int(torch.count_nonzero(signal == 0)) / signal.numel()

    with torch.inference_mode():
        run_pass(network, batch, keep)
    return kept


def run_pass(
    network: Network, batch: Tensor, see: See, last: tuple[str, str] | None = None, *, to_end: bool = False
) -> object:
    """Run a private copy of a network once and show each feature map as it appears.

    Forward hooks on the copy (see `viz.networks.network.copy_structure`) call `see` before any later module
    can overwrite a feature map in place. Whether gradients are recorded is up to the caller. Network, batch
    and what is raised are as for `extract_heatmaps`.

    Args:
        see: Called with the layer, the side of its activation and the feature map [1, C, h, w], in the order
            of the pass. It has to take what it wants of the map at once, or to return a clone of it, which
            goes on through the network.
        last: Layer name and side behind which the pass ends; None shows all.
        to_end: Whether what comes behind the last layer, such as a classifier, is run, too.

    Returns:
        The network's output where it was run to its end, else None.
    """
    if batch.ndim != 4 or batch.shape[:2] != (1, 3):
        raise ValueError(f"expected a batch of shape [1, 3, H, W], got {list(batch.shape)}")
    try:
        awaited, output = _run(network, batch, see, last, to_end)
    except _SeeFailed as failure:
        raise failure.error from None
    except Exception as error:  # the network may be anybody's, and may raise anything
        if "out of memory" in str(error):
            raise
        height, width = batch.shape[2:]
        if min(height, width) < network.size and (least := find_least_size(network)) > min(height, width):
            raise NetworkError("too_small", size=least, got=min(height, width)) from error
        raise NetworkError("fails", height=height, width=width, error=shorten_error(error)) from error
    if awaited and last is None:
        raise NetworkError("varies", layer=next(iter(awaited.values()))[0][0].name)
    return output


def run_to_end(network: Network, batch: Tensor, see: See = lambda *_: None) -> Tensor:
    """The logits [1, classes]; otherwise as `run_pass`.

    A network without a classifier is a NetworkError, and one that gives something else than a logit a class.
    """
    if network.classes is None:
        raise NetworkError("no_classifier")
    logits = run_pass(network, batch, see, to_end=True)
    expected = [1, len(network.classes)]
    if not isinstance(logits, Tensor) or list(logits.shape) != expected:
        got = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise NetworkError("no_logits", expected=expected, got=got)
    return logits


# What is to be seen of a call of a module: its path and the number of the call, then layers and sides.
_Awaited = dict[tuple[str, int], list[tuple[Layer, str]]]


def _run(
    network: Network, batch: Tensor, see: See, last: tuple[str, str] | None = None, to_end: bool = False
) -> tuple[_Awaited, object]:
    """Make the pass: what the network did not run, and its output where it came to its end."""
    private = copy_structure(network.module)
    awaited = _list_awaited(network)
    calls: Counter[str] = Counter()

    def show(path: str, _: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        calls[path] += 1
        passed_on = None
        for layer, side in awaited.pop((path, calls[path]), []):
            try:
                answer = see(layer, side, output)
            except Exception as error:
                raise _SeeFailed(error) from error
            if (layer.name, side) == last:
                raise _SeenEnough
            passed_on = passed_on if answer is None else answer
        if not awaited and not to_end:
            raise _SeenEnough
        return passed_on

    for path in {path for path, _ in awaited}:
        private.get_submodule(path).register_forward_hook(partial(show, path))
    # A copy: the network may write to it in place.
    pixels = batch.to(network.device, memory_format=torch.channels_last, copy=True)
    with suppress(_SeenEnough):
        return awaited, private(pixels)
    return awaited, None


def _list_awaited(network: Network) -> _Awaited:
    awaited: _Awaited = {}
    for layer in network.layers:
        awaited.setdefault((layer.path, layer.call), []).append((layer, "pre"))
        if layer.activation is not None:
            call = (layer.activation.path, layer.activation.call)
            awaited.setdefault(call, []).append((layer, "post"))
    return awaited


def find_least_size(network: Network) -> int:
    """The side of the smallest square picture, in pixels, that goes through all layers of a network."""
    fails, runs = 0, network.size
    while runs - fails > 1:
        middle = (fails + runs) // 2
        if _goes_through(network, middle):
            runs = middle
        else:
            fails = middle
    return runs


def _goes_through(network: Network, size: int) -> bool:
    try:
        with torch.inference_mode():
            awaited, _ = _run(network, torch.zeros(1, 3, size, size), lambda *_: None)
            return not awaited
    except Exception:  # whatever the network raises
        return False
