"""Weights to a network that is safe to share."""

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import torch
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from viz.images import NORMALIZATION

BUNDLED_PATH = Path(__file__).parent.parent / "assets" / "weights" / "vgg16_features.fp16.safetensors"
BUNDLED_SHA256 = "608705a5e8e9a7d5d75e2eb4a72185943564b134fca29f49123ae440f73775ed"

# torchvision's VGG16_Weights.IMAGENET1K_V1. Its address is written here because importing torchvision
# costs two seconds and 170 MB; a test holds it against torchvision's own table.
TORCHVISION_URL = "https://download.pytorch.org/models/vgg16-397923af.pth"
TORCHVISION_BYTES = 553_433_881
DOWNLOAD_TIMEOUT_S = 30
CHUNK_BYTES = 1 << 20

# Configuration D of https://arxiv.org/abs/1409.1556: channels of each convolution, "M" a 2x2 pooling.
CONFIGURATION: tuple[int | str, ...] = (
    *(64, 64, "M", 128, 128, "M", 256, 256, 256, "M"),
    *(512, 512, 512, "M", 512, 512, 512, "M"),
)

Progress = Callable[[int, int], None]


class WeightsError(RuntimeError):
    """The weights cannot be used. The message is a sentence that says what to do.

    Attributes:
        reason: "missing", "altered", "download" or "disk"; the page's catalogues have a sentence for each.
        details: What that sentence names.
    """

    def __init__(self, reason: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.reason = reason
        self.details = details


def load_features(weights: str = "bundled") -> nn.Sequential:
    """Build VGG16's convolutional part from trained weights.

    Args:
        weights: "bundled" (ships with the project) or "imagenet1k_v1" (torchvision's, see
            `fetch_weights`).

    Returns:
        The 31 modules of `torchvision.models.vgg16().features`, in float32 and channels-last memory,
        in eval mode, without gradients and without in-place ReLUs, on the accelerator if torch finds
        one. Nothing mutates it, so threads may share it.

    Raises:
        ValueError: The name of the weights is unknown.
        WeightsError: The file is missing, altered, or cannot be fetched.
    """
    if weights not in NORMALIZATION:
        raise ValueError(f"unknown weights {weights!r}; expected one of {', '.join(NORMALIZATION)}")
    state = _read_bundled() if weights == "bundled" else _read_torchvision()
    features = _build_features(state)
    return features.to(_pick_device())


def build_untrained(seed: int = 0) -> nn.Sequential:
    """The same architecture with random weights: what depth and pooling alone make of a picture.

    Args:
        seed: Of the random numbers; the same seed gives the same network.

    Returns:
        As `load_features`. Kernels are normal with variance 2 / fan-in, biases zero (He et al.,
        https://arxiv.org/abs/1502.01852), so that values neither grow nor fade with depth.
    """
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}
    for index, module in enumerate(_list_modules(device="meta")):
        if isinstance(module, nn.Conv2d):
            kernel = torch.empty(module.weight.shape)
            nn.init.kaiming_normal_(kernel, nonlinearity="relu", generator=generator)
            state |= {f"{index}.weight": kernel, f"{index}.bias": torch.zeros(module.out_channels)}
    return _build_features(state).to(_pick_device())


def _build_features(state: dict[str, Tensor]) -> nn.Sequential:
    # On the meta device nothing is initialised, so building costs milliseconds instead of seconds.
    features = nn.Sequential(*_list_modules(device="meta"))
    features.load_state_dict(state, assign=True)
    features.to(memory_format=torch.channels_last)  # the convolutions are faster on it
    return features.eval().requires_grad_(False)


