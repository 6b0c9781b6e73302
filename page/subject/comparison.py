"""What the maps are compared with: another photograph, network, aggregation or side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lcm

from page.choice.choice import NOTHING
from page.subject.network import ShownNetwork, show_network
from page.subject.picture import Picture, open_last, open_second
from page.subject.subject import Subject
from page.work.models import Model
from viz.maps.aggregations import name_aggregation
from viz.maps.compare import pair_layers
from viz.maps.heatmaps import Heatmaps
from viz.measures.untrained import choose_measured
from viz.networks.errors import NetworkError
from viz.networks.layers import SIDES, Layer
from viz.pictures.samples import SAMPLES


@dataclass(frozen=True)
class Comparison:
    """What the second row shows.

    Attributes:
        what: Its name.
        first: What it is compared with.
        picture: As its network sees it.
        network: The second one, or the first again.
        model: Its weights.
        heatmaps: Of its pass.
        side: Of the activation.
        aggregation: Key of `AGGREGATIONS`.
    """

    what: str
    first: Subject
    picture: Picture
    network: ShownNetwork
    model: Model
    heatmaps: Heatmaps
    side: str
    aggregation: str

    @property
    def is_same_architecture(self) -> bool:
        """Whether its layers are those of the first network, on whichever weights."""
        return self.network.info == self.first.network.info

    def pair(self, layers: Sequence[Layer]) -> dict[str, Layer]:
        """The partners of some layers of the first network, by their names, without those that have none."""
        return self._pair(layers, self.first.known.layers, self.network.layers)

    def pair_measured(self) -> dict[str, Layer]:
        """The same of all layers that are measured."""
        layers = choose_measured(self.first.known.layers, self.first.choice.side)
        return self._pair(self.first.measured, layers, self.network.list_measured(self.side))

    def _pair(
        self, chosen: Sequence[Layer], layers: Sequence[Layer], others: Sequence[Layer]
    ) -> dict[str, Layer]:
        partners = {other.name: other for other in others}
        if not self.is_same_architecture:  # by the depth of all layers, also of those that are not finite
            pairs = zip(layers, pair_layers(layers, layers, others), strict=True)
            partners = {layer.name: other for layer, other in pairs}
        names = [layer.name for layer in chosen if layer.name in partners]
        return {name: partners[name] for name in names if partners[name].name not in self.heatmaps.not_finite}

    def shares_values(self, heatmaps: Heatmaps, layer: Layer, partner: Layer) -> bool:
        """Whether true values of a layer and its partner can be compared.

        They are of one network, side and aggregation and, where a map is of one channel, of the same one.
        """
        choice = self.first.choice
        sides = layer.pick_side(choice.side), partner.pick_side(self.side)
        model = replace(self.model, reflects=False)
        alike = model == self.first.network.model and sides[0] == sides[1]
        if not alike or self.aggregation != choice.aggregation:
            return False
        channels = {maps.strongest_channel(layer.name, sides[0]) for maps in (self.heatmaps, heatmaps)}
        return self.aggregation != "strongest" or len(channels) == 1


class NoComparisonError(Exception):
    """Nothing can be compared; why is the message, a sentence in the visitor's language.

    Attributes:
        is_waiting: Whether a photograph of the visitor's is all that it takes.
    """

    def __init__(self, sentence: str, is_waiting: bool = False) -> None:
        self.is_waiting = is_waiting
        super().__init__(sentence)


def open_comparison(first: Subject, heatmaps: Heatmaps) -> Comparison | None:
    """What the visitor compares with, at one pass where that is another picture or network; None for nothing.

    Args:
        first: What it is compared with.
        heatmaps: Of that.

    Raises:
        NoComparisonError: What is compared is not there yet, or fails.
        NotAskedError, NotLoadedError: The other network is to be offered, or cannot be had.
    """
    choice, words, picture, network = first.choice, first.words, first.picture, first.network
    kind, side, aggregation = choice.beside, choice.side, choice.aggregation
    model, text = network.model, "page.computing"
    if kind == NOTHING:
        return None
    if kind == "photo":
        name, info = choice.beside_photo, network.info
        found = open_second(name, "beside_upload", choice, info, words, "beside.alt_own")
        if found is None:
            raise NoComparisonError(words("beside.waiting"), is_waiting=True)
        picture, what = found, words(f"picture.{name}" if name in SAMPLES else "beside.own_photo")
    elif kind == "network":
        model = Model(first.catalogue.find(str(choice.beside_network)))
        both = replace(model.info, stride=lcm(model.info.stride, picture.key.stride))  # see one picture
        picture, what = open_last(choice, both, words), model.info.title
    elif kind == "untrained":
        what, text = words("beside.untrained", network=network.title), "measure.computing_untrained"
        model = network.untrained
    elif kind == "padding":
        model, what = replace(network.model, reflects=True), words("beside.padding")
    elif kind == "aggregation":
        what = name_aggregation(aggregation := str(choice.beside_aggregation), words)
    else:
        (side,) = (other for other in SIDES if other != side)
        what = network.name_side(side, words)
    if (picture.key, model) != (first.picture.key, network.model):
        try:
            heatmaps = first.compute_heatmaps(picture.framed, model, words(text, network=model.info.title))
            if len(heatmaps.not_finite) == len(show_network(model).layers):
                raise NetworkError("not_finite", layer=heatmaps.not_finite[0])
        except NetworkError as error:
            sentence = words(error.key, **error.details)
            raise NoComparisonError(words("beside.failed", what=what, error=sentence)) from error
    return Comparison(what, first, picture, show_network(model), model, heatmaps, side, aggregation)
