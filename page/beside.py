"""What the visitor compares the maps with: another photograph, network, aggregation or side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from page.maps import compute_heatmaps
from page.networks import list_layers, name_network, name_side, offered_networks
from page.picture import Picture, choose_beside, frame_previous
from page.settings import NO_SECOND
from page.status import Status
from page.texts import get_words, translate
from viz.figures.heatmaps import name_aggregation
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.compare import pair_layers
from viz.maps.heatmaps import Heatmaps
from viz.measures.untrained import choose_measured
from viz.networks.catalogue import UNTRAINED
from viz.networks.errors import NetworkError
from viz.networks.layers import SIDES, Layer
from viz.pictures.samples import SAMPLES

KINDS = ("photo", "network", "aggregation")  # comparisons with more to choose from


@dataclass(frozen=True)
class Comparison:
    """What the second row shows.

    Attributes:
        what: Its name.
        picture: As its network sees it.
        network: Its key; "untrained:" may stand before.
        heatmaps: Of its pass.
        side: Of the activation.
        aggregation: Key of `AGGREGATIONS`.
    """

    what: str
    picture: Picture
    network: str
    heatmaps: Heatmaps
    side: str
    aggregation: str

    @property
    def is_same_architecture(self) -> bool:
        """Whether its layers are those of the visitor's network, on whichever weights."""
        return self.network.removeprefix(UNTRAINED) == str(st.session_state["network"])

    def pair(self, layers: Sequence[Layer]) -> list[Layer]:
        """The partner of each of some layers of the visitor's network."""
        return pair_layers(layers, list_layers(), list_layers(self.network))

    def pair_measured(self, layers: Sequence[Layer]) -> dict[str, Layer]:
        """The partners of all layers that are measured, by their names, without those that have none."""
        others = self.list_measured()
        if not self.is_same_architecture:
            pairs = zip(layers, pair_layers(layers, layers, others), strict=True)
            return {layer.name: other for layer, other in pairs}
        names = {layer.name for layer in layers}
        return {other.name: other for other in others if other.name in names}

    def list_measured(self) -> list[Layer]:
        """All of its layers that are measured, as `viz.measures.untrained.choose_measured` chooses them."""
        return choose_measured(list_layers(self.network), self.side)

    def shares_values(self, layer: Layer, partner: Layer) -> bool:
        """Whether true values of a layer and its partner can be compared: of one network and one side."""
        sides = layer.pick_side(st.session_state["side"]), partner.pick_side(self.side)
        return self.network == str(st.session_state["network"]) and sides[0] == sides[1]


def list_options(setting: str) -> list[str]:
    """What can be compared with the first row, which is not among it."""
    options = {
        "beside_photo": list(SAMPLES),
        "beside_network": offered_networks(),
        "beside_aggregation": list(AGGREGATIONS),
    }[setting]
    others = [option for option in options if option != st.session_state[setting.removeprefix("beside_")]]
    return [*others, "upload"] if setting == "beside_photo" else others


def beside_defaults() -> dict[str, Any]:
    """Values of the settings that are not worth a parameter of the address.

    Which these are depends on the first row. Of a choice that is not in use it is the visitor's own.
    """
    state = st.session_state
    names = {kind: f"beside_{kind}" for kind in KINDS}
    return {
        name: list_options(name)[0] if state["beside"] == kind else state[name]
        for kind, name in names.items()
    }


def settle_beside() -> None:
    """Take the first option where the visitor has chosen none, or one that the first row shows by now."""
    for name in (f"beside_{kind}" for kind in KINDS):
        options = list_options(name)
        if st.session_state[name] not in options:
            st.session_state[name] = options[0]


def open_comparison(picture: Picture, heatmaps: Heatmaps, status: Status) -> Comparison | None:
    """What the visitor compares with, at one pass where that is another picture or network.

    Args:
        picture: That of the first row.
        heatmaps: Of the first row.
        status: The line that says what is going on.

    Returns:
        None where nothing is compared, or where it cannot be; why is said.
    """
    state = st.session_state
    kind, network, other = state["beside"], state["network"], picture
    side, aggregation = state["side"], state["aggregation"]
    if kind == NO_SECOND:
        return None
    if kind == "photo":
        found = choose_beside()
        if found is None:
            st.info(translate("beside.waiting"), icon=":material/add_photo_alternate:")
            return None
        other, what = found, _name_photo()
    elif kind == "network":
        network = state["beside_network"]
        other, what = frame_previous(network), name_network(network)
    elif kind == "untrained":
        network = UNTRAINED + network
        what = translate("beside.untrained", network=name_network())
    elif kind == "aggregation":
        aggregation = state["beside_aggregation"]
        what = name_aggregation(aggregation, get_words())
    else:
        side = next(other_side for other_side in SIDES if other_side != side)
        what = name_side(side)
    if (other.key, network) != (picture.key, state["network"]):
        text = "measure.computing_untrained" if kind == "untrained" else "page.computing"
        text = translate(text, network=name_network(network))
        try:
            heatmaps = compute_heatmaps(other.key, network, other.pixels, status, text)
        except NetworkError as error:
            sentence = translate(error.key, **error.details)
            st.error(translate("beside.failed", what=what, error=sentence), icon=":material/error:")
            return None
    return Comparison(what, other, network, heatmaps, side, aggregation)


def _name_photo() -> str:
    choice = st.session_state["beside_photo"]
    return translate(f"picture.{choice}") if choice in SAMPLES else translate("beside.own_photo")
