"""Tells the server where on a figure the visitor clicked.

Streamlit's chart reports the points that are selected, and a picture has none. Invisible points over it would
take the values on hover away from the maps, and a fine map has 75,000 cells; so a small script passes on
Plotly's own event.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamlit.components.v2 import component

from page.choice.session import read_report

_report_click = component("pointing", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Click:
    """A click on a cell or a pixel.

    Attributes:
        figure: Key of the chart.
        trace: Which of its traces, counted from 0.
        x: The middle of what was clicked on, in input pixels.
        y: The same, downwards.
    """

    figure: str
    trace: int
    x: float
    y: float


def watch_clicks(figures: Sequence[str], take: Callable[[Click], None]) -> None:
    """Call `take`, before the next run, with each click on one of the charts that have these keys."""

    def pass_on() -> None:
        click = read_click(read_report("pointing", "click"), figures)
        if click is not None:
            take(click)

    # For a list in a dictionary Streamlit would import pandas; see `page.widgets.table.draw_wide_table`.
    _report_click(key="pointing", data=list(figures), on_click_change=pass_on, height=1)


def read_click(text: object, figures: Sequence[str]) -> Click | None:
    """From "probed 2 100.5 20.5" to a click; what came from the browser is not trusted further than that."""
    try:
        figure, trace, x, y = str(text).split()
        click = Click(figure, int(trace), float(x), float(y))
    except ValueError:
        return None
    sound = click.figure in figures and click.trace >= 0 and math.isfinite(click.x) and math.isfinite(click.y)
    return click if sound else None
