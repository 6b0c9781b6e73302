"""EfficientNet-Lite0 with its classifier; its weights come with the page, and timm builds it."""

import timm
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor, nn

from viz.bundled import ASSETS
from viz.networks.catalogue import NetworkInfo
from viz.networks.examine import find_layers
from viz.networks.network import Network
from viz.networks.sources.source import PublishedSource, read_bundled

BUNDLED_PATH = ASSETS / "weights" / "efficientnet_lite0.fp16.safetensors"
BUNDLED_SHA256 = "fd75b8e1aee56a61fd440a21de1cf524a6ca9ef307bffc767267fd84758abbbf"

MEAN = (127 / 255, 127 / 255, 127 / 255)  # of red, green and blue in 0..1
STD = (128 / 255, 128 / 255, 128 / 255)
TRIAL_SIZE = 128  # finds the same layers as 224, and a trial holds all feature maps at once
CLASSES = 1000


class EfficientNetLite0(PublishedSource):
    """EfficientNet-Lite0 with ImageNet's 1,000 classes."""

    def build(self, info: NetworkInfo) -> nn.Module:
        return timm.create_model("tf_efficientnet_lite0", pretrained=False)

    def read_weights(self, info: NetworkInfo) -> dict[str, Tensor]:
        # torch adds the counters that only training uses.
        return read_bundled(BUNDLED_PATH, BUNDLED_SHA256)

    def wrap(self, info: NetworkInfo, module: nn.Module) -> Network:
        names = ImageNetInfo()
        classes = tuple(names.index_to_description(index) for index in range(CLASSES))
        return Network(module, find_layers(module, TRIAL_SIZE), MEAN, STD, classes, info.size)


SOURCE = EfficientNetLite0()
