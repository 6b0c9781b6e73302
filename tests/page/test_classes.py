"""The view "Classes" and the class map in "Measured", without a browser."""

import base64
import json
import re
import time
import weakref

import numpy as np
import pytest
import streamlit as st
from conftest import ROOT, assert_healthy
from streamlit.testing.v1 import AppTest
from torch import nn

from page import cache, erasing
from viz.evidence.class_maps import class_maps
from viz.evidence.deletion import list_deletions, run_deletions, spread_over_picture, summarize
from viz.evidence.predict import predict
from viz.maps.cells import lay_cells
from viz.maps.one_pass import extract_heatmaps
from viz.measures.box import box_auc
from viz.networks import catalogue
from viz.networks.catalogue import load_network
from viz.networks.trial import find_layers
from viz.networks.vgg16 import name_as_paper
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import Translate

ENGLISH = Translate("en")
LITE0 = "efficientnet_lite0"
VGG = "torchvision:vgg11"
LAST = "conv_head"
BOX = "44,9,269,218"  # cup and saucer
SQUARE, WHOLE = (1, 3, 224, 224), (1, 3, 224, 336)


@pytest.fixture
def page(request):
    """A new visitor's page; of a server without any results where a test counts or replaces something."""
    if {"count_passes", "monkeypatch"} & set(request.fixturenames):
        st.cache_data.clear()
        st.cache_resource.clear()
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.query_params.update({"view": "classes", "network": LITE0, "photo": "coffee", "framing": "crop"})
    return page


@pytest.fixture(scope="module")
def lite0():
    return load_network(LITE0)


@pytest.fixture(scope="module")
def coffee():
    photo = read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes())
    return frame_image(photo, "crop")


def read_figure(page, key):
    (chart,) = [chart for chart in page.get("plotly_chart") if key in chart.proto.id]
    return json.loads(chart.proto.spec)


def read_maps(page):
    """The maps of the figure, each [h, w]: the plain ones, then the class maps."""
    traces = [trace for trace in read_figure(page, "class_maps")["data"] if trace["type"] == "heatmap"]
    return [read_array(trace["z"]) for trace in traces]


def read_array(array):
    flat = np.frombuffer(base64.b64decode(array["bdata"]), np.float32)
    return flat.reshape([int(side) for side in array["shape"].split(",")])


def read_bars(page):
    return [element.proto.text for element in page.get("progress")]


def list_names(page):
    return list(page.multiselect(key="layers").value)


def test_the_prediction_and_the_class_maps_are_vizs(page, lite0, coffee):
    page.run()
    assert_healthy(page)
    batch = lite0.to_batch(coffee)
    best = predict(lite0, batch)
    assert read_bars(page) == [f"{found.name} · **{found.probability:.1%}**" for found in best]
    assert page.selectbox(key="class").value is None
    names, shown = list_names(page), read_maps(page)
    heatmaps, maps = extract_heatmaps(lite0, batch), class_maps(lite0, batch, 967)
    expected = [heatmaps[name, lite0.find_layer(name).pick_side("post"), "mean"] for name in names]
    expected += [maps[name] for name in names]
    for values, wanted in zip(shown, expected, strict=True):
        np.testing.assert_allclose(values, wanted, atol=1e-5 * np.abs(wanted).max())


def test_a_class_map_stands_under_the_plain_map_of_its_layer(page):
    layout = read_figure(page.run(), "class_maps")["layout"]
    count = len(list_names(page))
    for place in range(2, count + 2):
        upper, lower = (layout[f"xaxis{number}"]["domain"] for number in (place, place + count))
        assert upper == lower
        upper, lower = (layout[f"yaxis{number}"]["domain"] for number in (place, place + count))
        assert lower[1] < upper[0]


def test_only_what_needs_a_pass_costs_one(page, count_passes):
    page.run()
    assert count_passes == [SQUARE] * 3  # the maps, the prediction, the class maps
    for method in ("gradcam", "hirescam"):
        page.segmented_control(key="method").set_value(method).run()
    page.selectbox(key="colors").set_value("greys").run()
    page.selectbox(key="range").set_value("shared").run()
    page.toggle(key="overlay").set_value(True).run()
    page.multiselect(key="layers").set_value(["conv_stem", LAST]).run()
    page.slider(key="erase").set_value(35).run()
    page.segmented_control(key="lang").set_value("zh").run()
    assert_healthy(page)
    assert len(count_passes) == 3
    page.selectbox(key="class").set_value(968).run()
    assert len(count_passes) == 4
    page.selectbox(key="against").set_value(967).run()
    assert len(count_passes) == 5
    page.slider(key="size").set_value(320).run()
    assert_healthy(page)
    assert len(count_passes) == 5
    assert any("224" in caption.value and "320" in caption.value for caption in page.caption)
    second = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    second.query_params.update(
        {"view": "classes", "network": LITE0, "photo": "coffee", "framing": "crop", "class": "968"}
    )
    assert_healthy(second.run())
    assert len(count_passes) == 5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_contrast_is_signed_and_in_the_address(page, lite0, coffee, language):
    page.query_params.update({"class": "967", "against": "968", "lang": language})
    page.run()
    assert_healthy(page)
    assert (page.query_params["class"], page.query_params["against"]) == ("967", "968")
    expected = class_maps(lite0, lite0.to_batch(coffee), 967, against=968)
    np.testing.assert_allclose(read_maps(page)[-1], expected[LAST], atol=1e-5)
    traces = [trace for trace in read_figure(page, "class_maps")["data"] if trace["type"] == "heatmap"]
    assert traces[-1]["zmin"] == -traces[-1]["zmax"] < 0
    texts = [element.value for element in (*page.markdown, *page.caption)]
    assert re.search(r"[{}]", "".join(texts)) is None
    note = Translate(language)("classes.contrast_note", name="espresso", other="cup")
    assert note in texts


