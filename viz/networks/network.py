"""A network that can be shared, and private copies of its structure."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from viz.networks.calls import Args, Function, Kwargs
from viz.networks.layers import Layer
from viz.pictures.frame import frame_image
from viz.pictures.preprocess import Preprocessing, preprocess_image

Color = tuple[float, float, float]
OutputKind = Literal["logits", "probabilities"]
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, as Pillow weighs them


@dataclass(frozen=True)
class Behaviour:
    """What a trial tells of how a network has to be run.

    Attributes:
        channels: Of its input: 3, or 1 for a picture in grey.
        channels_last: Whether its parameters and its input have the channels last in memory.
        changes_itself: Whether a pass changes a buffer or an attribute, so that each needs a copy.
        answers_alike: Whether it gives the same for the same picture.
        left_out: Paths of convolutions that have no map of one picture.
        answer: What its output is taken for.
        ending: Name of the function that its output comes from, such as "softmax"; "" for others.
        order: Which of this function's calls in a pass it is, counted from 1.
    """

    channels: int = 3
    channels_last: bool = True
    changes_itself: bool = False
    answers_alike: bool = True
    left_out: tuple[str, ...] = ()
    answer: OutputKind = "logits"
    ending: str = ""
    order: int = 0


@dataclass(frozen=True)
class Taken:
    """What a module was given out of a file of weights.

    Attributes:
        key: Where in the file it stands, such as "state_dict.model"; empty where the file is the state.
        others: Where in the file other states stand that fit, and were left.
        surplus: Names beside it that the module has not, which were left; as sentences can show them.
    """

    key: str
    others: tuple[str, ...]
    surplus: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network and what one has to know to use it.

    Attributes:
        module: In eval mode and without gradients. All threads share it, so nothing may change it or put
            hooks on it.
        layers: Its convolutions, from the input on.
        mean: Of red, green and blue in 0..1, which `to_batch` takes away.
        std: Of the same, by which it divides then.
        classes: Names of the classes by index; None where there is no classifier.
        size: Side of the square picture that it was made for, in pixels.
        behaviour: How it has to be run.
        taken: What it was given out of a file; None where there was none.
        reflects: Whether its passes pad by reflection what the network pads with zeros.
        preprocessing: How its own evaluation frames a photograph; None where that is not known.
    """

    module: nn.Module
    layers: tuple[Layer, ...]
    mean: Color
    std: Color
    classes: tuple[str, ...] | None = None
    size: int = 224
    behaviour: Behaviour = Behaviour()
    taken: Taken | None = None
    reflects: bool = False
    preprocessing: Preprocessing | None = None

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return find_device(self.module)

    @property
    def stride(self) -> int:
        """Of its deepest layer, in pixels, as `viz.frame_image` takes it."""
        return max(layer.stride for layer in self.layers)

    def find_layer(self, name: str) -> Layer:
        """Look a layer up by its name.

        Raises:
            ValueError: The name is unknown; the message lists the valid ones.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers)
        raise ValueError(f"unknown layer {name!r}; expected one of {names}")

    def frame(self, image: Image.Image) -> Image.Image:
        """Frame a photograph in mode RGB as the network's own evaluation does, `size` x `size` pixels.

        Where that is not known, the largest square in the middle is taken; a size that `frame_image` does
        not take is a ValueError then.
        """
        if self.preprocessing is None:
            return frame_image(image, "crop", self.size)
        return preprocess_image(image, self.preprocessing, self.size)

    def to_batch(self, image: Image.Image) -> Tensor:
        """Turn a framed picture into the network's input.

        Args:
            image: In mode RGB, H pixels high and W wide; it is left as it is.

        Returns:
            Float32 [1, 3, H, W]: red, green and blue in 0..1, minus the mean, over the standard deviation;
            for a network of one channel [1, 1, H, W], the same of the luma.
        """
        pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
        mean, std = np.array([self.mean, self.std], dtype=np.float32)
        if self.behaviour.channels == 1:
            luma = np.array(LUMA, dtype=np.float32)
            pixels, mean, std = (pixels @ luma)[..., None], mean @ luma, std @ luma
        return torch.from_numpy((pixels - mean) / std).permute(2, 0, 1).unsqueeze(0)

    def open_module(self) -> nn.Module:
        """What a pass runs: the module itself, or a copy where a pass would change it or run hooks on it."""
        if self.behaviour.changes_itself or any(_list_hooks(part) for part in self.module.modules()):
            return copy_structure(self.module)
        return self.module

    def arrange(self, batch: Tensor) -> Tensor:
        """A copy of a batch on the network's device, in the order in memory that it takes."""
        order = torch.channels_last if self.behaviour.channels_last else torch.contiguous_format
        return batch.to(self.device, memory_format=order, copy=True)


def find_device(module: nn.Module) -> torch.device:
    """Where a module's parameters and buffers are; the CPU where it has none."""
    for tensor in (*module.parameters(), *module.buffers()):
        return tensor.device
    return torch.device("cpu")


