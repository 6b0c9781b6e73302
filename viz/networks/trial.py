"""A network's convolutions and the activations behind them, found by running it once."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from math import log2, prod, sqrt
from typing import Any

import torch
from torch import Tensor, nn

from viz.networks.errors import NetworkError
from viz.networks.layers import Activation, Layer, Window, split_in_thirds
from viz.networks.network import copy_structure

ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU),
    *(nn.Mish, nn.Hardswish, nn.Hardtanh, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softsign),
    *(nn.Threshold, nn.Hardshrink, nn.Softshrink, nn.Tanhshrink, nn.LogSigmoid),
)
# What a plain chain may have between its convolutions beside poolings: each cell stays where it is.
CELLWISE = (*ACTIVATIONS, nn.BatchNorm2d, nn.Dropout, nn.Dropout2d, nn.Identity, nn.LocalResponseNorm)


@dataclass
class _Seen:
    """A convolution as it ran in the trial."""

    path: str
    call: int
    output: Tensor  # a leaf that has the convolution's values
    passed_on: Tensor  # what the network went on with
    windows: tuple[Window, ...]
    activation: Activation | None = None


@dataclass
class _Trial:
    """What the hooks of a trial pass have found so far."""

    calls: Counter[str] = field(default_factory=Counter)
    seen: list[_Seen] = field(default_factory=list)
    previous: Any = None  # the last module's output, and a copy of it as it was then
    values: Tensor | None = None
    windows: tuple[Window, ...] = ()
    is_chain: bool = True

    def see_convolution(self, path: str, _: nn.Conv2d, __: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if output.ndim != 4 or len(output) != 1:
            raise NetworkError("no_map", layer=path, shape=list(output.shape))
        self.calls[path] += 1
        leaf = output.detach().requires_grad_()
        passed_on = leaf.clone()
        self.seen.append(_Seen(path, self.calls[path], leaf, passed_on, ()))
        return passed_on

    def see_activation(
        self, path: str, module: nn.Module, inputs: tuple[Tensor, ...], named: dict[str, Tensor]
    ) -> None:
        self.calls[path] += 1
        (signal,) = (*inputs, *named.values())
        for seen in self._list_reached(signal):
            if seen.activation is None and seen.output.shape == signal.shape:
                kind, direct = type(module).__name__, signal is seen.passed_on
                seen.activation = Activation(path, kind, direct, self.calls[path])

    def _list_reached(self, signal: Tensor) -> list[_Seen]:
        """The convolutions whose output reaches a signal without another convolution between."""
        if not self.seen or not signal.requires_grad:
            return []
        leaves = [seen.output for seen in self.seen]
        ones = torch.ones_like(signal)
        try:
            slopes = torch.autograd.grad(signal, leaves, ones, retain_graph=True, allow_unused=True)
        except RuntimeError:  # a value that the gradient needs was overwritten
            return []
        return [seen for seen, slope in zip(self.seen, slopes, strict=True) if slope is not None]

    def follow_chain(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """Collect windows as long as each module takes what the one before it gave.

        What was written to in place between the two, such as an addition, ends the chain.
        """
        if not self.is_chain:
            return
        window = _read_window(module)
        linked = len(inputs) == 1 and inputs[0] is self.previous
        linked = linked and self.values is not None and torch.equal(inputs[0], self.values)
        if linked and window is not None:
            self.windows = (*self.windows, window)
        elif not linked or type(module) not in CELLWISE:
            self.is_chain = False
        self.previous = output
        self.values = output.detach().clone() if isinstance(output, Tensor) else None
        if isinstance(module, nn.Conv2d):
            self.seen[-1].windows = self.windows if self.is_chain else ()


def find_layers(module: nn.Module, size: int) -> tuple[Layer, ...]:
    """Run a private copy of a network once and list its convolutions, in the order of the pass.

    Each convolution's output is passed on as a fresh leaf of the graph of gradients. So the gradient of an
    activation's input names the convolutions that reach it with no other convolution between; the first
    activation of its own shape that a convolution reaches is the one behind it. Activations that are called
    as functions cannot be seen.

    Layers are named by their paths; a module that runs twice is two of them, "name" and "name@2". Those whose
    map is a single cell, such as gates, are left out.

    The module is in eval mode, and left as it is. A NetworkError says that it cannot be copied, does not run
    on a square picture of this size, or has a convolution that did not run.
    """
    check_module(module)
    try:
        private = copy_structure(module)
    except Exception as error:  # a module's own code runs here, which may raise anything
        raise NetworkError("no_copy", error=shorten_error(error)) from error
    trial = _Trial()
    for path, part in private.named_modules():
        if hasattr(part, "inplace"):
            part.inplace = False  # a copy's: overwritten values have no gradient
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(partial(trial.see_convolution, path))
        elif isinstance(part, ACTIVATIONS):
            part.register_forward_pre_hook(partial(trial.see_activation, path), with_kwargs=True)
        if not any(part.children()):
            part.register_forward_hook(trial.follow_chain)
    _run(private, module, size, trial)
    return _make_layers(trial, size)


def check_module(module: object) -> None:
    """Refuse, with a NetworkError, what is no module, or one that hooks cannot look into."""
    if not isinstance(module, nn.Module):
        raise NetworkError("no_module", kind=type(module).__name__)
    parts = list(module.modules())
    if any(isinstance(part, torch.jit.ScriptModule) for part in parts):
        raise NetworkError("scripted")
    if any(type(part).__name__ == "OptimizedModule" for part in parts):
        raise NetworkError("compiled")
    if any(isinstance(part, nn.modules.lazy.LazyModuleMixin) for part in parts):
        raise NetworkError("lazy")


def shorten_error(error: BaseException) -> str:
    """The first line of an error's message."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _run(private: nn.Module, module: nn.Module, size: int, trial: _Trial) -> None:
    convolutions = {path: part for path, part in module.named_modules() if isinstance(part, nn.Conv2d)}
    if not convolutions:
        raise NetworkError("no_convolution")
    name, first = next(iter(convolutions.items()))
    if first.in_channels != 3:
        raise NetworkError("channels", layer=name, count=first.in_channels)
    # Noise and not zeros: a network may look at its values.
    values = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    weight = first.weight
    # No leaf of the graph: the network may write to it in place.
    pixels = values.to(weight.device, weight.dtype).requires_grad_().clone()
    trial.previous, trial.values = pixels, pixels.detach().clone()
    try:
        with torch.enable_grad():
            private(pixels)
    except NetworkError:
        raise
    except Exception as error:  # a module's own code runs here, too
        raise NetworkError("trial", size=size, error=shorten_error(error)) from error
    ran = {seen.path for seen in trial.seen}
    for path in convolutions:
        if path not in ran:
            raise NetworkError("unseen", layer=path)


