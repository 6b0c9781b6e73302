"""What a trial notes of a network's calls, and what may stand between a convolution and its activation."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from weakref import ref

from torch import Tensor

from viz.networks.calls import ACTIVATIONS, Args, Kwargs
from viz.networks.layers import Activation, Call, Window

# What may stand between a convolution and its activation; whatever else is between is not known.
NORMALISATIONS = (
    *("batch_norm", "layer_norm", "group_norm", "instance_norm", "local_response_norm", "rms_norm"),
    *("dropout", "dropout1d", "dropout2d", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"),
)
# Those of which a cell depends on its own window alone; batch_norm is one in eval mode.
LOCAL = ("batch_norm", "local_response_norm", *NORMALISATIONS[6:])
SUMS = ("add", "radd", "iadd", "sub", "subtract", "rsub", "isub")
LINEAR = (
    *(*NORMALISATIONS, *SUMS, "neg", "negative", "addcmul", "lerp", "pad", "pixel_shuffle"),
    *("pixel_unshuffle", "channel_shuffle", "view", "reshape", "flatten", "unflatten", "permute"),
    *("transpose", "movedim", "moveaxis", "squeeze", "unsqueeze"),
    *("contiguous", "clone", "to", "float", "type", "type_as", "getitem", "select", "narrow", "chunk"),
    *("split", "tensor_split", "unbind", "roll", "flip", "t", "get", "cat", "concat", "concatenate", "stack"),
)
TURNS = ("permute", "transpose", "movedim", "moveaxis", "t")  # give the axes another order
JOINS = (*SUMS, "cat", "concat", "concatenate", "stack")
# Functions of each cell by itself that make an activation when they are multiplied with what they are of.
CELLWISE = (
    *("exp", "expm1", "log1p", "pow", "square", "sqrt", "rsqrt", "reciprocal", "abs", "sign", "erf", "sin"),
    *("cos", "atan", "arctan", "rpow"),
)
WINDOWS = {  # of a chain: the names of their arguments, in order
    "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "max_pool2d": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "avg_pool2d": ("input", "kernel_size", "stride", "padding", "ceil_mode"),
}


@dataclass(eq=False)
class Mark:
    """A call that ends the way back from a signal: a convolution, or what is not linear."""

    function: str
    path: str  # of the module that ran
    shape: tuple[int, ...]
    output: "ref[Tensor]"  # weak, so that a trial holds no more than a pass
    # Convolutions of whose outputs each cell is a function of the same cell alone, so far as is known.
    origins: frozenset["Mark"] = frozenset()
    activation: Activation | None = None  # what it is, or, of a convolution, the one behind it
    # Of convolutions:
    name: str = ""
    call: Call | None = None
    windows: tuple[Window, ...] = ()
    is_learned: bool = False
    kernel: str = ""  # name of the parameter, in the whole module
    fingerprint: float | None = None
    settled: "Mark | None" = None  # the activation behind it

    @property
    def has_map(self) -> bool:
        """Whether its output is a map of one picture."""
        return len(self.shape) == 4 and self.shape[0] == 1

    @property
    def is_convolution(self) -> bool:
        return self.call is not None

    def gave(self, signal: Tensor) -> bool:
        """Whether a signal is what the call gave, as it is."""
        return self.output() is signal


class Chain:
    """The windows of a plain chain, collected as long as each call takes what the one before it gave."""

    def __init__(self, pixels: Tensor) -> None:
        self._previous: Tensor | None = pixels
        self._windows: tuple[Window, ...] = ()

    def follow(self, name: str, args: Args, kwargs: Kwargs, output: Tensor) -> tuple[Window, ...]:
        """The windows up to a call; none where it ends the chain."""
        if self._previous is None:
            return ()
        window, given = read_window(name, args, kwargs), (*args, *kwargs.values())
        # In training mode a normalisation takes the statistics of the whole map.
        is_trained = name == "batch_norm" and (args[5] if len(args) > 5 else kwargs.get("training", False))
        is_local = window is not None or (name in (*ACTIVATIONS, *LOCAL) and not is_trained)
        if not is_local or not given or given[0] is not self._previous:
            self._previous = None
            return ()
        self._windows += (window,) if window else ()
        self._previous = output
        return self._windows


def flatten(values: Iterable[Any]) -> list[Tensor]:
    """All tensors in nested lists, tuples and dictionaries."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += flatten(value)
        elif isinstance(value, dict):
            found += flatten(value.values())
    return found


def read_window(name: str, args: Args, kwargs: Kwargs) -> Window | None:
    """The window of a convolution or a pooling; None for others, and where it is not the same both ways."""
    if name not in WINDOWS:
        return None
    given = dict(zip(WINDOWS[name], args, strict=False)) | kwargs
    if given.get("ceil_mode"):
        return None
    kernel = given["weight"].shape[2:] if name == "conv2d" else given["kernel_size"]
    stride = given.get("stride") or (1 if name == "conv2d" else kernel)
    numbers: list[int] = []
    for value in (kernel, stride, given.get("padding", 0), given.get("dilation", 1)):
        pair = value if isinstance(value, tuple | list) else (value,)
        if len(set(pair)) != 1 or not isinstance(pair[0], int):
            return None
        numbers.append(pair[0])
    return Window(*numbers)
