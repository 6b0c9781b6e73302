"""The figures of the view "Point at it", and the photograph that a box can be drawn on."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.figures import pieces
from viz.figures.bars import draw_bar, draw_map_bar
from viz.figures.compose import Tile, compose
from viz.figures.heatmaps import compose_panels
from viz.figures.layout import Grid
from viz.figures.pieces import Colors, Look, Mark, Panel, PhotoPanel, Saliency, Spec
from viz.maps.cells import Cells
from viz.pictures.frame import Box

SELECT_STEP = 16  # input pixels between the invisible points that make a picture selectable


def draw_marked_panels(
    photo: PhotoPanel,
    panels: Sequence[Panel],
    look: Look,
    grid: Grid,
    marks: Sequence[Mark],
    chosen: Mark,
    saliency: Saliency | None = None,
    note: str = "",
) -> go.Figure:
    """`draw_panels`, with one cell a panel marked and what it sees drawn on the photograph.

    The receptive field of the chosen mark is drawn broadly; it need not have a panel. The saliency lies over
    the photograph.
    """
    spec = compose_panels(photo, panels, look, grid, note)
    x, y = pieces.name_axes(0)
    shapes = [shape for mark in marks for shape in _outline_field(x, y, mark, 1, "dash")]
    shapes += [*_outline_field(x, y, chosen, 3), *pieces.outline_ring(x, y, chosen.cell)]
    for place, mark in enumerate(marks, start=1):
        x, y = pieces.name_axes(place)
        shapes += [*_outline_field(x, y, mark, 1, "dash"), *pieces.outline_box(x, y, mark.cell, 2)]
        cell_width = (mark.cell[2] - mark.cell[0]) * grid.slots[place].width / photo.width
        if cell_width < 2 * pieces.RING_RADIUS:
            shapes += pieces.outline_ring(x, y, mark.cell)
    spec["layout"]["shapes"] = shapes
    if saliency is not None:
        spec["data"].append(_draw_saliency(saliency, grid))
    return pieces.make_figure(spec)


def _outline_field(x: str, y: str, mark: Mark, width: float, dash: str = "solid") -> list[Spec]:
    return [] if mark.field is None else pieces.outline_box(x, y, mark.field, width, dash)


def _draw_saliency(saliency: Saliency, grid: Grid) -> Spec:
    high = float(saliency.values.max()) or 1.0
    x, y = pieces.name_axes(0)
    return pieces.place_cells(x, y, Cells(saliency.left, saliency.top, 1, 1)) | {
        "type": "heatmap",
        "z": saliency.values,
        "zmin": 0,
        "zmax": high,
        "colorscale": pieces.SALIENCY_SCALE,
        "colorbar": draw_bar(0.0, high, grid, grid.slots[0]),
        "hovertemplate": saliency.hover,
    }


def draw_channel(photo: PhotoPanel, panel: Panel, colors: Colors, look: Look, grid: Grid) -> go.Figure:
    """The photograph, one channel over it, and a map in colours of its own, with linked zoom and pan."""
    first, second, third = grid.slots
    bar = draw_map_bar([panel], grid, second)
    tiles = [Tile(first, photo, photo), Tile(second, panel, photo, bar), Tile(third, colors, photo)]
    return pieces.make_figure(compose(tiles, look, grid))


def draw_selectable_photo(
    photo: PhotoPanel, box: Box | None, grid: Grid, selecting: bool = True
) -> go.Figure:
    """The photograph in one slot, on which the visitor can draw a box, with the one that is drawn already.

    Dragging in it selects; else, with `selecting` off, it does nothing there, so that on a phone it scrolls.
    """
    # Plotly selects points, and a picture has none.
    places = np.mgrid[0 : photo.height : SELECT_STEP, 0 : photo.width : SELECT_STEP]
    rows, columns = places.astype(np.float32)
    x, y = pieces.name_axes(0)
    points = {"type": "scatter", "mode": "markers", "x": columns.ravel(), "y": rows.ravel(), "xaxis": x}
    points |= {"yaxis": y, "marker": {"opacity": 0, "size": 1}, "hoverinfo": "skip"}
    spec = compose([Tile(grid.slots[0], photo, photo)], Look(), grid)
    spec["data"].append(points)
    spec["layout"]["dragmode"] = "select" if selecting else False
    if box is not None:
        spec["layout"]["shapes"] = pieces.outline_box(x, y, box, 3)
    return pieces.make_figure(spec)
