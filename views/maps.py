"""The maps of the picture in view, and what the page says while they are made."""

import time
from typing import Any

import streamlit as st

from views.picture import Picture
from views.shown import wait_for_figure
from views.status import Status
from views.texts import Translate
from views.weights import needing_weights
from views.work import (
    Computed,
    Maps,
    Strongest,
    compute_maps,
    find_first_maps,
    has_maps,
    is_warm,
)
from viz.aggregate import SIGNED, find_strongest
from viz.layers import get_layer
from viz.scales import choose_limits
from viz.specs import Look, Panel

MEGABYTE = 2**20

# How long a figure is on its way alone. The first one of a visit waits for Plotly's script, too; what comes
# while the browser reads that script is laid out before the figure. So there the browser says when it is
# painted; should that never arrive, the page goes on without.
HEAD_START_S = 0.1
FIRST_HEAD_START_S = 2.0

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
    """The maps of a picture, and the strongest channel's number by (layer, side).

    All of them, or in the first seconds of the server only those of the visitor's side and aggregation.
    """
    state = st.session_state
    if (first := find_first_maps(picture.key, state["side"], state["aggregation"])) is not None:
        return first
    maps, means, _ = get_computed(picture, status, translate)
    return maps, {place: find_strongest(values) for place, values in means.items()}


def get_computed(picture: Picture, status: Status, translate: Translate) -> Computed:
    """All that the pass over a picture leaves, under a line that says what is going on."""
    waiter = status.make_waiter(translate)
    if has_maps(picture.key):
        return compute_maps(picture.key, picture.pixels, waiter)
    text = translate("page.computing" if is_warm() else "page.loading")
    with status.working(text), needing_weights(translate):
        if picture.key.weights != "bundled":
            _fetch_weights(status, translate)
        return compute_maps(picture.key, picture.pixels, waiter)


def _fetch_weights(status: Status, translate: Translate) -> None:
    from viz.model import fetch_weights

    def show(done: int, total: int) -> None:
        text = translate("page.fetching", done=done // MEGABYTE, total=total // MEGABYTE)
        status.progress(min(done / total, 1.0), text)

    fetch_weights(show)


def is_diverging() -> bool:
    """Whether the maps of the visitor's choice have a sign."""
    return st.session_state["side"] == "pre" and st.session_state["aggregation"] in SIGNED


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


def give_head_start() -> None:
    """Wait a moment after a figure before anything else is sent.

    What arrives together the browser renders together, and a figure shows only after all the rest has been
    laid out. With this pause it shows a quarter sooner, and the rest right after it.
    """
    if "_settings" in st.session_state:
        time.sleep(HEAD_START_S)
    else:
        wait_for_figure(FIRST_HEAD_START_S)


def make_config(translate: Translate) -> dict[str, Any]:
    """Plotly's settings of a figure: its buttons in the visitor's language, no advertisement."""
    dictionary = {word: translate(f"modebar.{key}") for key, word in MODEBAR.items()}
    locale = st.session_state["lang"]
    return {
        "displaylogo": False,
        "showAxisDragHandles": False,  # ten more places a panel to drag at, for axes that nobody sees
        "locale": locale,
        "locales": {locale: {"moduleType": "locale", "name": locale, "dictionary": dictionary, "format": {}}},
    }
