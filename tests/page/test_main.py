"""One run of the whole page: what all views have in common."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from apptests import (
    ENGLISH,
    NAMES,
    choose_view,
    decode,
    go_back,
    list_errors,
    list_maps,
    open_page,
    read_alt,
    read_figure,
    read_titles,
)
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy

from page.choice import session
from page.views import VIEWS
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.one_pass import extract_heatmaps
from viz.networks import files
from viz.networks.sources import vgg16
from viz.pictures import samples
from viz.pictures.samples import SAMPLES


def test_the_first_screen(page):
    page.run()
    assert_healthy(page)
    maps, titles = list_maps(read_figure(page)), read_titles(page)
    assert len(maps) == 4
    assert all(trace["showscale"] for trace in maps)
    assert titles[0].startswith("<b>Photograph</b>")
    for title, name in zip(titles[1:], DEFAULT_LAYERS, strict=False):
        assert title.startswith(f"<b>{name}</b>")
    assert titles[2] == "<b>conv3_1</b><br>[84×56] · middle"
    assert "conv1_2, conv3_1, conv4_3, conv5_3" in read_alt(page)
    assert page.query_params == {}


@pytest.mark.parametrize("photo", SAMPLES)
def test_every_sample(page, photo):
    page.query_params["photo"] = photo
    page.run()
    assert_healthy(page)
    assert page.selectbox(key="photo").value == photo


def test_one_pass_however_many_widgets_change(page, count_passes):
    page.run()
    page.selectbox(key="aggregation").set_value("strongest").run()
    page.segmented_control(key="side").set_value("pre").run()
    page.multiselect(key="layers").set_value(NAMES).run()
    page.selectbox(key="colors").set_value("greys").run()
    page.selectbox(key="range").set_value("shared").run()
    page.toggle(key="overlay").set_value(True).run()
    page.slider(key="opacity").set_value(0.2).run()
    page.toggle(key="smooth").set_value(True).run()
    page.segmented_control(key="lang").set_value("zh").run()
    choose_view(page, "depth")
    assert_healthy(page)
    assert count_passes == [(1, 3, 224, 336)]
    page.radio(key="framing").set_value("crop").run()
    assert count_passes == [(1, 3, 224, 336), (1, 3, 224, 224)]
    page.radio(key="framing").set_value("whole").run()
    assert len(count_passes) == 2


def test_an_aggregation_that_is_added_to_the_table_is_computed_offered_and_in_the_address(
    page, monkeypatch, network, make_batch
):
    monkeypatch.setitem(AGGREGATIONS, "median", lambda feature_map: feature_map.median(dim=0).values)
    page.query_params["layers"] = "conv5_3"
    page.run()
    page.selectbox(key="aggregation").set_value("median").run()
    assert_healthy(page)
    assert page.query_params["aggregation"] == "median"
    assert page.selectbox(key="aggregation").options[-1] == "median"
    (trace,) = list_maps(read_figure(page))
    expected = extract_heatmaps(network, make_batch())["conv5_3", "post", "median"]
    np.testing.assert_array_equal(decode(trace["z"]), expected)
    linked = open_page(aggregation="median", side="pre").run()
    assert linked.selectbox(key="aggregation").value == "median"


# The address


def test_the_address_restores_the_view_and_follows_it(page):
    page.query_params.update(
        {"photo": "rocket", "layers": ["conv4_2", "conv1_1"], "side": "pre", "overlay": "true", "size": "256"}
    )
    page.run()
    assert_healthy(page)
    assert page.multiselect(key="layers").value == ["conv1_1", "conv4_2"]
    assert page.segmented_control(key="side").value == "pre"
    assert page.slider(key="size").value == 256
    page.selectbox(key="colors").set_value("jet").run()
    assert page.query_params["colors"] == "jet"
    assert page.query_params["layers"] == ["conv1_1", "conv4_2"]


def test_an_invalid_address_opens_the_default_view_and_names_what_it_left_out(page):
    page.query_params.update(
        {"photo": "dog", "layers": "fc7", "opacity": "x", "view": "<b>hello", "unknown": "1"}
    )
    page.run()
    assert not page.exception
    names = ", ".join(f"`{key}`" for key in ("view", "photo", "layers", "opacity"))
    assert list_errors(page) == [ENGLISH("link.left_out", names=names)]
    assert page.selectbox(key="photo").value == "cat"
    assert page.multiselect(key="layers").value == DEFAULT_LAYERS
    assert page.query_params == {}
    page.selectbox(key="colors").set_value("jet").run()
    assert_healthy(page)


def test_a_change_of_language_keeps_every_choice(page):
    page.query_params.update({"photo": "coffee", "layers": ["conv1_1", "conv5_3"], "aggregation": "max"})
    page.run()
    page.segmented_control(key="lang").set_value("zh").run()
    assert_healthy(page)
    assert page.query_params["lang"] == "zh"
    page.segmented_control(key="side").set_value("pre").run()
    assert page.multiselect(key="layers").value == ["conv1_1", "conv5_3"]
    assert page.selectbox(key="aggregation").value == "max"
    assert read_titles(page)[1] == "<b>conv1_1</b><br>[336×224] · 浅层"


def test_back_restores_every_choice_and_the_address(traveller):
    traveller.run()
    traveller.selectbox(key="photo").set_value("rocket").run()
    traveller.multiselect(key="layers").set_value(["conv2_1"]).run()
    choose_view(traveller, "depth")
    go_back(traveller, photo="rocket")
    assert traveller.segmented_control(key="view").value == "compare"
    assert traveller.selectbox(key="photo").value == "rocket"
    assert traveller.multiselect(key="layers").value == DEFAULT_LAYERS
    assert traveller.query_params == {"photo": "rocket"}
    go_back(traveller)
    assert traveller.selectbox(key="photo").value == "cat"
    go_back(traveller, view="depth", photo="rocket", layers="conv2_1")
    assert traveller.segmented_control(key="view").value == "depth"
    assert traveller.session_state["layers"] == ["conv2_1"]


def test_back_keeps_the_language_of_the_browser(traveller, monkeypatch):
    monkeypatch.setattr(session, "_find_language", lambda: "zh")
    traveller.run()
    assert traveller.query_params["lang"] == "zh"
    go_back(traveller)
    assert traveller.session_state["lang"] == "zh"


def test_back_brings_the_box_of_another_picture_along(traveller):
    box = {"view": "measure", "box": "10,20,100,120"}
    traveller.query_params.update(box)
    traveller.run()
    traveller.selectbox(key="photo").set_value("coffee").run()
    assert traveller.query_params == {"view": "measure", "photo": "coffee"}
    go_back(traveller, **box)
    assert traveller.session_state["box"] == (10, 20, 100, 120)


# What fails


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"view": "depth"},
        {"view": "measure"},
        {"view": "probe"},
        {"view": "probe", "show": "channels"},
        {"view": "probe", "field": "true"},
    ],
    ids=str,
)
def test_missing_weights_are_a_sentence_and_no_traceback(page, monkeypatch, tmp_path, query):
    monkeypatch.setattr(vgg16, "BUNDLED_PATH", tmp_path / "gone.safetensors")
    page.query_params.update(query)
    page.run()
    assert not page.exception
    assert list_errors(page) == [ENGLISH("weights_error.missing", file="gone.safetensors")]


def refuse(*_, **__):
    raise ConnectionRefusedError


def test_torchvisions_weights_without_a_network_leave_the_page_on_the_bundled_ones(
    page, monkeypatch, tmp_path
):
    monkeypatch.delenv(files.NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(files.urllib.request, "urlopen", refuse)
    page.run()
    before = read_figure(page)
    page.selectbox(key="network").set_value("torchvision:vgg16").run()
    assert not page.exception
    sentence = ENGLISH("weights_error.download", host="download.pytorch.org")
    kept = ENGLISH("weights_error.kept", network="VGG16")
    assert list_errors(page) == [f"{sentence} {kept}"]
    assert page.selectbox(key="network").value == "vgg16"
    assert "network" not in page.query_params
    assert read_figure(page) == before
    page.selectbox(key="aggregation").set_value("max").run()
    assert_healthy(page)
    page.selectbox(key="network").set_value("efficientnet_lite0").run()
    page.selectbox(key="network").set_value("torchvision:vgg16").run()
    kept = ENGLISH("weights_error.kept", network="EfficientNet-Lite0")
    assert list_errors(page) == [f"{sentence} {kept}"]
    assert page.selectbox(key="network").value == "efficientnet_lite0"


@pytest.mark.parametrize(
    ("error", "key"),
    [(RuntimeError("secret detail"), "page.bug"), (MemoryError("secret detail"), "network_error.memory")],
)
def test_a_bug_gets_a_plain_sentence_and_the_sidebar_stays(page, monkeypatch, error, key):
    def fail(*_):
        raise error

    monkeypatch.setitem(VIEWS, "compare", replace(VIEWS["compare"], draw=fail))
    page.run()
    assert not page.exception
    assert list_errors(page) == [ENGLISH(key)]
    assert page.selectbox(key="photo").value == "cat"


def test_a_sample_photograph_that_is_not_there_has_its_sentence_and_another_is_shown(
    page, monkeypatch, tmp_path
):
    monkeypatch.setattr(samples, "IMAGES", tmp_path)
    page.run()
    sentence = ENGLISH("image_error.sample", file="cat.png")
    assert not page.exception
    assert list_errors(page) == [sentence]
    shutil.copy(ROOT / "assets/images/coffee.png", tmp_path)
    page.run()
    assert not page.exception
    assert list_errors(page) == [sentence]
    assert page.selectbox(key="photo").value == "coffee"
    assert len(list_maps(read_figure(page))) == 4
    page.selectbox(key="aggregation").set_value("max").run()
    assert_healthy(page)
    page.query_params["view"] = "lesson"
    page.selectbox(key="photo").set_value("rocket").run()
    assert list_errors(page) == [ENGLISH("image_error.sample", file="rocket.jpg")]
