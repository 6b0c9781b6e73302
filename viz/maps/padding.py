"""What a network's padding with zeros does: the same calls with the map's reflection in the zeros' place."""

from typing import Any

from torch import Tensor
from torch.nn.functional import pad

from viz.networks.calls import Args, Kwargs
from viz.networks.marks import WINDOWS

PAD = ("input", "pad", "mode", "value")


def reflect(name: str, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """The arguments of a call of this name, with what it pads with zeros padded by reflection.

    Convolutions and padding by itself are meant; transposed convolutions have no map to reflect, and a
    pooling's padding adds no value. Zeros stay where a map is no larger than its padding.
    """
    if name == "conv2d":
        given = dict(zip(WINDOWS[name], args, strict=False)) | kwargs
        reflected = _pad(given["input"], _list_pads(given))
        return ((), given | {"input": reflected, "padding": 0}) if reflected is not None else (args, kwargs)
    if name == "pad":
        given = dict(zip(PAD, args, strict=False)) | kwargs
        is_zeros = given.get("mode", "constant") == "constant" and not given.get("value")
        if is_zeros and _pad(given["input"], given["pad"]) is not None:
            return (), given | {"mode": "reflect", "value": None}
    return args, kwargs


def _list_pads(given: dict[str, Any]) -> list[int]:
    """Rows and columns that a convolution adds: left, right, top, bottom."""
    padding = given.get("padding", 0)
    if padding == "valid":
        return [0] * 4
    pads: list[int] = []
    for axis in (1, 0):
        if padding == "same":
            dilation = _pick(given.get("dilation", 1), axis)
            total = dilation * (given["weight"].shape[2 + axis] - 1)
            pads += [total // 2, total - total // 2]
        else:
            pads += [_pick(padding, axis)] * 2
    return pads


def _pick(value: Any, axis: int) -> int:
    """One number of a pair, which may be written as one for both."""
    numbers = [value] if isinstance(value, int) else list(value)
    return int(numbers[axis % len(numbers)])


def _pad(signal: Tensor, pads: list[int]) -> Tensor | None:
    """The reflected map; None where nothing is added, or nothing can be reflected."""
    if signal.ndim != 4 or len(pads) != 4 or min(pads) < 0 or max(pads) == 0:
        return None
    across, down = max(pads[:2]), max(pads[2:])
    return pad(signal, pads, mode="reflect") if across < signal.shape[3] and down < signal.shape[2] else None
