"""The page with networks of one's own that are not as most are, without a browser."""

import numpy as np
import own_networks
import pytest
import torch
from apptests import ENGLISH, decode, list_buttons, list_captions, list_errors, list_markdown
from conftest import assert_healthy
from opened import CHINESE, list_maps, open_page, read_names, show, walk, watch_csv

from page.work.models import Model, load_model
from page.work.queue import PASSES, say_nothing
from viz.networks.errors import NetworkError
from viz.networks.own import read_arguments

LENET = ("--network", "own_networks:LeNet", "--size", "28")
CHAIN = ["convs.0", "convs.1", "convs.2", "convs.3", "convs.4", "convs.5"]
NOTES = ("grey", "varies", "left_out", "key", "surplus")


@pytest.fixture
def name_classes(tmp_path):
    def write(count):
        path = tmp_path / f"{count}.txt"
        path.write_text("\n".join(f"kind {number}" for number in range(count)))
        return ("--classes", str(path))

    return write


def own(name, *arguments, size="64"):
    return ("--network", f"own_networks:{name}", "--size", size, *arguments)


def list_warnings(page):
    return [warning.value for warning in page.warning]


def tell_not_finite(words, name, broken, what=None):
    facts = {"first": broken[0], "count": len(broken), "all": len(CHAIN), "layers": ", ".join(broken)}
    return words("panel.not_finite", what=what or name, **facts)


def list_notes(page, words=ENGLISH):
    """Which sentences about the network stand on the page."""
    starts = {key: words(f"network.{key}", names="{}", taken="{}").split("{}")[0] for key in NOTES}
    captions = list_captions(page)
    return [key for key, start in starts.items() if any(caption.startswith(start) for caption in captions)]


# Mean and standard deviation


def test_the_page_says_what_it_knows_of_mean_and_std(name_classes, new_server):
    page = open_page(*own("Bare"))
    assert ENGLISH("network.scale_unknown") in list_captions(page)
    assert list_warnings(page) == []
    forgotten = open_page(*own("Normed"))
    start = ENGLISH("network.scale_far", factor="{}").split("{}")[0]
    assert [text.startswith(start) for text in list_warnings(forgotten)] == [True]
    for network, count in ((LENET, 10), (own("Chain"), 4)):  # of ten classes at random none is likely
        page = open_page(*network, *name_classes(count), view="classes")
        assert (ENGLISH("classes.unsure") in list_captions(page)) == (count == 10)


# One channel


@pytest.mark.parametrize("classes", [0, 10])
def test_a_network_of_one_channel_works_in_all_views(name_classes, classes, new_server):
    page = open_page(*LENET, *(name_classes(classes) if classes else ()))
    assert list_notes(page) == ["grey"]
    for place, _ in walk(page):
        assert_healthy(page)
        if place == "compare":
            assert [decode(trace["z"]).shape for trace in list_maps(page)] == [(28, 28), (10, 10)]
        if place == "classes" and classes:
            assert len(list_maps(page, "class_maps")) == 4
    page.toggle(key="patches").set_value(True).run()
    assert_healthy(page)
    show(page, "compare")
    for kind in ("untrained", "side", "photo"):
        page.selectbox(key="beside").set_value(kind).run()
        assert_healthy(page)
        assert len(list_maps(page)) == 4
    show(page, "measure")
    page.session_state["controls"] = ["untrained", "coarse", "noise"]
    assert_healthy(page.run())


# What the page offers with it


def test_the_page_is_called_after_the_title_the_weights_or_the_builder(tmp_path):
    path = tmp_path / "lenet_v2.pt"
    torch.save(own_networks.LeNet().state_dict(), path)
    weights = ("--weights", str(path))
    titles = {(): "LeNet", weights: "lenet_v2", (*weights, "--title", "My LeNet"): "My LeNet"}
    for arguments, title in titles.items():
        page = open_page(*LENET, *arguments)
        assert_healthy(page)
        assert any(ENGLISH("page.title", network=title) in text for text in list_markdown(page))


