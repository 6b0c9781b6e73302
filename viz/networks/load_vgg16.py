"""VGG16's convolutions with the Oxford group's own weights, which come with the page."""

from collections import OrderedDict
from pathlib import Path

from torch import Tensor, nn

from viz.networks.files import read_bundled
from viz.networks.network import Network, share_module
from viz.networks.vgg16 import CONFIGURATION, LAYERS

BUNDLED_PATH = Path(__file__).parents[2] / "assets" / "weights" / "vgg16_features.fp16.safetensors"
BUNDLED_SHA256 = "608705a5e8e9a7d5d75e2eb4a72185943564b134fca29f49123ae440f73775ed"

MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)  # of red, green and blue in 0..1
STD = (1 / 255, 1 / 255, 1 / 255)


def read_weights(_: str, __: nn.Module) -> dict[str, Tensor]:
    """The published weights, in single precision.

    Raises:
        WeightsError: The file is missing or altered.
    """
    return read_bundled(BUNDLED_PATH, BUNDLED_SHA256)


def wrap_module(_: str, module: nn.Module) -> Network:
    """The network, without its classifier, of a module that has got its weights."""
    return Network(share_module(module), LAYERS, MEAN, STD)


def build_module(_: str) -> nn.Sequential:
    """The modules with torchvision's names, without any memory for parameters yet."""
    modules: list[nn.Module] = []
    channels = 3
    for entry in CONFIGURATION:
        if isinstance(entry, int):
            modules += [nn.Conv2d(channels, entry, 3, padding=1, device="meta"), nn.ReLU(inplace=True)]
            channels = entry
        else:
            modules.append(nn.MaxPool2d(2))
    return nn.Sequential(OrderedDict(features=nn.Sequential(*modules)))
