"""The view "Measured": its numbers are viz's, each claim stands beside its chart, and passes are few."""

import csv
import io
import itertools
import re

import numpy as np
import pytest
import streamlit as st
from apptests import (
    ENGLISH,
    NAMES,
    choose_view,
    list_buttons,
    list_captions,
    list_errors,
    list_markdown,
    open_page,
    read_chart,
    read_numbers,
)
from conftest import ROOT, assert_healthy

import viz
from page.subject import controls
from page.views.measured import others, untrained
from page.widgets.numbers import write_metric
from page.widgets.verdicts import LEARNED_COLORS, TRUTH_COLORS, sum_up
from viz.maps.one_pass import extract_heatmaps
from viz.measures import claims
from viz.measures.claims import RULES, Verdict
from viz.measures.metrics import layer_metrics, measure_luma
from viz.networks.controls import CONTROLS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import Translate

CLAIMS = ("detail", "regions", "resolution", "object")
PIXELS = np.array(frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes())))


def measure(page, **parameters):
    """Open the view."""
    page.query_params.update({"view": "measure"} | parameters)
    page.run()
    assert_healthy(page)


def read_curves(page):
    """Values by metric's title and curve's name, as the charts hold them."""
    spec = read_chart(page, "metrics")
    titles = [note["text"] for note in spec["layout"]["annotations"] if note["xref"].endswith(" domain")]
    axes = list(dict.fromkeys(trace["xaxis"] for trace in spec["data"]))
    return {
        (titles[axes.index(trace["xaxis"])], trace["name"]): [float(value) for value in trace["y"]]
        for trace in spec["data"]
    }


def read_claims(page):
    """Badges and the text below them, by claim."""
    found = {}
    for text in list_markdown(page):
        badges = re.findall(r":\w+-badge\[(.+?)\]", text)
        if badges and text.startswith("**"):
            claim, _, rest = text.partition("\n")
            found[claim.strip(" *")] = (badges, rest)
    return found


# The numbers


def test_the_measures_are_those_of_the_maps(page, network, make_batch):
    measure(page, aggregation="max", side="pre")
    curves = read_curves(page)
    heatmaps, luma = extract_heatmaps(network, make_batch("cat.png")), measure_luma(PIXELS)
    for place, name in enumerate(NAMES):
        metrics = layer_metrics(heatmaps[name, "pre", "max"], luma)
        assert curves[ENGLISH("metric.gini"), "VGG16"][place] == pytest.approx(metrics.gini)
        assert curves[ENGLISH("metric.region_count"), "VGG16"][place] == metrics.region_count
        zeros = curves[ENGLISH("metric.zero_share"), "VGG16"][place]
        assert zeros == pytest.approx(heatmaps.zero_shares[name])


def test_the_csv_is_the_table_that_python_gives(page, network, make_batch, monkeypatch):
    texts, write = [], others.write_csv
    monkeypatch.setattr(others, "write_csv", lambda rows: texts.append(write(rows)) or texts[-1])
    measure(page, aggregation="max", box="18,0,273,214")
    heatmaps = viz.extract_heatmaps(network, make_batch("cat.png"))
    rows = viz.measure_network(heatmaps, network, PIXELS, aggregation="max", box=(18, 0, 273, 214))
    text = texts[-1].removeprefix("\ufeff")
    ours, theirs = (list(csv.DictReader(io.StringIO(found))) for found in (write(rows), text))
    assert [{name: row[name] for name in ours[0]} for row in theirs] == ours
    assert list(theirs[0])[-len(ours[0]) :] == list(ours[0])
    for metric in ("edge_correlation", "active_share"):
        shown = [row[ENGLISH(f"metric.{metric}")] for row in read_numbers(page)]
        assert shown == [write_metric(metric, row[metric]) for row in rows]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_has_all_layers_and_names(page, language):
    measure(page, controls="untrained", lang=language)
    rows, columns = read_numbers(page), Translate(language).find
    assert len(rows) == 2 * 13
    assert [row[columns("metric.layer")] for row in rows] == 2 * NAMES
    names = list(rows[0])
    assert names.index(columns("metric.width")) == names.index(columns("metric.height")) - 1
    assert [rows[2][columns(f"metric.{side}")] for side in ("width", "height")] == ["168", "112"]


