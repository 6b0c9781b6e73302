"""VGG16 as a network: bundled weights, torchvision's, or random ones."""

import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from viz.networks.files import Progress, check_file, fetch_file
from viz.networks.network import Color, Network
from viz.networks.vgg16 import CONFIGURATION, LAYERS

BUNDLED_PATH = Path(__file__).parents[2] / "assets" / "weights" / "vgg16_features.fp16.safetensors"
BUNDLED_SHA256 = "608705a5e8e9a7d5d75e2eb4a72185943564b134fca29f49123ae440f73775ed"

# torchvision's VGG16_Weights.IMAGENET1K_V1, written here because importing torchvision costs two seconds and
# 170 MB; a test holds it against torchvision's own table. The name of the file has the first 8 hexadecimal
# digits of its SHA-256.
TORCHVISION_URL = "https://download.pytorch.org/models/vgg16-397923af.pth"

# Mean and standard deviation of red, green and blue in 0..1, by the network that was trained with them.
NORMALIZATION: dict[str, tuple[Color, Color]] = {
    "vgg16": ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255)),
    "torchvision:vgg16": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def load_trained(key: str) -> Network:
    """VGG16's convolutions with trained weights.

    Args:
        key: Key of `NORMALIZATION`.

    Raises:
        WeightsError: The file is missing, altered, or cannot be fetched.
    """
    if key == "vgg16":
        check_file(BUNDLED_PATH, BUNDLED_SHA256)
        state = load_file(BUNDLED_PATH)
    else:
        path = fetch_weights()
        check_file(path, _torchvision_digest())
        # Memory-mapping reads only the tensors that are kept; the older of torch's formats cannot do it.
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    return _build(key, {name: value.float() for name, value in state.items() if name.startswith("features.")})


def build_untrained(key: str, seed: int = 0) -> Network:
    """The same architecture with random weights: what depth and pooling alone make of a picture.

    Args:
        key: Of the network whose normalisation it takes.
        seed: Of the random numbers; the same seed gives the same network.

    Returns:
        Kernels are normal with variance 2 / fan-in, biases zero (He et al., https://arxiv.org/abs/1502.01852),
        so that values neither grow nor fade with depth.
    """
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}
    for name, parameter in _list_modules().named_parameters():
        state[name] = torch.zeros(parameter.shape)
        if parameter.ndim == 4:
            nn.init.kaiming_normal_(state[name], nonlinearity="relu", generator=generator)
    return _build(key, state)


def fetch_weights(progress: Progress | None = None) -> Path:
    """Make sure that torchvision's weights are on the disk, where torchvision itself keeps them.

    Args:
        progress: Called with (bytes so far, bytes in all) while the file is fetched, 528 MB.

    Returns:
        Where the file is; nothing is fetched when it is there already.

    Raises:
        WeightsError: The network, the far end or the disk failed; no part of a file is left behind.
    """
    path = torchvision_path()
    if not path.exists():
        fetch_file(TORCHVISION_URL, path, _torchvision_digest(), progress)
    return path


def torchvision_path() -> Path:
    """Where torchvision's weights are kept once fetched."""
    return Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_URL.rsplit("/", 1)[1]


def _torchvision_digest() -> str:
    return TORCHVISION_URL.rsplit("-", 1)[1].removesuffix(".pth")


def _build(key: str, state: dict[str, Tensor]) -> Network:
    module = _list_modules()
    module.load_state_dict(state, assign=True)
    module.eval().requires_grad_(False)
    device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    # Convolutions and reductions over channels are faster with the channels last in memory.
    module.to(device).to(memory_format=torch.channels_last)
    return Network(module, LAYERS, *NORMALIZATION[key])


def _list_modules() -> nn.Sequential:
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
