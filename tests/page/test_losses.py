"""What visitors have lost through the page's state, each as it happened to them in a real browser."""

import json

import pytest
from conftest import find_free_port, serve
from slow_line import slow_line
from visitor import HEATMAP, visiting, wait_until

pytestmark = pytest.mark.browser

PREDICTION = '[data-testid="stMain"] [data-testid="stRadio"]'
VIEWS = ("Side by side", "Layer by layer", "Measured", "Point at it", "Classes")
KEPT = "localStorage.getItem('layers-lesson')"
OWN = """
from torch import nn
def build():
    convolutions = (nn.Conv2d(channels, 8, 3) for channels in (3, 8, 8))
    return nn.Sequential(*(part for layer in convolutions for part in (layer, nn.ReLU())))
"""


def list_sentences(visitor):
    return visitor.tab.locator('[data-testid="stAlert"]').all_inner_texts()


def tour(visitor, choices):
    """From each view to the lesson and back: no error, and the address is the visitor's own."""
    for view in VIEWS:
        visitor.press(view)
        before = visitor.parameters()
        assert {key: before.get(key) for key in choices} == choices, view
        visitor.press("Lesson")
        assert visitor.parameters() == before | {"view": ["lesson"]}, view
        visitor.press(view)
        assert visitor.parameters() == before, view
        assert "Something went wrong" not in visitor.tab.inner_text("body")


@pytest.mark.parametrize(("network", "language"), [("vgg16", "en"), ("efficientnet_lite0", "zh")])
def test_the_lesson_gives_every_view_back_as_it_was(visit, network, language):
    visitor = visit()
    choices = {"framing": ["crop"], "side": ["pre"], "aggregation": ["max"]}
    if network != "vgg16":
        choices["network"] = [network]
    visitor.open("?" + "&".join(f"{key}={value[0]}" for key, value in choices.items()))
    if language == "zh":
        visitor.press("简体中文")
        views = visitor.tab.locator('.st-key-view [role="radio"]').all_inner_texts()
        for view in views[:-1]:
            visitor.press(view)
            visitor.press(views[-1])
            visitor.press(view)
            assert {key: visitor.parameters().get(key) for key in choices} == choices
    else:
        tour(visitor, choices)


def test_the_lesson_gives_ones_own_network_back(browser, tmp_path):
    (tmp_path / "threelayers.py").write_text(OWN)
    with (
        serve(find_free_port(), "--network", "threelayers:build", PYTHONPATH=str(tmp_path)) as url,
        visiting(browser, url) as visitor,
    ):
        visitor.open("?side=pre")
        tour(visitor, {"side": ["pre"]})
        assert "build" in visitor.tab.inner_text("h1")


def test_a_click_on_a_slow_line_stays(browser, server_url):
    """Messages that left the browser before the click was answered carry the address from before it."""
    with slow_line(server_url, 0.3) as line, visiting(browser, line.url) as visitor:
        visitor.open("?view=lesson&step=8", ".st-key-lesson_show")
        visitor.press("Classes")

        def is_there():
            assert visitor.parameters()["view"] == ["classes"]

        wait_until(visitor.tab, is_there)
        visitor.settle()  # what left the browser before the click is answered now, too
        is_there()
        assert visitor.tab.locator('.st-key-view [aria-checked="true"]').inner_text() == "Classes"
        visitor.go_back()
        assert visitor.tab.locator(".st-key-lesson_next").is_visible()
        assert visitor.parameters() == {"view": ["lesson"], "step": ["8"]}


def test_the_way_back_leads_out_of_an_address_that_was_put_right(visit):
    visitor = visit()
    visitor.open("?layers=conv5_3")
    visitor.open("?layers=fc7&size=224")
    assert visitor.parameters() == {}
    visitor.go_back()
    assert len(visitor.boxes()) > 2
    visitor.tab.go_back()
    visitor.tab.wait_for_url("**/?layers=conv5_3")


def answer(visitor, choice, text):
    """Predict, see the answer, and write."""
    visitor.tab.locator(f"{PREDICTION} label").nth(choice).click()
    visitor.settle()
    visitor.tab.get_by_role("button", name="Show it").click()
    visitor.settle()
    visitor.tab.get_by_label("Your answer").fill(text)


def put_down(visitor):
    """Leave the field, upon which Streamlit sends what stands in it."""
    visitor.tab.get_by_label("Your answer").blur()
    visitor.settle()


def read_answer(visitor):
    return visitor.tab.get_by_label("Your answer").input_value()


def read_kept(visitor):
    return json.loads(visitor.tab.evaluate(KEPT))


