"""A network that can be shared, and private copies of its structure."""

import copy
from dataclasses import dataclass

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
    """

    module: nn.Module
    layers: tuple[Layer, ...]
    mean: Color
    std: Color
    classes: tuple[str, ...] | None = None

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
    shared = {id(parameter): parameter for parameter in module.parameters()}
    return copy.deepcopy(module, shared)
