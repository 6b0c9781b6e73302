"""What a student says: what the browser keeps of it is read with care, and all of it is in the report."""

import json
import re

import pytest
from conftest import naming
from hypothesis import example, given
from hypothesis import strategies as st

from page.choice.choice import STEPS
from page.choice.session import Said
from page.views.lesson.answers import (
    LONGEST_ANSWER,
    LONGEST_TEXT,
    read_said,
    write_link,
    write_report,
    write_said,
)
from page.views.lesson.steps import list_steps, read_words
from viz.texts import LANGUAGES, Translate

NAMES = [step.name for step in list_steps()]
STEP = NAMES[0]  # of three choices
NOTHING_SAID = [
    *("", " ", "null", "true", "5", "NaN", '"homework"', "[]", '[{"homework": {}}]', "{", "{}", "\x00"),
    *('{"homework": 5}', '{"homework": null}', '{"homework": [1, true, "x"]}', '{"homework": "x"}'),
    '{"other step": {"prediction": 1, "shown": true, "answer": "x"}}',
    "[" * 100_000,
    '{"homework": ' * 10_000 + "{}" + "}" * 10_000,
    '{"homework": {"prediction": ' + "1" * 10_000 + "}}",  # more digits than Python reads
    json.dumps({STEP: {"answer": "x" * LONGEST_TEXT}}),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(["prediction", "shown", "answer", "other"])
SAID = st.builds(Said, st.none() | st.integers(0, 2), st.just(False), st.text(max_size=20))


def test_what_says_nothing_is_read_as_nothing():
    for text in NOTHING_SAID:
        with naming(text[:40]):
            said = read_said(text)
            assert all(found == Said() for found in said.values())
            assert write_said(said) == ""


def test_each_part_is_read_for_itself():
    good = {"prediction": 2, "shown": True, "answer": "because"}
    assert read_said(json.dumps({STEP: good})) == {STEP: Said(2, True, "because")}
    unsaid = Said(None, False, "because")  # nothing is shown where nothing was predicted
    for prediction in (True, False, "1", 1.0, -1, 3, 10**30, None, [1], {"1": 1}):
        with naming(prediction):
            assert read_said(json.dumps({STEP: good | {"prediction": prediction}})) == {STEP: unsaid}
    for shown in (1, "true", None, [True], {}):
        with naming(shown):
            assert read_said(json.dumps({STEP: good | {"shown": shown}})) == {STEP: Said(2, False, "because")}
    for answer in (5, True, None, ["because"], {"answer": "because"}):
        with naming(answer):
            assert read_said(json.dumps({STEP: good | {"answer": answer}})) == {STEP: Said(2, True, "")}
    for key in good:
        left = {name: value for name, value in good.items() if name != key}
        assert read_said(json.dumps({STEP: left}))[STEP] != Said()


def test_a_bad_step_takes_no_other_with_it():
    told = json.dumps({STEP: [], NAMES[1]: {"answer": "kept"}, "other": {"answer": "left out"}})
    assert read_said(told) == {NAMES[1]: Said(answer="kept")}


def test_answers_are_cut_and_the_longest_are_read_again():
    assert read_said(json.dumps({STEP: {"answer": "x" * 5000}}))[STEP].answer == "x" * LONGEST_ANSWER
    said = {name: Said(1, True, "图" * LONGEST_ANSWER) for name in NAMES}
    assert read_said(write_said(said)) == said


@given(
    st.dictionaries(
        st.sampled_from([*NAMES, "other"]), JSON | st.dictionaries(KEYS, JSON | st.integers(-2, 4))
    )
)
@example({STEP: {"answer": "half of a pair: \ud800"}})
def test_whatever_a_browser_sends_can_be_shown(told):
    words, said = read_words("en"), read_said(json.dumps(told))
    assert set(said) <= set(NAMES)
    for name, found in said.items():
        assert found.prediction is None or found.prediction in range(len(words[name].choices))
        assert type(found.shown) is bool and (found.prediction is not None or not found.shown)
        assert len(found.answer) <= LONGEST_ANSWER
        found.answer.encode()  # or it could not be sent to the browser
    kept = {name: found for name, found in said.items() if found != Said()}
    assert read_said(write_said(said)) == kept
    write_report(words, said, "", Translate("en"))


@given(st.dictionaries(st.sampled_from(NAMES), SAID))
def test_what_was_said_is_kept_and_nothing_else(said):
    text = write_said(said)
    assert (text == "") == all(found == Said() for found in said.values())
    assert read_said(text) == {name: found for name, found in said.items() if found != Said()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_has_every_answer_and_every_link(language):
    said = {name: Said(number % 3, True, f"answer {number}") for number, name in enumerate(NAMES)}
    said["own"].answer = " "
    words, translate = read_words(language), Translate(language)
    report = write_report(words, said, "https://example.org/page", translate)
    links = re.findall(r"<https://example\.org/page(\?[^>]+)>", report)
    assert links == [write_link(number, language) for number in range(1, STEPS + 1)]
    assert ("lang=zh" in links[0]) == (language == "zh")
    for number, name in enumerate(NAMES[:-1]):
        assert f"\nanswer {number}\n" in report
        assert words[name].choices[number % 3] in report
    assert report.endswith(f"{translate('lesson.open')}\n")
    assert write_report(words, {}, "", translate).count(translate("lesson.open")) == 2 * STEPS