def test_answers_stay_in_the_browser_until_they_are_cleared(visit):
    visitor = visit()
    tab = visitor.tab
    visitor.open("?view=lesson&step=2", PREDICTION)
    answer(visitor, 2, "red is not the same red")
    put_down(visitor)
    assert "red is not the same red" not in tab.url
    visitor.reload("textarea")  # a session of its own, as after a lid that was closed for long
    assert read_answer(visitor) == "red is not the same red"
    visitor.press("Classes")
    visitor.press("Lesson")
    assert read_answer(visitor) == "red is not the same red"
    assert "kept in this browser" in tab.inner_text('[data-testid="stMain"]')
    assert read_kept(visitor)["red"]["answer"] == "red is not the same red"
    tab.get_by_role("button", name="Clear my answers").click()
    visitor.settle()
    assert tab.evaluate(f"{KEPT} === null")
    assert tab.locator("textarea").count() == 0  # the question again
    visitor.reload(".st-key-lesson_show")
    assert tab.locator("textarea").count() == 0


def test_answers_outlive_the_servers_session(browser):
    """A lid that is closed: the browser keeps the page, and finds a server that has forgotten it."""
    with (
        serve(find_free_port(), STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="0") as url,
        slow_line(url, 0) as line,
        visiting(browser, line.url) as visitor,
    ):
        visitor.open("?view=lesson&step=2", PREDICTION)
        answer(visitor, 2, "red is not the same red")
        put_down(visitor)
        sent = len(visitor.sent)
        line.cut()
        visitor.await_connection(False)
        line.mend()

        def speak():
            assert len(visitor.sent) > sent

        wait_until(visitor.tab, speak)
        visitor.settle()
        assert read_answer(visitor) == "red is not the same red"
        visitor.tab.get_by_role("button", name="Next").click()
        visitor.settle()
        visitor.tab.get_by_role("button", name="Back").click()
        visitor.settle()
        assert read_answer(visitor) == "red is not the same red"
        assert read_kept(visitor)["red"]["answer"] == "red is not the same red"


# The script that tells what the browser keeps comes when a test says so.
HOLD_NOTES = """
(() => {
  const Whole = window.Blob;
  const told = new Promise((tell) => { window.tellNotes = tell; });
  window.told = told;
  window.Blob = class extends Whole {
    constructor(parts = [], ...more) {
      const isNotes = parts.some((part) => typeof part === "string" && part.includes("localStorage"));
      super(isNotes ? ["await window.told;", ...parts] : parts, ...more);
    }
  };
})();
"""


def test_what_is_typed_before_the_browser_has_told_stays(visit):
    visitor = visit()
    said = {"prediction": 1, "shown": True, "answer": "from yesterday"}
    kept = json.dumps({"red": said, "field": said})
    visitor.tab.add_init_script(f"localStorage.setItem('layers-lesson', {json.dumps(kept)});{HOLD_NOTES}")
    visitor.open("?view=lesson&step=2", PREDICTION)
    answer(visitor, 2, "from today")
    visitor.tab.evaluate("tellNotes()")
    visitor.settle()
    assert read_answer(visitor) == "from today"
    put_down(visitor)
    assert read_answer(visitor) == "from today"
    assert read_kept(visitor)["red"]["answer"] == "from today"
    assert read_kept(visitor)["field"]["answer"] == "from yesterday"


def test_a_browser_that_keeps_nothing_is_said_so(visit):
    visitor = visit()
    visitor.tab.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    )
    visitor.open("?view=lesson", PREDICTION)
    visitor.tab.wait_for_selector("text=This browser keeps nothing for this page")


def test_a_link_that_cannot_be_shown_says_what_and_why(browser):
    with serve(find_free_port(), LAYERS_NO_DOWNLOADS="1") as url, visiting(browser, url) as visitor:
        visitor.open("?network=torchvision:resnet18")  # all others: tests/page/widgets/test_link.py
        (told,) = list_sentences(visitor)
        assert "ResNet-18, whose weights this server does not have and may not fetch" in told
        visitor.choose("Colours", "Jet")
        assert list_sentences(visitor) == []  # until the next choice
        visitor.press("Classes")
        (told,) = list_sentences(visitor)
        assert "fetch" not in told and "EfficientNet-Lite0 has one and comes with the page" in told
        visitor.tab.get_by_role("button", name="Switch to EfficientNet-Lite0").click()
        visitor.settle()
        assert visitor.parameters()["network"] == ["efficientnet_lite0"]
        visitor.tab.wait_for_selector(HEATMAP)
