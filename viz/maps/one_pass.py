"""One pass through a network; every map that the page can ask for is kept."""

from collections.abc import Callable
from contextlib import suppress
from math import isclose
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from viz.maps.aggregations import AGGREGATIONS, FeatureMap, aggregate_once
from viz.maps.heatmaps import Heatmaps
from viz.maps.padding import reflect
from viz.networks.answer import Answer, read_answer
from viz.networks.calls import Args, Function, Kwargs, Watch, take_fingerprint
from viz.networks.errors import NetworkError, is_memory_error, shorten_error
from viz.networks.layers import Call, Layer
from viz.networks.network import Network, arrange, move_to_cpu

# Takes the layer, the side of its activation and the feature map. A tensor that it returns goes on through
# the network in the feature map's place.
See = Callable[[Layer, str, Tensor], Tensor | None]
Result = TypeVar("Result")


class _Stop(Exception):
    """Ends a pass of which all was seen that is wanted, or that differs from the trial."""


class _SeeFailed(Exception):
    """Carries an error that is not the network's out of a pass."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def extract_heatmaps(network: Network, batch: Tensor) -> Heatmaps:
    """Run a network once and reduce every feature map as it appears.

    Args:
        network: Left as it is, so that many threads may use it at the same time.
        batch: One picture, as `network.to_batch` gives it, [1, 3, H, W], or [1, 1, H, W] in grey.

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
    """Compute something with a network, in full precision also within torch.autocast.

    Where its device runs out of memory, a copy on the CPU computes it; where the CPU does, NetworkError is
    raised.
    """
    try:
        with torch.autocast(network.device.type, enabled=False):
            return compute(network)
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        if network.device.type == "cpu":
            raise NetworkError("memory") from error
    return run_or_fall_back(move_to_cpu(network), compute)


def _extract(network: Network, batch: Tensor, fell_back: bool) -> Heatmaps:
    kept = Heatmaps({}, {}, {}, fell_back)

    def keep(layer: Layer, side: str, signal: Tensor) -> None:
        feature_map = FeatureMap(arrange(signal.float(), True)[0])  # sums over channels are fast so
        kept.channel_means[layer.name, side] = feature_map.channel_means.numpy(force=True)
        for name, aggregate in AGGREGATIONS.items():
            reduced = aggregate_once(aggregate, feature_map)
            # A copy: one channel would keep the whole feature map in memory.
            kept.maps[layer.name, side, name] = np.array(reduced.numpy(force=True))
        if side == "post":
            kept.zero_shares[layer.name] = _count_zeros(feature_map.values) / signal.numel()

    with torch.inference_mode():
        run_pass(network, batch, keep)
    return kept


def _count_zeros(values: Tensor) -> int:
    # As numbers: to add up truth values takes several times as long.
    others = torch.ne(values, 0, out=torch.empty_like(values)).sum(dim=0)
    return values.numel() - round(float(others.double().sum()))


def run_pass(
    network: Network, batch: Tensor, see: See, last: tuple[str, str] | None = None, *, to_end: bool = False
) -> "Pass":
    """Run a network once and show each feature map as it appears.

    `see` is called before anything behind can overwrite a feature map in place. Whether gradients are
    recorded is up to the caller. Network, batch and what is raised are as for `extract_heatmaps`.

    Args:
        see: Called with the layer, the side of its activation and the feature map [1, C, h, w], in the order
            of the pass. It has to take what it wants of the map at once, or to return a clone of it, which
            goes on through the network.
        last: Layer name and side behind which the pass ends; None shows all.
        to_end: Whether what comes behind the last layer, such as a classifier, is run, too.
    """
    channels = network.behaviour.channels
    if batch.ndim != 4 or batch.shape[:2] != (1, channels):
        raise ValueError(f"expected a batch of shape [1, {channels}, H, W], got {list(batch.shape)}")
    try:
        made = _run(network, batch, see, last, to_end)
    except _SeeFailed as failure:
        raise failure.error from None
    except (Exception, SystemExit) as error:  # the network may be anybody's, and may raise anything
        if is_memory_error(error):
            raise
        height, width = batch.shape[2:]
        if min(height, width) < network.size and (least := find_least_size(network)) > min(height, width):
            raise NetworkError("too_small", size=least, got=min(height, width)) from error
        raise NetworkError("fails", height=height, width=width, error=shorten_error(error)) from error
    if made.missing is not None:
        raise NetworkError("varies", layer=made.missing)
    return made


