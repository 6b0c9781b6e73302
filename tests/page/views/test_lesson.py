"""The view "Lesson": a student goes through it, and a visitor's own choice is left as it was."""

import pytest
import streamlit
from apptests import (
    ENGLISH,
    choose_view,
    go_back,
    list_buttons,
    list_captions,
    list_markdown,
    open_page,
    read_alt,
    read_chart,
)
from conftest import assert_healthy, naming

from page.choice.choice import SETTINGS, STEPS
from page.views import VIEWS
from page.views.lesson import answers
from page.views.lesson.steps import list_steps, read_words
from viz.texts import LANGUAGES, Translate

NAMES = [step.name for step in list_steps()]
LITE0 = "efficientnet_lite0"
OWN = {
    "photo": "rocket",
    "framing": "crop",
    "side": "pre",
    "aggregation": "max",
    "colors": "greys",
    "range": "shared",
    "box": "10,20,100,120",
    "point": "50,60",
    "channel": "7",
    "class": "10",
    "threshold": "0.7",
}
LAYERS = {"vgg16": ["conv1_1", "conv5_3", "conv3_1"], LITE0: ["conv_stem", "conv_head", "blocks.1.0.conv_pw"]}


@pytest.fixture
def page(page):
    """A student who opens the lesson."""
    page.query_params["view"] = "lesson"
    return page


class Storage:
    """In place of the browser's: it keeps one text, and answers after the run that asks for it."""

    def __init__(self):
        self.kept = ""  # None: it refuses
        self.answers = True
        self.told = []

    def keep_notes(self, _, text, take):
        self.told.append(text)
        if text is not None:
            self.kept = text
        elif self.answers:
            take(self.kept)
            streamlit.rerun()


@pytest.fixture
def storage():
    with pytest.MonkeyPatch.context() as patch:
        storage = Storage()
        patch.setattr(answers, "keep_notes", storage.keep_notes)
        yield storage


def reveal(page, choice=0):
    """Predict, and ask for the answer."""
    page.radio[0].set_value(choice).run()
    page.button(key="lesson_show").click().run()


def read_choice(page):
    """What the visitor has chosen, as the widgets and the address would have it."""
    return {key: page.session_state[key] for key in SETTINGS}


def read_title(page):
    return page.markdown[0].value


# A student


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_student_predicts_sees_writes_and_asks(page, number, language):
    step, words = list_steps()[number - 1], read_words(language)[NAMES[number - 1]]
    page.query_params.update({"step": str(number), "lang": language})
    page.run()
    assert_healthy(page)
    assert f"## {number} · {words.title}" in list_markdown(page)
    assert page.button(key="lesson_show").disabled
    assert words.notice.strip() not in [text.strip() for text in list_markdown(page)]
    assert len(page.get("plotly_chart")) == 1  # the photograph alone
    reveal(page, 1)
    assert_healthy(page)
    assert len(page.get("plotly_chart")) == len(step.figures)
    assert words.notice.strip() in [text.strip() for text in list_markdown(page)]
    judged = next(text for text in list_markdown(page) if words.choices[1] in text)
    assert ("green-badge" in judged) == (step.right == 1)
    page.text_area[0].set_value("an answer").run()
    page.button(key="lesson_ask").click().run()
    assert_healthy(page)
    assert page.get("plotly_chart")
    for key, value in step.ask.items():
        if value is not None:  # else other settings decide
            expected = list(value) if SETTINGS[key].is_list else value
            assert page.session_state[key] == expected, key
    assert "an answer" not in str(page.query_params)


def test_the_first_screen_leads_to_the_lesson():
    page = open_page().run()
    page.button(key="open_lesson").click().run()
    assert_healthy(page)
    assert page.query_params == {"view": "lesson"}
    assert page.radio[0].value is None


def test_the_pages_keys_are_those_of_the_arrows(page):
    page.run()
    keys = [page.button(key=f"lesson_{name}").proto.shortcut for name in ("previous", "next")]
    assert [key.lower() for key in keys] == ["left", "right"]
    assert page.button(key="lesson_previous").disabled
    page.segmented_control(key="step").set_value(STEPS).run()
    assert page.button(key="lesson_next").disabled


def test_the_whole_lesson_costs_no_more_passes_than_it_needs(page, count_passes):
    page.run()
    for number in range(1, STEPS + 1):
        reveal(page)
        if number < STEPS:
            page.button(key="lesson_next").click().run()
    assert_healthy(page)
    # The homework's framing, the whole picture, what the gradient of one cell needs, the untrained network.
    assert count_passes == [(1, 3, 224, 224), (1, 3, 224, 336), (1, 3, 202, 202), (1, 3, 224, 336)]


# The visitor's own choice


