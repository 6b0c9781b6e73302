import pytest

from page.browser.clicks import Click, read_click


def test_a_click_is_read():
    assert read_click("probed 2 100.5 20.5", ["probed"]) == Click("probed", 2, 100.5, 20.5)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "probed 1 2",
        "other 1 2 3",
        "probed -1 2 3",
        "probed 1 nan 3",
        "probed 1 2 inf",
        "probed x 2 3",
    ],
)
def test_what_is_no_click_is_ignored(text):
    assert read_click(text, ["probed"]) is None