def _arrange(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """New tensors of the convolutions, in float32."""
    prefix = "features."
    return {key.removeprefix(prefix): value.float() for key, value in state.items() if key.startswith(prefix)}


def _list_modules(device: str) -> list[nn.Module]:
    modules: list[nn.Module] = []
    channels = 3
    for entry in CONFIGURATION:
        if isinstance(entry, int):
            modules += [
                nn.Conv2d(channels, entry, kernel_size=3, padding=1, device=device),
                nn.ReLU(inplace=False),
            ]
            channels = entry
        else:
            modules.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return modules


def _pick_device() -> torch.device:
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def _read_bundled() -> dict[str, Tensor]:
    try:
        data = BUNDLED_PATH.read_bytes()
    except OSError as error:
        raise WeightsError(
            "missing",
            f"The weights file {BUNDLED_PATH.name} cannot be read. Restore assets/weights/ from the "
            "project's repository.",
            file=BUNDLED_PATH.name,
        ) from error
    _check_digest(hashlib.sha256(data).hexdigest(), BUNDLED_SHA256, BUNDLED_PATH)
    return _arrange(load_tensors(data))


def _check_digest(found: str, expected: str, path: Path) -> None:
    if not found.startswith(expected):
        raise _altered(path)


def _altered(path: Path) -> WeightsError:
    return WeightsError(
        "altered",
        f"The weights file {path.name} is not the one that was published (its SHA-256 differs): it is "
        "truncated or altered. Delete it and restore it from its source.",
        file=path.name,
    )


def torchvision_path() -> Path:
    """Where torchvision's weights are kept once fetched: the folder that torchvision itself uses."""
    return Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_URL.rsplit("/", 1)[1]


def fetch_weights(progress: Progress | None = None) -> Path:
    """Make sure that torchvision's weights are on the disk, in torch's hub folder.

    Args:
        progress: Called with (bytes so far, bytes in all) while the file is fetched, 528 MB.

    Returns:
        Where the file is; nothing is fetched when it is there already.

    Raises:
        WeightsError: The network, the far end or the disk failed; no part of a file is left behind.
    """
    path = torchvision_path()
    if not path.exists():
        _download(TORCHVISION_URL, path, _published_digest(), progress)
    return path


def _read_torchvision() -> dict[str, Tensor]:
    path = fetch_weights()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    _check_digest(digest, _published_digest(), path)
    # Memory-mapping reads only the tensors that are kept; the older of torch's formats cannot do it.
    return _arrange(torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)))


def _published_digest() -> str:
    """The first 8 hexadecimal digits of the file's SHA-256, which torchvision puts into its name."""
    return TORCHVISION_URL.rsplit("-", 1)[1].removesuffix(".pth")


def _download(url: str, path: Path, digest: str, progress: Progress | None) -> None:
    """Fetch a file whole or not at all: it gets its name only when its digest is right.

    Raises:
        WeightsError: The network, the far end or the disk failed; nothing is left behind.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                found = _copy_url(url, file, progress)
            if not found.startswith(digest):
                raise _no_download("the file that came is not the one that was published")
            os.replace(part, path)
        finally:
            Path(part).unlink(missing_ok=True)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _no_download(str(error)) from error
    except OSError as error:
        raise WeightsError(
            "disk",
            f"The weights cannot be stored in {path.parent} ({error.strerror}). Free 600 MB there, or stay "
            "with the bundled weights.",
            folder=str(path.parent),
        ) from error


def _copy_url(url: str, target: BinaryIO, progress: Progress | None) -> str:
    """Copy what `url` answers into the open file `target`; returns its SHA-256."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT_S) as answer:
        total = int(answer.headers.get("Content-Length") or TORCHVISION_BYTES)
        while chunk := answer.read(CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
            if progress is not None:
                progress(target.tell(), total)
    return digest.hexdigest()


def _no_download(cause: str) -> WeightsError:
    return WeightsError(
        "download",
        f"torchvision's weights could not be fetched from {urlsplit(TORCHVISION_URL).hostname}: {cause}. "
        "Check the network and choose them again, or stay with the bundled weights.",
        host=urlsplit(TORCHVISION_URL).hostname,
    )
