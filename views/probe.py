"""The view "Point at it": what a cell sees, what looks the same to a layer, and its channels."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from views.address import NO_SECOND, SAMPLES, SHOWS
from views.cells import Cells
from views.channels import draw_channels
from views.maps import (
    get_maps,
    make_config,
    make_look,
    make_panels,
    name_quantity,
)
from views.picture import Picture, choose_picture, choose_second, is_another
from views.pointing import Click, watch_clicks
from views.screen import Screen
from views.sidebar import EXTENSIONS
from views.status import Status
from views.texts import Translate
from views.work import SECOND_BYTES, Maps, Strongest, compute_field
from viz.grids import Grid, arrange_panels
from viz.images import MAX_BYTES
from viz.layers import LAYER_NAMES, get_layer
from viz.plots import compare_figure, probe_figure
from viz.probe import find_cell, list_strongest, match_vector, measure_half, rank_in_map, receptive_field_box
from viz.specs import Glow, Look, Mark, Panel, format_value

Vectors = dict[str, NDArray[np.float32]]
CellsByLayer = dict[str, tuple[int, int]]


def draw_probe(screen: Screen, status: Status, translate: Translate) -> None:
    """Draw what the visitor has chosen: maps or look-alikes around a point, or a layer's channels."""
    state = st.session_state
    status.say(translate(f"probe.line_{state['show']}"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            translate("probe.show"),
            SHOWS,
            format_func=lambda show: translate(f"probe.show_{show}"),
            key="show",
            required=True,
        )
        st.selectbox(
            translate("probe.layer"),
            LAYER_NAMES,
            key="layer",
            help=translate("probe.layer_help"),
            on_change=_forget_channel,
            width=140,
        )
    picture = choose_picture(translate)
    if state["show"] == "channels":
        draw_channels(picture, screen, status, translate)
    else:
        _draw_point(picture, screen, status, translate)


def _forget_channel() -> None:
    """Another layer's channel of the same number has nothing to do with it."""
    st.session_state.update(channel=None, thumb_page=1)


def _draw_point(picture: Picture, screen: Screen, status: Status, translate: Translate) -> None:
    state = st.session_state
    names = [name for name in LAYER_NAMES if name in state["layers"]] or [state["layer"]]
    maps, strongest = get_maps(picture, status, translate)
    height, width = picture.pixels.shape[:2]
    x, y = _find_point(picture, names[-1], maps)
    places = {name: find_cell(name, x, y, height, width) for name in LAYER_NAMES}
    grid = arrange_panels(len(names) + 1, screen.width, screen.height - 90, height / width)
    cells = None
    if state["show"] == "alike":
        cells = Cells(picture, status, translate)
        vectors = {name: cells.read_vector(name, *places[name]) for name in names}
        panels = [_match(name, cells.read(name), vectors[name], translate) for name in names]
        look = _make_alike_look(translate)
    else:
        panels = make_panels(names, maps, strongest, translate)
        look = make_look(translate, overlay=state["overlay"], shared_bar=True)
    glow, share = _find_glow(picture, places, strongest, status, translate)
    _draw_figure(names, panels, look, grid, picture, places, glow, translate)
    watch_clicks(["probed"], _take_click)
    if cells is None:
        cells = Cells(picture, status, translate)
        vectors = {name: cells.read_vector(name, *places[name]) for name in names}
    if glow is not None:
        _say_glow(share, translate)
    left, right = st.columns([1, 3], gap="medium")
    with left:
        _draw_controls((x, y), picture, translate)
    with right:
        _draw_table(names, places, maps, vectors, picture, translate)
    if state["show"] == "alike" and (second := choose_second(translate)) is not None:
        _draw_second(second, names, vectors, screen, status, translate)
    with st.expander(translate("probe.explain_title"), icon=":material/help:"):
        st.markdown(translate("probe.explain_body"))


def _find_point(picture: Picture, layer: str, maps: Maps) -> tuple[int, int]:
    """Where the visitor pointed, or before that the middle of the layer's strongest cell; input pixels."""
    state = st.session_state
    height, width = picture.pixels.shape[:2]
    if is_another(picture, "_pointed"):
        state["point"] = None
    if state["point"] is not None:
        x, y = state["point"]
        state["point"] = (min(x, width - 1), min(y, height - 1))
        return min(x, width - 1), min(y, height - 1)
    heatmap = maps[layer, state["side"], state["aggregation"]]
    row, column = divmod(int(np.argmax(heatmap)), heatmap.shape[1])
    stride = get_layer(layer).stride
    return column * stride + stride // 2, row * stride + stride // 2


def _take_click(click: Click) -> None:
    # The middle of a cell or a pixel; the next run cuts what is outside of the picture.
    st.session_state["point"] = (max(0, int(click.x)), max(0, int(click.y)))


def _make_mark(layer: str, cell: tuple[int, int], picture: Picture) -> Mark:
    row, column = cell
    stride = get_layer(layer).stride
    covered = (column * stride, row * stride, (column + 1) * stride, (row + 1) * stride)
    return Mark(covered, receptive_field_box(layer, row, column, *picture.pixels.shape[:2]))


def _match(
    layer: str, cells: NDArray[np.float32], vector: NDArray[np.float32], translate: Translate
) -> Panel:
    similarity = match_vector(cells, vector)
    facts = {"name": layer, "height": similarity.shape[0], "width": similarity.shape[1]}
    title = translate("panel.title", **facts, stage=translate(f"stage.{get_layer(layer).stage}"))
    hover = translate("probe.alike_hover", name=layer)
    return Panel(similarity, get_layer(layer).stride, -1.0, 1.0, title, hover)


def _make_alike_look(translate: Translate) -> Look:
    state = st.session_state
    bar = translate("probe.alike_bar")
    return Look(state["colors"], True, state["overlay"], state["opacity"], state["smooth"], bar)


def _find_glow(
    picture: Picture, places: CellsByLayer, strongest: Strongest, status: Status, translate: Translate
) -> tuple[Glow | None, float]:
    """The chosen layer's effective receptive field, and the share of the theoretical one with half of it."""
    state = st.session_state
    if not state["field"]:
        return None, 0.0
    layer, side, aggregation = state["layer"], state["side"], state["aggregation"]
    channel = strongest[layer, side] if aggregation == "strongest" else 0
    key = (picture.key, layer, places[layer], side, aggregation, channel)
    with status.computing(key, picture.key.weights, translate("probe.computing_field")):
        field = compute_field(*key, picture.pixels)
    box = receptive_field_box(layer, *places[layer], *picture.pixels.shape[:2])
    left, top, right, bottom = box
    share = measure_half(field, box) if field.any() else 0.0
    hover = translate("probe.field_hover", name=layer)
    return Glow(field[top:bottom, left:right], left, top, hover), share


def _say_glow(share: float, translate: Translate) -> None:
    layer = st.session_state["layer"]
    if share > 0:
        st.caption(translate("probe.field_half", name=layer, share=f"{share:.0%}"))
    else:
        st.caption(translate("probe.field_none", name=layer))


def _draw_figure(
    names: list[str],
    panels: list[Panel],
    look: Look,
    grid: Grid,
    picture: Picture,
    places: CellsByLayer,
    glow: Glow | None,
    translate: Translate,
) -> None:
    state = st.session_state
    marks = [_make_mark(name, places[name], picture) for name in names]
    chosen = _make_mark(state["layer"], places[state["layer"]], picture)
    note = translate("probe.how_to_point")
    figure = probe_figure(picture.photo, panels, look, grid, marks, chosen, glow, note)
    quantity = translate("probe.show_alike") if state["show"] == "alike" else name_quantity(translate)
    side = translate(f"side.{state['side']}")
    alt = translate("panel.alt", layers=", ".join(names), photo=picture.alt, quantity=quantity, side=side)
    st.plotly_chart(figure, key="probed", theme=None, config=make_config(translate), alt=alt)


def _draw_controls(point: tuple[int, int], picture: Picture, translate: Translate) -> None:
    state = st.session_state
    height, width = picture.pixels.shape[:2]
    state["probe_x"], state["probe_y"] = point
    with st.container(horizontal=True):
        for key, length in (("x", width), ("y", height)):
            st.number_input(
                translate(f"probe.{key}"),
                min_value=0,
                max_value=length - 1,
                step=1,
                key=f"probe_{key}",
                on_change=_take_numbers,
                help=translate("probe.point_help"),
                width=104,
            )
    st.toggle(translate("probe.field"), key="field", help=translate("probe.field_help"))
    if state["show"] == "alike":
        st.selectbox(
            translate("probe.second"),
            [NO_SECOND, *SAMPLES, "upload"],
            format_func=lambda name: translate(f"probe.{name}" if name == NO_SECOND else f"picture.{name}"),
            key="second",
            help=translate("probe.second_help"),
        )
        if state["second"] == "upload":
            st.file_uploader(
                translate("picture.uploader"),
                type=EXTENSIONS,
                key="second_upload",
                max_upload_size=MAX_BYTES // 2**20,
            )


def _take_numbers() -> None:
    state = st.session_state
    state["point"] = (int(state["probe_x"]), int(state["probe_y"]))


def _draw_table(
    names: list[str],
    places: CellsByLayer,
    maps: Maps,
    vectors: Vectors,
    picture: Picture,
    translate: Translate,
) -> None:
    state = st.session_state
    columns = ("layer", "cell", "sees", "value", "percentile", "channels")
    head = " | ".join(translate(f"probe.column_{column}") for column in columns)
    lines = [f"| {head} |", "|" + " --- |" * len(columns)]
    for name in names:
        row, column = places[name]
        heatmap = maps[name, state["side"], state["aggregation"]]
        x0, y0, x1, y1 = receptive_field_box(name, row, column, *picture.pixels.shape[:2])
        channels = " · ".join(
            f"**{number}** {format_value(value)}" for number, value in list_strongest(vectors[name])
        )
        values = (
            f"**{name}**" if name == state["layer"] else name,
            f"{row}, {column}",
            f"x\u00a0{x0}–{x1}, y\u00a0{y0}–{y1}",
            format_value(float(heatmap[row, column])),
            f"{rank_in_map(heatmap, row, column):.1f}",
            channels,
        )
        lines.append(f"| {' | '.join(values)} |")
    st.markdown("\n".join(lines))
    st.caption(translate("probe.table_note"))


def _draw_second(
    second: Picture,
    names: list[str],
    vectors: Vectors,
    screen: Screen,
    status: Status,
    translate: Translate,
) -> None:
    cells = Cells(second, status, translate, SECOND_BYTES)
    panels = [_match(name, cells.read(name), vectors[name], translate) for name in names]
    aspect = second.photo.height / second.photo.width
    grid = arrange_panels(len(names) + 1, screen.width, screen.height - 90, aspect)
    figure = compare_figure(second.photo, panels, _make_alike_look(translate), grid)
    alt = translate("probe.alt_second", layers=", ".join(names), photo=second.alt)
    st.markdown(f"##### {translate('probe.second_title')}")
    st.plotly_chart(figure, key="matched", theme=None, config=make_config(translate), alt=alt)