def test_a_network_of_ones_own_is_not_told_what_the_homework_is_about():
    page, chance = open_page(*LENET), ENGLISH("verdict.chance_first", truth="").partition("this")[0]
    told = " ".join([*list_captions(page), *list_markdown(page)])
    assert not {"preset", "preset_fetched"} & list_buttons(page)
    assert ENGLISH("wrong.body") not in told
    show(page, "measure")
    assert not any(chance in text for text in list_markdown(page) if "badge" in text)
    page.selectbox(key="network").set_value("vgg16").run()
    assert any(chance in text for text in list_markdown(page) if "badge" in text)
    show(page, "compare")
    assert "preset" in list_buttons(page)


def test_what_is_the_same_is_offered_once(new_server):
    """And what an address says is kept."""
    page = open_page(*own("Plain"), side="pre", range="shared")
    assert_healthy(page)
    framings = [ENGLISH(f"advanced.framing_{how}") for how in ("crop", "squash")]
    ranges = [ENGLISH(f"look.range_{how}") for how in ("shared", "percentiles")]
    assert page.segmented_control(key="side").options == [ENGLISH("side.output")]
    assert page.radio(key="framing").options == framings
    assert page.selectbox(key="range").options == ranges
    assert ENGLISH("beside.with_side") not in page.selectbox(key="beside").options
    assert not {"layers_shallow", "layers_middle", "layers_deep"} & list_buttons(page)
    assert [page.session_state[key] for key in ("range", "side", "framing")] == ["shared", "pre", "whole"]
    page.selectbox(key="photo").set_value("astronaut").run()  # a square
    assert_healthy(page)
    assert "framing" not in {radio.key for radio in page.radio}
    assert ENGLISH("advanced.framing_one") in list_captions(page)
    page = open_page(*own("Plain"), beside="side")
    assert_healthy(page)
    assert page.selectbox(key="beside").value == "side"


def test_with_more_layers_and_sides_all_is_offered():
    page = open_page(*own("Chain", size="224"))
    assert len(page.segmented_control(key="side").options) == 2
    assert len(page.radio(key="framing").options) == len(page.selectbox(key="range").options) == 3
    assert {"layers_shallow", "layers_middle", "layers_deep"} <= list_buttons(page)
    page.multiselect(key="layers").set_value(CHAIN[:1]).run()
    assert len(page.selectbox(key="range").options) == 2
    show(page, "depth")
    assert len(page.selectbox(key="range").options) == 3


# What has to be known of a network


def test_what_a_trial_has_found_is_said_once_beside_the_network():
    page = open_page(*own("Odd", size="28"))
    for language, words in (("en", ENGLISH), ("zh", CHINESE)):
        page.segmented_control(key="lang").set_value(language).run()
        assert_healthy(page)
        assert list_notes(page, words) == ["grey", "varies", "left_out"]
        names = words("layers.more", names="heads.0, heads.1, heads.2", count=2)
        assert list_captions(page).count(words("network.left_out", names=names)) == 1
    page.selectbox(key="network").set_value("vgg16").run()
    assert list_notes(page, CHINESE) == []


def test_which_weights_were_taken_is_said(tmp_path):
    state, path = own_networks.Chain().state_dict(), tmp_path / "weights.pt"
    surplus = {f"head.{number}": torch.zeros(1) for number in range(4)}
    torch.save({"model": state | surplus, "ema": state, **state}, path)
    taken = PASSES.run(
        say_nothing, load_model, Model(read_arguments(own("Chain", "--weights", str(path))))
    ).taken
    assert (taken.key, taken.others) == ("model", ("", "ema"))
    page = open_page(*own("Chain", "--weights", str(path)))
    assert_healthy(page)
    captions = list_captions(page)
    others = f"{ENGLISH('network.whole_file')}, ema"
    assert ENGLISH("network.key", taken="model", names=others) in captions
    names = ENGLISH("layers.more", names="head.0, head.1, head.2", count=1)
    assert ENGLISH("network.surplus", names=names) in captions
    torch.save(state, path)
    assert list_notes(open_page(*own("Chain", "--weights", str(path), size="65"))) == []


# What its output is taken for


