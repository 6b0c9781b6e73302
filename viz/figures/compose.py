"""A figure of pictures from one list of what stands where."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from viz.figures import pieces
from viz.figures.layout import Grid, Slot
from viz.figures.pieces import Colors, Look, Panel, PhotoPanel, Spec
from viz.maps.cells import PIXELS
from viz.maps.values import normalize

SHORT_BELOW = 160  # width of a photograph that has no room for a long title


class Tile(NamedTuple):
    """A picture or a text, and where it stands."""

    slot: Slot | None  # None leaves it out
    shown: PhotoPanel | Panel | Colors | str
    photo: PhotoPanel  # on whose pixels the picture lies
    bar: Spec | None = None  # a map's
    alone: bool = False  # a map that does not lie over the photograph where the others do


def compose(tiles: Sequence[Tile], look: Look, grid: Grid, title_size: int = pieces.TITLE_SIZE) -> Spec:
    """What `viz.figures.pieces.make_figure` makes a figure of, in input pixels; others may add to it.

    Tiles are a trace each but for the texts. Pictures on photographs of one size zoom as one.
    """
    source = tiles[0].photo.source
    layout = pieces.base_layout(grid) | {"annotations": [], "images": []}
    if look.overlay:
        # As a default of all layout images the photograph is sent once, however many maps it lies under.
        layout["template"] = {"layout": {"imagedefaults": {"source": source}}}
    traces: list[Spec] = []
    leaders: dict[tuple[int, int], int] = {}
    for slot, shown, photo, bar, alone in tiles:
        if slot is None:
            continue
        if isinstance(shown, str):
            layout["annotations"].append(pieces.write_note(shown, grid, slot))
            continue
        place = len(traces)
        x, y = pieces.name_axes(place)
        leader = leaders.setdefault((photo.width, photo.height), place)
        layout |= _place_axes(grid, slot, photo, place, leader)
        layout["annotations"].append(pieces.write_title(_choose_title(shown, slot), x, y, title_size))
        over = look.overlay and not alone
        traces.append(_draw_trace(shown, replace(look, overlay=over), x, y, bar))
        if over and isinstance(shown, Panel):
            under = {"xref": x, "x": 0, "sizex": photo.width, "yref": y, "y": 0, "sizey": photo.height}
            under |= {"sizing": "stretch", "layer": "below"}
            layout["images"].append(under if photo.source == source else under | {"source": photo.source})
    return {"data": traces, "layout": layout}


def _choose_title(shown: PhotoPanel | Panel | Colors, slot: Slot) -> str:
    short = shown.short_title if isinstance(shown, PhotoPanel) and slot.width < SHORT_BELOW else ""
    return short or shown.title


def _place_axes(grid: Grid, slot: Slot, photo: PhotoPanel, place: int, leader: int) -> Spec:
    """The pair of axes at a place, in input pixels; it zooms with the one at the place `leader`."""
    (x, y), (lead_x, lead_y) = pieces.name_axes(place), pieces.name_axes(leader)
    bare = {"visible": False, "constrain": "domain"}
    across = bare | {"domain": grid.share_across(slot), "anchor": y, "range": [0, photo.width]}
    down = bare | {"domain": grid.share_down(slot), "anchor": x, "range": [photo.height, 0]}
    across |= {} if place == leader else {"matches": lead_x}
    down |= {"scaleanchor": x, "constraintoward": "bottom"} if place == leader else {"matches": lead_y}
    return {f"xaxis{x[1:]}": across, f"yaxis{y[1:]}": down}


def _draw_trace(shown: PhotoPanel | Panel | Colors, look: Look, x: str, y: str, bar: Spec | None) -> Spec:
    if isinstance(shown, PhotoPanel):
        hover = "x %{x:.0f} · y %{y:.0f}<br>R %{z[0]} · G %{z[1]} · B %{z[2]}<extra></extra>"
        trace = {"type": "image", "source": shown.source, "hovertemplate": hover}
        return pieces.place_cells(x, y, PIXELS) | trace
    trace = pieces.place_cells(x, y, shown.cells) | {"hovertemplate": shown.hover}
    if isinstance(shown, Colors):
        return trace | {"type": "image", "z": shown.pixels, "customdata": shown.values}
    return trace | _draw_map(shown, look) | {"showscale": bar is not None, "colorbar": bar}


def _draw_map(panel: Panel, look: Look) -> Spec:
    """A map with its true values."""
    partner = {} if panel.partner is None else {"text": panel.partner}
    return partner | {
        "type": "heatmap",
        "z": panel.heatmap,
        "customdata": np.rint(100 * normalize(panel.heatmap)).astype(np.uint8),
        "zmin": panel.low,
        "zmax": panel.high,
        "colorscale": pieces.write_scale(
            None if panel.diverging else look.colors, look.opacity if look.overlay else 1
        ),
        "zsmooth": "best" if look.smooth else False,
    }
