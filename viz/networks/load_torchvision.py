"""torchvision's networks, whose weights are fetched when one is chosen.

Addresses, means, deviations, sizes and class names are torchvision's own.
"""

import re
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from viz.networks.files import Progress, check_file, fetch_file
from viz.networks.network import Network, share_module
from viz.networks.trial import find_layers
from viz.networks.vgg16 import name_as_paper

# torch no longer allows dots within the names that DenseNet's files have.
DENSE_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def read_weights(key: str, module: nn.Module) -> dict[str, Tensor]:
    """A network's weights, fetched if they are not on the disk.

    Args:
        key: In the catalogue, "torchvision:" and torchvision's name.
        module: That gets them; without a classifier it gets none for it.

    Raises:
        WeightsError: The file is altered or cannot be fetched.
    """
    path = fetch_weights(key)
    check_file(path, _find_digest(key))
    # Memory-mapping reads only the tensors that are used; the older of torch's formats cannot do it.
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    return {
        DENSE_NAME.sub(r"\1\2", name): value
        for name, value in state.items()
        if has_classifier(module) or not name.startswith("classifier.")
    }


def wrap_module(key: str, module: nn.Module) -> Network:
    """The network of a module that has got its weights."""
    weights = _find_weights(key)
    preset = weights.transforms()
    (size,) = preset.crop_size
    layers = find_layers(share_module(module), size)
    classes = tuple(weights.meta["categories"]) if has_classifier(module) else None
    named = name_as_paper(layers) if key.startswith("torchvision:vgg") else layers
    return Network(module, named, tuple(preset.mean), tuple(preset.std), classes, size)


def drop_classifier(module: nn.Module) -> None:
    """Leave the classifier out, which has most of a VGG's weights."""
    module.classifier = nn.Identity()


def has_classifier(module: nn.Module) -> bool:
    """Whether it was not left out."""
    return not isinstance(getattr(module, "classifier", None), nn.Identity)


def build_module(key: str) -> nn.Module:
    """The modules, without any memory for parameters yet."""
    with torch.device("meta"):
        module: nn.Module = get_model(_find_name(key), weights=None)
    return module


def _find_name(key: str) -> str:
    return key.partition(":")[2]


def _find_weights(key: str) -> WeightsEnum:
    """What torchvision's table says of a network's weights."""
    weights: WeightsEnum = get_model_weights(_find_name(key))["IMAGENET1K_V1"]
    return weights


def fetch_weights(key: str, progress: Progress | None = None) -> Path:
    """Make sure that a network's weights are on the disk, where torchvision itself keeps them.

    Args:
        key: In the catalogue, "torchvision:" and torchvision's name.
        progress: Called with (bytes so far, bytes in all) while the file is fetched.

    Returns:
        Where the file is; nothing is fetched when it is there already.

    Raises:
        WeightsError: The network, the far end or the disk failed, or this server may not fetch anything; no
            part of a file is left behind.
    """
    path = find_file(key)
    if not path.exists():
        fetch_file(_find_weights(key).url, path, _find_digest(key), progress)
    return path


def find_file(key: str) -> Path:
    """Where a network's weights are kept once fetched."""
    name: str = _find_weights(key).url.rsplit("/", 1)[1]
    return Path(torch.hub.get_dir()) / "checkpoints" / name


def _find_digest(key: str) -> str:
    """The first 8 hexadecimal digits of the file's SHA-256, which its name has."""
    digest: str = _find_weights(key).url.rsplit("-", 1)[1].removesuffix(".pth")
    return digest