def run_to_end(network: Network, batch: Tensor, see: See = lambda *_: None) -> Answer:
    """What the network answers; otherwise as `run_pass`.

    A network without a classifier is a NetworkError, and one that gives something else than a number a class.
    """
    if network.classes is None:
        raise NetworkError("no_classifier")
    watched = run_pass(network, batch, see, to_end=True)
    return read_answer(network, watched.output, watched.scores)


class Pass(Watch):
    """Shows what the trial has named, by the order of the calls.

    Attributes:
        output: What the network gave, where it was run to its end.
        scores: What its probabilities were made of, where the trial saw that it gives some.
        missing: Name of the first layer that was not run as in the trial; None where all were.
    """

    output: object = None
    scores: Tensor | None = None

    def __init__(
        self, network: Network, module: nn.Module, see: See, last: tuple[str, str] | None, to_end: bool
    ) -> None:
        super().__init__(network.device, gradients=torch.is_grad_enabled())
        self._see, self._last, self._to_end = see, last, to_end
        self._awaited: dict[Call, list[tuple[Layer, str]]] = {}
        for layer in network.layers:
            self._awaited.setdefault(layer.call, []).append((layer, "pre"))
            if layer.activation is not None:
                self._awaited.setdefault(layer.activation.call, []).append((layer, "post"))
        self._calls = {call.number: call for call in self._awaited if not call.behind}
        self._module, self._reflects = module, network.reflects
        self._ending = network.behaviour.ending if to_end else ""
        self._order = network.behaviour.order
        self.missing: str | None = next(iter(self._awaited.values()))[0][0].name

    def watch(self, name: str, call: Call | None, func: Function, args: Args, kwargs: Kwargs) -> Any:
        if self._reflects:
            args, kwargs = reflect(name, args, kwargs)
        if name == self._ending:
            self._order -= 1
            if self._order == 0:
                self.scores = args[0].clone()
        output = self.compute(func, args, kwargs)
        if call is None:
            return output
        expected = call if call.behind else self._calls.get(call.number, call)
        if expected not in self._awaited:
            return output
        passed_on = output
        for layer, side in self._awaited.pop(expected):
            self.missing = layer.name
            if call != expected or not self._is_of(layer, side, args, kwargs, output):
                raise _Stop
            try:
                answer = self.compute(self._see, (layer, side, output), {})
            except Exception as error:
                raise _SeeFailed(error) from error
            passed_on = passed_on if answer is None else answer
            if (layer.name, side) == self._last:
                self.missing = None
                raise _Stop
        self.missing = next((waiting[0][0].name for waiting in self._awaited.values()), None)
        if self.missing is None and not self._to_end:
            raise _Stop
        return passed_on

    def _is_of(self, layer: Layer, side: str, args: Args, kwargs: Kwargs, output: Tensor) -> bool:
        """Whether a call is the one of the trial, as far as its shape and its kernel tell."""
        if output.ndim != 4 or output.shape[:2] != (1, layer.channels):
            return False
        if side == "post":
            return True
        weight = args[1] if len(args) > 1 else kwargs["weight"]
        if layer.kernel:
            home, _, name = layer.kernel.rpartition(".")
            return weight is getattr(self._module.get_submodule(home), name, weight)
        expected = layer.fingerprint
        return expected is None or isclose(take_fingerprint(weight), expected, rel_tol=1e-4, abs_tol=1e-6)


def _run(network: Network, batch: Tensor, see: See, last: tuple[str, str] | None, to_end: bool) -> Pass:
    module = network.open_module()
    made = Pass(network, module, see, last, to_end)
    pixels = network.arrange(batch)  # a copy: the network may write to it in place
    with suppress(_Stop), made:
        made.output = module(pixels)
    return made


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
            batch = torch.zeros(1, network.behaviour.channels, size, size)
            return _run(network, batch, lambda *_: None, None, False).missing is None
    except Exception:  # whatever the network raises
        return False
