"""The page without a browser: Streamlit's AppTest runs the script as a session does."""

import base64
import csv
import io
import json
import re
import threading

import numpy as np
import pytest
import streamlit as st
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy
from PIL import Image
from streamlit.testing.v1 import AppTest

import viz
from page import address, cache, channel_values, main, picture, status, turns, verdicts
from page.settings import HOMEWORK_VIEW
from page.views import layer_by_layer, measured, point_at_it
from viz.networks import files
from viz.networks.sources import vgg16 as model
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import Translate, load_catalogue

NAMES = [layer.name for layer in LAYERS]
CLAIMS = ("detail", "regions", "resolution", "object")
ENGLISH = Translate("en")


@pytest.fixture
def page(request):
    """A new visitor's page; of a server without any results where a test counts or replaces something."""
    if {"count_passes", "monkeypatch"} & set(request.fixturenames):
        st.cache_data.clear()
        st.cache_resource.clear()
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def read_figure(page, key="heatmaps"):
    charts = page.get("plotly_chart")
    assert len(charts) == 1
    assert key in charts[0].proto.id
    return json.loads(charts[0].proto.spec), charts[0].proto


def decode(array):
    kinds = {"f4": np.float32, "u1": np.uint8}
    flat = np.frombuffer(base64.b64decode(array["bdata"]), kinds[array["dtype"]])
    return flat.reshape([int(side) for side in array["shape"].split(",")])


def list_maps(spec):
    return [trace for trace in spec["data"] if trace["type"] == "heatmap"]


def read_titles(page):
    return [note["text"] for note in read_figure(page)[0]["layout"]["annotations"]]


def encode(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def test_the_first_screen(page):
    page.run()
    assert_healthy(page)
    spec, chart = read_figure(page)
    assert len(list_maps(spec)) == 4
    assert all(trace["showscale"] for trace in list_maps(spec))
    titles = read_titles(page)
    assert titles[0].startswith("<b>Photograph</b>")
    for title, name in zip(titles[1:], DEFAULT_LAYERS, strict=False):
        assert title.startswith(f"<b>{name}</b>")
    assert titles[2] == "<b>conv3_1</b><br>[84×56] · middle"
    assert "conv1_2, conv3_1, conv4_3, conv5_3" in chart.alt
    assert page.query_params == {}


def test_the_page_shows_the_pixels_that_the_network_saw_and_its_true_values(page, network, make_batch):
    from viz.maps.one_pass import extract_heatmaps

    page.run()
    spec, _ = read_figure(page)
    source = spec["data"][0]["source"].removeprefix("data:image/webp;base64,")
    shown = Image.open(io.BytesIO(base64.b64decode(source)))
    framed = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()))
    np.testing.assert_array_equal(np.array(shown), np.array(framed))
    expected = extract_heatmaps(network, make_batch("cat.png"))
    for trace, name in zip(list_maps(spec), DEFAULT_LAYERS, strict=True):
        np.testing.assert_array_equal(decode(trace["z"]), expected[name, "post", "mean"])


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
    page.segmented_control(key="view").set_value("depth").run()
    assert_healthy(page)
    assert count_passes == [(1, 3, 224, 337)]
    page.radio(key="framing").set_value("crop").run()
    assert count_passes == [(1, 3, 224, 337), (1, 3, 224, 224)]
    page.radio(key="framing").set_value("whole").run()
    assert len(count_passes) == 2


def test_an_aggregation_that_is_added_to_the_table_is_computed_offered_and_in_the_address(
    page, monkeypatch, network, make_batch
):
    from viz.maps.aggregations import AGGREGATIONS
    from viz.maps.one_pass import extract_heatmaps

    monkeypatch.setitem(AGGREGATIONS, "median", lambda feature_map: feature_map.median(dim=0).values)
    page.query_params["layers"] = "conv5_3"
    page.run()
    page.selectbox(key="aggregation").set_value("median").run()
    assert_healthy(page)
    assert page.query_params["aggregation"] == "median"
    assert page.selectbox(key="aggregation").options[-1] == "median"
    (trace,) = list_maps(read_figure(page)[0])
    expected = extract_heatmaps(network, make_batch())["conv5_3", "post", "median"]
    np.testing.assert_array_equal(decode(trace["z"]), expected)
    linked = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    linked.query_params.update({"aggregation": "median", "side": "pre"})
    assert linked.run().selectbox(key="aggregation").value == "median"


def test_two_sessions_share_one_pass(page, count_passes):
    page.run()
    second = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert_healthy(second)
    assert len(count_passes) == 1


@pytest.mark.parametrize("photo", ["cat", "coffee", "astronaut", "rocket", "brick"])
def test_every_sample(page, photo):
    page.query_params["photo"] = photo
    page.run()
    assert_healthy(page)
    assert page.selectbox(key="photo").value == photo


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


def test_an_invalid_address_opens_the_default_view(page):
    page.query_params.update({"photo": "dog", "layers": "fc7", "opacity": "x", "view": "<b>", "unknown": "1"})
    page.run()
    assert_healthy(page)
    assert page.selectbox(key="photo").value == "cat"
    assert page.multiselect(key="layers").value == DEFAULT_LAYERS


def test_the_homeworks_view(page):
    page.run()
    page.toggle(key="overlay").set_value(True).run()
    page.button(key="preset").click().run()
    assert_healthy(page)
    spec, _ = read_figure(page)
    assert [trace["z"]["shape"] for trace in list_maps(spec)] == ["224, 224", "56, 56", "28, 28"]
    assert all(trace["colorscale"][-1] == [1, "rgb(128,0,0)"] for trace in list_maps(spec))
    assert "images" not in spec["layout"]
    for name, value in {"aggregation": "mean", "colors": "jet", "framing": "squash"}.items():
        assert page.session_state[name] == value


