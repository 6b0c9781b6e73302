"""What has to be known of a module before it is used: its layers, and how it has to be run."""

import random
from collections import deque
from dataclasses import replace
from math import log2, prod, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from viz.networks.answer import find_values
from viz.networks.errors import NetworkError, explain_failure, is_memory_error
from viz.networks.layers import Layer, split_in_thirds
from viz.networks.network import Behaviour, arrange, arrange_parameters, copy_structure, find_device
from viz.networks.trial import Trial

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def check_module(module: object) -> None:
    """Refuse, with a NetworkError, what is no module, or one whose calls cannot be watched."""
    if not isinstance(module, nn.Module):
        raise NetworkError("no_module", kind=type(module).__name__)
    parts = list(module.modules())
    if any(isinstance(part, torch.jit.ScriptModule) for part in parts):
        raise NetworkError("scripted")
    if any(type(part).__name__ == "OptimizedModule" for part in parts):
        raise NetworkError("compiled")
    if any(isinstance(part, nn.modules.lazy.LazyModuleMixin) for part in parts):
        raise NetworkError("lazy")
    homes = [type(part).__module__ for part in parts]
    if any(".quantized" in home and ".dynamic" not in home for home in homes):
        raise NetworkError("quantized")
    kinds = nn.Conv3d | nn.ConvTranspose3d
    if any(isinstance(part, kinds) for part in parts) and not any(isinstance(p, CONVOLUTIONS) for p in parts):
        raise NetworkError("volumes")


def examine(module: nn.Module, size: int) -> tuple[tuple[Layer, ...], Behaviour]:
    """Run a module on noise and list its layers, and how it has to be run.

    It is tried with three channels, then with one, and each with the channels last in memory, then first.

    Args:
        module: One that `check_module` lets pass, in eval mode, and nobody else's: its parameters are put
            into the order in memory that it takes, and it may have changed itself.
        size: Side of the square picture, in pixels.

    Raises:
        NetworkError: The module does not run on such a picture, or has no map to show.
    """
    refused: NetworkError | None = None
    for channels in (3, 1):
        for channels_last in (True, False):
            arrange_parameters(module, channels_last)
            try:
                return _examine(module, size, Behaviour(channels, channels_last))
            except NetworkError as error:
                if error.reason not in ("trial", "channels"):
                    raise
                # What a network of one channel says of three is not what is wrong with it.
                told = channels == 1 and refused is not None and refused.details.get("count") == 1
                refused = error if refused is None or told else refused
    assert refused is not None
    raise refused


def find_layers(module: nn.Module, size: int) -> tuple[Layer, ...]:
    """The layers of a module that takes three channels, last in memory, and is left as it is."""
    check_module(module)
    private = copy_structure(module)
    return _list_layers(private, _try(private, size, Behaviour())[0], size)


def _examine(module: nn.Module, size: int, behaviour: Behaviour) -> tuple[tuple[Layer, ...], Behaviour]:
    trial, output, changes, is_random = _try(module, size, behaviour)
    layers = _list_layers(module, trial, size)
    if not isinstance(output, Tensor):  # a detector's heads run on as many boxes as a picture has
        other = _list_layers(module, _try(module, size, behaviour, seed=1)[0], size)
        alike = {(layer.name, layer.call) for layer in other}
        layers = split_in_thirds([layer for layer in layers if (layer.name, layer.call) in alike])
    names = {layer.path for layer in layers}
    single = {mark.path for mark in trial.marks.values() if mark.call and mark.has_map} - names
    paths = [path for path, part in module.named_modules() if isinstance(part, CONVOLUTIONS)]
    ending, order = _find_ending(trial, output)
    return layers, replace(
        behaviour,
        changes_itself=changes,
        answers_alike=not is_random,
        left_out=tuple(path for path in paths if path not in names | single),
        answer="probabilities" if ending or _add_up(output) else "logits",
        ending=ending,
        order=order,
    )


def _add_up(output: Any) -> bool:
    """Whether numbers look like the probabilities of classes."""
    values = find_values(output)
    return (
        values is not None and len(values) > 1 and bool((values >= 0).all() and abs(values.sum() - 1) < 1e-4)
    )


def _try(module: nn.Module, size: int, behaviour: Behaviour, seed: int = 0) -> tuple[Trial, Any, bool, bool]:
    """A trial of a module, what that gave, and whether it changed itself, or drew random numbers."""
    with torch.inference_mode(False), torch.enable_grad():
        # No leaf of the graph: the network may write to it in place.
        pixels = _make_pixels(module, size, behaviour, seed).requires_grad_().clone()
        before, numbers = _take_stock(module), _read_random(pixels)
        trial = Trial(module, pixels)
        # Nothing is kept for gradients, which nobody takes: the graph alone is wanted.
        nothing = torch.empty(0)
        try:
            with trial, saved_tensors_hooks(lambda _: nothing, lambda _: nothing):
                output = _run(module, pixels, trial)
        finally:
            trial.close()
    drew = not all(map(torch.equal, numbers, _read_random(pixels)))
    if drew:  # a kernel may be drawn, too
        trial.forget_kernels()
    changes = trial.writes_to_own or not _is_unchanged(before, _take_stock(module))
    return trial, output, changes, drew