@pytest.mark.parametrize("network", LAYERS)
def test_the_lesson_leaves_the_visitors_choice_as_it_was_in_every_view(page, network):
    shown, layer = LAYERS[network][:2], LAYERS[network][2]
    page.query_params.update(
        OWN | {"view": "compare", "network": network, "layers": shown, "layer": layer, "depth": layer}
    )
    page.run()
    own = read_choice(page)
    assert {
        key: own[key] for key in ("network", "framing", "side", "layers", "layer", "depth", "channel")
    } == {
        "network": network,
        "framing": "crop",
        "side": "pre",
        "layers": shown,
        "layer": layer,
        "depth": layer,
        "channel": 7,
    }
    title, step = read_title(page), 1
    for view in VIEWS:
        if view == "lesson":
            continue
        with naming(view):
            choose_view(page, view)
            assert_healthy(page)
            assert read_choice(page) == own | {"view": view, "step": step}
            address = dict(page.query_params)
            choose_view(page, "lesson")
            assert_healthy(page)
            assert read_title(page) == "# What VGG16's layers respond to"
            assert ENGLISH("picture.alt_sample", name=ENGLISH("picture.cat")) in read_alt(page, "photograph")
            assert read_choice(page) == own | {"view": "lesson", "step": step}
            assert page.query_params == address | {"view": "lesson"}
            reveal(page)
            page.button(key="lesson_next").click().run()
            step += 1
            assert page.query_params == address | {"view": "lesson", "step": str(step)}
            choose_view(page, view)
            assert_healthy(page)
            assert read_title(page) == title
            assert read_choice(page) == own | {"view": view, "step": step}
            assert page.query_params == address | {"step": str(step)}


def test_a_link_to_the_lesson_keeps_what_else_it_names(page):
    page.query_params.update(OWN | {"network": LITE0, "layers": "conv_stem", "layer": "conv_stem"})
    page.run()
    assert_healthy(page)
    assert "network" not in {widget.key for widget in page.selectbox}
    assert ENGLISH("lesson.sidebar") in list_captions(page)
    page.button(key="lesson_next").click().run()
    choose_view(page, "compare")
    assert_healthy(page)
    expected = {"network": LITE0, "layers": "conv_stem", "layer": "conv_stem", "step": "2"}
    assert page.query_params == OWN | expected
    assert read_title(page) == "# What EfficientNet-Lite0's layers respond to"


def test_all_visitors_see_the_same_figures(page):
    reveal(page.run())
    other = open_page(view="lesson", network=LITE0, **OWN)
    reveal(other.run())
    assert read_chart(other, "lesson_figure_0") == read_chart(page, "lesson_figure_0")


def test_another_photograph_in_the_lesson_is_the_visitors_in_every_view(page):
    page.query_params.update({"view": "measure", "step": str(STEPS), "box": "10,20,100,120"})
    page.run()
    choose_view(page, "lesson")
    assert "box" in page.query_params
    page.selectbox(key="photo").set_value("rocket").run()
    assert ENGLISH("picture.rocket") in read_alt(page, "photograph")  # of the last step it is the subject
    choose_view(page, "measure")
    assert_healthy(page)
    assert page.query_params == {"view": "measure", "photo": "rocket", "step": str(STEPS)}  # without the box
    choose_view(page, "lesson")
    reveal(page)
    page.button(key="lesson_ask").click().run()
    assert_healthy(page)
    assert page.session_state["photo"] == "rocket"
    assert page.session_state["overlay"] is True


def test_the_place_that_a_step_asks_about_counts_whatever_was_looked_at_before(page):
    page.query_params.update(OWN | {"view": "compare", "network": LITE0, "step": "3"})
    page.run()
    choose_view(page, "lesson")
    reveal(page)
    page.button(key="lesson_ask").click().run()
    assert_healthy(page)
    assert page.session_state["point"] == (136, 104)
    assert page.session_state["layers"] == ["conv1_2", "conv3_1", "conv5_3"]
    assert page.session_state["box"] is None


def test_back_from_the_view_that_answers_leads_to_the_lesson_and_to_ones_own_choice(traveller):
    address = {"view": "lesson", "step": "2", "network": LITE0, "layers": "conv_stem", "side": "pre"}
    traveller.query_params.update(address)
    traveller.run()
    reveal(traveller, 2)
    before = read_choice(traveller)
    traveller.button(key="lesson_ask").click().run()
    assert_healthy(traveller)
    assert (traveller.session_state["network"], traveller.session_state["side"]) == ("vgg16", "post")
    go_back(traveller, **address)
    assert read_choice(traveller) == before
    assert len(traveller.text_area) == 1  # what was said is still there
    choose_view(traveller, "compare")
    assert traveller.session_state["network"] == LITE0
    assert traveller.session_state["layers"] == ["conv_stem"]


# What is said


