"""The view "Point at it": what a cell sees, what looks the same to a layer, and its channels."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.browser.clicks import Click, watch_clicks
from page.browser.screen import Screen
from page.cache import SECOND_BYTES, compute_field
from page.channel_values import ChannelValues
from page.maps import choose_look, choose_panels, describe_maps, get_heatmaps
from page.networks import find_layer, list_layers, selected_layers
from page.own_files import take_file
from page.picture import Picture, choose_picture, choose_second
from page.presenting import scale
from page.settings import current_settings
from page.sidebar import draw_uploader
from page.status import Status
from page.texts import get_words, translate
from page.views.channels import draw_channels
from page.widgets import draw_choice, draw_figure
from viz.evidence.receptive_fields import receptive_field_box
from viz.figures.heatmaps import draw_panels, shorten_name, write_map_title
from viz.figures.layout import arrange_panels
from viz.figures.marked import draw_marked_panels
from viz.figures.pieces import Look, Mark, Panel, Saliency, format_value
from viz.maps.cells import lay_cells
from viz.maps.heatmaps import Heatmaps
from viz.maps.values import cosine_similarity, find_half, list_strongest, rank_in_map
from viz.networks.layers import Layer

CONTROLS_HEIGHT = 92  # pixels of the screen


@dataclass(frozen=True)
class Probe:
    """A place of the picture, and what the visitor wants to know of it.

    Attributes:
        picture: Which one.
        heatmaps: Of it.
        layers: Those that are shown.
        point: The place (x, y), in input pixels.
        settings: How the maps are wanted, and which layer is chosen.
    """

    picture: Picture
    heatmaps: Heatmaps
    layers: list[Layer]
    point: tuple[int, int]
    settings: dict[str, Any]

    def read_map(self, layer: Layer) -> NDArray[np.float32]:
        """A layer's map, as the visitor wants it."""
        side = layer.pick_side(self.settings["side"])
        return self.heatmaps[layer.name, side, self.settings["aggregation"]]

    def find_cell(self, layer: Layer) -> tuple[int, int]:
        """Row and column of a layer's cell at the place."""
        shape = self.read_map(layer).shape
        return lay_cells(layer, shape, *self.picture.size).find(*self.point, shape)

    def mark(self, layer: Layer) -> Mark:
        """A layer's cell at the place and, where that is known, what it sees."""
        cell, size = self.find_cell(layer), self.picture.size
        field = receptive_field_box(layer, *cell, *size) if layer.receptive_field is not None else None
        return Mark(lay_cells(layer, self.read_map(layer).shape, *size).outline(*cell), field)


def draw_point_at_it(screen: Screen, status: Status) -> None:
    """Draw what the visitor has chosen: maps or look-alikes around a point, or a layer's channels."""
    state = st.session_state
    status.say(translate(f"probe.line_{state['show']}"))
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with row:
        draw_choice(st.segmented_control, "show", "probe.show", "probe.show_", required=True)
        names = [layer.name for layer in list_layers()]
        label, help_text = translate("probe.layer"), translate("probe.layer_help")
        # Another layer's channel of the same number has nothing to do with it.
        forget = partial(state.update, channel=None, thumb_page=1)
        st.selectbox(label, names, key="layer", help=help_text, on_change=forget, width=scale(134))
    picture = choose_picture()
    if state["show"] == "channels":
        draw_channels(picture, screen, status)
    else:
        _draw_point(picture, row, screen, status)