@pytest.mark.parametrize(
    ("name", "arguments", "classes", "key"),
    [
        ("Chain", (), 4, "answer_logits"),
        ("Chain", ("--output", "probabilities"), 4, "answer_probabilities"),
        ("Shares", (), 4, "answer_probabilities"),
        ("Shares", ("--output", "logits"), 4, "answer_logits"),
        ("Each", (), 4, "answer_each"),
        ("Single", (), 2, "answer_logit"),
        ("Single", (), 1, "answer_logit"),
        ("Whole", (), 2, "answer_one"),
    ],
)
def test_what_the_output_is_taken_for_is_said(name_classes, name, arguments, classes, key):
    page = open_page(*own(name, *name_classes(classes), *arguments), view="classes")
    assert_healthy(page)
    sentence = ENGLISH(f"classes.{key}", name=f"kind {classes - 1}")
    assert f"{sentence} {ENGLISH('classes.answer_set')}" in list_captions(page)


def test_the_argument_is_for_ones_own_network_alone():
    page = open_page(view="classes", network="efficientnet_lite0", framing="crop")
    assert ENGLISH("classes.answer_logits") in list_captions(page)
    assert list_errors(open_page(*own("Chain", "--output", "softmax"))) == [
        ENGLISH("network_error.output_value", got="softmax")
    ]


@pytest.mark.parametrize("value", ["0.5", "0.5,0.5,0.5"])
def test_one_number_stands_for_three_colours(value):
    read = read_arguments(own("Chain", "--mean", value, "--std", value, "--output", "logits"))
    assert (read.mean, read.std, read.output) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "logits")
    assert read_arguments(own("Chain")).output is None
    for arguments, reason in (
        (own("Chain", "--mean", "2"), "color_values"),
        (own("Chain", "--std", "0"), "zero_std"),
        (own("Chain", "--output", "Logits"), "output_value"),
        (("--output", "logits"), "arguments"),
    ):
        with pytest.raises(NetworkError) as caught:
            read_arguments(arguments)
        assert caught.value.reason == reason


# Layers that are not finite

NOT_FINITE = [("Burst", CHAIN[3:]), ("Dip", CHAIN[3:4])]


@pytest.mark.parametrize(("name", "broken"), NOT_FINITE)
@pytest.mark.parametrize("classes", [0, 4])
def test_what_is_not_finite_is_named_and_left_out_everywhere(
    name_classes, monkeypatch, new_server, name, broken, classes
):
    read_csv = watch_csv(monkeypatch)
    finite = [layer for layer in CHAIN if layer not in broken]
    arguments = own(name, *(name_classes(classes) if classes else ()))
    page = open_page(*arguments, layers=",".join(CHAIN), range="shared", depth=broken[0], layer=broken[0])
    for place, _ in walk(page):
        assert not page.exception
        answers = place != "classes" or not classes or name == "Dip"
        assert list_errors(page) == ([] if answers else [ENGLISH("network_error.no_answer")])
        if place != "classes" or classes:
            assert list_warnings(page) == [tell_not_finite(ENGLISH, name, broken)]
        if place == "compare":
            assert read_names(page) == finite
            assert np.isfinite([(trace["zmin"], trace["zmax"]) for trace in list_maps(page)]).all()
        if place == "depth":
            assert page.select_slider(key="depth").options == finite
            assert page.select_slider(key="depth").value == finite[0]
        if place == "measure":
            assert [row["layer"] for row in read_csv()] == finite
        if place in ("maps", "channels"):
            assert page.selectbox(key="layer").options == finite
            assert page.selectbox(key="layer").value == finite[-1]
        if place == "alike":
            assert len(list_maps(page, "probed")) == len(finite) + 1  # the effective receptive field
            page.selectbox(key="second").set_value("coffee").run()
            assert len(list_maps(page, "matched")) == len(finite)
    page.segmented_control(key="lang").set_value("zh").run()
    assert list_warnings(page) == [tell_not_finite(CHINESE, name, broken)]


def test_where_no_layer_is_finite_a_sentence_stands_alone(name_classes, new_server):
    page = open_page(*own("Void", *name_classes(4)))
    sentence = ENGLISH("network_error.not_finite", layer=CHAIN[0])
    for view in ("compare", "depth", "measure", "classes", "probe"):
        show(page, view)
        assert not page.exception
        no_answer = [ENGLISH("network_error.no_answer")] if view == "classes" else []
        assert list_errors(page) == [*no_answer, sentence]
        assert [chart for chart in page.get("plotly_chart") if "heatmaps" in chart.proto.id] == []
    beside = open_page(*own("Void"), network="vgg16", beside="network", beside_network="own")
    failed = ENGLISH("beside.failed", what="Void", error=sentence)
    assert (list_errors(beside), len(list_maps(beside))) == ([failed], 4)