# The claims


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_claim_stands_beside_its_chart(page, language):
    translate = Translate(language)
    measure(page, box="100,20,260,200", aggregation="max", lang=language)
    claims = read_claims(page)
    assert list(claims) == [translate(f"claim.{claim}") for claim in CLAIMS]
    answer = next(text for text in list_markdown(page) if text.startswith(translate("claim.object")))
    assert re.findall(r"badge\[(.+?)\]", answer) == claims[translate("claim.object")][0]
    for claim in CLAIMS:
        (truth, learned), text = claims[translate(f"claim.{claim}")]
        spec = read_chart(page, f"chart_{claim}")
        for name in ("VGG16", translate("verdict.filter_sobel"), translate("verdict.filter_laplacian")):
            count = len([trace for trace in spec["data"] if trace["name"] == name])
            assert count == (3 if claim == "regions" else claim != "resolution" or name == "VGG16")
        asked = "construction" if claim == "resolution" else "unasked"
        assert learned == translate(f"verdict.learned_{asked}")
        assert truth
        assert re.search(r"[{}]", text) is None
    assert page.button(key="compare").label == translate("verdict.compare", count=len(controls.KEYS))


def test_all_claims_are_summed_up_in_a_sentence(page):
    measure(page)
    (told,) = [text for text in list_markdown(page) if text.startswith("Of 4 claims")]
    answers = [badges for badges, _ in read_claims(page).values()]
    for kind in ("yes", "no", "box"):
        count = sum(given[0] == ENGLISH(f"verdict.true_{kind}") for given in answers)
        assert ENGLISH(f"verdict.sum_truth_{kind}", count=count) in told
    for kind in ("construction", "mixed"):
        badge = ENGLISH(f"verdict.learned_{kind}", controls="").strip()
        count = sum(badge in " ".join(given) for given in answers)
        assert count == {"construction": 1, "mixed": 2}[kind]
        assert ENGLISH(f"verdict.sum_learned_{kind}", count=count) in told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sum_counts_each_claim_once_whatever_the_verdicts(language):
    words, findings = Translate(language), (object(),)
    for truth, learned in itertools.product(TRUTH_COLORS, LEARNED_COLORS):
        told = [Verdict("object", truth, learned, (), () if truth == "box" else findings)]
        told += [Verdict("detail", "yes", "unasked", (), findings)] * 2
        sentence = sum_up(words, told)
        truths, answers = (list(map(int, re.findall(r"\d+", half))) for half in re.split("; |；", sentence))
        assert truths[0] == sum(truths[1:]) == 3
        assert sum(answers) == 2 + (truth != "box")
        assert words("verdict.sum_truth_yes", count=2 + (truth == "yes")) in sentence
        is_compared = truth != "box" and learned not in ("construction", "unasked")
        assert (words("verdict.sum_learned_yes", count=int(learned == "yes")) in sentence) == is_compared


def test_a_bullet_has_one_number_of_the_trained_network(page):
    """What else stands there is required, or tells of the controls."""
    measure(page)
    bullets = [
        bullet.partition("  \n")[0]
        for _, text in read_claims(page).values()
        for bullet in re.findall(r"^- (.+(?:\n.+)?)", text, re.MULTILINE)
    ]
    assert len(bullets) == sum(len(RULES[claim].demands) for claim in ("detail", "regions", "resolution"))
    for bullet in bullets:
        told, required = bullet.split("Required: at least ")
        assert len(re.findall(r"\*\*.+?\*\*", told)) == 1
        assert re.findall(r"[\d.]*\d", re.sub(r"threshold [\d.]+|\*\*.+?\*\*", "", told)) == []
        assert re.search(r"\d", required)
    page.slider(key="threshold").set_value(0.3).run()
    _, text = read_claims(page)[ENGLISH("claim.regions")]
    assert "threshold 0.3" in text and "threshold 0.5" not in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_legend_names_the_marks_that_are_drawn(page, language):
    words = Translate(language)
    measure(page, lang=language)
    marks = [words(f"verdict.key_{mark}") for mark in ("dots", "mean", "demand")]
    bands = [words("verdict.key_band", count=19, control=words(f"untrained.{name}")) for name in CONTROLS]

    def read_legend(claim):
        spec = read_chart(page, f"chart_{claim}")
        return [trace["name"] for trace in spec["data"] if trace.get("showlegend", True)]

    for claim in ("detail", "regions"):
        assert read_legend(claim) == [*bands, "VGG16", "Sobel", "Laplacian", *marks]
    assert read_legend("resolution") == ["VGG16", *marks]
    page.multiselect(key="layers").set_value([]).run()
    page.selectbox(key="aggregation").set_value("max").run()
    assert read_legend("detail") == ["VGG16", "Sobel", "Laplacian", *marks[1:]]