def test_the_homeworks_own_weights_are_offered_with_their_size(page, monkeypatch):
    monkeypatch.delenv(files.NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(status.Status, "load", lambda *_: st.stop())  # nothing is fetched here
    page.run()
    assert "528 MB" in page.button(key="preset_fetched").label
    assert ENGLISH("layers.preset_note") in [caption.value for caption in page.caption]
    page.button(key="preset_fetched").click().run()
    for name, value in {**HOMEWORK_VIEW, "network": "torchvision:vgg16"}.items():
        assert page.session_state[name] == value
    monkeypatch.setenv(files.NO_DOWNLOADS, "1")
    page.run()
    assert "preset_fetched" not in {button.key for button in page.button}
    assert ENGLISH("layers.preset_note") in [caption.value for caption in page.caption]


@pytest.mark.parametrize(
    ("button", "names"),
    [
        ("layers_all", NAMES),
        ("layers_shallow", NAMES[:3]),
        ("layers_middle", NAMES[3:6]),
        ("layers_deep", NAMES[6:]),
        ("layers_homework", ["conv1_1", "conv3_1", "conv4_2"]),
    ],
)
def test_buttons_choose_layers(page, button, names):
    page.run()
    page.button(key=button).click().run()
    assert_healthy(page)
    assert page.multiselect(key="layers").value == names
    assert len(list_maps(read_figure(page)[0])) == len(names)


def test_panels_stand_in_the_order_of_depth(page):
    page.run()
    page.multiselect(key="layers").set_value(["conv5_1", "conv1_1"]).run()
    assert [title[3:10] for title in read_titles(page)[1:3]] == ["conv1_1", "conv5_1"]


def test_nothing_selected_looks_intended(page, count_passes):
    page.query_params["layers"] = ""
    page.run()
    assert_healthy(page)
    assert [trace["type"] for trace in read_figure(page, "photograph")[0]["data"]] == ["image"]
    assert count_passes == []
    page.button(key="take_default").click().run()
    assert len(list_maps(read_figure(page)[0])) == 4


def test_one_layer(page):
    page.query_params["layers"] = "conv5_3"
    page.run()
    assert_healthy(page)
    line = ENGLISH("page.line_one", all=13, network="VGG16", colours=ENGLISH("page.colours_sequential"))
    assert line in [m.value for m in page.markdown]


def test_before_the_relu_signed_maps_diverge_around_zero_and_others_do_not(page):
    page.query_params["side"] = "pre"
    page.run()
    for trace in list_maps(read_figure(page)[0]):
        assert trace["zmin"] == -trace["zmax"]
        assert trace["colorscale"][5] == [0.5, "rgb(247,247,247)"]
        assert trace["colorbar"]["ticktext"][1] == "0"
    page.selectbox(key="aggregation").set_value("l2").run()
    assert all(trace["zmin"] >= 0 for trace in list_maps(read_figure(page)[0]))


def test_the_strongest_channel_is_named(page):
    page.query_params["aggregation"] = "strongest"
    page.run()
    assert read_titles(page)[1].startswith("<b>conv1_2</b> · channel 45")


def test_what_is_clipped_or_smoothed_says_so(page):
    page.run()
    notes = {ENGLISH("panel.percentiles_note"), ENGLISH("panel.smooth_note")}
    assert not notes & {caption.value for caption in page.caption}
    page.selectbox(key="range").set_value("percentiles").run()
    page.toggle(key="smooth").set_value(True).run()
    assert notes <= {caption.value for caption in page.caption}


def read_depth(page):
    """The layer that stands in the depth view, as the figure, its alternative text and the slider name it."""
    assert_healthy(page)
    spec, chart = read_figure(page, "depth_map")
    name = page.select_slider(key="depth").value
    assert len(spec["data"]) == 1
    assert spec["layout"]["annotations"][0]["text"].startswith(f"<b>{name}</b>")
    assert name in chart.alt
    return name


def test_the_scrubbers_layer_is_in_the_address_and_outlives_other_choices(page, count_passes):
    page.query_params["view"] = "depth"
    page.run()
    assert page.select_slider(key="depth").options == NAMES
    assert read_depth(page) == "conv1_1"
    page.select_slider(key="depth").set_value("conv4_2").run()
    assert read_depth(page) == "conv4_2"
    assert page.query_params["depth"] == "conv4_2"
    page.slider(key="opacity").set_value(0.2).run()
    assert read_depth(page) == "conv4_2"
    page.segmented_control(key="view").set_value("compare").run()
    page.segmented_control(key="view").set_value("depth").run()
    assert read_depth(page) == "conv4_2"
    assert count_passes == [(1, 3, 224, 337)]


def test_playing_stops_at_the_deepest_layer_and_begins_anew_from_there(page, count_passes):
    page.query_params.update({"view": "depth", "depth": "conv5_1"})
    page.run()
    assert page.button(key="play").label == ENGLISH("depth.play")
    page.button(key="play").click().run()
    assert read_depth(page) == "conv5_2"
    assert page.button(key="play").label == ENGLISH("depth.pause")
    assert page.query_params["depth"] == "conv5_2"
    page.run()
    assert read_depth(page) == "conv5_3"
    page.run()
    assert read_depth(page) == "conv5_3"
    assert page.button(key="play").label == ENGLISH("depth.play")
    page.button(key="play").click().run()
    assert read_depth(page) == "conv1_1"
    page.button(key="play").click().run()
    page.run()
    assert read_depth(page) == "conv1_1"
    assert len(count_passes) == 1


def test_the_slider_and_a_change_of_view_end_the_playing(page):
    page.query_params["view"] = "depth"
    page.run()
    page.button(key="play").click().run()
    page.select_slider(key="depth").set_value("conv3_3").run()
    page.run()
    assert read_depth(page) == "conv3_3"
    page.button(key="play").click().run()
    page.segmented_control(key="view").set_value("compare").run()
    page.segmented_control(key="view").set_value("depth").run()
    assert read_depth(page) == "conv4_1"
    assert page.button(key="play").label == ENGLISH("depth.play")


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


def test_an_upload_is_shown_and_named_as_not_shareable(page, count_passes):
    page.run()
    picture = Image.new("RGB", (300, 200), "orange")
    page.file_uploader(key="upload").set_value(("mine.png", encode(picture), "image/png")).run()
    assert_healthy(page)
    assert page.selectbox(key="photo").value == "upload"
    assert page.query_params["photo"] == "upload"
    assert ENGLISH("picture.not_shareable") in [caption.value for caption in page.caption]
    assert count_passes[-1] == (1, 3, 224, 336)
    page.selectbox(key="photo").set_value("rocket").run()
    assert_healthy(page)
    page.selectbox(key="photo").set_value("upload").run()
    assert len(count_passes) == 3


def test_an_upload_with_one_other_pixel_is_another_picture(page, count_passes):
    page.run()
    pixels = np.zeros((800, 800, 3), dtype=np.uint8)
    page.file_uploader(key="upload").set_value(("a.png", encode(Image.fromarray(pixels)), "image/png")).run()
    pixels[400, 400] = 1
    page.file_uploader(key="upload").set_value(("a.png", encode(Image.fromarray(pixels)), "image/png")).run()
    assert len(count_passes) == 3


def make_bad_files():
    tall = encode(Image.new("RGB", (1, 300)))
    whole = encode(Image.effect_noise((300, 200), 50).convert("RGB"), "JPEG")
    bomb = encode(Image.new("1", (9400, 9400)))
    return {
        "empty": (b"", "empty"),
        "text named png": (b"hello, I am no picture", "format"),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "format"),
        "gif": (encode(Image.new("P", (50, 50)), "GIF"), "format"),
        "bmp": (encode(Image.new("RGB", (50, 50)), "BMP"), "format"),
        "truncated": (whole[: len(whole) // 2], "broken"),
        "one pixel wide": (tall, "too_small"),
        "bomb": (bomb, "too_many_pixels"),
        "too narrow": (encode(Image.new("RGB", (2000, 20))), "too_narrow"),
        "too many bytes": (b"\xff\xd8\xff" + bytes(11 * 2**20), "too_many_bytes"),
    }


@pytest.mark.parametrize(("data", "reason"), make_bad_files().values(), ids=make_bad_files())
def test_a_bad_file_gets_its_sentence_and_nothing_is_lost(page, data, reason):
    page.query_params["photo"] = "coffee"
    page.run()
    before = read_figure(page)[0]["data"][0]["source"]
    page.file_uploader(key="upload").set_value(("x.png", data, "image/png")).run()
    assert not page.exception
    for _ in range(2):
        (error,) = page.error
        assert page.sidebar.error[0].value == error.value  # beside the uploader
        assert error.value.startswith(load_catalogue("en")[f"image_error.{reason}"].split("{")[0])
        assert "{" not in error.value
        assert error.value.endswith(ENGLISH("image_error.kept"))
        assert page.selectbox(key="photo").value == page.query_params["photo"] == "coffee"
        assert read_figure(page)[0]["data"][0]["source"] == before
        page.selectbox(key="photo").set_value("upload").run()  # it is still there, and still bad
    page.selectbox(key="aggregation").set_value("max").run()  # the page still works
    assert not page.exception
    page.selectbox(key="photo").set_value("cat").run()
    assert_healthy(page)


def test_a_bad_file_after_a_good_one_keeps_the_good_one(page):
    page.run()
    good = encode(Image.new("RGB", (64, 64), "green"))
    page.file_uploader(key="upload").set_value(("good.png", good, "image/png")).run()
    before = read_figure(page)[0]["data"][0]["source"]
    page.file_uploader(key="upload").set_value(("bad.png", b"nothing", "image/png")).run()
    assert len(page.error) == 1
    assert page.selectbox(key="photo").value == "upload"
    assert read_figure(page)[0]["data"][0]["source"] == before
    page.selectbox(key="photo").set_value("cat").run()
    assert_healthy(page)
    page.file_uploader(key="upload").set_value(("worse.png", b"", "image/png")).run()
    assert len(page.error) == 1
    assert page.selectbox(key="photo").value == "cat"
    page.selectbox(key="photo").set_value("upload").run()  # the good one is not lost
    assert len(page.error) == 1
    assert read_figure(page)[0]["data"][0]["source"] == before
    page.file_uploader(key="upload").set_value(("good.png", good, "image/png")).run()
    assert_healthy(page)


def test_a_bad_file_on_a_link_to_an_upload_sets_the_choice_to_what_is_shown(page):
    page.query_params["photo"] = "upload"
    page.run()
    page.file_uploader(key="upload").set_value(("bad.png", b"nothing", "image/png")).run()
    assert len(page.sidebar.error) == 1
    assert not page.info
    assert page.selectbox(key="photo").value == "cat"
    assert "photo" not in page.query_params


def test_a_bad_second_photograph_is_told_beside_its_uploader_and_the_good_one_stays(page):
    page.query_params.update({"view": "probe", "show": "alike", "layers": "conv5_3", "second": "upload"})
    page.run()
    uploader = page.file_uploader(key="second_upload")
    uploader.set_value(("bad.png", b"nothing", "image/png")).run()
    assert [error.value for error in page.error] == [ENGLISH("image_error.format")]
    good = encode(Image.new("RGB", (64, 64), "green"))
    page.file_uploader(key="second_upload").set_value(("good.png", good, "image/png")).run()
    assert_healthy(page)
    before = read_chart(page, "matched")["data"][0]["source"]
    page.file_uploader(key="second_upload").set_value(("bad.png", b"nothing", "image/png")).run()
    (error,) = page.error
    assert error.value.endswith(ENGLISH("image_error.kept"))
    assert read_chart(page, "matched")["data"][0]["source"] == before


def test_a_picture_whose_shorter_side_is_not_the_asked_one_says_so(page):
    page.run()
    data = encode(Image.new("RGB", (2400, 240), "orange"))
    page.file_uploader(key="upload").set_value(("long.png", data, "image/png")).run()
    assert_healthy(page)
    assert read_titles(page)[0].endswith("1002×100 px, as the network sees it")
    sentence = ENGLISH("picture.narrow", got=100, size=224)
    assert sentence in [caption.value for caption in page.caption]
    page.radio(key="framing").set_value("crop").run()
    assert sentence not in [caption.value for caption in page.caption]


def test_the_cost_of_a_size_is_told_where_it_is_another(page):
    page.run()
    assert not any("times the work" in caption.value for caption in page.caption)
    page.slider(key="size").set_value(448).run()
    assert ENGLISH("advanced.size_cost", factor="4.0") in [caption.value for caption in page.caption]


@pytest.mark.parametrize("own", ["upload", "camera"])
def test_a_photograph_that_is_no_longer_here_is_asked_for(page, own):
    page.query_params["photo"] = own
    page.run()
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("picture.waiting_lost")]
    assert len(list_maps(read_figure(page)[0])) == 4
    data = encode(Image.new("RGB", (300, 200), "orange"))
    page.file_uploader(key="upload").set_value(("mine.png", data, "image/png")).run()
    assert not page.info
    assert read_titles(page)[0].endswith("336×224 px, as the network sees it")


def test_a_stand_in_for_a_file_counts_as_none(monkeypatch):
    class Gone:
        """Streamlit's value of an uploader whose file the server has forgotten."""

    monkeypatch.setattr(picture.st, "session_state", {"upload": Gone(), "second_upload": None})
    assert picture.read_file("upload") is None
    assert picture.read_file("second_upload") is None
    assert picture.read_file("camera") is None


def test_no_upload_yet_says_what_to_do(page):
    page.run()
    page.selectbox(key="photo").set_value("upload").run()
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("picture.waiting_upload")]
    assert read_figure(page)


