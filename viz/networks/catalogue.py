"""The networks that can be chosen, a row of `NETWORKS` each. It needs no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from viz.networks import vgg16
from viz.networks.files import Progress
from viz.networks.layers import Layer
from viz.pictures.frame import DEEPEST_STRIDE, MIN_SIZE
from viz.pictures.preprocess import Preprocessing

if TYPE_CHECKING:
    from viz.networks.network import Network
    from viz.networks.sources.source import Source

UNTRAINED = "untrained:"

OXFORD = "CC BY 4.0, Visual Geometry Group, University of Oxford"
GOOGLE = "Apache-2.0, Google"
PYTORCH = "BSD-3-Clause, torchvision"

USUAL, BICUBIC = Preprocessing(), Preprocessing(interpolation="bicubic")


@dataclass(frozen=True)
class NetworkInfo:
    """What can be said of a network before it is loaded.

    Attributes:
        key: Name of the network in addresses and for `load_network`.
        title: Name of the network for people.
        megabytes: Size of the weights to fetch at the first load; 0 where they are bundled or one's own.
        has_classes: Whether the trained network has a classifier here.
        licence: Licence of the weights, and whose they are; empty for one's own.
        source: Name of the file in `viz/networks/sources/` that builds it.
        classifier_megabytes: Memory that the classifier takes, where `load` can leave it out; 0 elsewhere.
        size: Side of the square picture that it was made for, in pixels.
        only_squares: Whether it may take no pictures but that square.
        is_homework: Whether it is the homework's network, VGG16, on whichever weights.
        preprocessing: How its own evaluation frames a photograph; None where that is not known.
        stride: Of its deepest layer, in pixels, as `viz.pictures.frame.frame_image` takes it.
    """

    key: str
    title: str
    megabytes: int
    has_classes: bool
    licence: str
    source: str
    classifier_megabytes: int = 0
    size: int = 224
    only_squares: bool = False
    is_homework: bool = False
    preprocessing: Preprocessing | None = None
    # Of one's own network it is known once it is loaded; no name in a cache depends on it.
    stride: int = field(default=32, repr=False)

    @property
    def fixed_size(self) -> int | None:
        """Side of the square picture that a small network takes alone, in pixels; None for the others."""
        return self.size if self.size < MIN_SIZE else None


def _fetched(
    name: str, title: str, megabytes: int, preprocessing: Preprocessing = USUAL, **more: Any
) -> NetworkInfo:
    info = NetworkInfo(f"torchvision:{name}", title, megabytes, True, PYTORCH, "torchvision", **more)
    return replace(info, preprocessing=preprocessing)


# In all of them the classifier takes as many MB, and no layer stands behind the last pooling.
VGG: dict[str, Any] = {"classifier_megabytes": 472, "stride": DEEPEST_STRIDE}

NETWORKS = (
    NetworkInfo(
        "vgg16",
        "VGG16",
        0,
        False,
        OXFORD,
        "vgg16",
        is_homework=True,
        preprocessing=USUAL,
        stride=DEEPEST_STRIDE,
    ),
    NetworkInfo(
        "efficientnet_lite0",
        "EfficientNet-Lite0",
        0,
        True,
        GOOGLE,
        "efficientnet_lite0",
        preprocessing=BICUBIC,
    ),
    _fetched("vgg11", "VGG11", 507, **VGG),
    _fetched("vgg13", "VGG13", 508, **VGG),
    replace(_fetched("vgg16", "VGG16 (torchvision)", 528, **VGG), is_homework=True),
    _fetched("vgg19", "VGG19", 548, **VGG),
    _fetched("alexnet", "AlexNet", 233, stride=16),
    _fetched("resnet18", "ResNet-18", 45),
    _fetched("resnet50", "ResNet-50", 98),
    _fetched("mobilenet_v3_small", "MobileNet-V3-Small", 10),
    _fetched("efficientnet_b0", "EfficientNet-B0", 20, BICUBIC),
    _fetched("densenet121", "DenseNet-121", 31),
    _fetched("convnext_tiny", "ConvNeXt-Tiny", 109, Preprocessing(236)),
    _fetched("squeezenet1_1", "SqueezeNet 1.1", 5, stride=16),
)


def list_networks() -> tuple[NetworkInfo, ...]:
    """All networks of the catalogue; it takes no time, and torch is not imported for it."""
    return NETWORKS


def find_network(key: str, networks: Iterable[NetworkInfo] = NETWORKS) -> NetworkInfo:
    """The network with this key, such as "vgg16", among those of the catalogue, or those and one's own."""
    found = {info.key: info for info in networks}
    if key not in found:
        raise ValueError(f"unknown network {key!r}; expected one of {', '.join(found)}")
    return found[key]


def list_known_layers(info: NetworkInfo) -> tuple[Layer, ...] | None:
    """The layers of a network that are known without loading it; None where it has to be loaded."""
    return vgg16.LAYERS if info.source == "vgg16" else None


def load(info: NetworkInfo, seed: int | None = None, classifier: bool = True) -> Network:
    """Build a network of the catalogue, or one's own, and give it weights.

    Args:
        info: Row of the catalogue.
        seed: None for the trained weights, which are fetched where they are not there. A number gives random
            ones, as `viz.networks.network.randomize` makes them, and normalisations their statistics, as
            `viz.networks.calibrate.calibrate` finds them; the same number gives the same network.
        classifier: Whether a classifier is wanted that takes `NetworkInfo.classifier_megabytes`. No map needs
            it, and networks with random weights come without it.
    """
    source = open_source(info)
    network = source.load(info, classifier) if seed is None else source.load_untrained(info, seed)
    return replace(network, preprocessing=info.preprocessing)


def is_there(info: NetworkInfo) -> bool:
    """Whether `load` has nothing to fetch."""
    return open_source(info).is_there(info)


def fetch(info: NetworkInfo, progress: Progress) -> None:
    """Fetch what `load` would have to, and say how far it is; a WeightsError leaves nothing behind."""
    open_source(info).fetch(info, progress)


def open_source(info: NetworkInfo) -> Source:
    """The source that builds a network; its libraries are imported."""
    source: Source = import_module(f"viz.networks.sources.{info.source}").SOURCE
    return source


def load_network(key: str = "vgg16", seed: int = 0, classifier: bool = True) -> Network:
    """Build a network of the catalogue by its key.

    Args:
        key: As in `list_networks`. "untrained:" before it gives the same architecture random weights.
        seed: Of these random weights.
        classifier: As for `load`.

    Returns:
        A network that threads may share, on the accelerator if torch finds one.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
        WeightsError: The weights are missing, altered, or cannot be fetched.

    Example:
        >>> load_network("untrained:vgg16", seed=1).find_layer("conv3_1").channels
        256
    """
    info = find_network(key.removeprefix(UNTRAINED))
    return load(info, seed if key.startswith(UNTRAINED) else None, classifier)