def test_a_layer_whose_gradients_are_not_finite_has_no_class_map(name_classes, new_server):
    page = open_page(*own("Steep", *name_classes(4)), view="classes", layers=",".join(CHAIN))
    assert_healthy(page)
    assert list_warnings(page) == []
    assert len(list_maps(page, "class_maps")) == 6 + 2
    page.selectbox(key="against").set_value(0).run()
    assert_healthy(page)
    page.multiselect(key="layers").set_value(CHAIN[:1]).run()
    assert_healthy(page)
    assert len(list_maps(page, "class_maps")) == 1
    page.multiselect(key="layers").set_value(CHAIN[3:5]).run()
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    page = open_page(*own("Steep", *name_classes(4)), view="measure", box="0,0,30,30", class_box="true")
    assert_healthy(page)
    assert ENGLISH("verdict.class_not_finite", layers=", ".join(CHAIN[:3])) in list_captions(page)


def test_a_network_that_takes_squares_alone_is_asked_about_the_middle_square(name_classes):
    page = open_page(*own("Judge", *name_classes(2), size="224"), view="classes")
    assert_healthy(page)
    framing = ENGLISH("classes.framing_square", size=224)
    assert ENGLISH("classes.framed", framing=framing) in list_captions(page)
    (told,) = [text for text in list_markdown(page) if text.startswith("With your framing")]
    assert "there is no answer" in told and "expected a square" in told
    page.toggle(key="chosen_framing").set_value(True).run()
    assert "expected a square" in "".join(list_errors(page))
    assert_healthy(page.toggle(key="chosen_framing").set_value(False).run())


@pytest.mark.parametrize("kind", ["network", "untrained", "photo", "side", "aggregation"])
def test_comparisons_leave_out_what_is_not_finite_on_either_side(new_server, kind, monkeypatch):
    read_csv = watch_csv(monkeypatch)
    page = open_page(*own("Dip"), layers=",".join(CHAIN), beside=kind, beside_network="vgg16")
    count = len(CHAIN) - 1
    assert_healthy(page)
    assert len(list_maps(page)) == 2 * count
    assert list_warnings(page) == [tell_not_finite(ENGLISH, "Dip", CHAIN[3:4])]
    show(page, "measure")
    assert_healthy(page)
    rows = read_csv()
    assert {row["layer"] for row in rows if row["control"] == "trained"} == {*CHAIN} - {CHAIN[3]}
    assert len([row for row in rows if row["control"] == "beside"]) == count


def test_the_second_network_is_the_one_that_is_not_finite(new_server):
    page = open_page(*own("Burst"), network="vgg16", beside="network", beside_network="own")
    assert_healthy(page)
    assert list_warnings(page) == [tell_not_finite(ENGLISH, "Burst", CHAIN[3:])]
    assert 2 <= len(list_maps(page)) < 8
    page.multiselect(key="layers").set_value(["conv5_3"]).run()
    assert_healthy(page)
    assert len(list_maps(page)) == 1
    assert_healthy(show(page, "measure"))


def test_untrained_networks_that_are_not_finite_are_not_compared_with(new_server):
    page = open_page(*own("Meek"), view="measure")
    page.button(key="compare").click().run()
    assert_healthy(page)
    page.session_state["controls"] = ["untrained"]
    assert_healthy(page.run())
    page = open_page(*own("Dip"), view="measure")
    page.button(key="compare").click().run()
    assert_healthy(page)
    assert ENGLISH("verdict.learned_unasked") not in "".join(text.value for text in page.markdown)


def test_where_all_chosen_layers_are_left_out_the_page_says_so_and_shows_another(new_server):
    for view in ("compare", "probe", "classes", "measure"):
        page = open_page(*own("Burst"), layers=",".join(CHAIN[3:]), view=view)
        assert_healthy(page)
        assert list_warnings(page) == (
            [tell_not_finite(ENGLISH, "Burst", CHAIN[3:])] if view != "classes" else []
        )
        if view == "probe":
            assert len(list_maps(page, "probed")) == 1
