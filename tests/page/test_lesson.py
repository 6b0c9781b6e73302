"""The lesson: its data, and a student who goes through it."""

import re

import numpy as np
import pytest
import streamlit as st
from conftest import ROOT, assert_healthy
from streamlit.testing.v1 import AppTest

from page.address import read_settings, write_settings
from page.lessons import list_steps, read_words
from page.settings import SETTINGS, STEPS
from page.views.lesson import write_link, write_report
from viz.evidence.receptive_fields import receptive_field_box
from viz.evidence.saliency import effective_receptive_field
from viz.maps.one_pass import extract_heatmaps
from viz.maps.values import find_half
from viz.measures.metrics import layer_metrics, measure_luma
from viz.measures.table import measure_network
from viz.networks.catalogue import load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import LANGUAGES, Translate

NAMES = [step.name for step in list_steps()]


@pytest.fixture
def page(request):
    """A student who opens the lesson; on a server without any results where a test counts."""
    if "count_passes" in request.fixturenames:
        st.cache_data.clear()
        st.cache_resource.clear()
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.query_params["view"] = "lesson"
    return page


def reveal(page, choice=0):
    page.radio[0].set_value(choice).run()
    page.button(key="lesson_show").click().run()


def list_texts(page):
    return [markdown.value for markdown in page.markdown]


def test_there_are_as_many_steps_as_the_address_knows():
    assert len(NAMES) == STEPS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_is_told_in_both_languages(language):
    words, english = read_words(language), read_words("en")
    assert list(words) == NAMES
    for step in list_steps():
        told = words[step.name]
        assert all(str(text).strip() for text in vars(told).values())
        assert len(told.choices) == len(english[step.name].choices) == len(set(told.choices))
        assert len(told.figures) == len(step.figures)
        assert step.right is None or step.right in range(len(told.choices))


@pytest.mark.parametrize("step", list_steps(), ids=NAMES)
def test_the_settings_of_every_step_travel_in_an_address(step):
    for settings in (*(figure.settings for figure in step.figures), step.ask):
        read = read_settings(write_settings(settings))
        assert {name: read[name] for name in settings} == settings
    assert step.ask["view"] != "lesson"
    assert step.ask["network"] == "vgg16"
    # What it says to notice is of one photograph; the last step is of the visitor's own.
    assert step.ask.get("photo") == (None if step.name == "own" else "cat")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_student_predicts_sees_writes_and_asks(page, number, language):
    step, words = list_steps()[number - 1], read_words(language)[NAMES[number - 1]]
    page.query_params.update({"step": str(number), "lang": language})
    page.run()
    assert_healthy(page)
    assert f"### {number} · {words.title}" in list_texts(page)
    assert page.button(key="lesson_show").disabled
    assert words.notice.strip() not in [text.strip() for text in list_texts(page)]
    assert len(page.get("plotly_chart")) == 1  # the photograph alone
    reveal(page, 1)
    assert_healthy(page)
    assert len(page.get("plotly_chart")) == len(step.figures)
    assert words.notice.strip() in [text.strip() for text in list_texts(page)]
    judged = next(text for text in list_texts(page) if words.choices[1] in text)
    assert ("green-badge" in judged) == (step.right == 1)
    page.text_area[0].set_value("an answer").run()
    page.button(key="lesson_ask").click().run()
    assert_healthy(page)
    assert page.get("plotly_chart")
    for name, value in step.ask.items():
        if value not in (None, SETTINGS[name].default):
            assert page.session_state[name] == value, name
    assert "an answer" not in str(page.query_params)


def test_answers_survive_a_change_of_step_view_and_language(page):
    page.run()
    reveal(page, 2)
    page.text_area[0].set_value("the weights differ").run()
    page.button(key="lesson_next").click().run()
    page.radio[0].set_value(1).run()
    page.button(key="lesson_previous").click().run()
    assert page.text_area[0].value == "the weights differ"
    page.segmented_control(key="view").set_value("measure").run()
    page.segmented_control(key="lang").set_value("zh").run()
    page.segmented_control(key="view").set_value("lesson").run()
    assert page.text_area[0].value == "the weights differ"
    assert any(read_words("zh")["homework"].choices[2] in text for text in list_texts(page))
    page.segmented_control(key="step").set_value(2).run()
    assert page.radio[0].value == 1
    page.segmented_control(key="lang").set_value("en").run()
    assert page.radio[0].value == 1
    assert_healthy(page)


def test_the_lesson_keeps_the_visitors_choices_but_for_the_network(page):
    page.query_params.update(
        {"network": "efficientnet_lite0", "photo": "rocket", "aggregation": "max", "opacity": "0.3"}
    )
    page.run()
    page.button(key="lesson_next").click().run()
    page.segmented_control(key="view").set_value("compare").run()
    assert_healthy(page)
    kept = {"network": "vgg16", "photo": "rocket", "aggregation": "max", "opacity": 0.3}
    assert {name: page.session_state[name] for name in kept} == kept


def test_the_first_screen_leads_to_the_lesson():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    page.button(key="open_lesson").click().run()
    assert_healthy(page)
    assert page.query_params["view"] == "lesson"
    assert page.radio[0].value is None