def test_answers_survive_a_change_of_step_view_and_language(page):
    page.run()
    reveal(page, 2)
    page.text_area[0].set_value("the weights differ").run()
    page.button(key="lesson_next").click().run()
    page.radio[0].set_value(1).run()
    page.button(key="lesson_previous").click().run()
    assert page.text_area[0].value == "the weights differ"
    choose_view(page, "measure")
    page.segmented_control(key="lang").set_value("zh").run()
    choose_view(page, "lesson")
    assert page.text_area[0].value == "the weights differ"
    assert any(read_words("zh")["homework"].choices[2] in text for text in list_markdown(page))
    page.segmented_control(key="step").set_value(2).run()
    assert page.radio[0].value == 1
    page.segmented_control(key="lang").set_value("en").run()
    assert page.radio[0].value == 1
    assert_healthy(page)


def test_the_browser_is_asked_first_and_then_keeps_what_is_said(page, storage):
    page.run()
    assert storage.told == [None, ""]  # nothing was said, and nothing is kept
    reveal(page, 2)
    page.text_area[0].set_value("the weights differ").run()
    assert answers.read_said(storage.kept) == {"homework": answers.Said(2, True, "the weights differ")}
    later = open_page(view="lesson", lang="zh").run()  # a session of its own in the same browser
    assert_healthy(later)
    assert later.text_area[0].value == "the weights differ"
    assert any(read_words("zh")["homework"].choices[2] in text for text in list_markdown(later))
    assert "the weights differ" not in str(later.query_params)


def test_what_was_typed_or_cleared_just_before_the_lesson_was_left_is_kept(page, storage):
    """The click that leaves it can come before the page was drawn with the last word."""
    page.run()
    reveal(page, 2)
    page.text_area[0].set_value("the last word")
    page.button(key="lesson_ask").click().run()
    assert page.segmented_control(key="view").value == "compare"
    assert "the last word" in storage.kept
    choose_view(page, "lesson")
    page.button(key="lesson_clear").click()
    choose_view(page, "compare")
    assert storage.kept == ""


def test_a_visitor_without_the_lesson_is_not_asked_what_is_kept():
    page, notes = open_page().run(), {"screen", "notes"}
    assert {element.key for element in page.get("bidi_component")} == notes - {"notes"}
    page.button(key="open_lesson").click().run()
    assert {element.key for element in page.get("bidi_component")} == notes


def test_what_was_said_meanwhile_counts(page, storage):
    storage.kept = answers.write_said(
        {"homework": answers.Said(0, True, "old"), "red": answers.Said(1, False, "kept")}
    )
    storage.answers = False
    page.run()
    reveal(page, 2)
    page.text_area[0].set_value("new").run()
    assert set(storage.told) == {None}
    assert "old" in storage.kept  # nothing is overwritten before the browser has told it
    storage.answers = True
    page.run()
    assert page.text_area[0].value == "new"
    page.button(key="lesson_next").click().run()
    assert page.radio[0].value == 1
    assert answers.read_said(storage.kept) == {
        "homework": answers.Said(2, True, "new"),
        "red": answers.Said(1, False, "kept"),
    }


def test_clear_empties_everything(page, storage):
    storage.kept = answers.write_said({name: answers.Said(1, True, f"on {name}") for name in NAMES})
    page.run()
    assert page.text_area[0].value == "on homework"
    page.button(key="lesson_clear").click().run()
    assert_healthy(page)
    assert storage.kept == ""
    assert page.button(key="lesson_clear").disabled
    for number in range(1, STEPS + 1):
        page.segmented_control(key="step").set_value(number).run()
        assert not page.text_area
        assert page.radio[0].value is None
        assert page.button(key="lesson_show").disabled
    reveal(page)
    assert page.text_area[0].value == ""
    assert set(answers.read_said(storage.kept)) == {NAMES[-1]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_browser_that_keeps_nothing_is_said_so_and_asked_no_more(page, storage, language):
    storage.kept = None
    page.query_params["lang"] = language
    page.run()
    reveal(page)
    assert storage.told == [None]
    assert Translate(language)("lesson.not_kept") in list_captions(page)
    page.text_area[0].set_value("still here").run()
    page.button(key="lesson_next").click().run()
    page.button(key="lesson_previous").click().run()
    assert page.text_area[0].value == "still here"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"homework": [1]}',
        '{"homework": {"prediction": true, "shown": true}}',
        '{"homework": {"prediction": 99, "shown": true}}',
    ],
    ids=lambda text: text[:40],
)
def test_a_hostile_text_in_the_browser_shows_the_question(page, storage, text):
    storage.kept = text
    page.run()
    assert_healthy(page)
    assert page.radio[0].value is None
    assert not page.text_area
    assert storage.kept == ""
    assert "lesson_show" in list_buttons(page)


def test_a_broken_answer_in_the_browser_can_be_shown_and_cleared(page, storage):
    storage.kept = r'{"homework": {"prediction": 1, "shown": true, "answer": "a\ud800<b>\u0000"}}'
    page.run()
    assert_healthy(page)
    assert page.text_area[0].value.startswith("a")
    page.button(key="lesson_clear").click().run()
    assert storage.kept == ""
