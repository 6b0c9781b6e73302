"""The maps of the picture in view, and how the visitor wants them drawn."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.cache import PictureKey, compute_maps
from page.networks import join_names, name_network, name_side
from page.picture import Picture
from page.settings import current_settings
from page.status import Status
from page.texts import get_words, translate
from viz.figures.heatmaps import complete_look, make_panels, name_aggregation
from viz.figures.pieces import Look, Panel
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.heatmaps import Heatmaps
from viz.networks.catalogue import UNTRAINED
from viz.networks.layers import Layer


def get_heatmaps(picture: Picture, status: Status) -> Heatmaps:
    """All that the pass over a picture leaves, under a line that says what is going on."""
    text = translate("page.computing", network=name_network())
    return compute_heatmaps(picture.key, st.session_state["network"], picture.pixels, status, text)


def get_untrained_heatmaps(picture: Picture, status: Status) -> Heatmaps:
    """The same of the visitor's network with random weights."""
    network = UNTRAINED + st.session_state["network"]
    text = translate("measure.computing_untrained", network=name_network())
    return compute_heatmaps(picture.key, network, picture.pixels, status, text)


def compute_heatmaps(
    key: PictureKey, network: str, pixels: NDArray[np.uint8], status: Status, text: str
) -> Heatmaps:
    """All that a pass leaves, under a line that says `text`."""
    with status.computing((key, network), network, text):
        return Heatmaps(*compute_maps(key, network, tuple(AGGREGATIONS), pixels))


def choose_look(overlay: bool, settings: dict[str, Any] | None = None) -> Look:
    """The visitor's choices that concern all panels, or those of other settings."""
    state = settings or current_settings()
    look = Look(state["colors"], overlay=overlay, opacity=state["opacity"], smooth=state["smooth"])
    return complete_look(look, state["aggregation"], state["range"], get_words())


def choose_panels(
    picture: Picture, heatmaps: Heatmaps, layers: list[Layer], settings: dict[str, Any] | None = None
) -> list[Panel]:
    """The maps of these layers as the visitor wants them, or as other settings say."""
    state = settings or current_settings()
    how = state["side"], state["aggregation"], state["range"]
    return make_panels(heatmaps, layers, *how, picture.size, get_words())


def describe_maps(key: str, settings: dict[str, Any] | None = None, /, **values: str) -> str:
    """An alternative text that names what the maps show, from the sentence under this key."""
    state = settings or current_settings()
    quantity = name_aggregation(state["aggregation"], get_words())
    side = name_side(state["side"])
    return translate(key, **{"quantity": quantity, "side": side} | values)


def list_notes(heatmaps: Heatmaps, layers: list[Layer]) -> list[str]:
    """What is clipped, smoothed or not there, in sentences."""
    state = st.session_state
    bare = list_bare(layers, state["side"])
    notes = {
        "percentiles_note": state["range"] == "percentiles",
        "smooth_note": state["smooth"],
        "output_note": bare,
        "fell_back_note": heatmaps.fell_back,
    }
    names = join_names(bare)
    return [translate(f"panel.{key}", layers=names) for key, applies in notes.items() if applies]


def list_bare(layers: list[Layer], side: str) -> list[str]:
    """Names of the layers that show their output, since they do not have this side of the activation."""
    return [layer.name for layer in layers if side not in layer.sides]
