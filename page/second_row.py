"""The second row of the view "Side by side": its controls, the figure with it, and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.beside import Comparison, list_options
from page.browser.screen import Screen
from page.maps import choose_look, choose_panels, describe_maps, list_bare
from page.networks import join_names
from page.own_files import take_file
from page.picture import Picture
from page.presenting import is_presenting, scale
from page.settings import NO_SECOND, current_settings
from page.sidebar import describe_source, draw_uploader, label_network
from page.texts import get_words, translate
from page.widgets import draw_choice, draw_figure, draw_switch
from viz.figures.columns import arrange_columns
from viz.figures.heatmaps import name_aggregation, name_ends, write_hover
from viz.figures.layout import NARROW
from viz.figures.paired import Below, draw_pairs, link_hover, make_difference, name_second
from viz.figures.pieces import Panel, PhotoPanel
from viz.maps.compare import correlate_maps, subtract_maps
from viz.maps.heatmaps import Heatmaps
from viz.maps.ranges import share_limits
from viz.networks.layers import Layer


def draw_beside_controls() -> None:
    """Draw, in a row of widgets, what can be compared with; then what exactly, and how it is shown."""
    kind: str = st.session_state["beside"]
    hidden: dict[str, Any] = {"label_visibility": "collapsed"}
    if st.session_state["layers"] == []:
        return
    width = 190 if kind == NO_SECOND else 300  # so that on a small laptop the row stays one line
    draw_choice(st.selectbox, "beside", "beside.label", "beside.with_", width=scale(width), **hidden)
    if kind == NO_SECOND:
        return
    names: dict[str, Callable[[str], str]] = {
        "photo": lambda option: translate(f"picture.{option}"),
        "network": lambda option: label_network(option),
        "aggregation": lambda option: name_aggregation(option, get_words()),
    }
    if kind in names:
        key, label = f"beside_{kind}", translate(f"beside.second_{kind}")
        labels = {option: names[kind](option) for option in list_options(key)}
        st.selectbox(label, list(labels), format_func=labels.__getitem__, key=key, width=scale(200), **hidden)
    draw_choice(st.selectbox, "beside_range", "beside.range", "beside.range_", width=scale(190), **hidden)
    draw_switch("difference", "beside.difference")


def draw_beside_source() -> None:
    """Say where the other network comes from, or draw the place to upload another photograph."""
    state = st.session_state
    kind = state["beside"]
    if is_presenting():
        return
    if kind == "network":
        describe_source(state["beside_network"])
    if kind == "photo" and state["beside_photo"] == "upload":
        draw_uploader("beside_upload", on_change=take_file, args=("beside_upload",))
        st.caption(translate("beside.not_shareable"))


@dataclass(frozen=True)
class _Column:
    """One layer of the first row and what stands under it.

    Attributes:
        upper: The layer.
        lower: Its partner.
        panels: Their maps.
        same_values: Whether true values of the two can be compared.
        correlation: Of the two maps; None where it is not defined.
        difference: Of the two maps, [h, w]; None where their grids differ.
    """

    upper: Layer
    lower: Layer
    panels: tuple[Panel, Panel]
    same_values: bool
    correlation: float | None
    difference: NDArray[np.float32] | None

    @property
    def name(self) -> str:
        """Of the layer, or of both where they differ."""
        return " − ".join(dict.fromkeys((self.upper.name, self.lower.name)))


def draw_two_rows(
    layers: list[Layer], heatmaps: Heatmaps, picture: Picture, comparison: Comparison, room: Screen
) -> list[str]:
    """Draw the figure with the second row, and with the third where that is wanted.

    Args:
        layers: Of the first row.
        heatmaps: Of the first row.
        picture: Of the first row.
        comparison: What the second row shows.
        room: For the figure.

    Returns:
        What is to be said under the figure, in sentences.
    """
    columns = _pair_panels(layers, heatmaps, picture, comparison)
    differences = _list_differences(columns)
    own_photo = comparison.picture.key != picture.key
    below = Below(
        [column.panels[1] for column in columns],
        _name_photo(comparison.picture.photo, comparison.what) if own_photo else None,
        f"<b>{comparison.what}</b><br>{translate('beside.note')}",
        [_write_correlation(column) for column in columns],
        differences,
        translate("beside.difference_note"),
        _name_shared_bar(),
    )
    aspects = [picture.aspect, comparison.picture.aspect, *([picture.aspect] if differences else [])]
    places = arrange_columns(
        len(columns),
        aspects,
        room.width,
        room.height,
        second_photo=own_photo,
        shared_bars=bool(below.shared_bar),
    )
    photo = _name_photo(picture.photo, translate("picture.panel"))
    panels = [column.panels[0] for column in columns]
    figure = draw_pairs(photo, panels, below, choose_look(st.session_state["overlay"]), places)
    draw_figure(figure, "heatmaps", _describe(columns, picture, comparison))
    return _list_notes(columns, picture, comparison, room)


def _name_shared_bar() -> str:
    """The title of the bar that the maps of a column share; empty where each has its own."""
    state = st.session_state
    if state["beside_range"] != "shared":
        return ""
    return translate("beside.shared_bar_all" if state["range"] == "shared" else "beside.shared_bar")


def _pair_panels(
    layers: list[Layer], heatmaps: Heatmaps, picture: Picture, comparison: Comparison
) -> list[_Column]:
    settings = current_settings()
    changed = settings | {"side": comparison.side, "aggregation": comparison.aggregation}
    partners = comparison.pair(layers)
    first = choose_panels(picture, heatmaps, layers, settings)
    second = choose_panels(comparison.picture, comparison.heatmaps, partners, changed)
    what = comparison.what
    second = [
        name_second(panel, what, write_hover(partner, get_words(), what))
        for panel, partner in zip(second, partners, strict=True)
    ]
    if settings["beside_range"] == "shared":
        first, second = _share_ranges(first, second, settings["range"])
    if comparison.picture.size == picture.size:
        pairs = list(zip(first, second, strict=True))
        first = [link_hover(one, other, get_words()) for one, other in pairs]
        second = [link_hover(other, one, get_words()) for one, other in pairs]
    columns: list[_Column] = []
    for layer, partner, one, other in zip(layers, partners, first, second, strict=True):
        same_values = comparison.shares_values(layer, partner)
        same_grid = one.heatmap.shape == other.heatmap.shape
        difference = subtract_maps(one.heatmap, other.heatmap, not same_values) if same_grid else None
        correlation = correlate_maps(one.heatmap, other.heatmap)
        columns.append(_Column(layer, partner, (one, other), same_values, correlation, difference))
    return columns


def _share_ranges(first: list[Panel], second: list[Panel], how: str) -> tuple[list[Panel], list[Panel]]:
    """The same panels, each on one scale with its partner."""
    signed = [one.diverging or other.diverging for one, other in zip(first, second, strict=True)]
    upper, lower = ([panel.heatmap for panel in row] for row in (first, second))
    limits = share_limits(upper, lower, how, signed)
    upper_row, lower_row = (
        [
            replace(panel, low=low, high=high, diverging=diverging, ends=name_ends(diverging, get_words()))
            for panel, (low, high), diverging in zip(row, limits, signed, strict=True)
        ]
        for row in (first, second)
    )
    return upper_row, lower_row


def _list_differences(columns: list[_Column]) -> list[Panel | str]:
    """The third row; empty where it is not wanted or no column can have one."""
    if not st.session_state["difference"]:
        return []
    found: list[Panel | str] = []
    for column in columns:
        if column.difference is None:
            grids = ["×".join(map(str, panel.heatmap.shape[::-1])) for panel in column.panels]
            found.append(translate("beside.other_grids", first=grids[0], second=grids[1]))
        else:
            of = "values" if column.same_values else "normalised"
            found.append(make_difference(column.panels[0], column.difference, of, column.name, get_words()))
    return found if any(isinstance(panel, Panel) for panel in found) else []


def _name_photo(photo: PhotoPanel, name: str) -> PhotoPanel:
    title = translate("beside.photo_title", name=name, width=photo.width, height=photo.height)
    return replace(photo, title=title)


def _write_correlation(column: _Column) -> str:
    if column.correlation is None:
        return translate("beside.undefined")
    return translate("beside.correlation", value=f"{column.correlation:.2f}".replace("-", "\u2212"))


def _describe(columns: list[_Column], picture: Picture, comparison: Comparison) -> str:
    names = ", ".join(column.upper.name for column in columns)
    numbers = (f"{column.upper.name}: {_write_correlation(column)}" for column in columns)
    alt = describe_maps("panel.alt", layers=names, photo=picture.alt)
    return f"{alt} {translate('beside.alt', what=comparison.what, numbers='; '.join(numbers))}"


def _list_notes(columns: list[_Column], picture: Picture, comparison: Comparison, room: Screen) -> list[str]:
    """How the figure is read, and what of it cannot be had."""
    notes = [translate("beside.correlation_note")]
    if st.session_state["beside"] == "photo" and comparison.picture.size != picture.size:
        notes.append(translate("beside.other_size"))
    if not comparison.is_same_architecture:
        notes.append(translate("beside.depth_note", network=comparison.what))
    if bare := list_bare([column.lower for column in columns], comparison.side):
        names = list(dict.fromkeys(bare))  # one layer can have several partners
        notes.append(translate("panel.output_note", layers=join_names(names)))
    if comparison.heatmaps.fell_back:
        notes.append(translate("panel.fell_back_note"))
    if constant := [column.upper.name for column in columns if column.correlation is None]:
        notes.append(translate("beside.undefined_note", layers=join_names(constant)))
    if not st.session_state["difference"]:
        return notes
    if all(column.difference is None for column in columns):
        notes.append(translate("beside.no_difference"))
    elif room.width < NARROW:
        notes.append(translate("beside.difference_note").replace("<br>", " "))
    return notes
