"""Colour bars, as Plotly's plain dictionaries.

Plotly's own serve where a trace has one that may come and go. They are axes with all that belongs to them,
and those of 13 maps take a tenth of the time from a change of a widget to its maps. So a figure of many maps
has a picture of the scale under each, and the numbers of all in one trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from viz.grids import Box, Grid
from viz.specs import Panel, Spec, format_value

THICKNESS = 9  # pixels of the screen, like all lengths here
DISTANCE = 5  # from the map above
INSET = 14  # so that the numbers at its ends do not run into the next bar's
NUMBER_SIZE = 11
NUMBER_DISTANCE = 11  # from the bar down to the middle of its numbers
TITLE_DISTANCE = 10  # from the middle of a bar's title down to the bar

Numbers = tuple[str, str, str]


@dataclass(frozen=True)
class Bar:
    """A colour bar, of one map or of all.

    Attributes:
        box: What it lies below.
        numbers: At its left end, in its middle and at its right end.
        title: Above it, if there is room.
    """

    box: Box
    numbers: Numbers
    title: str = ""

    @property
    def left(self) -> float:
        """Its left edge."""
        return self.box.left + INSET

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.box.top + self.box.height + DISTANCE

    @property
    def width(self) -> float:
        """From its left to its right edge."""
        return self.box.width - 2 * INSET


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


def draw_bars(spec: Spec, bars: Sequence[Bar], scale: str, grid: Grid) -> None:
    """Add bars under maps to a figure.

    They stand on Plotly's first pair of axes, which here count the figure's pixels and stay as they are when
    the visitor zooms. As the first, they lie below all others, which the mouse must reach.

    Args:
        spec: The figure, which has its axes and maps.
        bars: One a map, or one for all.
        scale: A data URI of their colours.
        grid: Where the maps stand.
    """
    layout = spec["layout"]
    layout["xaxis"] = {"visible": False, "fixedrange": True, "range": [0, grid.width]}
    layout["yaxis"] = {"visible": False, "fixedrange": True, "range": [grid.height, 0]}
    layout["images"] = [*layout.get("images", ()), *(_place_scale(bar, scale) for bar in bars)]
    spec["data"].append(_write_texts(bars))


def _place_scale(bar: Bar, scale: str) -> Spec:
    return {
        "source": scale,
        "xref": "x",
        "yref": "y",
        "x": bar.left,
        "y": bar.top,
        "sizex": bar.width,
        "sizey": THICKNESS,
        "sizing": "stretch",
    }


def _write_texts(bars: Sequence[Bar]) -> Spec:
    placed: list[tuple[float, float, str]] = []
    for bar in bars:
        across = (bar.left, bar.left + bar.width / 2, bar.left + bar.width)
        down = bar.top + THICKNESS + NUMBER_DISTANCE
        placed += [(x, down, number) for x, number in zip(across, bar.numbers, strict=True)]
        if bar.title:
            placed.append((across[1], bar.top - TITLE_DISTANCE, bar.title))
    x, y, texts = (list(column) for column in zip(*placed, strict=True))
    return {
        "type": "scatter",
        "mode": "text",
        "xaxis": "x",
        "yaxis": "y",
        "x": x,
        "y": y,
        "text": texts,
        "textfont": {"size": NUMBER_SIZE},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