def test_the_pages_keys_are_those_of_the_arrows(page):
    page.run()
    keys = [page.button(key=f"lesson_{name}").proto.shortcut for name in ("previous", "next")]
    assert [key.lower() for key in keys] == ["left", "right"]
    assert page.button(key="lesson_previous").disabled


def test_the_whole_lesson_costs_no_more_passes_than_it_needs(page, count_passes):
    page.run()
    for number in range(1, STEPS + 1):
        reveal(page)
        if number < STEPS:
            page.button(key="lesson_next").click().run()
    assert_healthy(page)
    # The homework's framing, the whole picture, what the gradient of one cell needs, the untrained network.
    assert count_passes == [(1, 3, 224, 224), (1, 3, 224, 337), (1, 3, 202, 202), (1, 3, 224, 337)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_has_every_answer_and_every_link(language):
    said = {
        name: {"prediction": number % 3, "shown": True, "answer": f"answer {number}"}
        for number, name in enumerate(NAMES)
    }
    said["own"]["answer"] = " "
    words, translate = read_words(language), Translate(language)
    report = write_report(words, said, "https://example.org/page", translate)
    links = re.findall(r"<https://example\.org/page(\?[^>]+)>", report)
    assert links == [write_link(number, language) for number in range(1, STEPS + 1)]
    assert ("lang=zh" in links[0]) == (language == "zh")
    for number, name in enumerate(NAMES[:-1]):
        assert f"\nanswer {number}\n" in report
        assert words[name].choices[number % 3] in report
    assert report.endswith(f"{translate('lesson.open')}\n")


def test_what_there_is_to_notice_is_true(network, make_batch):
    """Each number that the texts state, computed again."""
    batch, squashed = make_batch(), make_batch(framing="squash")
    maps, homework = extract_heatmaps(network, batch), extract_heatmaps(network, squashed)
    untrained = load_network("untrained:vgg16")
    random = extract_heatmaps(untrained, batch)
    data = (ROOT / "assets/images/cat.png").read_bytes()
    framed = frame_image(read_image(data))
    luma = measure_luma(np.array(framed))
    names = [layer.name for layer in network.layers]

    def correlate(one, other):
        return np.corrcoef(maps[one].ravel(), maps[other].ravel())[0, 1]

    def measure(found, threshold=0.5):
        return {name: layer_metrics(found[name, "post", "mean"], luma, threshold) for name in names}

    def share(threshold, part):
        shares = [metrics.largest_region_share for metrics in measure(maps, threshold).values()]
        return f"{np.mean(shares[part]):.0%}"

    def percent(value):
        return f"{value:.0%}"

    deep = network.find_layer("conv5_3")
    left, top, right, bottom = receptive_field_box(deep, 6, 8, 224, 337)
    field = effective_receptive_field(network, batch, "conv5_3", 6, 8, "post", "mean", 0)
    channels = measure_network(maps, network, np.array(framed))[-1]
    third = maps.channel_means["conv3_1", "post"]
    assert homework["conv1_1", "post", "mean"].min() >= 0
    assert maps["conv5_3", "pre", "mean"].max() < 0
    assert third.max() / third.sum() < 0.01
    assert (deep.receptive_field, right - left, bottom - top) == (196, 196, 196)
    facts = {
        "homework": [f"{homework[name, 'post', 'mean'].max():.0f}" for name in ("conv1_1", "conv3_1")],
        "red": [f"{maps[name, 'post', 'mean'].max():.3g}" for name in ("conv1_2", "conv3_1")]
        + [f"{maps['conv5_3', 'post', 'mean'].max():.1f}"],
        "field": ["196×196", percent(find_half(field[top:bottom, left:right]))],
        "relu": [percent(maps.zero_shares[name]) for name in ("conv1_2", "conv3_1", "conv5_3")]
        + [f"{correlate(('conv5_3', 'pre', 'mean'), ('conv5_3', 'post', 'mean')):.2f}".replace("-", "−")],
        "mean": [percent(channels["top_10"]), f"{channels['dead_channels']:.0f}"]
        + [
            f"{correlate((name, 'post', 'mean'), (name, 'post', 'strongest')):.2f}"
            for name in ("conv3_1", "conv5_3")
        ],
        "untrained": [
            text
            for found in (maps, random)
            for text in (
                percent(measure(found)["conv5_3"].largest_region_share),
                f"{measure(found)['conv1_2'].edge_correlation:.2f}",
                f"{measure(found)['conv5_3'].edge_correlation:.2f}",
            )
        ],
        "break": [share(t, part) for t in (0.2, 0.3, 0.5) for part in (slice(0, 3), slice(6, None))],
    }
    for language in LANGUAGES:
        for name, expected in facts.items():
            words = read_words(language)[name]
            for text in expected:
                assert text in words.notice + words.question, (language, name, text)


def test_the_teachers_page_has_each_steps_link_title_and_right_choice():
    text = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")
    words = read_words("en")
    for number, step in enumerate(list_steps(), start=1):
        title = f"{number} {words[step.name].title}"
        assert f"\n### {title}\n" in text
        (row,) = [line for line in text.splitlines() if f"| {title} |" in line]
        assert f"| `{write_link(number, 'en')}` |" in row
        if step.right is not None:
            choice = words[step.name].choices[step.right]
            assert (choice if choice.startswith("1") else choice[0].lower() + choice[1:]) in row
    assert "(docs/teaching.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