def _read_window(module: nn.Module) -> Window | None:
    """The window of a convolution or a pooling; None for others, and where it is not the same both ways."""
    if type(module) not in (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d) or getattr(module, "ceil_mode", False):
        return None
    if getattr(module, "padding_mode", "zeros") != "zeros":
        return None
    numbers: list[int] = []
    for name in ("kernel_size", "stride", "padding", "dilation"):
        value = getattr(module, name, 1)
        across, down = value if isinstance(value, tuple | list) else (value, value)
        if across != down or not isinstance(across, int):
            return None
        numbers.append(across)
    return Window(*numbers)


def _make_layers(trial: _Trial, size: int) -> tuple[Layer, ...]:
    # Known for all or for none: behind a chain's end there may be one of the others' additions.
    is_chain = all(seen.windows for seen in trial.seen)
    layers: list[Layer] = []
    for seen in trial.seen:
        channels, height, width = seen.output.shape[1:]
        if height == width == 1:
            continue
        name = seen.path if seen.call == 1 else f"{seen.path}@{seen.call}"
        windows = seen.windows if is_chain else ()
        if is_chain:
            stride = prod(window.stride for window in windows)
        else:  # the power of two that is nearest to the input pixels of a cell
            stride = 1 << max(0, round(log2(size / sqrt(height * width))))
        layers.append(Layer(name, seen.path, channels, stride, "deep", seen.activation, windows, seen.call))
    if not layers:
        raise NetworkError("single_cells", size=size)
    return split_in_thirds(layers)