WITHOUT_WEIGHTS = [{}, {"view": "depth"}, {"view": "measure"}, {"view": "probe"}]
WITHOUT_WEIGHTS += [{"view": "probe", "show": "channels"}, {"view": "probe", "field": "true"}]


@pytest.mark.parametrize("query", WITHOUT_WEIGHTS, ids=str)
def test_missing_weights_are_a_sentence_and_no_traceback(page, monkeypatch, tmp_path, query):
    monkeypatch.setattr(model, "BUNDLED_PATH", tmp_path / "gone.safetensors")
    page.query_params.update(query)
    page.run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        ENGLISH("weights_error.missing", file="gone.safetensors")
    ]


def refuse(*_, **__):
    raise ConnectionRefusedError


def test_torchvisions_weights_without_a_network_leave_the_page_on_the_bundled_ones(
    page, monkeypatch, tmp_path
):
    import torch

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(files.urllib.request, "urlopen", refuse)
    page.run()
    before = read_figure(page)[0]
    page.selectbox(key="network").set_value("torchvision:vgg16").run()
    assert not page.exception
    sentence = ENGLISH("weights_error.download", host="download.pytorch.org")
    kept = ENGLISH("weights_error.kept", network="VGG16")
    assert [error.value for error in page.error] == [f"{sentence} {kept}"]
    assert page.selectbox(key="network").value == "vgg16"
    assert "network" not in page.query_params
    assert read_figure(page)[0] == before
    page.selectbox(key="aggregation").set_value("max").run()
    assert_healthy(page)
    page.selectbox(key="network").set_value("efficientnet_lite0").run()
    page.selectbox(key="network").set_value("torchvision:vgg16").run()
    kept = ENGLISH("weights_error.kept", network="EfficientNet-Lite0")
    assert [error.value for error in page.error] == [f"{sentence} {kept}"]
    assert page.selectbox(key="network").value == "efficientnet_lite0"


