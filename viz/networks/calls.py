"""The calls of a network's pass that matter, numbered in their order.

A function mode sees each call, whether a module or a function makes it, and belongs to its thread alone:
https://docs.pytorch.org/docs/stable/torch.overrides.html.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from viz.networks.layers import Call

# What a function mode is given: the function that was called, and its arguments.
Function = Callable[..., Any]
Args = tuple[Any, ...]
Kwargs = dict[str, Any]

CONVOLUTIONS = ("conv2d", "conv_transpose2d")
# The names of functions and methods, without the underscores of private and in-place ones, and what the
# module is called that does the same.
ACTIVATIONS = {
    **{"relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "LeakyReLU", "prelu": "PReLU", "rrelu": "RReLU"},
    **{"elu": "ELU", "celu": "CELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "mish": "Mish"},
    **{"hardswish": "Hardswish", "hardtanh": "Hardtanh", "hardsigmoid": "Hardsigmoid", "sigmoid": "Sigmoid"},
    **{"tanh": "Tanh", "softplus": "Softplus", "softsign": "Softsign", "threshold": "Threshold"},
    **{"hardshrink": "Hardshrink", "softshrink": "Softshrink", "tanhshrink": "Tanhshrink"},
    **{"logsigmoid": "LogSigmoid", "log_sigmoid": "LogSigmoid", "expit": "Sigmoid"},
    # How a ReLU and its kin are written by hand.
    **{"clamp": "Clamp", "clamp_min": "Clamp", "clip": "Clamp", "maximum": "Maximum", "where": "Where"},
}
PROBABILITIES = ("softmax", "log_softmax", "sigmoid")  # functions that make them
PRODUCTS = ("mul", "multiply", "div", "divide", "true_divide", "rdiv")  # such as x · σ(x)


def take_fingerprint(weight: torch.Tensor) -> float:
    """A number that two kernels have in common only if they are the same, save by chance."""
    values = weight.detach().flatten().double() if weight.device.type != "mps" else weight.detach().flatten()
    return float(values @ torch.linspace(1, 2, len(values), dtype=values.dtype, device=values.device))


class Watch(TorchFunctionMode):
    """Sees each call of a pass and numbers those that matter.

    What it sees is computed in full precision, and with gradients where they are wanted, whatever the code
    around the pass or in the network says (torch.autocast, torch.no_grad, torch.inference_mode).
    """

    def __init__(self, device: torch.device, gradients: bool) -> None:
        super().__init__()
        self._device, self._gradients = device.type, gradients
        self._number = -1
        self._behind: Counter[str] = Counter()

    def __torch_function__(
        self, func: Function, types: Args, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        name = func.__name__.partition(".")[0].strip("_")  # exported modules call "conv2d.default"
        if name in CONVOLUTIONS or name in ACTIVATIONS:
            self._number += 1
            self._behind.clear()
            call: Call | None = Call(self._number, name)
        elif name in PRODUCTS:
            self._behind[name] += 1
            call = Call(self._number, name, self._behind[name])
        else:
            call = None
        return self.watch(name, call, func, args, kwargs or {})

    def watch(self, name: str, call: Call | None, func: Function, args: Args, kwargs: Kwargs) -> Any:
        """Make a call, by `compute`, and give what the network goes on with."""
        raise NotImplementedError

    def compute(self, func: Function, args: Args, kwargs: Kwargs) -> Any:
        """What a function gives."""
        reduced = torch.is_autocast_enabled(self._device)
        flat = self._gradients and not (torch.is_grad_enabled() and not torch.is_inference_mode_enabled())
        if not (reduced or flat) or func.__name__ == "_set_grad_enabled":
            return func(*args, **kwargs)
        with ExitStack() as stack:
            stack.enter_context(torch.autocast(self._device, enabled=False))
            if self._gradients:
                stack.enter_context(torch.inference_mode(False))
                stack.enter_context(torch.enable_grad())
            return func(*args, **kwargs)