def _read_random(pixels: Tensor) -> list[Tensor]:
    """The states of torch's, NumPy's and Python's random numbers."""
    states = [
        torch.get_rng_state(),
        torch.from_numpy(np.random.get_state(legacy=False)["state"]["key"].astype(np.int64)),
    ]
    states.append(torch.tensor(random.getstate()[1]))
    if pixels.device.type != "cpu":
        states.append(torch.get_device_module(pixels.device).get_rng_state())
    return states


def _run(module: nn.Module, pixels: Tensor, trial: Trial) -> Any:
    try:
        return module(pixels)
    except (Exception, SystemExit) as error:  # a module's own code runs here, too
        if trial.wants and not is_memory_error(error):
            raise NetworkError("channels", **trial.wants, given=pixels.shape[1]) from error
        shape = "×".join(str(length) for length in pixels.shape[1:])
        raise explain_failure("trial", error, shape=shape) from error


def _make_pixels(module: nn.Module, size: int, behaviour: Behaviour, seed: int) -> Tensor:
    # Noise and not zeros: a network may look at its values.
    pixels = torch.rand(1, behaviour.channels, size, size, generator=torch.Generator().manual_seed(seed))
    return arrange(pixels, behaviour.channels_last).to(find_device(module))


def _list_layers(module: nn.Module, trial: Trial, size: int) -> tuple[Layer, ...]:
    layers = _make_layers(trial, size)
    if layers:
        return layers
    marks = [mark for mark in trial.marks.values() if mark.call is not None]
    if not marks:
        unseen = [path for path, part in module.named_modules() if isinstance(part, CONVOLUTIONS)]
        raise NetworkError("unseen", layer=unseen[0]) if unseen else NetworkError("no_convolution")
    if not any(mark.has_map for mark in marks):
        raise NetworkError("no_map", layer=marks[0].name, shape=list(marks[0].shape))
    raise NetworkError("single_cells", size=size)


_Stock = list[list[tuple[object, Tensor | None]]]


def _take_stock(module: nn.Module) -> _Stock:
    """All that the parts of a module hold, with the values of tensors that are no parameters."""
    stock: _Stock = []
    for part in module.modules():
        for value in vars(part).values():
            if not isinstance(value, dict | list | tuple | set | deque):
                stock.append([(value, _copy_values(value))])
            elif value:  # most tables of a module are empty
                items = value.values() if isinstance(value, dict) else value
                stock.append([(item, _copy_values(item)) for item in items])
    return stock


def _copy_values(item: object) -> Tensor | None:
    return item.detach().clone() if isinstance(item, Tensor) and not isinstance(item, nn.Parameter) else None


def _is_unchanged(before: _Stock, after: _Stock) -> bool:
    return [len(items) for items in before] == [len(items) for items in after] and all(
        item is other and (values is None or (others is not None and torch.equal(values, others)))
        for items, found in zip(before, after, strict=True)
        for (item, values), (other, others) in zip(items, found, strict=True)
    )


def _make_layers(trial: Trial, size: int) -> tuple[Layer, ...]:
    """The convolutions that gave a map of one picture, in the order of the pass.

    Kernels that were not learned, such as those of a blur, are layers only where there are no others. Maps of
    a single cell, such as gates, are left out.
    """
    ran = [mark for mark in trial.marks.values() if mark.call is not None and mark.has_map]
    # Known for all or for none: behind a chain's end there may be one of the others' additions.
    is_chain = all(mark.windows for mark in ran)
    seen = [mark for mark in ran if mark.is_learned] or ran
    layers: list[Layer] = []
    for mark in seen:
        channels, height, width = mark.shape[1:]
        if height == width == 1:
            continue
        windows = mark.windows if is_chain else ()
        if is_chain:
            stride = prod(window.stride for window in windows)
        else:  # the power of two that is nearest to the input pixels of a cell
            stride = 1 << max(0, round(log2(size / sqrt(height * width))))
        assert mark.call is not None
        layers.append(
            Layer(
                *(mark.name, mark.path, channels, stride, "deep", mark.activation, windows, mark.call),
                *(mark.kernel, mark.fingerprint),
            )
        )
    return split_in_thirds(layers)


def _find_ending(trial: Trial, output: Any) -> tuple[str, int]:
    """The function that gave the answer, such as "softmax", and which of its calls; "" where none did."""
    values = find_values(output)
    for name, order, given in reversed(trial.answers):
        if values is not None and given.shape == values.shape and torch.allclose(given, values, atol=1e-4):
            return name, order
    return "", 0
