"""What bars some visitors from the page, as axe-core tells it: nothing serious stands in any view."""

from itertools import cycle

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import naming
from visitor import PHONE, SMALL_LAPTOP

from page.choice.choice import STEPS
from page.choice.session import Said
from page.views import VIEWS
from page.views.lesson.answers import KEY, write_said
from page.views.lesson.steps import list_steps
from viz.texts import LANGUAGES, Translate

pytestmark = pytest.mark.browser

ADDRESSES = (
    "view=compare&beside=aggregation&difference=true&overlay=true",
    "view=depth",
    "view=measure&box=60,20,280,210&controls=coarse",
    "view=probe&show=alike&second=coffee&field=true",
    "view=probe&show=channels&patches=true",
    "view=classes",
    "view=classes&network=efficientnet_lite0",
    *(f"view=lesson&step={step}" for step in range(1, STEPS + 1)),
    "view=compare&present=true",
    "view=compare&network=nothing",  # which the page says it does not have
)
ALERT = '[data-testid="stAlert"]'


def go(visitor, address):
    """Show an address without a load of the page: its script takes the event for the visitor's way back."""
    script = "url => { history.pushState({}, '', url); dispatchEvent(new PopStateEvent('popstate')); }"
    visitor.tab.evaluate(script, f"?{address}")
    visitor.settle()


def examine(visitor, case):
    """What axe-core has to say of the page as it is now, and how serious it is."""
    told = visitor.tab.evaluate("axe.run({resultTypes: ['violations']})")
    found = [
        (violation["id"], node["target"], node["html"], node["failureSummary"])
        for violation in told["violations"]
        for node in violation["nodes"]
        if violation["impact"] in ("serious", "critical")
    ]
    with naming(case):
        assert not found


# Names differ from language to language and colours from theme to theme, so no pair has to be seen with each.
@pytest.mark.parametrize(("language", "scheme"), list(zip(LANGUAGES, cycle(("light", "dark")), strict=False)))
def test_nothing_serious_bars_visitors_from_any_view(visit, language, scheme):
    assert {address.partition("&")[0] for address in ADDRESSES} == {f"view={view}" for view in VIEWS}
    visitor, words = visit(viewport=SMALL_LAPTOP, color_scheme=scheme), Translate(language)
    # The first step of the lesson asks, all others are answered.
    said = write_said({step.name: Said(0, True, "Red.") for step in list_steps()[1:]})
    visitor.tab.add_init_script(f"localStorage.setItem({KEY!r}, {said!r})")
    visitor.open(f"?lang={language}")
    visitor.tab.evaluate(Axe().axe_script)
    for address in ADDRESSES:
        go(visitor, f"{address}&lang={language}")
        examine(visitor, address)
    assert visitor.tab.locator(ALERT).count() == 1
    visitor.tab.get_by_role("button", name=words("look.more")).click()
    visitor.settle()
    examine(visitor, "a popover")
    visitor.tab.keyboard.press("Escape")
    chooser = visitor.tab.locator('[data-testid="stFileUploaderDropzoneInput"]')
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"no picture"})
    visitor.tab.wait_for_selector(f'[data-testid="stSidebar"] {ALERT}')
    visitor.tab.set_viewport_size(PHONE)
    visitor.settle()
    examine(visitor, "a phone")
    visitor.tab.get_by_test_id("stExpandSidebarButton").click()
    visitor.tab.wait_for_selector(f'[data-testid="stSidebar"] {ALERT}')
    visitor.settle()
    examine(visitor, "a phone with its sidebar open and an upload that is no picture")
