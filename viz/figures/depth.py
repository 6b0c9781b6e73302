"""All layers over the photograph, one at a time."""

from collections.abc import Sequence

import plotly.graph_objects as go

from viz.figures import pieces
from viz.figures.layout import NARROW, Grid
from viz.figures.pieces import Look, Panel, PhotoPanel, Spec
from viz.texts import Translate

PLAY_MS = 700
TRACK_COLOR = "rgba(138, 141, 150, 0.35)"
SLIDER_HEIGHT = 100
BUTTONS_HEIGHT = 48
BUTTONS_WIDTH = 150


def draw_depth(
    photo: PhotoPanel,
    panels: Sequence[Panel],
    names: Sequence[str],
    look: Look,
    grid: Grid,
    translate: Translate,
) -> go.Figure:
    """All layers over the photograph, one at a time, scrubbed by a slider that needs no server.

    Args:
        photo: The framed photograph.
        panels: The maps of all layers, shallow to deep.
        names: Their names, which the slider shows.
        look: What they share; the overlay is always on.
        grid: One slot, in which the photograph and the map lie.
        translate: The words of slider and buttons.

    Returns:
        The figure; frame `names[i]` shows `panels[i]`.
    """
    x, y = pieces.name_axes(0)
    bars = [pieces.draw_map_bar(panel, grid, grid.slots[0]) for panel in panels]
    traces = [pieces.heatmap_trace(panel, look, x, y, bar) for panel, bar in zip(panels, bars, strict=True)]
    frames = [
        {"name": name, "data": [trace], "layout": {"annotations": [pieces.write_title(panel.title, x, y)]}}
        for name, panel, trace in zip(names, panels, traces, strict=True)
    ]
    controls = controls_height(grid.width)
    layout = pieces.base_layout(grid) | pieces.place_axes(grid, photo)
    layout |= {
        "annotations": [pieces.write_title(panels[0].title, x, y)],
        "images": [pieces.lay_under(x, y, photo)],
        "template": pieces.make_template(photo),
        "sliders": [_scrubber(names, translate("depth.layer"), grid)],
        "updatemenus": [_player(translate("depth.play"), translate("depth.pause"), grid)],
        "margin": layout["margin"] | {"b": controls},
        "height": int(grid.height) + controls,
    }
    return pieces.make_figure({"data": traces[:1], "layout": layout, "frames": frames})


def controls_height(width: float) -> int:
    """Height of the slider and the buttons below the scrubber's picture, in pixels of the screen."""
    return SLIDER_HEIGHT if width >= NARROW else SLIDER_HEIGHT + BUTTONS_HEIGHT


def _scrubber(names: Sequence[str], prefix: str, grid: Grid) -> Spec:
    steps = [{"label": name, "method": "animate", "args": [[name], _animation(duration=0)]} for name in names]
    left = BUTTONS_WIDTH / grid.width if grid.width >= NARROW else 0
    return {
        "active": 0,
        "steps": steps,
        "currentvalue": {"prefix": f"{prefix} ", "font": {"size": 14}},
        "pad": {"t": 4, "l": 24, "r": 28},
        "x": left,
        "len": 1 - left,
        "tickwidth": 1,
        "tickcolor": pieces.MUTED_COLOR,
        "bgcolor": TRACK_COLOR,
        "activebgcolor": pieces.ACCENT_COLOR,
        "bordercolor": pieces.MUTED_COLOR,
    }


def _player(play: str, pause: str, grid: Grid) -> Spec:
    # Beside the slider; on a phone below it.
    top = 30 if grid.width >= NARROW else SLIDER_HEIGHT
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "pad": {"t": top},
        "buttons": [
            {"label": f"▶ {play}", "method": "animate", "args": [None, _animation(duration=PLAY_MS)]},
            {"label": f"❚❚ {pause}", "method": "animate", "args": [[None], _animation(duration=0)]},
        ],
    }


def _animation(duration: int) -> Spec:
    return {
        "mode": "immediate",
        "fromcurrent": True,
        "frame": {"duration": duration, "redraw": True},
        "transition": {"duration": 0},
    }
