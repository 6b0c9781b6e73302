"""The second row: where it comes from, the figure with it, and what is said of it."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.subject.comparison import Comparison
from page.subject.network import join_names
from page.subject.subject import list_bare
from page.visit import Visit
from page.widgets.figure import draw_figure
from page.widgets.networks import describe_source
from page.widgets.taken import Taken, choose_columns, show_panels, show_photo
from page.widgets.uploader import draw_uploader
from viz.figures.columns import arrange_columns
from viz.figures.heatmaps import name_ends, write_hover
from viz.figures.layout import NARROW
from viz.figures.paired import Below, draw_pairs, link_hover, make_difference, name_second
from viz.figures.pieces import Panel, PhotoPanel
from viz.maps.compare import correlate_maps, subtract_maps
from viz.maps.heatmaps import Heatmaps
from viz.maps.ranges import share_limits
from viz.networks.layers import Layer
from viz.reports.shown import Items
from viz.texts import Translate


def draw_source(visit: Visit) -> None:
    """Say where the other network comes from, or draw the place to upload another photograph."""
    words, choice = visit.words, visit.choice
    if choice.present:
        return
    if choice.beside == "network":
        describe_source(words, visit.catalogue.find(str(choice.beside_network)))
    if choice.beside == "photo" and choice.beside_photo == "upload":
        draw_uploader(words, "beside_upload", choice, visit.network.info)
        st.caption(words("beside.not_shareable"))


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


def draw_two_rows(visit: Visit, heatmaps: Heatmaps, comparison: Comparison) -> tuple[list[str], Taken]:
    """Draw the figure with the second row, and with the third where that is wanted.

    What is to be said under it is returned, in sentences, and what can be taken away.
    """
    words, picture, screen = visit.words, visit.picture, visit.screen
    columns = _pair_panels(visit, heatmaps, comparison)
    differences = _list_differences(visit, columns)
    own_photo = comparison.picture.key != picture.key
    below = Below(
        [column.panels[1] for column in columns],
        _name_photo(comparison.picture.photo, comparison.what, words) if own_photo else None,
        f"<b>{comparison.what}</b><br>{words('beside.note')}",
        [_write_correlation(column, words) for column in columns],
        differences,
        words("beside.difference_note"),
        _name_shared_bar(visit),
    )
    aspects = [picture.aspect, comparison.picture.aspect, *([picture.aspect] if differences else [])]
    places = arrange_columns(
        len(columns),
        aspects,
        screen.width,
        screen.height,
        second_photo=own_photo,
        shared_bars=bool(below.shared_bar),
    )
    photo = _name_photo(picture.photo, words("picture.panel"), words)
    panels = [column.panels[0] for column in columns]
    figure = draw_pairs(photo, panels, below, visit.choose_look(visit.choice.overlay), places)
    draw_figure(visit, figure, "heatmaps", _describe(visit, columns, comparison))
    list_items = partial(_list_items, visit, comparison, columns, differences)
    layers = [column.upper for column in columns]
    taken = Taken(visit, layers, list_items, lambda: [figure], columns=choose_columns(len(layers)))
    return _list_notes(visit, columns, comparison), taken


def _list_items(
    visit: Visit, comparison: Comparison, columns: list[_Column], differences: list[Panel | str]
) -> Items:
    """The rows for print, a layer under itself; what has no difference leaves its place empty."""
    look, picture, other = visit.choose_look(visit.choice.overlay), visit.picture, comparison.picture
    upper, lower = [column.upper for column in columns], [column.lower for column in columns]
    what, is_own = comparison.what, comparison.picture.key != picture.key
    rows = [
        show_photo(picture, visit.words("picture.panel")),
        *show_panels([column.panels[0] for column in columns], upper, picture, look),
        show_photo(other, what) if is_own else None,
        *show_panels([column.panels[1] for column in columns], lower, other, look, what),
    ]
    if differences:
        rows.append(None)
        for column, panel in zip(columns, differences, strict=True):
            found = [panel] if isinstance(panel, Panel) else []
            drawn = show_panels(found, [column.upper], picture, look, visit.words("beside.difference"))
            rows.append(drawn[0] if drawn else None)
    return rows


def _name_shared_bar(visit: Visit) -> str:
    """The title of the bar that the maps of a column share; empty where each has its own."""
    if visit.choice.beside_range != "shared":
        return ""
    return visit.words("beside.shared_bar_all" if visit.choice.range == "shared" else "beside.shared_bar")


def _pair_panels(visit: Visit, heatmaps: Heatmaps, comparison: Comparison) -> list[_Column]:
    words, what = visit.words, comparison.what
    changes = {"side": comparison.side, "aggregation": comparison.aggregation}
    other = visit.see(visit.choice.change(changes), comparison.picture)
    pairs = comparison.pair(visit.layers)
    layers, partners = visit.network.select(list(pairs)), list(pairs.values())
    first, second = visit.choose_panels(heatmaps, layers), other.choose_panels(comparison.heatmaps, partners)
    hovers = [write_hover(partner, words, what) for partner in partners]
    second = [name_second(panel, what, hover) for panel, hover in zip(second, hovers, strict=True)]
    if visit.choice.beside_range == "shared":
        first, second = _share_ranges(first, second, visit.choice.range, words)
    if comparison.picture.size == visit.picture.size:
        rows = list(zip(first, second, strict=True))
        first = [link_hover(one, two, words) for one, two in rows]
        second = [link_hover(two, one, words) for one, two in rows]
    columns: list[_Column] = []
    for layer, partner, one, two in zip(layers, partners, first, second, strict=True):
        same_values = comparison.shares_values(heatmaps, layer, partner)
        same_grid = one.heatmap.shape == two.heatmap.shape
        difference = subtract_maps(one.heatmap, two.heatmap, not same_values) if same_grid else None
        correlation = correlate_maps(one.heatmap, two.heatmap)
        columns.append(_Column(layer, partner, (one, two), same_values, correlation, difference))
    return columns


def _share_ranges(
    first: list[Panel], second: list[Panel], how: str, words: Translate
) -> tuple[list[Panel], list[Panel]]:
    """The same panels, each on one scale with its partner."""
    signed = [one.diverging or other.diverging for one, other in zip(first, second, strict=True)]
    upper, lower = ([panel.heatmap for panel in row] for row in (first, second))
    limits = share_limits(upper, lower, how, signed)
    upper_row, lower_row = (
        [
            replace(panel, low=low, high=high, diverging=diverging, ends=name_ends(diverging, words))
            for panel, (low, high), diverging in zip(row, limits, signed, strict=True)
        ]
        for row in (first, second)
    )
    return upper_row, lower_row


def _list_differences(visit: Visit, columns: list[_Column]) -> list[Panel | str]:
    """The third row; empty where it is not wanted or no column can have one."""
    if not visit.choice.difference:
        return []
    found: list[Panel | str] = []
    for column in columns:
        if column.difference is None:
            grids = ["×".join(map(str, panel.heatmap.shape[::-1])) for panel in column.panels]
            found.append(visit.words("beside.other_grids", first=grids[0], second=grids[1]))
        else:
            of = "values" if column.same_values else "normalised"
            found.append(make_difference(column.panels[0], column.difference, of, column.name, visit.words))
    return found if any(isinstance(panel, Panel) for panel in found) else []


def _name_photo(photo: PhotoPanel, name: str, words: Translate) -> PhotoPanel:
    title = words("beside.photo_title", name=name, width=photo.width, height=photo.height)
    return replace(photo, title=title)


def _write_correlation(column: _Column, words: Translate) -> str:
    if column.correlation is None:
        return words("beside.undefined")
    return words("beside.correlation", value=f"{column.correlation:.2f}".replace("-", "\u2212"))


def _describe(visit: Visit, columns: list[_Column], comparison: Comparison) -> str:
    names = ", ".join(column.upper.name for column in columns)
    words = visit.words
    numbers = [
        words("beside.alt_number", layer=column.upper.name, number=_write_correlation(column, words))
        for column in columns
    ]
    alt = visit.describe_maps("panel.alt", layers=names)
    return f"{alt} {words('beside.alt', what=comparison.what, numbers=words('verdict.next').join(numbers))}"


def _list_notes(visit: Visit, columns: list[_Column], comparison: Comparison) -> list[str]:
    """How the figure is read, and what of it cannot be had."""
    words = visit.words
    notes = [words("beside.correlation_note")]
    if visit.choice.beside == "photo" and comparison.picture.size != visit.picture.size:
        notes.append(words("beside.other_size"))
    if not comparison.is_same_architecture:
        notes.append(words("beside.depth_note", network=comparison.what))
    if bare := list_bare([column.lower for column in columns], comparison.side):
        names = list(dict.fromkeys(bare))  # one layer can have several partners
        notes.append(words("panel.output_note", layers=join_names(names, words)))
    if comparison.model.reflects:
        notes.append(words("beside.padding_note"))
    if comparison.heatmaps.fell_back:
        notes.append(words("panel.fell_back_note"))
    if constant := [column.upper.name for column in columns if column.correlation is None]:
        notes.append(words("beside.undefined_note", layers=join_names(constant, words)))
    if not visit.choice.difference:
        return notes
    if all(column.difference is None for column in columns):
        notes.append(words("beside.no_difference"))
    elif visit.screen.width < NARROW:
        notes.append(words("beside.difference_note").replace("<br>", " "))
    return notes