def test_a_bug_gets_a_plain_sentence_and_the_sidebar_stays(page, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(main, "DRAW", {"compare": fail})
    page.run()
    assert not page.exception
    assert [error.value for error in page.error] == [ENGLISH("page.bug")]
    assert page.selectbox(key="photo").value == "cat"


def test_a_bug_in_a_part_that_runs_by_itself_gets_the_same_sentence(page, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret detail")

    page.query_params["view"] = "depth"
    monkeypatch.setattr(layer_by_layer, "draw_maps", fail)
    page.run()
    assert not page.exception
    assert [error.value for error in page.error] == [ENGLISH("page.bug")]


def open_measures(page, **parameters):
    page.query_params.update({"view": "measure"} | parameters)
    page.run()
    assert_healthy(page)
    return page


def read_chart(page, key):
    (chart,) = [chart for chart in page.get("plotly_chart") if key in chart.proto.id]
    return json.loads(chart.proto.spec)


def read_curves(page):
    """Values by metric's title and curve's name, as the charts hold them."""
    spec = read_chart(page, "metrics")
    titles = [note["text"] for note in spec["layout"]["annotations"] if note["xref"].endswith(" domain")]
    axes = list(dict.fromkeys(trace["xaxis"] for trace in spec["data"]))
    return {
        (titles[axes.index(trace["xaxis"])], trace["name"]): [float(value) for value in trace["y"]]
        for trace in spec["data"]
    }


def test_the_measures_are_those_of_the_maps(page, network, make_batch):
    from viz.maps.one_pass import extract_heatmaps
    from viz.measures.metrics import layer_metrics, measure_luma

    open_measures(page, aggregation="max", side="pre")
    curves = read_curves(page)
    heatmaps = extract_heatmaps(network, make_batch("cat.png"))
    luma = measure_luma(np.array(frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()))))
    for place, name in enumerate(NAMES):
        metrics = layer_metrics(heatmaps[name, "pre", "max"], luma)
        assert curves[ENGLISH("metric.gini"), "VGG16"][place] == pytest.approx(metrics.gini)
        assert curves[ENGLISH("metric.region_count"), "VGG16"][place] == metrics.region_count
        zeros = curves[ENGLISH("metric.zero_share"), "VGG16"][place]
        assert zeros == pytest.approx(heatmaps.zero_shares[name])


