"""The row of what is shown, and the maps or look-alikes around a place of the picture."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.browser.clicks import Click, watch_clicks
from page.choice.session import choose, read_widget, write_widget
from page.subject.channels import ChannelValues
from page.subject.network import join_names
from page.subject.picture import Picture, open_second
from page.subject.probe import Probe, find_strongest
from page.subject.subject import Subject
from page.views.point_at_it.channels import draw_channels
from page.views.point_at_it.grid import draw_grid
from page.visit import Visit
from page.widgets.figure import draw_explanation, draw_figure
from page.widgets.finite import keep_finite
from page.widgets.presenting import scale
from page.widgets.report import draw_report
from page.widgets.settings import draw_choice
from page.widgets.table import draw_table
from page.widgets.taken import Taken, show_panels, show_photo
from page.widgets.uploader import draw_uploader
from page.work.bounds import SECOND_BYTES
from viz.figures.heatmaps import draw_panels, shorten_name, write_map_title
from viz.figures.layout import arrange_panels
from viz.figures.marked import draw_marked_panels
from viz.figures.pieces import Look, Panel, Saliency
from viz.maps.cells import lay_cells, name_pixel
from viz.maps.heatmaps import Heatmaps
from viz.maps.values import cosine_similarity, format_value, list_strongest, rank_in_map
from viz.networks.layers import Layer
from viz.reports.shown import Items

CONTROLS_HEIGHT = 92  # pixels of the screen
LEAST_SHARE = 0.95  # of a readable width, so that on a projector, under these controls, one row holds all
Vectors = dict[str, NDArray[np.float32]]


def list_point_controls(subject: Subject) -> tuple[str, ...]:
    """The settings that act; look-alikes have colours and a range of their own, channels one layer."""
    return {
        "maps": ("layers", "aggregation", "colors", "range", "overlay", "field"),
        "alike": ("layers", "aggregation", "overlay", "field"),
        "channels": ("colors",),
        "grid": ("layers", "colors"),
    }[subject.choice.show]


def draw_point_at_it(visit: Visit) -> None:
    """Draw what the visitor has chosen: maps or look-alikes around a place, or a layer's channels."""
    words = visit.words
    if visit.choice.show == "channels":
        visit.status.say(words("probe.line_channels"))
    heatmaps = visit.get_heatmaps()
    visit = keep_finite(visit, heatmaps, "layer")
    choice = visit.choice
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with row:
        draw_choice(words, st.segmented_control, "show", "probe.show", "probe.show_", required=True)
        if choice.show != "grid":
            names = {name: name for name in visit.network.names}
            draw_choice(words, st.selectbox, "layer", "probe.layer", names, width=scale(choice, 134))
    if choice.show == "channels":
        draw_channels(visit)
    elif choice.show == "grid":
        draw_grid(visit)
    else:
        _draw_point(visit, heatmaps, row)


def _draw_point(visit: Visit, heatmaps: Heatmaps, row: Any) -> None:
    choice, picture = visit.choice, visit.picture
    layers = visit.layers or [visit.network.find(choice.layer)]
    x, y = choice.point or find_strongest(visit, layers[-1], heatmaps)
    probe = Probe(visit, heatmaps, layers, (x, y))
    with row:
        _draw_place(visit, probe)
    values = ChannelValues(visit, picture)
    vectors = {layer.name: values.read_vector(layer.name, probe.find_cell(layer)) for layer in layers}
    if choice.show == "alike":
        matched, look = _match(visit, picture, values, vectors), _make_alike_look(visit)
        panels, layers = list(matched.values()), [layer for layer in layers if layer.name in matched]
        signed = any(panel.diverging for panel in panels)
        visit.status.say(visit.words("probe.line_alike_signed" if signed else "probe.line_alike"))
    else:
        visit.status.say(_tell_how(visit, layers))
        panels = visit.choose_panels(heatmaps, layers)
        titles = [_write_title(visit, probe, layer) for layer in layers]
        panels = [replace(panel, title=title) for panel, title in zip(panels, titles, strict=True)]
        look = visit.choose_look(choice.overlay)
    saliency = probe.find_saliency() if choice.field else None
    figure = _draw_marked(visit, probe, panels, look, saliency)
    watch_clicks(["probed"], _take_click)
    if saliency is not None:
        st.caption(probe.describe(saliency))
    _draw_table(visit, probe, vectors)
    if choice.show == "alike":
        _draw_second(visit, vectors)
    draw_report(_take(replace(probe, layers=layers), panels, look, vectors, figure))
    draw_explanation(visit, "probe.explain_")


