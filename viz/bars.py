"""Colour bars, as Plotly's plain dictionaries.

Plotly's own serve where a figure has one. They are axes with all that belongs to them, and those of 13 maps
take a tenth of the time from a change of a widget to its maps. So a figure of many maps has a picture of the
scale under each, and the numbers of all in one trace.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from viz.grids import Box, Grid
from viz.specs import Panel, Spec, format_value

THICKNESS = 9  # pixels of the screen, like all lengths here
DISTANCE = 5  # from the map above
INSET = 14  # so that the numbers at its ends do not run into the next bar's
NUMBER_SIZE = 11
NUMBER_DISTANCE = 11  # from the bar down to the middle of its numbers
SHADES = 256  # as many as a screen can show of one colour channel

Numbers = tuple[str, str, str]


@dataclass(frozen=True)
class Bar:
    """One map's colour bar.

    Attributes:
        box: The map's.
        numbers: At its left end, in its middle and at its right end.
    """

    box: Box
    numbers: Numbers


def number_map(panel: Panel) -> Numbers:
    """The numbers on a map's own colour bar, whose ends say so where they clip the map."""
    lower = "≤ " if float(panel.heatmap.min()) < panel.low else ""
    upper = "≥ " if float(panel.heatmap.max()) > panel.high else ""
    low, middle, high = number_range(panel.low, panel.high)
    return lower + low, middle, upper + high


def number_range(low: float, high: float) -> Numbers:
    """The numbers at the ends and in the middle of a colour bar."""
    return format_value(low), format_value((low + high) / 2), format_value(high)


def plotly_bar(low: float, high: float, numbers: Numbers, grid: Grid, box: Box) -> Spec:
    """A trace's horizontal bar under a box, drawn by Plotly."""
    return {
        "orientation": "h",
        "x": sum(grid.share_across(box)) / 2,
        "xanchor": "center",
        "len": box.width - 2 * INSET,
        "lenmode": "pixels",
        "y": grid.share_down(box)[0],
        "yanchor": "top",
        "xpad": 0,
        "ypad": DISTANCE,
        "thickness": THICKNESS,
        "outlinewidth": 0,
        "tickvals": [low, (low + high) / 2, high],
        "ticktext": list(numbers),
        "tickfont": {"size": NUMBER_SIZE},
        "ticklen": 2,
        # Three short numbers always fit; measuring whether they do takes Plotly longer than drawing them.
        "tickangle": 0,
        "ticklabeloverflow": "allow",
    }


def paint_scale(places: Sequence[float], colors: Sequence[tuple[float, float, float]]) -> str:
    """A colour scale from left to right.

    Args:
        places: Of its colours, ascending from 0 to 1.
        colors: Red, green and blue, 0..1; between two places they are blended linearly, as Plotly does it.

    Returns:
        A data URI of a picture one pixel high.
    """
    across = np.linspace(0, 1, SHADES)
    channels = [np.interp(across, places, channel) for channel in zip(*colors, strict=True)]
    pixels = np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels[np.newaxis]).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def draw_bars(spec: Spec, bars: Sequence[Bar], scale: str, grid: Grid) -> None:
    """Add bars under maps to a figure.

    They stand on Plotly's first pair of axes, which here count the figure's pixels and stay as they are when
    the visitor zooms. As the first, they lie below all others, which the mouse must reach.

    Args:
        spec: The figure, which has its axes and maps.
        bars: One a map.
        scale: A data URI of their colours.
        grid: Where the maps stand.
    """
    layout = spec["layout"]
    layout["xaxis"] = {"visible": False, "fixedrange": True, "range": [0, grid.width]}
    layout["yaxis"] = {"visible": False, "fixedrange": True, "range": [grid.height, 0]}
    layout["images"] = [*layout.get("images", ()), *(_place_scale(bar.box, scale) for bar in bars)]
    spec["data"].append(_write_numbers(bars))


def _place_scale(box: Box, scale: str) -> Spec:
    return {
        "source": scale,
        "xref": "x",
        "yref": "y",
        "x": box.left + INSET,
        "y": box.top + box.height + DISTANCE,
        "sizex": box.width - 2 * INSET,
        "sizey": THICKNESS,
        "sizing": "stretch",
    }


def _write_numbers(bars: Sequence[Bar]) -> Spec:
    across: list[float] = []
    down: list[float] = []
    texts: list[str] = []
    for bar in bars:
        left, right = bar.box.left + INSET, bar.box.left + bar.box.width - INSET
        across += [left, (left + right) / 2, right]
        down += 3 * [bar.box.top + bar.box.height + DISTANCE + THICKNESS + NUMBER_DISTANCE]
        texts += bar.numbers
    return {
        "type": "scatter",
        "mode": "text",
        "xaxis": "x",
        "yaxis": "y",
        "x": across,
        "y": down,
        "text": texts,
        "textfont": {"size": NUMBER_SIZE},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