def test_verdicts_are_written_from_the_numbers(page):
    measure(page)
    curves = {trace["name"]: trace["y"] for trace in read_chart(page, "chart_detail")["data"]}
    mean = np.mean([float(value) for value in curves["VGG16"][:3]])
    assert [float(value) for value in curves[ENGLISH("verdict.filter_sobel")]] == pytest.approx([1] * 13)
    _, text = read_claims(page)[ENGLISH("claim.detail")]
    assert f"mean of the shallow layers: **{mean:.2f}**" in text


def test_without_a_box_the_claim_about_objects_is_left_open(page):
    measure(page)
    badges, _ = read_claims(page)[ENGLISH("claim.object")]
    assert badges == [ENGLISH("verdict.true_box")]
    assert ENGLISH("verdict.needs_box") in list_captions(page)
    assert (ENGLISH("metric.box_auc"), "VGG16") not in read_curves(page)


def test_the_measurements_tell_the_pages_verdict(page):
    """One row of the table that benchmarks/verdicts.py writes."""
    text = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    table = text.split("<!-- verdicts -->")[1].split("<!-- /verdicts -->")[0]
    (row,) = [line for line in table.splitlines() if line.startswith("| Brick wall")]
    measure(page, photo="brick")
    answers = [cell.strip().split(", ") for cell in row.split("|")[2:-1]]
    claims = read_claims(page)
    for claim, told in zip(CLAIMS, answers, strict=True):
        badges, _ = claims[ENGLISH(f"claim.{claim}")]
        assert told == badges


# The untrained networks and the other controls


@pytest.fixture
def few(monkeypatch):
    """Two networks of each control are enough."""
    monkeypatch.setattr(untrained, "SEEDS", 2)
    monkeypatch.setattr(claims, "SEEDS", 2)
    monkeypatch.setattr(controls, "KEYS", [(control, seed) for control in CONTROLS for seed in range(2)])


def read_bands(page, claim):
    return [
        trace["name"]
        for trace in read_chart(page, f"chart_{claim}")["data"]
        if trace.get("fill") == "tonexty"
    ]


def test_a_sample_opens_with_the_answers_that_come_along(page, count_passes):
    measure(page, photo="coffee")
    assert len(count_passes) == 1
    assert "compare" not in list_buttons(page)
    names = [ENGLISH(f"untrained.{control}") for control in CONTROLS]
    assert read_bands(page, "detail") == [f"19 {name}" for name in names]
    badges, text = read_claims(page)[ENGLISH("claim.detail")]
    assert badges[1] == ENGLISH("verdict.learned_mixed", controls=names[1])
    assert f"{names[0]} **20**" in text  # above all 19
    badges, _ = read_claims(page)[ENGLISH("claim.regions")]
    assert badges[1] == ENGLISH("verdict.learned_mixed", controls=ENGLISH("verdict.any_control"))
    page.selectbox(key="aggregation").set_value("max").run()
    assert read_bands(page, "detail") == []
    badges, _ = read_claims(page)[ENGLISH("claim.detail")]
    assert badges[1] == ENGLISH("verdict.learned_unasked")
    assert page.button(key="compare").label == ENGLISH("verdict.compare", count=57)


def test_controls_cost_a_pass_a_network_on_request_and_none_again(page, few, count_passes):
    measure(page, network="efficientnet_lite0")
    assert len(count_passes) == 1
    page.button(key="compare").click().run()
    assert_healthy(page)
    assert len(count_passes) == 1 + 6
    assert "compare" not in list_buttons(page)
    learned = {claim: badges[1] for claim, (badges, _) in read_claims(page).items() if len(badges) > 1}
    assert ENGLISH("verdict.learned_unasked") not in learned.values()
    assert len(learned) == 3
    assert read_bands(page, "detail") == [f"2 {ENGLISH(f'untrained.{control}')}" for control in CONTROLS]
    # Nothing is computed again: for a box, the other maps of the same pass, or another session.
    page.text_input(key="box_text").set_value("100,20,260,200").run()
    badges, _ = read_claims(page)[ENGLISH("claim.object")]
    assert badges[1] != ENGLISH("verdict.learned_unasked")
    page.selectbox(key="aggregation").set_value("max").run()
    page.segmented_control(key="side").set_value("pre").run()
    page.slider(key="threshold").set_value(0.3).run()
    assert_healthy(page)
    other = open_page()
    measure(other, network="efficientnet_lite0")
    assert "compare" not in list_buttons(other)
    assert len(count_passes) == 1 + 6


