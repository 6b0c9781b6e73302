"""What stands under a colour bar is whole, and nothing runs into anything."""

from dataclasses import replace

import numpy as np
import pytest

from viz.figures.bars import draw_map_bar, measure_text
from viz.figures.layout import Grid, Slot
from viz.figures.pieces import Panel
from viz.maps.cells import PIXELS

PANEL = Panel(np.zeros((1, 2), np.float32), PIXELS, 0, 0, "title", "hover", True, ("negative", "positive"))


def draw(low, high, width):
    """The bar of the last panel of a row, at the figure's edge."""
    slot = Slot(300 - width, 40, width, 100)
    values = np.array([[low, high]], np.float32)
    return draw_map_bar([replace(PANEL, heatmap=values, low=low, high=high)], Grid(302, 200, (slot,)), slot)


@pytest.mark.parametrize("width", [150, 175, 200, 260])
@pytest.mark.parametrize(("low", "high"), [(-0.000377, 0.000377), (0.0, 5.0), (-123456.0, 1.0)])
def test_texts_at_the_ends_are_not_cut_and_do_not_meet(low, high, width):
    bar = draw(low, high, width)
    first, middle, last = (measure_text(text, 11) for text in bar["ticktext"])
    assert 302 * bar["x"] + (bar["len"] + last) / 2 <= 302 + 1
    assert bar["len"] / 2 > (max(first, last) + middle) / 2


def test_the_ends_are_named_where_there_is_room():
    assert draw(0.0, 5.0, 200)["ticktext"] == ["negative 0", "2.5", "5 positive"]
    assert draw(-0.000377, 0.000377, 200)["ticktext"][0] != "negative 0"
    assert "negative" not in draw(-0.000377, 0.000377, 175)["ticktext"][0]
    assert "negative" in draw(-0.000377, 0.000377, 260)["ticktext"][0]


def test_chinese_characters_are_wider():
    assert measure_text("正", 10) == 10 > measure_text("p", 10)
