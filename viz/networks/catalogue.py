"""The networks that can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viz.networks.layers import Layer
from viz.networks.vgg16 import LAYERS

if TYPE_CHECKING:
    from viz.networks.files import Progress
    from viz.networks.network import Network

UNTRAINED = "untrained:"


@dataclass(frozen=True)
class NetworkInfo:
    """What can be said of a network before it is loaded.

    Attributes:
        key: For `load_network`.
        title: Its name.
        megabytes: To fetch when it is loaded for the first time; 0 where its weights are bundled.
        has_classes: Whether it has a classifier.
        layers: Its convolutions, from the input on.
    """

    key: str
    title: str
    megabytes: int
    has_classes: bool
    layers: tuple[Layer, ...]


_NETWORKS = (
    NetworkInfo("vgg16", "VGG16", 0, False, LAYERS),
    NetworkInfo("torchvision:vgg16", "VGG16, torchvision's weights", 528, False, LAYERS),
)


def list_networks() -> tuple[NetworkInfo, ...]:
    """All networks of the catalogue; it takes no time, and torch is not imported for it."""
    return _NETWORKS


def find_network(key: str) -> NetworkInfo:
    """Look a network up by its key.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
    """
    for info in _NETWORKS:
        if info.key == key:
            return info
    keys = ", ".join(info.key for info in _NETWORKS)
    raise ValueError(f"unknown network {key!r}; expected one of {keys}, or {UNTRAINED} before one of them")


def load_network(key: str = "vgg16", seed: int = 0) -> Network:
    """Build a network and give it its weights.

    Args:
        key: As in `list_networks`. "untrained:" before it gives the same architecture random weights.
        seed: Of these random weights; the same seed gives the same network.

    Returns:
        A network that threads may share, on the accelerator if torch finds one.

    Raises:
        ValueError: The key is unknown; the message lists the valid ones.
        WeightsError: The weights are missing, altered, or cannot be fetched.
    """
    info = find_network(key.removeprefix(UNTRAINED))
    from viz.networks import load_vgg16

    if key.startswith(UNTRAINED):
        return load_vgg16.build_untrained(info.key, seed)
    return load_vgg16.load_trained(info.key)


def fetch_network(key: str, progress: Progress) -> None:
    """Fetch what `load_network` would have to, and say how far it is.

    Args:
        key: As for `load_network`; nothing is fetched where the weights are bundled, random or there already.
        progress: Called with (bytes so far, bytes in all).

    Raises:
        WeightsError: The network, the far end or the disk failed; no part of a file is left behind.
    """
    if not key.startswith(UNTRAINED) and find_network(key).megabytes:
        from viz.networks.load_vgg16 import fetch_weights

        fetch_weights(progress)
