"""The photograph and its maps, and under each map another one of the same place in the depth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.figures import pieces
from viz.figures.bars import draw_map_bar
from viz.figures.columns import Columns
from viz.figures.compose import Tile, compose
from viz.figures.pieces import Look, Panel, PhotoPanel
from viz.maps.cells import read_at
from viz.texts import Translate

LONGEST_WHAT = 18  # characters in the title of a panel
SMALL_PANEL = 180  # pixels of the screen; below this width titles are small
SMALL_TITLE_SIZE = 11


@dataclass(frozen=True)
class Below:
    """What stands under the first row."""

    panels: Sequence[Panel | str]  # under each of the first row a map, or the reason why there is none
    photo: PhotoPanel | None  # the second row's, where it is another one
    note: str  # what stands in its place elsewhere
    feet: Sequence[str] = ()  # the text under each column; empty for none
    differences: Sequence[Panel | str] = ()  # the third row: maps, or reasons why there is none
    difference_note: str = ""  # what stands before it
    shared_bar: str = ""  # text of the bar that the two maps of a column share; empty where each has its own


def name_second(panel: Panel, what: str, hover: str) -> Panel:
    """A panel of the second row: its title says what makes it another one, as far as there is room."""
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
    """The panel of a signed difference [h, w], with zero in the middle of its colours.

    It is `of` "values" or "normalised": another map was taken from the panel's. The name is that of the
    column's layers.
    """
    reach = float(np.abs(difference).max()) or 1.0
    quantity = translate(f"beside.of_{of}")
    title = translate("beside.difference_title", of=quantity)
    hover = translate("beside.difference_hover", name=name, of=quantity)
    return Panel(difference, panel.cells, -reach, reach, title, hover, diverging=True)


def draw_pairs(
    photo: PhotoPanel, panels: Sequence[Panel], below: Below, look: Look, columns: Columns
) -> go.Figure:
    """Two rows of maps, panel under panel, and a third with their differences where it is wanted.

    Zoom and pan are linked where the pixels are the same; a second photograph of another shape has axes of
    its own.
    """
    grid, second = columns.grid, below.photo or photo
    tiles = [Tile(columns.heads[0], photo, photo)]
    for slot, panel in zip(columns.rows[0], panels, strict=True):
        bar = None if below.shared_bar else draw_map_bar([panel], grid, slot)
        tiles.append(Tile(slot, panel, photo, bar))
    tiles.append(Tile(columns.heads[1], below.photo or below.note, second))
    for slot, lower, panel in zip(columns.rows[1], below.panels, panels, strict=True):
        bar = None
        if isinstance(lower, Panel):
            on_scale = [lower, panel] if below.shared_bar else [lower]
            bar = draw_map_bar(on_scale, grid, slot, below.shared_bar)
        tiles.append(Tile(slot, lower, second, bar))
    if below.differences:
        tiles.append(Tile(columns.heads[2], below.difference_note, photo))
        for slot, shown in zip(columns.rows[2], below.differences, strict=True):
            bar = None if isinstance(shown, str) else draw_map_bar([shown], grid, slot)
            tiles.append(Tile(slot, shown, photo, bar))
    if below.feet:
        tiles += [Tile(slot, text, photo) for slot, text in zip(columns.feet, below.feet, strict=True)]
    is_small = columns.rows[0][0].width < SMALL_PANEL
    return pieces.make_figure(compose(tiles, look, grid, SMALL_TITLE_SIZE if is_small else pieces.TITLE_SIZE))
