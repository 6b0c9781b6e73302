"""The networks that can be chosen. It needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from viz.networks import vgg16
from viz.networks.layers import Layer

if TYPE_CHECKING:
    from viz.networks.files import Progress
    from viz.networks.network import Network

TORCHVISION = "torchvision:"
UNTRAINED = "untrained:"

OXFORD = "CC BY 4.0, Visual Geometry Group, University of Oxford"
GOOGLE = "Apache-2.0, Google"
PYTORCH = "BSD-3-Clause, torchvision"


@dataclass(frozen=True)
class NetworkInfo:
    """What can be said of a network before it is loaded.

    Attributes:
        key: For `load_network`.
        title: Its name.
        megabytes: To fetch when it is loaded for the first time; 0 where its weights are bundled.
        has_classes: Whether it has a classifier here; untrained ones come without those that can be left out.
        licence: Of its weights, and whose they are.
        classifier_megabytes: Of memory that its classifier takes while it is in use, where `load_network` can
            leave it out; 0 elsewhere.
    """

    key: str
    title: str
    megabytes: int
    has_classes: bool
    licence: str
    classifier_megabytes: int = 0


def _fetched(name: str, title: str, megabytes: int, classifier_megabytes: int = 0) -> NetworkInfo:
    return NetworkInfo(TORCHVISION + name, title, megabytes, True, PYTORCH, classifier_megabytes)


VGG_CLASSIFIER = 472  # MB, the same in all of them

_NETWORKS = (
    NetworkInfo("vgg16", "VGG16", 0, False, OXFORD),
    NetworkInfo("efficientnet_lite0", "EfficientNet-Lite0", 0, True, GOOGLE),
    _fetched("vgg11", "VGG11", 507, VGG_CLASSIFIER),
    _fetched("vgg13", "VGG13", 508, VGG_CLASSIFIER),
    _fetched("vgg16", "VGG16 (torchvision)", 528, VGG_CLASSIFIER),
    _fetched("vgg19", "VGG19", 548, VGG_CLASSIFIER),
    _fetched("alexnet", "AlexNet", 233),
    _fetched("resnet18", "ResNet-18", 45),
    _fetched("resnet50", "ResNet-50", 98),
    _fetched("mobilenet_v3_small", "MobileNet-V3-Small", 10),
    _fetched("efficientnet_b0", "EfficientNet-B0", 20),
    _fetched("densenet121", "DenseNet-121", 31),
    _fetched("convnext_tiny", "ConvNeXt-Tiny", 109),
    _fetched("squeezenet1_1", "SqueezeNet 1.1", 5),
)


def list_networks() -> tuple[NetworkInfo, ...]:
    """All networks of the catalogue; it takes no time, and torch is not imported for it."""
    return _NETWORKS


def find_network(key: str) -> NetworkInfo:
    """Look a network up by its key, with or without "untrained:" before it.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
    """
    for info in _NETWORKS:
        if info.key == key.removeprefix(UNTRAINED):
            return info
    keys = ", ".join(info.key for info in _NETWORKS)
    raise ValueError(f"unknown network {key!r}; expected one of {keys}, or {UNTRAINED} before one of them")


def list_known_layers(key: str) -> tuple[Layer, ...] | None:
    """The layers of a network that are known without loading it; None where it has to be loaded."""
    return vgg16.LAYERS if find_network(key).key == "vgg16" else None


def load_network(key: str = "vgg16", seed: int = 0, classifier: bool = True) -> Network:
    """Build a network and give it its weights.

    Args:
        key: As in `list_networks`. "untrained:" before it gives the same architecture random weights, as
            `viz.networks.network.randomize` makes them, and normalisations their statistics, as
            `viz.networks.calibrate.calibrate` finds them; it fetches nothing.
        seed: Of these random weights; the same seed gives the same network.
        classifier: Whether a classifier is wanted that takes `NetworkInfo.classifier_megabytes`. No map needs
            it, and untrained networks come without it.

    Returns:
        A network that threads may share, on the accelerator if torch finds one.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
        WeightsError: The weights are missing, altered, or cannot be fetched.
    """
    info = find_network(key)
    name, is_untrained = info.key, key.startswith(UNTRAINED)
    source = _open_source(name)
    module = source.build_module(name)
    if info.classifier_megabytes and (is_untrained or not classifier):
        source.drop_classifier(module)
    if not is_untrained:
        module.load_state_dict(source.read_weights(name, module), assign=True)
        network: Network = source.wrap_module(name, module)
        return network
    from viz.networks.calibrate import calibrate
    from viz.networks.network import randomize

    module.to_empty(device="cpu")
    randomize(module, seed)
    return calibrate(source.wrap_module(name, module))


def _open_source(name: str) -> Any:
    """The module that knows where a network comes from.

    It has `build_module` (without memory for parameters), `read_weights` and `wrap_module` (to a network).
    """
    file = "torchvision" if name.startswith(TORCHVISION) else name
    return import_module(f"viz.networks.load_{file}")


def is_there(key: str) -> bool:
    """Whether `load_network` has nothing to fetch."""
    if key.startswith(UNTRAINED) or not find_network(key).megabytes:
        return True
    from viz.networks.load_torchvision import find_file

    return find_file(key).exists()


def fetch_network(key: str, progress: Progress) -> None:
    """Fetch what `load_network` would have to, and say how far it is.

    Args:
        key: As for `load_network`; nothing is fetched where the weights are bundled, random or there already.
        progress: Called with (bytes so far, bytes in all).

    Raises:
        WeightsError: The network, the far end or the disk failed; no part of a file is left behind.
    """
    if not is_there(key):
        from viz.networks.load_torchvision import fetch_weights

        fetch_weights(key, progress)