def _draw_point(picture: Picture, row: Any, screen: Screen, status: Status) -> None:
    state = st.session_state
    layers = selected_layers() or [find_layer(state["layer"])]
    heatmaps = get_heatmaps(picture, status)
    point = _find_point(picture, layers[-1], heatmaps)
    probe = Probe(picture, heatmaps, layers, point, current_settings())
    with row:
        _draw_place(probe)
    values = ChannelValues(picture, status)
    vectors = {layer.name: values.read_vector(layer.name, probe.find_cell(layer)) for layer in layers}
    if state["show"] == "alike":
        panels = _match(picture, values, layers, vectors)
        look = _make_alike_look()
    else:
        panels = choose_panels(picture, heatmaps, layers)
        titles = [_write_title(probe, layer) for layer in layers]
        panels = [replace(panel, title=title) for panel, title in zip(panels, titles, strict=True)]
        look = choose_look(state["overlay"])
    glow = find_glow(probe, status) if state["field"] else None
    _draw_marked(probe, panels, look, glow, screen)
    watch_clicks(["probed"], _take_click)
    if glow is not None:
        say_glow(probe, glow)
    _draw_table(probe, vectors)
    if state["show"] == "alike":
        _draw_second_choice()
    if state["show"] == "alike" and (second := choose_second()) is not None:
        values = ChannelValues(second, status, SECOND_BYTES)
        _draw_second(second, layers, _match(second, values, layers, vectors), screen)
    with st.expander(translate("probe.explain_title"), icon=":material/help:"):
        st.markdown(translate("probe.explain_body"))


def _find_point(picture: Picture, layer: Layer, heatmaps: Heatmaps) -> tuple[int, int]:
    """Where the visitor pointed, or before that the middle of the layer's strongest cell; input pixels."""
    state = st.session_state
    height, width = picture.size
    if state["point"] is not None:
        x, y = state["point"]
        state["point"] = (min(x, width - 1), min(y, height - 1))
        return min(x, width - 1), min(y, height - 1)
    heatmap = heatmaps[layer.name, layer.pick_side(state["side"]), state["aggregation"]]
    row, column = divmod(int(np.argmax(heatmap)), heatmap.shape[1])
    left, top, right, bottom = lay_cells(layer, heatmap.shape, height, width).outline(row, column)
    x, y = int((left + right) / 2), int((top + bottom) / 2)
    return min(max(x, 0), width - 1), min(max(y, 0), height - 1)


def _take_click(click: Click) -> None:
    # The middle of a cell or a pixel; the next run cuts what is outside of the picture.
    st.session_state["point"] = (max(0, int(click.x)), max(0, int(click.y)))


def _match(
    picture: Picture, values: ChannelValues, layers: list[Layer], vectors: dict[str, NDArray[np.float32]]
) -> list[Panel]:
    """How much each cell of a picture resembles the marked one, a panel a layer."""
    panels: list[Panel] = []
    for layer in layers:
        similarity = cosine_similarity(values.read(layer.name), vectors[layer.name])
        title = write_map_title(layer, similarity.shape, get_words())
        hover = translate("probe.alike_hover", name=layer.name)
        cells = lay_cells(layer, similarity.shape, *picture.size)
        ends = translate("probe.opposite"), translate("probe.same")
        panels.append(Panel(similarity, cells, -1.0, 1.0, title, hover, True, ends))
    return panels


def _make_alike_look() -> Look:
    state = st.session_state
    bar = translate("probe.alike_bar")
    return Look(state["colors"], state["overlay"], state["opacity"], state["smooth"], bar)


def find_glow(probe: Probe, status: Status) -> Saliency:
    """The chosen layer's effective receptive field, within the theoretical one."""
    state = probe.settings
    layer, aggregation = find_layer(state["layer"]), state["aggregation"]
    side = layer.pick_side(state["side"])
    channel = probe.heatmaps.strongest_channel(layer.name, side) if aggregation == "strongest" else 0
    network, cell = state["network"], probe.find_cell(layer)
    key = (probe.picture.key, network, layer.name, cell, side, aggregation, channel)
    with status.computing(key, network, translate("probe.computing_field")):
        field = compute_field(*key, probe.picture.pixels)
    height, width = probe.picture.size
    left, top, right, bottom = probe.mark(layer).field or (0, 0, width, height)
    hover = translate("probe.field_hover", name=layer.name)
    return Saliency(field[top:bottom, left:right], left, top, hover)


def say_glow(probe: Probe, glow: Saliency) -> None:
    """Tell how far the gradient in fact spreads."""
    name = probe.settings["layer"]
    if glow.values.any():
        known = find_layer(name).receptive_field is not None
        key = "probe.field_half" if known else "probe.field_half_picture"
        st.caption(translate(key, name=name, share=f"{find_half(glow.values):.0%}"))
    else:
        st.caption(translate("probe.field_none", name=name))


