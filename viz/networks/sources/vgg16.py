"""VGG16's convolutions with the Oxford group's own weights, which come with the page."""

from collections import OrderedDict

from torch import Tensor, nn

from viz.bundled import ASSETS
from viz.networks.catalogue import NetworkInfo
from viz.networks.network import Network
from viz.networks.sources.source import PublishedSource, read_bundled
from viz.networks.vgg16 import CONFIGURATION, LAYERS

BUNDLED_PATH = ASSETS / "weights" / "vgg16_features.fp16.safetensors"
BUNDLED_SHA256 = "608705a5e8e9a7d5d75e2eb4a72185943564b134fca29f49123ae440f73775ed"

MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)  # of red, green and blue in 0..1
STD = (1 / 255, 1 / 255, 1 / 255)


class OxfordVgg16(PublishedSource):
    """VGG16 without its classifier."""

    def build(self, info: NetworkInfo) -> nn.Module:
        """The modules with torchvision's names."""
        modules: list[nn.Module] = []
        channels = 3
        for entry in CONFIGURATION:
            if isinstance(entry, int):
                modules += [nn.Conv2d(channels, entry, 3, padding=1), nn.ReLU(inplace=True)]
                channels = entry
            else:
                modules.append(nn.MaxPool2d(2))
        return nn.Sequential(OrderedDict(features=nn.Sequential(*modules)))

    def read_weights(self, info: NetworkInfo) -> dict[str, Tensor]:
        return read_bundled(BUNDLED_PATH, BUNDLED_SHA256)

    def wrap(self, info: NetworkInfo, module: nn.Module) -> Network:
        return Network(module, LAYERS, MEAN, STD, size=info.size)


SOURCE = OxfordVgg16()