def test_the_csv_is_the_table_that_python_gives(page, network, make_batch, monkeypatch):
    texts, write = [], measured.write_csv
    monkeypatch.setattr(measured, "write_csv", lambda rows: texts.append(write(rows)) or texts[-1])
    open_measures(page, aggregation="max", box="18,0,273,214")
    pixels = np.array(frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes())))
    heatmaps = viz.extract_heatmaps(network, make_batch("cat.png"))
    rows = viz.measure_network(heatmaps, network, pixels, aggregation="max", box=(18, 0, 273, 214))
    text = texts[-1].removeprefix("\ufeff")
    ours, theirs = (list(csv.DictReader(io.StringIO(found))) for found in (write(rows), text))
    assert [{name: row[name] for name in ours[0]} for row in theirs] == ours
    assert list(theirs[0])[-len(ours[0]) :] == list(ours[0])


def test_controls_cost_one_pass_each_and_only_when_shown(page, count_passes):
    open_measures(page)
    assert len(count_passes) == 1
    for controls, passes in (
        (["coarse"], 1),
        (["coarse", "untrained"], 2),
        (["untrained", "noise"], 3),
        (["noise"], 3),
        (["untrained", "coarse", "noise"], 3),
    ):
        page.session_state["controls"] = controls
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


def read_claims(page):
    """Badges and the text below them, by claim."""
    found = {}
    for markdown in page.markdown:
        badges = re.findall(r":\w+-badge\[(.+?)\]", markdown.value)
        if badges and markdown.value.startswith("**"):
            claim, _, rest = markdown.value.partition("\n")
            found[claim.strip(" *")] = (badges, rest)
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_claim_stands_beside_its_chart(page, language):
    translate = Translate(language)
    open_measures(page, box="100,20,260,200", lang=language)
    claims = read_claims(page)
    assert list(claims) == [translate(f"claim.{claim}") for claim in CLAIMS]
    answer = next(m.value for m in page.markdown if m.value.startswith(translate("claim.object")))
    assert re.findall(r"badge\[(.+?)\]", answer) == claims[translate("claim.object")][0]
    for claim in CLAIMS:
        (truth, learned), text = claims[translate(f"claim.{claim}")]
        spec = read_chart(page, f"chart_{claim}")
        assert len([trace for trace in spec["data"] if trace["name"] == "VGG16"]) == (
            3 if claim == "regions" else 1
        )
        asked = "construction" if claim == "resolution" else "unasked"
        assert learned == translate(f"verdict.learned_{asked}")
        assert truth
        assert re.search(r"[{}]", text) is None
    assert page.button(key="compare").label == translate("verdict.compare", count=19)


def test_verdicts_are_written_from_the_numbers(page):
    open_measures(page)
    curve = read_chart(page, "chart_detail")["data"][0]
    mean = np.mean([float(value) for value in curve["y"][:3]])
    _, text = read_claims(page)[ENGLISH("claim.detail")]
    assert f"mean of the shallow layers: **{mean:.2f}**" in text


def test_without_a_box_the_claim_about_objects_is_left_open(page):
    open_measures(page)
    badges, _ = read_claims(page)[ENGLISH("claim.object")]
    assert badges == [ENGLISH("verdict.true_box")]
    captions = [caption.value for caption in page.caption]
    assert ENGLISH("verdict.needs_box") in captions and ENGLISH("verdict.ask") in captions
    assert (ENGLISH("metric.box_auc"), "VGG16") not in read_curves(page)


