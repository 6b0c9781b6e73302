"""A network that can be shared, and private copies of its structure."""

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from viz.networks.layers import Layer

Color = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network and what one has to know to use it.

    Attributes:
        module: In eval mode and without gradients. All threads share it, so nothing may change it or put
            hooks on it; see `copy_structure`.
        layers: Its convolutions, from the input on.
        mean: Of red, green and blue in 0..1, which `to_batch` takes away.
        std: Of the same, by which it divides then.
        classes: Names of the classes by index; None where there is no classifier.
        size: Side of the square picture that it was made for, in pixels.
    """

    module: nn.Module
    layers: tuple[Layer, ...]
    mean: Color
    std: Color
    classes: tuple[str, ...] | None = None
    size: int = 224

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return next(self.module.parameters()).device

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

    def to_batch(self, image: Image.Image) -> Tensor:
        """Turn a framed picture into the network's input.

        Args:
            image: In mode RGB, H pixels high and W wide; it is left as it is.

        Returns:
            Float32 [1, 3, H, W]: red, green and blue in 0..1, minus the mean, over the standard deviation.
        """
        pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
        mean, std = np.array([self.mean, self.std], dtype=np.float32)
        return torch.from_numpy((pixels - mean) / std).permute(2, 0, 1).unsqueeze(0)


def copy_structure(module: nn.Module) -> nn.Module:
    """A copy of a tree of modules that shares the parameters and has everything else of its own.

    Hooks on the copy leave the original alone. Buffers are copied, too, since some networks write to them.
    Nothing that changes parameters may be called on it, such as `to`, `train` or `requires_grad_`.
    """
    known: dict[int, torch.Tensor] = {id(parameter): parameter for parameter in module.parameters()}
    known |= {id(buffer): buffer.clone() for buffer in module.buffers()}
    return copy.deepcopy(module, known)


def move_to_cpu(network: Network) -> Network:
    """A network of its own on the CPU; the shared one, and the memory of its device, are left alone."""
    module = network.module
    tensors = {id(buffer): buffer.cpu() for buffer in module.buffers()}
    tensors |= {
        id(parameter): nn.Parameter(parameter.cpu(), requires_grad=False) for parameter in module.parameters()
    }
    return replace(network, module=copy.deepcopy(module, tensors))


def share_module(module: nn.Module) -> nn.Module:
    """Make a module ready to be shared: eval mode, no gradients, on the accelerator if torch finds one.

    Convolutions are computed in full float32 there, too. By default torch takes TF32 on CUDA, and maps would
    differ in the third digit.
    """
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    module.eval().requires_grad_(False)
    # Convolutions and reductions over channels are faster with the channels last in memory.
    return module.to(device).to(memory_format=torch.channels_last)


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
            nn.init.kaiming_normal_(values, nonlinearity="relu", generator=generator)
        else:
            values.fill_(1)