def test_names_that_several_classes_have_can_be_told_apart(page, lite0):
    options = page.run().selectbox(key="class").options
    assert len(set(options)) == len(options) == 1000
    assert options[0] == "espresso"  # the most probable first
    twins = [option for option in options if re.fullmatch(r".* \(\d+\)", option)]
    assert len(twins) == sum(lite0.classes.count(name) > 1 for name in lite0.classes) > 0


def test_a_class_that_the_network_has_not_is_given_up(page):
    page.query_params["class"] = "99999"
    assert_healthy(page.run())
    assert page.selectbox(key="class").value is None


def test_a_network_without_classes_says_where_to_get_some(page, count_passes):
    page.query_params["network"] = "vgg16"
    page.run()
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("classes.none", network="VGG16")]
    assert count_passes == []
    page.button(key="switch_network").click().run()
    assert_healthy(page)
    assert page.selectbox(key="network").value == LITE0
    assert page.segmented_control(key="view").value == "classes"
    assert read_bars(page)[0].startswith("espresso")


def test_the_erase_test_costs_the_stated_passes_and_gives_vizs_numbers(page, count_passes, lite0, coffee):
    page.query_params["layers"] = LAST
    page.run()
    count_passes.clear()
    # Two kinds of map: each the blurred picture, nine places, and nine shares of which one is the same.
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * 18)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert count_passes == [SQUARE] * 36
    assert "run_erase" not in {button.key for button in page.button}
    batch, layer = lite0.to_batch(coffee), lite0.find_layer(LAST)
    values = class_maps(lite0, batch, 967)[LAST]
    spread = spread_over_picture(values, lay_cells(layer, values.shape, 224, 224), 224, 224)
    found = dict(run_deletions(lite0, np.array(coffee), 967, spread, list_deletions(LAST, 0.2)))
    effect = summarize(LAST, 0.2, found)
    (table,) = [element.value for element in page.markdown if ENGLISH("erase.column_area") in element.value]
    mean, low, high = np.mean(effect.shifted), min(effect.shifted), max(effect.shifted)
    elsewhere = f"{mean:.1%} ({low:.1%}–{high:.1%})"
    row = f"| LayerCAM | {effect.before:.1%} | **{effect.after:.1%}** | {elsewhere} | {effect.area:.3f} |"
    assert row in table
    curves = {trace["name"]: trace["y"] for trace in read_figure(page, "deletion")["data"]}
    assert list(curves) == ["Mean map", "LayerCAM"]
    np.testing.assert_allclose(curves["LayerCAM"], effect.curve, atol=1e-5)
    # Another share needs its nine places alone, of either kind; another method those of its own maps.
    assert_healthy(page.slider(key="erase").set_value(35).run())
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * 9)
    page.slider(key="erase").set_value(20).run()
    page.segmented_control(key="method").set_value("gradcam").run()
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=18)


def test_a_map_without_a_brightest_part_is_not_tested_and_one_with_little_says_so(page, count_passes):
    """Of this photograph Grad-CAM leaves nothing in one of the two layers, and a few cells in the other."""
    flat, scattered = "blocks.6.0.conv_dw", "blocks.5.2.conv_dw"
    page.query_params.update({"framing": "whole", "method": "gradcam", "layers": f"{flat},{scattered}"})
    page.run()
    count_passes.clear()
    captions = [caption.value for caption in page.caption]
    assert ENGLISH("erase.flat", maps=f"{flat} (Grad-CAM)") in captions
    assert ENGLISH("erase.scattered", share="20%", maps=f"{scattered} (Grad-CAM)") in captions
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * (1 + 17) + 17)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert len(count_passes) == 2 * (1 + 17) + 17
    (table,) = [element.value for element in page.markdown if ENGLISH("erase.column_area") in element.value]
    assert re.findall(r"^\| (blocks\S+) \| (.+?) \|", table, re.MULTILINE) == [
        (scattered, "Mean map"),
        (scattered, "Grad-CAM"),
        (flat, "Mean map"),
    ]


def test_an_improbable_class_has_little_to_lose_and_the_page_says_so(page):
    page.query_params.update({"class": "0", "layers": LAST})
    page.run()
    assert_healthy(page)
    assert any("there is little to lose" in caption.value for caption in page.caption)
    assert erasing.write_probability(0.00012) == "0.012%"
    assert erasing.write_probability(0.0123) == "1.2%"
    assert erasing.write_probability(4e-7) == "<0.0001%"
    assert erasing.write_area(0.00021) == "0.00021"


