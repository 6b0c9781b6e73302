"""What the browser reports is read with care."""

import pytest

from page.browser.clicks import Click, read_click
from page.browser.screen import LARGEST, SMALLEST, USUAL_HEIGHT, USUAL_WIDTH, Screen, read_query, read_screen

USUAL = Screen(USUAL_WIDTH, USUAL_HEIGHT)


@pytest.mark.parametrize(
    ("text", "screen"),
    [
        ("800x600", Screen(800, 600)),
        ("800x600 still", Screen(800, 600, still=True)),
        (None, USUAL),
        ("", USUAL),
        ("axb", USUAL),
        ("1x2x3", USUAL),
        ({"size": 3}, USUAL),
        ("-5x99999999", Screen(SMALLEST, LARGEST)),
    ],
)
def test_screens(text, screen):
    assert read_screen(text) == screen


def test_queries():
    assert read_query("?view=lesson&step=2") == {"view": ["lesson"], "step": ["2"]}
    assert read_query("?layers=") == {"layers": [""]}
    assert read_query("?") == {}
    for text in (None, "", "view=lesson", 5, {"a": 1}, "?" + "&".join(f"a{i}=1" for i in range(1000))):
        assert read_query(text) is None


def test_clicks():
    assert read_click("probed 2 100.5 20.5", ["probed"]) == Click("probed", 2, 100.5, 20.5)
    for text in (
        *(None, "", "probed", "probed 1 2", "probed 1 2 3 4", "other 1 2 3", "probed x 2 3"),
        *("probed -1 2 3", "probed 1 nan 3", "probed 1 2 inf"),
    ):
        assert read_click(text, ["probed"]) is None, text