def test_a_control_is_drawn_as_soon_as_it_is_complete(page, few, monkeypatch):
    """And what was computed before the visitor did something else is kept."""
    tell, seen = untrained.draw_progress, []

    def leave(place, words, key, done, *more):
        seen.append(done)
        if done >= 3:
            st.stop()  # there Streamlit ends the run of a visitor who does something else
        tell(place, words, key, done, *more)

    measure(page, aggregation="max")
    monkeypatch.setattr(untrained, "draw_progress", leave)
    page.button(key="compare").click().run()
    assert_healthy(page)
    assert seen[0] == 0 and 3 <= seen[-1] < 6
    assert read_bands(page, "detail")[0] == f"2 {ENGLISH('untrained.he')}"
    badges, _ = read_claims(page)[ENGLISH("claim.detail")]
    assert badges[1] == ENGLISH("verdict.learned_unasked")
    page.run()
    assert page.button(key="compare").label.startswith("Go on")
    monkeypatch.setattr(untrained, "draw_progress", tell)
    page.button(key="compare").click().run()
    assert_healthy(page)
    badges, _ = read_claims(page)[ENGLISH("claim.detail")]
    assert badges[1] != ENGLISH("verdict.learned_unasked")


def test_controls_cost_one_pass_each_and_only_when_shown(page, count_passes):
    measure(page)
    assert len(count_passes) == 1
    for chosen, passes in (
        (["coarse"], 1),
        (["coarse", "untrained"], 2),
        (["untrained", "noise"], 3),
        (["noise"], 3),
        (["untrained", "coarse", "noise"], 3),
    ):
        page.session_state["controls"] = chosen
        page.run()
        assert_healthy(page)
        assert len(count_passes) == passes
    page.slider(key="threshold").set_value(0.8).run()
    page.selectbox(key="aggregation").set_value("std").run()
    page.multiselect(key="layers").set_value(["conv3_1"]).run()
    page.segmented_control(key="side").set_value("pre").run()
    assert_healthy(page)
    assert len(count_passes) == 3
    assert page.query_params["controls"] == ["untrained", "coarse", "noise"]


def test_the_threshold_and_the_controls_are_kept_while_another_view_is_open(page):
    measure(page, threshold="0.7", controls="noise")
    choose_view(page, "compare")
    page.selectbox(key="colors").set_value("jet").run()
    choose_view(page, "measure")
    assert_healthy(page)
    assert page.slider(key="threshold").value == 0.7
    assert page.session_state["controls"] == ["noise"]


def test_a_common_grid_takes_the_resolution_out(page):
    measure(page, controls="coarse", layers="conv1_1,conv4_1")
    curves = read_curves(page)
    size, coarse = (curves[ENGLISH("metric.median_region_px"), name] for name in ("VGG16", "Coarse"))
    assert min(coarse[:8]) >= 8  # a cell of conv4_1's grid is 8 px
    assert min(size[:2]) < 8
    assert coarse[7:] == size[7:]


# The box


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("90, 40, 250, 200", "90,40,250,200"),
        (" 90，40，250，200 ", "90,40,250,200"),
        ("90, 40, 999, 999", "90,40,336,224"),
        ("400,40,500,200", None),
        ("250,40,90,200", None),
        ("90 40 250 200", None),
        ("<b>", None),
    ],
)
def test_a_box_can_be_typed(page, text, box):
    page.query_params.update({"view": "measure", "box": "1,2,30,40"})
    page.run()
    assert page.text_input(key="box_text").value == "1, 2, 30, 40"
    page.text_input(key="box_text").set_value(text).run()
    assert not page.exception
    assert page.query_params.get("box") == box
    assert list_errors(page) == ([] if box else [ENGLISH("measure.no_box", width=336, height=224)])
    assert page.text_input(key="box_text").value == (box.replace(",", ", ") if box else text.strip())
    page.text_input(key="box_text").set_value("").run()
    assert_healthy(page)
    assert "box" not in page.query_params


def test_a_box_is_cut_to_its_picture_and_leaves_with_it_in_any_view(page):
    page.query_params.update({"view": "measure", "box": "100,20,9000,200"})
    page.run()
    assert list_errors(page) == [ENGLISH("link.left_out", names="`box`")]
    assert page.session_state["box"] == (100, 20, 336, 200)
    assert page.query_params["box"] == "100,20,336,200"
    page.selectbox(key="photo").set_value("rocket").run()
    assert_healthy(page)
    assert page.session_state["box"] is None
    assert "box" not in page.query_params
    page.text_input(key="box_text").set_value("10,20,100,120").run()
    choose_view(page, "compare")
    assert page.query_params["box"] == "10,20,100,120"
    page.selectbox(key="photo").set_value("coffee").run()
    assert_healthy(page)
    assert "box" not in page.query_params
