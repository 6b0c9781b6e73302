"""A network as the page shows it: its layers, and which of them a visitor wants."""

from collections.abc import Sequence
from dataclasses import dataclass

from page.work.models import Model, remember_layers
from viz.measures.untrained import choose_measured
from viz.networks.catalogue import NetworkInfo
from viz.networks.layers import Layer, name_side
from viz.texts import Translate

FEW = 6  # names of layers in a sentence


@dataclass(frozen=True)
class ShownNetwork:
    """A network and its layers.

    Attributes:
        info: Its entry in the catalogue.
        layers: From the input on.
    """

    info: NetworkInfo
    layers: tuple[Layer, ...]

    @property
    def title(self) -> str:
        """Its name."""
        return self.info.title

    @property
    def model(self) -> Model:
        """It on its own weights."""
        return Model(self.info)

    @property
    def untrained(self) -> Model:
        """It on random weights."""
        return Model(self.info, seed=0)

    @property
    def names(self) -> list[str]:
        """Of all its layers."""
        return [layer.name for layer in self.layers]

    @property
    def has_sides(self) -> bool:
        """Whether an activation was found behind any of them: else both sides of it are the same."""
        return any(layer.activation for layer in self.layers)

    def find(self, name: object) -> Layer:
        """One of its layers, by name."""
        return next(layer for layer in self.layers if layer.name == name)

    def select(self, names: Sequence[str]) -> list[Layer]:
        """Those of its layers that have these names, shallow to deep."""
        return [layer for layer in self.layers if layer.name in names]

    def list_measured(self, side: str) -> list[Layer]:
        """The layers that have this side of the activation; all of them where none has it."""
        return choose_measured(self.layers, side)

    def name_side(self, side: str, words: Translate) -> str:
        """A side of the activation, which is named where the network has one kind only."""
        return name_side(self.layers, side, words)


def show_network(model: Model) -> ShownNetwork:
    """A network of the catalogue; it is loaded where its layers are not known without."""
    return ShownNetwork(model.info, remember_layers(model))


def label_network(info: NetworkInfo, words: Translate) -> str:
    """How a list calls a network, with the megabytes to fetch."""
    if info.megabytes:
        return words("network.option", title=info.title, megabytes=info.megabytes)
    return info.title if info.licence else words("network.own", title=info.title)


def join_names(names: Sequence[str], words: Translate, most: int = FEW) -> str:
    """Names of layers in a sentence; of many, the first few and how many there are."""
    few = ", ".join(names[:most])
    return few if len(names) <= most else words("layers.more", names=few, count=len(names) - most)
