"""torchvision's networks and all that it says of them; their weights are fetched when one is chosen."""

import re
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from viz.networks.catalogue import NetworkInfo
from viz.networks.examine import find_layers
from viz.networks.files import Progress, check_file, fetch_file
from viz.networks.network import Network
from viz.networks.sources.source import PublishedSource
from viz.networks.vgg16 import name_as_paper

# torch no longer allows dots within the names that DenseNet's files have.
DENSE_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


class Torchvision(PublishedSource):
    """Networks whose keys are "torchvision:" and torchvision's name."""

    def build(self, info: NetworkInfo) -> nn.Module:
        module: nn.Module = get_model(_find_name(info), weights=None)
        return module

    def read_weights(self, info: NetworkInfo) -> dict[str, Tensor]:
        self.fetch(info)
        path = find_file(info)
        check_file(path, find_digest(info))
        # Memory-mapping reads only the tensors that are used; the older of torch's formats cannot do it.
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
        return {DENSE_NAME.sub(r"\1\2", name): value for name, value in state.items()}

    def wrap(self, info: NetworkInfo, module: nn.Module) -> Network:
        weights = find_weights(info)
        preset = weights.transforms()
        layers = find_layers(module, info.size)
        if _find_name(info).startswith("vgg"):
            layers = name_as_paper(layers)
        left_out = isinstance(getattr(module, "classifier", None), nn.Identity)
        classes = None if left_out else tuple(weights.meta["categories"])
        return Network(module, layers, tuple(preset.mean), tuple(preset.std), classes, info.size)

    def is_there(self, info: NetworkInfo) -> bool:
        return find_file(info).exists()

    def fetch(self, info: NetworkInfo, progress: Progress | None = None) -> None:
        if not self.is_there(info):
            fetch_file(find_weights(info).url, find_file(info), find_digest(info), progress)


def find_weights(info: NetworkInfo) -> WeightsEnum:
    """What torchvision's table says of a network's weights."""
    return get_model_weights(_find_name(info))["IMAGENET1K_V1"]


def find_file(info: NetworkInfo) -> Path:
    """Where a network's weights are kept once fetched, as `torch.hub` does."""
    name: str = find_weights(info).url.rsplit("/", 1)[1]
    return Path(torch.hub.get_dir()) / "checkpoints" / name


def find_digest(info: NetworkInfo) -> str:
    """The first 8 hexadecimal digits of the file's SHA-256, which its name has."""
    digest: str = find_weights(info).url.rsplit("-", 1)[1].removesuffix(".pth")
    return digest


def _find_name(info: NetworkInfo) -> str:
    return info.key.partition(":")[2]


SOURCE = Torchvision()