def _draw_marked(
    probe: Probe, panels: list[Panel], look: Look, glow: Saliency | None, screen: Screen
) -> None:
    state, picture = st.session_state, probe.picture
    height = screen.height - CONTROLS_HEIGHT
    grid = arrange_panels(len(panels) + 1, screen.width, height, picture.aspect, screen.least)
    marks, chosen = [probe.mark(layer) for layer in probe.layers], probe.mark(find_layer(state["layer"]))
    known = any(layer.receptive_field is not None for layer in probe.layers)
    note = translate("probe.how_to_point" if known else "probe.how_to_point_unknown")
    figure = draw_marked_panels(picture.photo, panels, look, grid, marks, chosen, glow, note)
    facts = {"layers": ", ".join(layer.name for layer in probe.layers), "photo": picture.alt}
    if state["show"] == "alike":
        facts["quantity"] = translate("probe.show_alike")
    alt = describe_maps("panel.alt", **facts)
    draw_figure(figure, "probed", alt)


def _write_title(probe: Probe, layer: Layer) -> str:
    """What a click tells of a layer, above its map: the table below may lie outside of the screen."""
    cell, heatmap = probe.find_cell(layer), probe.read_map(layer)
    facts = {"value": format_value(float(heatmap[cell])), "percentile": f"{rank_in_map(heatmap, *cell):.1f}"}
    return translate("probe.panel_title", name=shorten_name(layer.name), **facts)


def _draw_place(probe: Probe) -> None:
    state = st.session_state
    height, width = probe.picture.size
    state["probe_x"], state["probe_y"] = probe.point
    for axis, length in (("x", width), ("y", height)):
        st.number_input(
            translate(f"probe.{axis}"),
            min_value=0,
            max_value=length - 1,
            step=1,
            key=f"probe_{axis}",
            on_change=_take_numbers,
            help=translate("probe.point_help"),
            width=scale(98),
        )


def _draw_second_choice() -> None:
    with st.container(width=scale(340)):
        draw_choice(st.selectbox, "second", "probe.second", "picture.")
        if st.session_state["second"] == "upload":
            draw_uploader("second_upload", on_change=take_file, args=("second_upload",))


def _take_numbers() -> None:
    state = st.session_state
    state["point"] = (int(state["probe_x"]), int(state["probe_y"]))


def _draw_table(probe: Probe, vectors: dict[str, NDArray[np.float32]]) -> None:
    columns = ("layer", "cell", "sees", "value", "percentile", "channels")
    head = " | ".join(translate(f"probe.column_{column}") for column in columns)
    rows = [_write_row(probe, layer, vectors[layer.name]) for layer in probe.layers]
    table = st.container(key="probed_cells")
    table.markdown("\n".join([f"| {head} |", "|" + " --- |" * len(columns), *rows]))
    st.caption(translate("probe.table_note"))
    if any(layer.receptive_field is None for layer in probe.layers):
        st.caption(translate("probe.unknown_field"))


def _write_row(probe: Probe, layer: Layer, vector: NDArray[np.float32]) -> str:
    state = st.session_state
    row, column = probe.find_cell(layer)
    field, heatmap = probe.mark(layer).field, probe.read_map(layer)
    strongest = [f"**{number}** {format_value(value)}" for number, value in list_strongest(vector)]
    texts = (
        f"**{layer.name}**" if layer.name == state["layer"] else layer.name,
        f"{row}, {column}",
        "–" if field is None else f"x\u00a0{field[0]}–{field[2]}, y\u00a0{field[1]}–{field[3]}",
        format_value(float(heatmap[row, column])),
        f"{rank_in_map(heatmap, row, column):.1f}",
        " · ".join(strongest),
    )
    return f"| {' | '.join(texts)} |"


def _draw_second(second: Picture, layers: list[Layer], panels: list[Panel], screen: Screen) -> None:
    grid = arrange_panels(len(panels) + 1, screen.width, screen.height, second.aspect, screen.least)
    figure = draw_panels(second.photo, panels, _make_alike_look(), grid)
    names = ", ".join(layer.name for layer in layers)
    st.markdown(f"##### {translate('probe.second_title')}")
    draw_figure(figure, "matched", translate("probe.alt_second", layers=names, photo=second.alt))
