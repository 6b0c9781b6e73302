"""The view "Side by side": the photograph beside a panel a layer."""

import streamlit as st

from page.beside import open_comparison
from page.browser.screen import Screen
from page.maps import choose_look, choose_panels, describe_maps, get_heatmaps, list_notes
from page.networks import is_vgg16, list_layers, name_network, selected_layers
from page.picture import Picture, choose_picture
from page.second_row import draw_beside_source, draw_two_rows
from page.sidebar import draw_layers_button
from page.status import Status
from page.texts import get_words, translate
from page.turns import is_first_result
from page.widgets import draw_figure
from viz.figures.heatmaps import draw_panels, explain_reading, is_diverging
from viz.figures.layout import Grid, arrange_panels
from viz.figures.pieces import Look
from viz.maps.cells import lay_cells
from viz.maps.heatmaps import Heatmaps
from viz.networks.layers import STAGES, Layer, choose_default_layers


def draw_side_by_side(screen: Screen, status: Status) -> None:
    """Draw the figure, then what the layers in it are said to respond to."""
    layers = selected_layers()
    status.say(_describe(layers))
    picture = choose_picture()
    if not layers:
        _draw_nothing(picture, screen)
        return
    grid = arrange_panels(len(layers) + 1, screen.width, screen.height, picture.aspect, screen.least)
    draw_beside_source()
    notices, slot = st.container(), st.empty()
    if is_first_result():
        with slot:
            draw_photo(picture, grid)
    heatmaps = get_heatmaps(picture, status)
    with notices:
        comparison = open_comparison(picture, heatmaps, status)
    notes = list_notes(heatmaps, layers)
    with slot:
        if comparison is None:
            _draw_heatmaps(layers, heatmaps, picture, grid)
        else:
            notes += draw_two_rows(layers, heatmaps, picture, comparison, screen)
    for note in dict.fromkeys(notes):
        st.caption(note)
    _explain_layers(layers, heatmaps, picture)
    explain_numbers()


def _describe(layers: list[Layer]) -> str:
    if not layers:
        return translate("page.nothing_selected")
    state = st.session_state
    kind = {"greys": "greys", "turbo": "warm", "jet": "warm"}.get(state["colors"], "sequential")
    colours = translate(f"page.colours_{kind}")
    signed = {is_diverging(layer.pick_side(state["side"]), state["aggregation"]) for layer in layers}
    if True in signed:
        # A range that maps share is that of the signed ones.
        mixed = False in signed and state["range"] != "shared"
        colours = translate("page.colours_mixed" if mixed else "page.colours_diverging", colours=colours)
    elif (state["beside"], state["beside_range"]) == ("side", "shared") and is_diverging(
        "pre", state["aggregation"]
    ):
        colours = translate("page.colours_diverging")
    facts = {"count": len(layers), "all": len(list_layers())}
    key = {facts["all"]: "page.line_all", 1: "page.line_one"}.get(len(layers), "page.line")
    return translate(key, **facts, network=name_network(), colours=colours)


def _draw_nothing(picture: Picture, screen: Screen) -> None:
    left, right = st.columns(2, vertical_alignment="center")
    with left:
        grid = arrange_panels(1, screen.width / 2, screen.height, picture.aspect)
        draw_photo(picture, grid)
    with right:
        default = choose_default_layers(list_layers())
        draw_layers_button("take_default", "page.take_default", default)
        names = [layer.name for layer in list_layers()]
        draw_layers_button("take_all", "page.take_all", names)


def draw_photo(picture: Picture, grid: Grid) -> None:
    """The photograph alone, where it stands in the figure that is to come."""
    figure = draw_panels(picture.photo, [], Look(), grid)
    draw_figure(figure, "photograph", translate("panel.alt_photo", photo=picture.alt))


def _draw_heatmaps(layers: list[Layer], heatmaps: Heatmaps, picture: Picture, grid: Grid) -> None:
    look = choose_look(st.session_state["overlay"])
    panels, note = choose_panels(picture, heatmaps, layers), explain_reading(look, get_words())
    figure = draw_panels(picture.photo, panels, look, grid, note)
    names = ", ".join(layer.name for layer in layers)
    alt = describe_maps("panel.alt", layers=names, photo=picture.alt)
    draw_figure(figure, "heatmaps", alt)


def _explain_layers(layers: list[Layer], heatmaps: Heatmaps, picture: Picture) -> None:
    st.markdown(f"##### {translate('explain.title')}")
    for stage in STAGES:
        lines = [_state_facts(layer, heatmaps, picture) for layer in layers if layer.stage == stage]
        if lines:
            st.markdown("\n".join([translate(f"explain.{stage}"), "", *lines]))


def _state_facts(layer: Layer, heatmaps: Heatmaps, picture: Picture) -> str:
    side = layer.pick_side(st.session_state["side"])
    height, width = heatmaps[layer.name, side, st.session_state["aggregation"]].shape
    facts = translate(
        "explain.layer",
        name=layer.name,
        path=layer.path,
        channels=layer.channels,
        height=height,
        width=width,
        stride=f"{lay_cells(layer, (height, width), *picture.size).width:.3g}",
    )
    if layer.receptive_field is not None:
        facts += translate("explain.layer_sees", field=layer.receptive_field)
    channel = heatmaps.strongest_channel(layer.name, side)
    return f"- {facts}{translate('explain.layer_strongest', channel=channel)}"


def explain_numbers() -> None:
    """Folded texts: how to read the figure, and where the homework errs about its network."""
    with st.expander(translate("explain.numbers_title"), icon=":material/help:"):
        st.markdown(translate("explain.numbers"))
    if is_vgg16():
        with st.expander(translate("wrong.title"), icon=":material/edit_note:"):
            st.markdown(translate("wrong.body"))