def test_a_class_is_not_held_against_itself(page):
    page.query_params.update({"class": "967", "against": "967"})
    assert_healthy(page.run())
    assert page.session_state["against"] is None
    assert "espresso" not in page.selectbox(key="against").options


def test_a_classifier_leaves_the_memory_when_its_time_is_over(monkeypatch):
    class Whole:
        pass

    monkeypatch.setattr(catalogue, "load_network", lambda key: Whole())
    monkeypatch.setattr(cache, "WHOLE_TTL", 0.1)
    kept = weakref.ref(cache._load_whole(VGG))
    monkeypatch.setattr(cache, "WHOLE_TTL", 60)
    other = weakref.ref(cache._load_whole(f"{VGG}_bn"))
    deadline = time.monotonic() + 10
    while kept() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert kept() is None
    time.sleep(0.5)
    assert other() is not None  # the time of one that has left is not its successor's


def test_what_was_erased_before_a_stop_is_kept(page, count_passes, monkeypatch):
    page.query_params["layers"] = LAST
    page.run()
    run = erasing.run_erasures

    def leave_after_five(*arguments):
        for number, found in enumerate(run(*arguments)):
            if number == 5:
                st.stop()  # as Streamlit ends the run of a visitor who does something else
            yield found

    monkeypatch.setattr(erasing, "run_erasures", leave_after_five)
    page.button(key="run_erase").click().run()
    monkeypatch.setattr(erasing, "run_erasures", run)
    page.run()
    # The sixth was made before the visitor left.
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=36 - 5)
    assert "deletion" not in {chart.proto.id for chart in page.get("plotly_chart")}
    count_passes.clear()
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert len(count_passes) == 36 - 5


def test_in_measured_the_class_map_costs_passes_for_those_who_ask(page, count_passes, lite0):
    page.query_params.update({"view": "measure", "framing": "whole", "box": BOX})
    page.run()
    assert count_passes == [WHOLE]
    page.toggle(key="class_box").set_value(True).run()
    assert_healthy(page)
    assert count_passes == [WHOLE] * 3
    assert page.query_params["class_box"] == "true"
    photo = frame_image(read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes()))
    values = class_maps(lite0, lite0.to_batch(photo), 967)[LAST]
    expected = box_auc(values, tuple(map(int, BOX.split(","))), photo.height, photo.width)
    curves = {trace["name"]: trace["y"] for trace in read_figure(page, "chart_object")["data"]}
    assert list(curves) == ["EfficientNet-Lite0", "LayerCAM"]
    assert float(curves["LayerCAM"][-1]) == pytest.approx(expected, abs=1e-4)
    assert any("LayerCAM map of “espresso” catches more of the box" in text.value for text in page.markdown)
    note = ENGLISH("verdict.class_note", size=224)
    assert note not in {caption.value for caption in page.caption}
    page.segmented_control(key="side").set_value("pre").run()
    assert note in {caption.value for caption in page.caption}
    page.toggle(key="class_box").set_value(False).run()
    assert [trace["name"] for trace in read_figure(page, "chart_object")["data"]] == ["EfficientNet-Lite0"]


def test_a_network_without_classes_is_not_offered_a_class_map(page, count_passes):
    page.query_params.update({"view": "measure", "network": "vgg16", "box": BOX, "class_box": "true"})
    assert_healthy(page.run())
    assert len(count_passes) == 1
    assert "class_box" not in {toggle.key for toggle in page.toggle}


def test_a_vggs_classifier_is_loaded_when_its_memory_is_agreed_to(page, monkeypatch):
    """It is a small one here; the catalogue tells the size of the real one."""
    asked, load = [], catalogue.load_network

    def load_small(key, *more, classifier=True):
        asked.append((key, classifier))
        if key != VGG:
            return load(key, *more)
        network = load(f"untrained:{key}")
        if not classifier:
            return network
        module = nn.Sequential(network.module, nn.Unflatten(1, (512, 49)), nn.AvgPool1d(49))
        head = nn.Sequential(module, nn.Flatten(), nn.Linear(512, 7)).eval().requires_grad_(False)
        layers = name_as_paper(find_layers(head, 224))
        return type(network)(head, layers, network.mean, network.std, tuple("abcdefg"))

    monkeypatch.setattr(catalogue, "load_network", load_small)
    monkeypatch.setattr("page.status.is_there", lambda key: True)
    monkeypatch.setattr("page.networks.may_download", lambda: True)
    page.query_params["network"] = VGG
    page.run()
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("classes.memory", network="VGG11", megabytes=507)]
    assert asked == [(VGG, False)]
    page.button(key="load_classifier").click().run()
    assert_healthy(page)
    assert asked == [(VGG, False), (VGG, True)]
    assert len(read_bars(page)) == 5
    assert len(read_maps(page)) == 2 * len(list_names(page))
    # The maps' network stays the light one.
    assert cache.load_network(VGG).classes is None
    assert cache.load_whole(VGG).classes == tuple("abcdefg")
    assert asked == [(VGG, False), (VGG, True)]
