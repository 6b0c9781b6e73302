"""The maps of the picture in view, and what the page says while they are made."""

from typing import Any

import streamlit as st

from views.picture import Picture
from views.status import Status
from views.texts import Translate
from views.turns import is_new
from views.work import Computed, Maps, Strongest, compute_maps
from viz.aggregate import UNSIGNED, find_strongest
from viz.layers import get_layer
from viz.scales import choose_limits
from viz.specs import Look, Panel

# Plotly's own words for the buttons above a figure, by their keys in the catalogue.
MODEBAR = {
    "zoom": "Zoom",
    "pan": "Pan",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "autoscale": "Autoscale",
    "reset": "Reset axes",
    "download": "Download plot as a PNG",
}


def get_maps(picture: Picture, status: Status, translate: Translate) -> tuple[Maps, Strongest]:
    """The maps of a picture, and the strongest channel's number by (layer, side)."""
    maps, means, _ = get_computed(picture, status, translate)
    return maps, {place: find_strongest(values) for place, values in means.items()}


def get_computed(picture: Picture, status: Status, translate: Translate) -> Computed:
    """All that the pass over a picture leaves, under a line that says what is going on."""
    weights = picture.key.weights
    with status.computing((picture.key, weights), weights, translate("page.computing")):
        return compute_maps(picture.key, weights, picture.pixels)


def must_wait(picture: Picture) -> bool:
    """Whether the maps may take a while, since this session has not had them yet."""
    return is_new((picture.key, picture.key.weights))


def is_diverging() -> bool:
    """Whether the maps of the visitor's choice have a sign."""
    return st.session_state["side"] == "pre" and st.session_state["aggregation"] not in UNSIGNED


def make_look(translate: Translate, overlay: bool, shared_bar: bool) -> Look:
    """The visitor's choices that concern all panels."""
    state = st.session_state
    bar = translate("panel.shared_bar", quantity=name_quantity(translate))
    return Look(
        colors=state["colors"],
        diverging=is_diverging(),
        overlay=overlay,
        opacity=state["opacity"],
        smooth=state["smooth"],
        shared_bar=bar if shared_bar and state["range"] == "shared" else "",
    )


def make_panels(names: list[str], maps: Maps, strongest: Strongest, translate: Translate) -> list[Panel]:
    """The maps of these layers as the visitor wants them, ready to draw."""
    state = st.session_state
    side, aggregation = state["side"], state["aggregation"]
    heatmaps = [maps[name, side, aggregation] for name in names]
    limits = choose_limits(heatmaps, state["range"], is_diverging())
    panels: list[Panel] = []
    for name, heatmap, (low, high) in zip(names, heatmaps, limits, strict=True):
        layer = get_layer(name)
        facts = {
            "name": name,
            "height": heatmap.shape[0],
            "width": heatmap.shape[1],
            "stage": translate(f"stage.{layer.stage}"),
            "channel": strongest[name, side],
        }
        title = translate("panel.title_channel" if aggregation == "strongest" else "panel.title", **facts)
        hover = translate("panel.hover", name=name, field=layer.receptive_field)
        panels.append(Panel(heatmap, layer.stride, low, high, title, hover))
    return panels


def name_quantity(translate: Translate) -> str:
    """What the maps show, such as "Mean"."""
    return translate(f"aggregation.{st.session_state['aggregation']}")


def list_notes(translate: Translate) -> list[str]:
    """What is clipped or smoothed, in sentences."""
    state = st.session_state
    notes = [("percentiles_note", state["range"] == "percentiles"), ("smooth_note", state["smooth"])]
    return [translate(f"panel.{key}") for key, applies in notes if applies]


def make_config(translate: Translate) -> dict[str, Any]:
    """Plotly's settings of a figure: its buttons in the visitor's language, no advertisement."""
    dictionary = {word: translate(f"modebar.{key}") for key, word in MODEBAR.items()}
    locale = st.session_state["lang"]
    return {
        "displaylogo": False,
        "locale": locale,
        "locales": {locale: {"moduleType": "locale", "name": locale, "dictionary": dictionary, "format": {}}},
    }
