"""A figure for its place: larger for a projector, and with room above it."""

from typing import Any

import plotly.graph_objects as go

# What is measured in pixels of the screen; all else is in shares of the figure or in input pixels.
LENGTHS = frozenset(
    {
        *("height", "width", "size", "len", "thickness", "ticklen", "xpad", "ypad", "xshift", "yshift"),
        *("borderpad", "b", "l", "r", "t"),
    }
)
EDGES = frozenset({"x0", "x1", "y0", "y1"})  # of a shape that has one size on the screen
USUAL_SIZE = 12  # of a text whose size is not set, Plotly's default
USUAL_HOVER_SIZE = 13


def enlarge(figure: go.Figure, factor: float) -> go.Figure:
    """A figure of this package so many times larger, type included; 1 gives the figure itself."""
    if factor == 1:
        return figure
    layout = figure.layout.to_plotly_json()
    layout.setdefault("font", {}).setdefault("size", USUAL_SIZE)
    layout.setdefault("hoverlabel", {}).setdefault("font", {}).setdefault("size", USUAL_HOVER_SIZE)
    data = [_enlarge(trace.to_plotly_json(), factor) for trace in figure.data]
    larger = go.Figure({"data": data, "layout": _enlarge(layout, factor)})
    larger.layout.template = figure.layout.template
    return larger


def leave_room(figure: go.Figure, height: float) -> go.Figure:
    """The figure itself, with an empty strip above it now, of this height in pixels of the screen."""
    layout = figure.layout
    return figure.update_layout(height=layout.height + height, margin={"t": (layout.margin.t or 0) + height})


def _enlarge(part: Any, factor: float) -> Any:
    if isinstance(part, dict):
        lengths = LENGTHS | EDGES if part.get("xsizemode") == "pixel" else LENGTHS
        return {
            key: _multiply(value, factor) if key in lengths else _enlarge(value, factor)
            for key, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_enlarge(value, factor) for value in part]
    return part


def _multiply(value: Any, factor: float) -> Any:
    """A length, or one a point."""
    if isinstance(value, list | tuple):
        return [_multiply(length, factor) for length in value]
    return factor * value if isinstance(value, int | float) else value