def test_untrained_networks_cost_19_passes_on_request_and_none_again(page, count_passes):
    open_measures(page, network="efficientnet_lite0")
    assert len(count_passes) == 1
    page.button(key="compare").click().run()
    assert_healthy(page)
    assert len(count_passes) == 20
    assert "compare" not in {button.key for button in page.button}
    learned = {claim: badges[1] for claim, (badges, _) in read_claims(page).items() if len(badges) > 1}
    assert ENGLISH("verdict.learned_unasked") not in learned.values()
    assert len(learned) == 3
    band = [trace for trace in read_chart(page, "chart_detail")["data"] if trace.get("fill") == "tonexty"]
    assert len(band) == 1
    # Nothing is computed again: for a box, the other maps of the same pass, or another session.
    page.text_input(key="box_text").set_value("100,20,260,200").run()
    badges, _ = read_claims(page)[ENGLISH("claim.object")]
    assert badges[1] in [ENGLISH(f"verdict.learned_{learned}") for learned in ("yes", "opposite", "untold")]
    page.selectbox(key="aggregation").set_value("max").run()
    page.segmented_control(key="side").set_value("pre").run()
    page.slider(key="threshold").set_value(0.3).run()
    assert_healthy(page)
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    open_measures(other, network="efficientnet_lite0")
    assert "compare" not in {button.key for button in other.button}
    assert len(count_passes) == 20


def test_what_was_computed_before_a_stop_is_kept(page, count_passes, monkeypatch):
    open_measures(page)
    measure = verdicts.measure_next

    def leave_after_two(*arguments):
        if len(count_passes) == 3:
            st.stop()  # as Streamlit ends the run of a visitor who does something else
        measure(*arguments)

    monkeypatch.setattr(verdicts, "measure_next", leave_after_two)
    page.button(key="compare").click().run()
    page.run()
    assert page.button(key="compare").label == ENGLISH("verdict.go_on", done=2, count=19)
    badges, _ = read_claims(page)[ENGLISH("claim.detail")]
    assert badges[1] == ENGLISH("verdict.learned_unasked")
    monkeypatch.setattr(verdicts, "measure_next", lambda *arguments: (measure(*arguments), st.stop()))
    page.button(key="compare").click().run()
    page.run()
    assert_healthy(page)
    assert page.button(key="compare").label == ENGLISH("verdict.go_on", done=3, count=19)
    assert len(count_passes) == 4


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("90, 40, 250, 200", "90,40,250,200"),
        (" 90，40，250，200 ", "90,40,250,200"),
        ("90,40,999,999", "90,40,337,224"),
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
    assert [error.value for error in page.error] == (
        [] if box else [ENGLISH("measure.no_box", width=337, height=224)]
    )
    assert page.text_input(key="box_text").value == (box.replace(",", ", ") if box else text.strip())
    page.text_input(key="box_text").set_value("").run()
    assert_healthy(page)
    assert "box" not in page.query_params


def test_a_box_leaves_with_its_picture(page):
    open_measures(page, box="100,20,9000,200")
    assert page.session_state["box"] == (100, 20, 337, 200)
    assert page.query_params["box"] == "100,20,337,200"
    page.selectbox(key="photo").set_value("rocket").run()
    assert_healthy(page)
    assert page.session_state["box"] is None
    assert "box" not in page.query_params


def test_the_threshold_and_the_controls_are_kept_while_another_view_is_open(page):
    open_measures(page, threshold="0.7", controls="noise")
    page.segmented_control(key="view").set_value("compare").run()
    page.selectbox(key="colors").set_value("jet").run()
    page.segmented_control(key="view").set_value("measure").run()
    assert_healthy(page)
    assert page.slider(key="threshold").value == 0.7
    assert page.session_state["controls"] == ["noise"]


def test_a_common_grid_takes_the_resolution_out(page):
    open_measures(page, controls="coarse", layers="conv1_1,conv4_1")
    curves = read_curves(page)
    size, coarse = (curves[ENGLISH("metric.median_region_px"), name] for name in ("VGG16", "Coarse"))
    assert min(coarse[:8]) >= 8  # a cell of conv4_1's grid is 8 px
    assert min(size[:2]) < 8
    assert coarse[7:] == size[7:]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_has_all_layers_and_names(page, language):
    open_measures(page, controls="untrained", lang=language)
    (table,) = page.dataframe
    assert table.value.shape[0] == 2 * 13
    assert list(table.value["layer"][:13]) == NAMES
    columns = list(table.value)
    assert columns.index("width") == columns.index("height") - 1
    assert list(table.value.loc[2][["width", "height"]]) == [168, 112]


def test_the_measurements_tell_the_pages_verdict(page):
    """One row of the table that benchmarks/verdicts.py writes."""
    text = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    table = text.split("<!-- verdicts -->")[1].split("<!-- /verdicts -->")[0]
    (row,) = [line for line in table.splitlines() if line.startswith("| Brick wall")]
    open_measures(page, photo="brick")
    answers = [cell.strip().split(", ") for cell in row.split("|")[2:-1]]
    claims = read_claims(page)
    for claim, told in zip(CLAIMS, answers, strict=True):
        badges, _ = claims[ENGLISH(f"claim.{claim}")]
        assert told[0] == badges[0]  # the other answer takes 19 passes more


def open_probe(page, **parameters):
    page.query_params["view"] = "probe"
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert_healthy(page)