def _take(probe: Probe, panels: list[Panel], look: Look, vectors: Vectors, figure: Any) -> Taken:
    """The maps or look-alikes, and the table of the marked cells; code for the maps alone."""
    visit = probe.subject
    alike = visit.choice.show == "alike"

    def list_items() -> Items:
        photo = show_photo(visit.picture, visit.words("picture.panel"))
        row = visit.words("probe.show_alike") if alike else ""
        return [photo, *show_panels(panels, probe.layers, visit.picture, look, row)]

    tables = {"cells": partial(_list_cells, probe, vectors)}
    return Taken(visit, probe.layers, list_items, lambda: [figure], tables, has_code=not alike)


def _list_cells(probe: Probe, vectors: Vectors) -> list[dict[str, object]]:
    """What the table tells, with all digits."""
    rows: list[dict[str, object]] = []
    for layer in probe.layers:
        row, column = probe.find_cell(layer)
        edges = probe.mark(layer).field or ("",) * 4
        heatmap = probe.read_map(layer)
        facts = {"layer": layer.name, "x": probe.point[0], "y": probe.point[1], "row": row, "column": column}
        field = dict(zip(("sees_left", "sees_top", "sees_right", "sees_bottom"), edges, strict=True))
        numbers = {"value": float(heatmap[row, column]), "percentile": rank_in_map(heatmap, row, column)}
        channels: dict[str, object] = {}
        for place, (number, value) in enumerate(list_strongest(vectors[layer.name]), start=1):
            channels |= {f"channel_{place}": number, f"value_{place}": float(value)}
        rows.append({**facts, **field, **numbers, **channels})
    return rows


def _take_click(click: Click) -> None:
    # The middle of a cell or a pixel; the next run cuts what is outside of the picture.
    choose({"point": (max(0, name_pixel(click.x)), max(0, name_pixel(click.y)))})


def _match(visit: Visit, picture: Picture, values: ChannelValues, vectors: Vectors) -> dict[str, Panel]:
    """How much each cell of a picture resembles the marked one, by the names of the layers that are finite.

    Where no layer has negative values, neither has a similarity, and the scale begins at zero.
    """
    words, panels = visit.words, dict[str, Panel]()
    maps = {name: values.read(name) for name in vectors}
    maps = {name: found for name, found in maps.items() if np.isfinite(found).all()}
    signed = any(found.min() < 0 for found in (*maps.values(), *vectors.values()))
    ends = words("probe.opposite" if signed else "probe.nothing"), words("probe.same")
    for name, feature_map in maps.items():
        layer, hover = visit.network.find(name), words("probe.alike_hover", name=name)
        similarity = cosine_similarity(feature_map, vectors[name])
        title = write_map_title(layer, similarity.shape, words)
        cells = lay_cells(layer, similarity.shape, *picture.size)
        low = -1.0 if signed else 0.0
        panels[name] = Panel(similarity, cells, low, 1.0, title, hover, signed, ends)
    return panels


def _make_alike_look(visit: Visit) -> Look:
    choice = visit.choice
    return Look(choice.colors, choice.overlay, choice.opacity, choice.smooth, visit.words("probe.alike_bar"))


def _draw_marked(
    visit: Visit, probe: Probe, panels: list[Panel], look: Look, saliency: Saliency | None
) -> Any:
    words, screen = visit.words, visit.screen
    height = screen.height - CONTROLS_HEIGHT
    least = LEAST_SHARE * screen.least
    grid = arrange_panels(len(panels) + 1, screen.width, height, visit.picture.aspect, least)
    marks, chosen = [probe.mark(layer) for layer in probe.layers], probe.mark(probe.chosen)
    note = words("probe.how_to_point" if _knows_fields(probe.layers) else "probe.how_to_point_unknown")
    figure = draw_marked_panels(visit.picture.photo, panels, look, grid, marks, chosen, saliency, note)
    facts = {"layers": ", ".join(layer.name for layer in probe.layers)}
    if visit.choice.show == "alike":
        facts["quantity"] = words("probe.show_alike")
    draw_figure(visit, figure, "probed", visit.describe_maps("panel.alt", **facts))
    return figure


