"""The view "Through the depth": all layers over the photograph, one after the other, without the server."""

import streamlit as st

from views.compare import explain_numbers
from views.maps import (
    get_maps,
    list_notes,
    make_config,
    make_look,
    make_panels,
    name_quantity,
)
from views.picture import choose_picture
from views.screen import Screen
from views.status import Status
from views.texts import Translate
from viz.grids import arrange_panels
from viz.layers import LAYER_NAMES
from viz.plots import depth_figure, measure_controls


def draw_depth(screen: Screen, status: Status, translate: Translate) -> None:
    """Draw the scrubber."""
    status.say(translate("page.line_depth"))
    picture = choose_picture(translate)
    slot = st.container()
    maps, strongest = get_maps(picture, status, translate)
    names = list(LAYER_NAMES)
    panels = make_panels(names, maps, strongest, translate)
    look = make_look(translate, overlay=True, shared_bar=False)
    aspect = picture.photo.height / picture.photo.width
    grid = arrange_panels(1, screen.width, screen.height - measure_controls(screen.width), aspect)
    words = {word: translate(f"depth.{word}") for word in ("play", "pause", "layer")}
    alt = translate(
        "panel.alt_depth",
        photo=picture.alt,
        quantity=name_quantity(translate),
        side=translate(f"side.{st.session_state['side']}"),
    )
    figure = depth_figure(picture.photo, panels, names, look, grid, words)
    slot.plotly_chart(figure, key="depth", theme=None, config=make_config(translate), alt=alt)
    for note in [translate("depth.note"), *list_notes(translate)]:
        st.caption(note)
    explain_numbers(translate)
