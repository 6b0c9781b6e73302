"""The photograph and its maps, and under each map another one of the same place in the depth."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.figures import pieces
from viz.figures.columns import Columns
from viz.figures.layout import Slot
from viz.figures.pieces import Look, Panel, PhotoPanel, Spec
from viz.maps.cells import read_at
from viz.texts import Translate

LONGEST_WHAT = 18  # characters in the title of a panel
SMALL_PANEL = 180  # pixels of the screen; below this width titles are small
SMALL_TITLE_SIZE = 11


@dataclass(frozen=True)
class Below:
    """What stands under the first row.

    Attributes:
        panels: A map under each of the first row.
        photo: The second row's photograph where it is another one.
        note: What stands in its place elsewhere (Plotly's HTML subset).
        feet: The text under each column.
        differences: The third row, a map or the reason why there is none; empty where it is not wanted.
        difference_note: What stands before it.
        shared_bar: Text of the colour bar that the two maps of a column share; empty where each has its own.
    """

    panels: Sequence[Panel]
    photo: PhotoPanel | None
    note: str
    feet: Sequence[str]
    differences: Sequence[Panel | str] = field(default=())
    difference_note: str = ""
    shared_bar: str = ""


def name_second(panel: Panel, what: str, hover: str) -> Panel:
    """A panel of the second row: its title says what makes it another one, as far as there is room.

    Args:
        panel: As `viz.figures.heatmaps.make_panels` makes it.
        what: Such as the network's name.
        hover: What it tells on hover.
    """
    height, width = panel.heatmap.shape
    name = panel.title.partition("<br>")[0]
    short = what if len(what) <= LONGEST_WHAT else f"{what[: LONGEST_WHAT - 1]}…"
    return replace(panel, title=f"{name}<br>{short} · [{width}×{height}]", hover=hover)


def link_hover(panel: Panel, other: Panel, translate: Translate) -> Panel:
    """A panel that tells on hover, too, what another map of the same picture has at the same place."""
    there = read_at(other.heatmap, other.cells, panel.cells, panel.heatmap.shape)
    hover = panel.hover.replace("<extra>", f"<br>{translate('beside.hover')}<extra>")
    return replace(panel, partner=there, hover=hover)


def make_difference(
    panel: Panel, difference: NDArray[np.float32], of: str, name: str, translate: Translate
) -> Panel:
    """The panel of a difference, with zero in the middle of its colours.

    Args:
        panel: The map from which the other one was taken.
        difference: Signed, [h, w].
        of: "values" or "normalised".
        name: Of the column's layers.
        translate: Words of the visitor's language.
    """
    reach = float(np.abs(difference).max()) or 1.0
    title = translate("beside.difference_title", of=translate(f"beside.of_{of}"))
    hover = translate("beside.difference_hover", name=name, of=translate(f"beside.of_{of}"))
    return Panel(difference, panel.cells, -reach, reach, title, hover, diverging=True)


def draw_pairs(
    photo: PhotoPanel, panels: Sequence[Panel], below: Below, look: Look, columns: Columns
) -> go.Figure:
    """Two rows of maps, panel under panel, and a third with their differences where it is wanted.

    Zoom and pan are linked where the pixels are the same; a second photograph of another shape has axes of
    its own.

    Args:
        photo: The framed photograph of the first row.
        panels: The maps of the first row.
        below: What stands under them.
        look: What all maps share but for the colour bar.
        columns: Where they stand.
    """
    layout = pieces.base_layout(columns.grid) | {"annotations": [], "images": []}
    if look.overlay:
        layout["template"] = pieces.make_template(photo)
    spec: Spec = {"data": [], "layout": layout}
    upper, lower = _draw_bars(columns, panels, below)
    _add_row(spec, columns, 0, _Row(photo, photo, panels, upper), look, 0)
    second, start = below.photo or photo, len(spec["data"])
    linked = (second.width, second.height) == (photo.width, photo.height)
    row = _Row(below.photo, second, below.panels, lower)
    _add_row(spec, columns, 1, row, look, 0 if linked else start)
    if below.photo is None:
        _add_note(spec, columns, columns.heads[1], below.note)
    if below.differences:
        _add_differences(spec, columns, below, photo, look)
    for text, foot in zip(below.feet, columns.feet, strict=True):
        _add_note(spec, columns, foot, text)
    return pieces.make_figure(spec)


@dataclass(frozen=True)
class _Row:
    """One row: the photograph that it shows, that on whose pixels its maps lie, the maps, and their bars."""

    shown: PhotoPanel | None
    photo: PhotoPanel
    panels: Sequence[Panel]
    bars: Sequence[Spec | None]


def _draw_bars(
    columns: Columns, panels: Sequence[Panel], below: Below
) -> tuple[Sequence[Spec | None], Sequence[Spec | None]]:
    """The colour bars of the first two rows; of two maps on one scale only the lower one has a bar."""
    grid, (first, second) = columns.grid, columns.rows[:2]
    if not below.shared_bar:
        upper = [pieces.draw_map_bar(panel, grid, slot) for panel, slot in zip(panels, first, strict=True)]
        lower = [
            pieces.draw_map_bar(panel, grid, slot) for panel, slot in zip(below.panels, second, strict=True)
        ]
        return upper, lower
    title = {"text": below.shared_bar, "side": "top", "font": {"size": pieces.BAR_NUMBER_SIZE}}
    shared: list[Spec | None] = []
    for one, other, slot in zip(panels, below.panels, second, strict=True):
        # Its ends say whether they clip either map.
        values = np.concatenate([one.heatmap, other.heatmap], axis=None)[None]
        shared.append(pieces.draw_map_bar(replace(other, heatmap=values), grid, slot) | {"title": title})
    return [None] * len(shared), shared


def _add_row(spec: Spec, columns: Columns, place: int, row: _Row, look: Look, leader: int) -> None:
    """Add one of the first two rows, whose axes zoom with those at the place `leader`."""
    start, slots, head = len(spec["data"]), columns.rows[place], columns.heads[place]
    layout = spec["layout"]
    if row.shown is not None and head is not None:
        slots = (head, *slots)
        x, y = pieces.name_axes(start)
        spec["data"].append(pieces.photo_trace(row.shown, x, y))
        layout["annotations"].append(pieces.write_title(row.shown.title, x, y, _choose_size(columns)))
    layout |= pieces.place_axes(replace(columns.grid, slots=slots), row.photo, start, leader)
    under = row.photo if place and row.shown else None
    for panel, bar in zip(row.panels, row.bars, strict=True):
        _add_map(spec, columns, panel, row.photo, look, bar, under)


def _is_small(columns: Columns) -> bool:
    return columns.rows[0][0].width < SMALL_PANEL


def _choose_size(columns: Columns) -> int:
    return SMALL_TITLE_SIZE if _is_small(columns) else pieces.TITLE_SIZE


def _add_map(
    spec: Spec,
    columns: Columns,
    panel: Panel,
    photo: PhotoPanel,
    look: Look,
    bar: Spec | None,
    under: PhotoPanel | None = None,
) -> None:
    """Add a map with its title, over the figure's own photograph or over another one, `under`."""
    x, y = pieces.name_axes(len(spec["data"]))
    spec["data"].append(pieces.heatmap_trace(panel, look, x, y, bar))
    spec["layout"]["annotations"].append(pieces.write_title(panel.title, x, y, _choose_size(columns)))
    if look.overlay:
        source = {} if under is None else {"source": under.source}
        spec["layout"]["images"].append(pieces.lay_under(x, y, photo) | source)


def _add_differences(spec: Spec, columns: Columns, below: Below, photo: PhotoPanel, look: Look) -> None:
    cells = list(zip(columns.rows[2], below.differences, strict=True))
    drawn = [(slot, panel) for slot, panel in cells if not isinstance(panel, str)]
    grid = replace(columns.grid, slots=tuple(slot for slot, _ in drawn))
    spec["layout"] |= pieces.place_axes(grid, photo, len(spec["data"]))
    for slot, panel in drawn:
        _add_map(spec, columns, panel, photo, look, pieces.draw_map_bar(panel, columns.grid, slot))
    for slot, reason in cells:
        if isinstance(reason, str):
            _add_note(spec, columns, slot, reason)
    _add_note(spec, columns, columns.heads[2], below.difference_note)


def _add_note(spec: Spec, columns: Columns, slot: Slot | None, text: str) -> None:
    if slot is not None:
        spec["layout"]["annotations"].append(pieces.write_note(text, columns.grid, slot))