def _knows_fields(layers: list[Layer]) -> bool:
    return any(layer.receptive_field is not None for layer in layers)


def _tell_how(visit: Visit, layers: list[Layer]) -> str:
    """How to point, and what is marked of the layers that are shown."""
    key = f"probe.line_map{'s' if len(layers) > 1 else ''}{'' if _knows_fields(layers) else '_unknown'}"
    return visit.words(key, layer=shorten_name(layers[0].name))


def _write_title(visit: Visit, probe: Probe, layer: Layer) -> str:
    """What a click tells of a layer, above its map: the table below may lie outside of the screen."""
    cell, heatmap = probe.find_cell(layer), probe.read_map(layer)
    facts = {"value": format_value(float(heatmap[cell])), "percentile": f"{rank_in_map(heatmap, *cell):.1f}"}
    return visit.words("probe.panel_title", name=shorten_name(layer.name), **facts)


def _draw_place(visit: Visit, probe: Probe) -> None:
    height, width = visit.picture.size
    for axis, place, length in zip("xy", probe.point, (width, height), strict=True):
        write_widget(f"probe_{axis}", place)
        st.number_input(
            visit.words(f"probe.{axis}"),
            min_value=0,
            max_value=length - 1,
            step=1,
            key=f"probe_{axis}",
            on_change=lambda: choose({"point": (int(read_widget("probe_x")), int(read_widget("probe_y")))}),
            help=visit.words("probe.point_help"),
            width=scale(visit.choice, 98),
        )


def _draw_table(visit: Visit, probe: Probe, vectors: Vectors) -> None:
    words, known = visit.words, _knows_fields(probe.layers)
    columns = ("layer", "cell", "sees", "value", "percentile", "channels")
    rows = [_write_row(probe, layer, vectors[layer.name]) for layer in probe.layers]
    draw_table("probed_cells", [words(f"probe.column_{column}") for column in columns], rows)
    notes = ["probe.table_note", "probe.table_note_sees"] if known else ["probe.table_note"]
    st.caption(" ".join(words(note) for note in notes))
    if gaps := [layer.name for layer in probe.layers if layer.has_gaps]:
        st.caption(words("probe.gaps", layers=join_names(gaps, words)))
    if any(layer.receptive_field is None for layer in probe.layers):
        st.caption(words("probe.unknown_field"))


def _write_row(probe: Probe, layer: Layer, vector: NDArray[np.float32]) -> list[str]:
    row, column = probe.find_cell(layer)
    field, heatmap = probe.mark(layer).field, probe.read_map(layer)
    strongest = [f"**{number}** {format_value(value)}" for number, value in list_strongest(vector)]
    return [
        f"**{layer.name}**" if layer == probe.chosen else layer.name,
        f"{row}, {column}",
        "–" if field is None else f"x\u00a0{field[0]}–{field[2]}, y\u00a0{field[1]}–{field[3]}",
        format_value(float(heatmap[row, column])),
        f"{rank_in_map(heatmap, row, column):.1f}",
        " · ".join(strongest),
    ]


def _draw_second(visit: Visit, vectors: Vectors) -> None:
    """Draw the choice of a second photograph and, where there is one, its look-alikes."""
    words, choice, info = visit.words, visit.choice, visit.network.info
    with st.container(width=scale(choice, 340)):
        draw_choice(words, st.selectbox, "second", "probe.second", "picture.")
        if choice.second == "upload":
            draw_uploader(words, "second_upload", choice, info)
    second = open_second(choice.second, "second_upload", choice, info, words, "picture.alt_own")
    if second is None:
        return
    panels = list(_match(visit, second, ChannelValues(visit, second, SECOND_BYTES), vectors).values())
    if len(panels) < len(vectors):
        st.caption(words("probe.second_not_finite", count=len(vectors) - len(panels)))
    screen = visit.screen
    grid = arrange_panels(len(panels) + 1, screen.width, screen.height, second.aspect, screen.least)
    figure = draw_panels(second.photo, panels, _make_alike_look(visit), grid)
    st.markdown(f"## {words('probe.second_title')}")
    alt = words("probe.alt_second", layers=", ".join(vectors), photo=second.alt)
    draw_figure(visit, figure, "matched", alt)