def read_rows(page):
    (table,) = [text.value for text in page.markdown if text.value.startswith("| Layer |")]
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_probing_marks_every_selected_layers_cell(page, network, make_batch):
    from viz.maps.feature_maps import compute_feature_map
    from viz.maps.one_pass import extract_heatmaps

    open_probe(page, point="120,90", layers=["conv1_1", "conv3_1", "conv5_3"])
    rows = read_rows(page)
    assert [row[:3] for row in rows] == [
        ["conv1_1", "90, 120", "x\u00a0119–122, y\u00a089–92"],
        ["conv3_1", "22, 30", "x\u00a0110–134, y\u00a078–102"],
        ["conv5_3", "5, 7", "x\u00a022–218, y\u00a00–186"],
    ]
    heatmaps = extract_heatmaps(network, make_batch("cat.png"))
    for row, name in zip(rows, ("conv1_1", "conv3_1", "conv5_3"), strict=True):
        down, across = (int(part) for part in row[1].split(","))
        heatmap = heatmaps[name, "post", "mean"]
        assert float(row[3]) == pytest.approx(heatmap[down, across], rel=5e-3)
        below = (heatmap < heatmap[down, across]).mean() * 100
        assert float(row[4]) == pytest.approx(below, abs=0.6 if name == "conv5_3" else 0.1)
        vector = compute_feature_map(network, make_batch("cat.png"), name, "post")[down, across]
        found = [int(number) for number in re.findall(r"\*?\*?(\d+)\*\* ", row[5])]
        assert found == np.argsort(-vector)[:5].tolist()
    shapes = read_chart(page, "probed")["layout"]["shapes"]
    assert {shape["line"].get("dash", "solid") for shape in shapes} == {"solid", "dash"}
    assert "Dashed" in ENGLISH("probe.how_to_point")
    broad = [shape for shape in shapes if shape["line"]["width"] == 3 and shape["type"] == "rect"]
    assert {(shape["x0"], shape["y0"], shape["x1"], shape["y1"]) for shape in broad} >= {(22, 0, 218, 186)}


def test_until_a_visitor_points_the_strongest_cell_is_probed(page, network, make_batch):
    from viz.maps.one_pass import extract_heatmaps

    open_probe(page)
    heatmap = extract_heatmaps(network, make_batch("cat.png"))["conv5_3", "post", "mean"]
    strongest = divmod(int(heatmap.argmax()), heatmap.shape[1])
    assert read_rows(page)[-1][1] == f"{strongest[0]}, {strongest[1]}"
    assert "point" not in page.query_params


def test_typed_coordinates_are_probed_and_travel(page):
    open_probe(page)
    page.number_input(key="probe_x").set_value(336).run()
    page.number_input(key="probe_y").set_value(223).run()
    assert_healthy(page)
    assert page.query_params["point"] == "336,223"
    assert read_rows(page)[-1][1] == "13, 20"


def test_a_point_outside_is_moved_to_the_edge_and_another_picture_forgets_it(page):
    open_probe(page, point="5000,5000")
    assert page.query_params["point"] == "336,223"
    page.selectbox(key="photo").set_value("coffee").run()
    assert_healthy(page)
    assert "point" not in page.query_params


def test_look_alikes_share_a_scale_and_the_cell_is_like_itself(page):
    open_probe(page, show="alike", point="120,90", second="coffee")
    spec = read_chart(page, "probed")
    maps = list_maps(spec)
    assert len(maps) == 4
    assert {(trace["zmin"], trace["zmax"]) for trace in maps} == {(-1, 1)}
    assert [trace["showscale"] for trace in maps] == [True, False, False, False]
    for trace, row in zip(maps, read_rows(page), strict=True):
        down, across = (int(part) for part in row[1].split(","))
        assert decode(trace["z"])[down, across] == pytest.approx(1, abs=1e-5)
    other = list_maps(read_chart(page, "matched"))
    assert len(other) == 4
    values = [decode(trace["z"]) for trace in other]
    assert all(-1 <= heatmap.min() <= heatmap.max() < 1 for heatmap in values)


def test_the_effective_field_lies_over_the_photograph(page):
    open_probe(page, point="120,90", layer="conv3_1", field="true")
    glow = read_chart(page, "probed")["data"][-1]
    assert (glow["xaxis"], glow["x0"], glow["y0"]) == ("x", 110.5, 78.5)
    assert decode(glow["z"]).shape == (24, 24)
    assert any("of its theoretical receptive field" in caption.value for caption in page.caption)


def test_a_dead_cell_has_no_effective_field(page, monkeypatch):
    nothing = np.zeros((224, 337), np.float32)
    monkeypatch.setattr(point_at_it, "compute_field", lambda *arguments: nothing)
    open_probe(page, field="true")
    assert any("zero everywhere" in caption.value for caption in page.caption)


def test_channels_are_ranked_paged_and_shown(page, network, make_batch):
    from viz.maps.feature_maps import compute_feature_map

    open_probe(page, show="channels", layer="conv4_2", rank="peak")
    cells = compute_feature_map(network, make_batch("cat.png"), "conv4_2", "post")
    order = np.argsort(-cells.max(axis=(0, 1)), kind="stable")
    titles = [note["text"] for note in read_chart(page, "thumbnails")["layout"]["annotations"]]
    assert [int(re.findall(r"<b>(\d+)", title)[0]) for title in titles] == order[:16].tolist()
    large = read_chart(page, "channel_large")["data"][1]
    np.testing.assert_allclose(decode(large["z"]), cells[..., order[0]], rtol=1e-3, atol=1e-2)
    page.slider(key="thumb_page").set_value(32).run()
    titles = [note["text"] for note in read_chart(page, "thumbnails")["layout"]["annotations"]]
    assert [int(re.findall(r"<b>(\d+)", title)[0]) for title in titles] == order[496:].tolist()
    page.number_input(key="channel_number").set_value(5).run()
    assert page.query_params["channel"] == "5"
    page.selectbox(key="layer").set_value("conv1_1").run()
    assert_healthy(page)
    assert "channel" not in page.query_params and "thumb_page" not in page.query_params