class _Copying(TorchFunctionMode):
    """Lets tensors be copied that have a history, such as features that a module keeps; they lose it."""

    def __torch_function__(
        self, func: Function, types: Args, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        if func is Tensor.__deepcopy__ and not args[0].is_leaf:
            return args[0].detach().clone()
        return func(*args, **(kwargs or {}))


def copy_module(module: nn.Module, known: Mapping[int, Tensor] | None = None) -> nn.Module:
    """A copy in which each part has the original's mode: some, as of torch.fx, come back in training mode.

    Args:
        module: Left as it is.
        known: The tensors that stand for others in the copy, by the others' `id`.
    """
    with _Copying():
        copied = copy.deepcopy(module, dict(known or {}))
    parts = dict(copied.named_modules())
    for path, part in module.named_modules():
        if path in parts:
            parts[path].training = part.training
    return copied


def copy_structure(module: nn.Module) -> nn.Module:
    """A copy of a tree of modules that shares the parameters and has everything else of its own.

    It has none of the visitor's hooks. Buffers are copied, too, since some networks write to them. Nothing
    that changes parameters may be called on it, such as `to`, `train` or `requires_grad_`.
    """
    known: dict[int, Tensor] = {id(parameter): parameter for parameter in module.parameters()}
    return drop_hooks(
        copy_module(module, known | {id(buffer): buffer.clone() for buffer in module.buffers()})
    )


def drop_hooks(module: nn.Module) -> nn.Module:
    """Take the visitor's hooks from a copy; those of the network itself stay, such as those of pruning."""
    for part in module.modules():
        for hooks, key in _list_hooks(part):
            del hooks[key]
    return module


# torch offers no list of the hooks on a module; they stand in these attributes.
_HOOKS = [name for name, value in vars(nn.Module()).items() if "hook" in name and isinstance(value, dict)]


def _list_hooks(part: nn.Module) -> list[tuple[dict[Any, Any], Any]]:
    """The visitor's hooks on a part, each with the dictionary that holds it.

    Objects of one's own, by which torch's and others' tools compute weights, and methods of modules belong to
    the network.
    """
    return [
        (table, key)
        for table in map(vars(part).get, _HOOKS)
        if table
        for key, hook in table.items()
        if isinstance(hook, FunctionType | BuiltinFunctionType | MethodType | partial)
        and not isinstance(getattr(hook, "__self__", None), nn.Module)
    ]


def move_to_cpu(network: Network) -> Network:
    """A network of its own on the CPU; the shared one, and the memory of its device, are left alone."""
    module = network.module
    tensors: dict[int, Tensor] = {id(buffer): buffer.cpu() for buffer in module.buffers()}
    tensors |= {
        id(parameter): nn.Parameter(parameter.cpu(), requires_grad=False) for parameter in module.parameters()
    }
    return replace(network, module=copy_module(module, tensors))


def arrange(tensor: Tensor, channels_last: bool) -> Tensor:
    """A tensor [N, C, H, W] in the order in memory that is asked for; others are left as they are."""
    order = torch.channels_last if channels_last else torch.contiguous_format
    return tensor.contiguous(memory_format=order) if tensor.ndim == 4 else tensor


def arrange_parameters(module: nn.Module, channels_last: bool) -> None:
    """Put a module's kernels, in place, into the order in memory that is asked for."""
    for parameter in module.parameters():
        parameter.data = arrange(parameter.data, channels_last)


def share_module(module: nn.Module, channels_last: bool = True) -> nn.Module:
    """Make a module ready to be shared: eval mode, no gradients, on the accelerator if torch finds one.

    Convolutions are computed in full float32 there, too. By default torch takes TF32 on CUDA, and maps would
    differ in the third digit.

    Args:
        module: Changed in place.
        channels_last: Convolutions and reductions over channels are faster so; a few networks do not run so.
    """
    torch.backends.cudnn.allow_tf32 = False  # or this older name of the setting could be read no more
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    # Not in a row: many people's `train` gives nothing back.
    module.eval()
    module.requires_grad_(False)
    module.to(device)
    arrange_parameters(module, channels_last)
    return module


def randomize(module: nn.Module, seed: int) -> None:
    """Give a module seeded random weights: what depth and pooling alone make of a picture.

    Kernels and matrices are normal with variance 2 / fan-in (He et al., https://arxiv.org/abs/1502.01852),
    so that values neither grow nor fade with depth; biases are zero, and normalisations do nothing until
    `viz.networks.calibrate.calibrate` gives them statistics. The module is changed in place; its buffers that
    are no statistics stay.
    """
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d | nn.InstanceNorm2d):
            part.reset_running_stats()
    for name, parameter in module.named_parameters():
        values = parameter.data
        if name.endswith("bias"):
            values.zero_()
        elif values.ndim in (2, 4):
            # In the plainest memory, on the processor: the seed alone decides.
            drawn = torch.empty(values.shape, dtype=values.dtype)
            values.copy_(nn.init.kaiming_normal_(drawn, nonlinearity="relu", generator=generator))
        else:
            values.fill_(1)
