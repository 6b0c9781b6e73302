"""EfficientNet-Lite0 with its classifier; its weights come with the page, and timm builds it."""

from pathlib import Path

import timm
import torch
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor, nn

from viz.networks.files import read_bundled
from viz.networks.network import Network, share_module
from viz.networks.trial import find_layers

BUNDLED_PATH = Path(__file__).parents[2] / "assets" / "weights" / "efficientnet_lite0.fp16.safetensors"
BUNDLED_SHA256 = "fd75b8e1aee56a61fd440a21de1cf524a6ca9ef307bffc767267fd84758abbbf"

MEAN = (127 / 255, 127 / 255, 127 / 255)  # of red, green and blue in 0..1
STD = (128 / 255, 128 / 255, 128 / 255)
SIZE = 224
TRIAL_SIZE = 128  # finds the same layers as 224, and a trial holds all feature maps at once
CLASSES = 1000


def read_weights(_: str, __: nn.Module) -> dict[str, Tensor]:
    """The published weights, in single precision; torch adds the counters that only training uses.

    Raises:
        WeightsError: The file is missing or altered.
    """
    return read_bundled(BUNDLED_PATH, BUNDLED_SHA256)


def wrap_module(_: str, module: nn.Module) -> Network:
    """The network of a module that has got its weights."""
    share_module(module)
    return Network(module, find_layers(module, TRIAL_SIZE), MEAN, STD, list_classes(), SIZE)


def build_module(_: str) -> nn.Module:
    """The modules, without any memory for parameters yet."""
    with torch.device("meta"):
        module: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    return module


def list_classes() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes."""
    info = ImageNetInfo()
    return tuple(info.index_to_description(index) for index in range(CLASSES))
