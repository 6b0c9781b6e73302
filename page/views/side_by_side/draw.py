"""The figure, and what the layers in it are said to respond to."""

import streamlit as st

from page.views.side_by_side.second_row import draw_source, draw_two_rows
from page.visit import Visit
from page.widgets.comparison import find_comparison
from page.widgets.figure import draw_figure, draw_notes, draw_photo, explain_numbers
from page.widgets.finite import keep_finite
from page.widgets.report import draw_report
from page.widgets.settings import draw_layers_button
from page.widgets.taken import Taken, take_maps
from viz.figures.heatmaps import draw_panels, explain_reading
from viz.figures.layout import Grid, arrange_panels
from viz.maps.aggregations import is_diverging
from viz.maps.cells import lay_cells
from viz.maps.heatmaps import Heatmaps
from viz.networks.layers import STAGES, Layer, choose_default_layers


def draw_side_by_side(visit: Visit) -> None:
    """Draw the figure, then what the layers in it are said to respond to."""
    visit.status.say(_describe(visit))
    if not visit.layers:
        _draw_nothing(visit)
        return
    draw_source(visit)
    notices, slot = st.container(), st.empty()
    if not visit.memory.begun:  # there is nothing to show meanwhile
        with slot:
            draw_photo(visit, visit.picture, _arrange(visit))
    heatmaps = visit.get_heatmaps()
    with notices:
        visit = keep_finite(visit, heatmaps)
        comparison = find_comparison(visit, heatmaps)
    if not visit.layers:
        return
    notes = visit.list_notes(heatmaps, visit.layers)
    with slot:
        if comparison is None or not comparison.pair(visit.layers):
            taken = _draw_heatmaps(visit, heatmaps, _arrange(visit))
        else:
            more, taken = draw_two_rows(visit, heatmaps, comparison)
            notes += more
    draw_notes(notes)
    draw_report(taken)
    _explain_layers(visit, heatmaps)
    explain_numbers(visit)


def _arrange(visit: Visit) -> Grid:
    count, screen = len(visit.layers) + 1, visit.screen
    return arrange_panels(count, screen.width, screen.height, visit.picture.aspect, screen.least)


def _describe(visit: Visit) -> str:
    choice, words, layers = visit.choice, visit.words, visit.layers
    if not layers:
        return words("page.nothing_selected")
    kind = {"greys": "greys", "turbo": "warm", "jet": "warm"}.get(choice.colors, "sequential")
    colours = words(f"page.colours_{kind}")
    signed = {is_diverging(layer.pick_side(choice.side), choice.aggregation) for layer in layers}
    if True in signed:
        # A range that maps share is that of the signed ones.
        mixed = False in signed and choice.range != "shared"
        colours = words("page.colours_mixed" if mixed else "page.colours_diverging", colours=colours)
    elif (choice.beside, choice.beside_range) == ("side", "shared") and is_diverging(
        "pre", choice.aggregation
    ):
        colours = words("page.colours_diverging")
    facts = {"count": len(layers), "all": len(visit.network.layers)}
    key = {facts["all"]: "page.line_all", 1: "page.line_one"}.get(len(layers), "page.line")
    return words(key, **facts, network=visit.network.title, colours=colours)


def _draw_nothing(visit: Visit) -> None:
    words, screen = visit.words, visit.screen
    left, right = st.columns(2, vertical_alignment="center")
    with left:
        grid = arrange_panels(1, screen.width / 2, screen.height, visit.picture.aspect)
        draw_photo(visit, visit.picture, grid)
    with right:
        default = choose_default_layers(visit.network.layers)
        draw_layers_button(words, "take_default", "page.take_default", default)
        draw_layers_button(words, "take_all", "page.take_all", visit.network.names)


def _draw_heatmaps(visit: Visit, heatmaps: Heatmaps, grid: Grid) -> Taken:
    look, layers = visit.choose_look(visit.choice.overlay), visit.layers
    panels, note = visit.choose_panels(heatmaps, layers), explain_reading(look, visit.words)
    figure = draw_panels(visit.picture.photo, panels, look, grid, note)
    alt = visit.describe_maps("panel.alt", layers=", ".join(layer.name for layer in layers))
    draw_figure(visit, figure, "heatmaps", alt)
    return take_maps(visit, heatmaps, layers, list_figures=lambda: [figure])


def _explain_layers(visit: Visit, heatmaps: Heatmaps) -> None:
    words = visit.words
    st.markdown(f"## {words('explain.title')}")
    for stage in STAGES:
        lines = [_state_facts(visit, layer, heatmaps) for layer in visit.layers if layer.stage == stage]
        if lines:
            st.markdown("\n".join([words(f"explain.{stage}"), "", *lines]))


def _state_facts(visit: Visit, layer: Layer, heatmaps: Heatmaps) -> str:
    words, side = visit.words, layer.pick_side(visit.choice.side)
    height, width = heatmaps[layer.name, side, visit.choice.aggregation].shape
    facts = words(
        "explain.layer",
        name=layer.name,
        path=layer.path,
        channels=layer.channels,
        height=height,
        width=width,
        stride=f"{lay_cells(layer, (height, width), *visit.picture.size).width:.3g}",
    )
    if layer.receptive_field is not None:
        key = "explain.layer_sees_gaps" if layer.has_gaps else "explain.layer_sees"
        facts += words(key, field=layer.receptive_field)
    channel = heatmaps.strongest_channel(layer.name, side)
    return f"- {facts}{words('explain.layer_strongest', channel=channel)}"