def test_a_link_to_a_channel_that_the_layer_lacks_opens(page):
    open_probe(page, show="channels", layer="conv1_1", channel="400", thumb_page="20")
    assert "channel" not in page.query_params
    assert page.query_params["thumb_page"] == "4"


def test_nine_patches_excite_a_channel(page):
    open_probe(page, show="channels", layer="conv4_2", patches="true")
    (images,) = page.get("image")
    assert len(images.proto.imgs) == 9


def test_no_widget_of_the_probe_costs_a_pass(page, count_passes):
    open_probe(page)
    assert count_passes == [(1, 3, 224, 337)] * 2  # one for the maps, one for the channels
    page.number_input(key="probe_x").set_value(50).run()
    page.selectbox(key="layer").set_value("conv2_2").run()
    page.segmented_control(key="show").set_value("alike").run()
    page.segmented_control(key="side").set_value("pre").run()
    page.multiselect(key="layers").set_value(NAMES[1:]).run()
    page.segmented_control(key="show").set_value("channels").run()
    page.selectbox(key="rank").set_value("sparsity").run()
    page.slider(key="thumb_page").set_value(2).run()
    page.segmented_control(key="thumbs").set_value("shared").run()
    page.number_input(key="channel_number").set_value(3).run()
    page.selectbox(key="colors").set_value("greys").run()
    assert_healthy(page)
    assert len(count_passes) == 2
    page.toggle(key="patches").set_value(True).run()
    assert len(count_passes) == 2 + 5  # the sample photographs, once a server
    page.number_input(key="channel_number").set_value(4).run()
    page.selectbox(key="layer").set_value("conv5_1").run()
    assert len(count_passes) == 7
    page.segmented_control(key="show").set_value("maps").run()
    page.toggle(key="field").set_value(True).run()
    assert len(count_passes) == 8  # the pixels that the cell sees, to follow its value back
    page.selectbox(key="colors").set_value("turbo").run()
    page.toggle(key="overlay").set_value(True).run()
    assert len(count_passes) == 8
    assert_healthy(page)


def test_the_probe_keeps_at_most_60_mb_a_session(page, monkeypatch):
    kept = {}

    def note(*arguments):
        found = cache.keep_feature_maps(*arguments)
        kept[id(found)] = sum(values.nbytes for values in found.values.values())
        return found

    monkeypatch.setattr(channel_values, "keep_feature_maps", note)
    open_probe(page, show="alike", second="coffee")
    assert len(kept) == 2
    assert 40e6 < sum(kept.values()) <= 60e6
    assert cache.KEPT_BYTES + cache.SECOND_BYTES <= 60e6


def test_the_probe_speaks_chinese(page):
    open_probe(page, lang="zh", show="alike")
    assert any(text.value.startswith("| 层 |") for text in page.markdown)
    assert "余弦" in json.dumps(read_chart(page, "probed"), ensure_ascii=False)
    page.segmented_control(key="show").set_value("channels").run()
    assert_healthy(page)


def test_the_probe_without_selected_layers_shows_the_chosen_one(page):
    open_probe(page, layers="", layer="conv2_1", point="3,3")
    assert [row[0] for row in read_rows(page)] == ["conv2_1"]


def test_a_result_that_was_evicted_takes_a_place_again_but_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)
    with turns.hold_place():
        assert turns.places.acquire(blocking=False)
        assert not turns.places.acquire(blocking=False)
        with turns.hold_place():  # nobody gives one up
            pass
        assert not turns.places.acquire(blocking=False)
        turns.places.release()
    for _ in range(turns.PLACES):
        assert turns.places.acquire(blocking=False)
    turns.places.release(turns.PLACES)


def test_back_keeps_the_language_of_the_browser(page, monkeypatch):
    monkeypatch.setattr(address, "_browser_language", lambda: "zh")
    page.run()
    assert page.query_params["lang"] == "zh"
    del page.query_params["lang"]
    page.run()
    assert page.session_state["lang"] == "zh"


def test_back_brings_the_box_of_another_picture_along(page):
    open_measures(page, box="10,20,100,120")
    page.selectbox(key="photo").set_value("coffee").run()
    assert "box" not in page.query_params
    del page.query_params["photo"]
    page.query_params["box"] = "10,20,100,120"
    page.run()
    assert page.session_state["box"] == (10, 20, 100, 120)


def test_a_box_does_not_follow_to_another_picture_in_another_view(page):
    open_measures(page, box="10,20,100,120")
    page.segmented_control(key="view").set_value("compare").run()
    page.selectbox(key="photo").set_value("coffee").run()
    assert "box" not in page.query_params


def test_a_visitor_who_has_to_wait_is_told_and_gets_the_maps(page, monkeypatch):
    page.run()
    monkeypatch.setattr(turns, "POLL_S", 0.05)
    told = []
    monkeypatch.setattr(status.Status, "say_wait", lambda self: told.append(True))
    for _ in range(turns.PLACES):
        turns.places.acquire()
    threading.Timer(0.5, lambda: turns.places.release(turns.PLACES)).start()
    page.selectbox(key="aggregation").set_value("max").run()  # of what is there already
    assert not told
    page.radio(key="framing").set_value("crop").run()
    assert told
    assert_healthy(page)
    assert read_titles(page)[2].startswith("<b>conv3_1</b><br>[56×56]")
