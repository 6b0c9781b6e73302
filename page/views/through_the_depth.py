"""The view "Through the depth": all layers over the photograph, one after the other, without the server."""

import streamlit as st

from page.browser.screen import Screen
from page.maps import choose_look, choose_panels, describe_maps, get_heatmaps, list_notes
from page.picture import choose_picture
from page.settings import list_layers
from page.status import Status
from page.turns import is_first_result
from page.views.side_by_side import draw_photo, explain_numbers
from page.widgets import draw_figure
from viz.figures.depth import controls_height, draw_depth
from viz.figures.layout import arrange_panels
from viz.texts import Translate


def draw_through_the_depth(screen: Screen, status: Status, translate: Translate) -> None:
    """Draw the scrubber."""
    status.say(translate("page.line_depth"))
    picture = choose_picture(translate)
    grid = arrange_panels(1, screen.width, screen.height - controls_height(screen.width), picture.aspect)
    slot = st.empty()
    if is_first_result():
        with slot:
            draw_photo(picture, grid, translate)
    layers = list(list_layers())
    panels = choose_panels(get_heatmaps(picture, status, translate), layers, translate)
    look = choose_look(True, translate)
    figure = draw_depth(picture.photo, panels, [layer.name for layer in layers], look, grid, translate)
    alt = describe_maps("panel.alt_depth", translate, photo=picture.alt)
    with slot:
        draw_figure(figure, "depth", alt, translate)
    for note in [translate("depth.note"), *list_notes(translate)]:
        st.caption(note)
    explain_numbers(translate)
