"""The page with other networks than VGG16, without a browser."""

import base64
import csv
import functools
import hashlib
import http.server
import io
import json
import re
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
import torch
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy
from google.protobuf.text_format import MessageToString
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

from page import cache, maps, turns
from page.status import Status
from page.views import measured
from viz.maps.one_pass import extract_heatmaps
from viz.networks import files
from viz.networks.catalogue import load_network
from viz.networks.errors import NetworkError
from viz.networks.files import NO_DOWNLOADS
from viz.networks.sources import torchvision as source
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import Translate

NAMES = [layer.name for layer in LAYERS]
ENGLISH, CHINESE = Translate("en"), Translate("zh")
LITE0 = "efficientnet_lite0"
SQUEEZENET = "torchvision:squeezenet1_1"

BUILDERS = """
import torch
from torch import nn
from torch.nn.functional import gelu


class Bare(nn.Module):
    '''As ConvNeXt: no activation is a module, and each block adds its input.'''

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.blocks = nn.ModuleList(nn.Conv2d(8, 8, 7, padding=3, groups=8) for _ in range(3))

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + gelu(block(x))
        return x.mean((2, 3))


class Small(nn.Sequential):
    '''As networks for CIFAR: a square of 32 pixels and nothing else.'''

    def __init__(self):
        features = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1)]
        features += [nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()]
        super().__init__(*features, nn.Flatten(), nn.Linear(16 * 8 * 8, 10))


class Square(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3, padding=1)
        self.act = nn.SiLU()

    def forward(self, x):
        assert x.shape[2] == x.shape[3], 'expected a square'
        return self.act(self.conv(x))
"""


@pytest.fixture
def page(request):
    """A new visitor's page; of a server without any results where a test counts passes."""
    if "count_passes" in request.fixturenames:
        forget()
    return open_page()


def open_page(**parameters):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    page.query_params.update(parameters)
    return page


def forget():
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a server with these arguments behind `--`; gives what opens a visitor's page there."""
    (tmp_path / "mynets.py").write_text(BUILDERS)
    monkeypatch.syspath_prepend(tmp_path)

    def draw(arguments):
        from page.main import draw_page

        draw_page(arguments)

    def start(*arguments):
        forget()

        def open_page(**parameters):
            page = AppTest.from_function(draw, args=(arguments,), default_timeout=30)
            page.query_params.update(parameters)
            return page.run()

        return open_page

    yield start
    sys.modules.pop("mynets", None)
    forget()


def read_figure(page, key="heatmaps"):
    (chart,) = [chart for chart in page.get("plotly_chart") if key in chart.proto.id]
    return json.loads(chart.proto.spec)


def list_maps(spec):
    return [trace for trace in spec["data"] if trace["type"] == "heatmap"]


def read_titles(page):
    """Titles of the maps."""
    spec = read_figure(page)
    return [note["text"] for note in spec["layout"]["annotations"]][1 : 1 + len(list_maps(spec))]


def read_names(page):
    """Names of the layers that the figure shows."""
    return [title.partition("</b>")[0].removeprefix("<b>") for title in read_titles(page)]


def read_address(page):
    """The address's parameters; one that a test has set and the page has not is no list there."""
    found = page.query_params
    return {name: [texts] if isinstance(texts, str) else texts for name, texts in found.items()}


def read_captions(page):
    return [caption.value for caption in page.caption]


def choose(page, network):
    return page.selectbox(key="network").set_value(network).run()


def walk(page):
    """Run all views and all of "Point at it", with its switches on; gives the page after each."""
    for view in ("compare", "depth", "measure", "classes", "probe"):
        yield view, page.segmented_control(key="view").set_value(view).run()
    page.segmented_control(key="show").set_value("maps").run()
    page.toggle(key="field").set_value(True)
    for show in ("maps", "alike", "channels"):
        yield show, page.segmented_control(key="show").set_value(show).run()


def list_texts(page):
    """All that the last run sent to the browser, without pictures and values."""
    protos = [proto for element in page._tree if (proto := getattr(element, "proto", None)) is not None]
    said = "\n".join(MessageToString(proto, as_utf8=True) for proto in protos)
    return re.sub(r"[\w+/]{40,}", "", said)


@pytest.fixture
def read_csv(monkeypatch):
    """Gives the rows of the file that the page has offered last."""
    files, write = [], measured.write_csv
    monkeypatch.setattr(measured, "write_csv", lambda rows: files.append(write(rows)) or files[-1])
    return lambda: list(csv.DictReader(io.StringIO(files[-1].removeprefix("\ufeff"))))


# The choice


def test_the_page_follows_the_network_at_one_pass(page, count_passes):
    page.run()
    page.selectbox(key="photo").set_value("coffee")
    page.selectbox(key="aggregation").set_value("max")
    page.selectbox(key="colors").set_value("greys").run()
    assert len(count_passes) == 2
    choose(page, LITE0)
    assert_healthy(page)
    assert page.markdown[0].value == "##### What EfficientNet-Lite0's layers respond to"
    options = page.multiselect(key="layers").options
    assert len(options) == 49
    assert options[0] == "conv_stem 1/2 shallow"
    assert options[-1] == "conv_head 1/32 deep"
    assert page.button(key="layers_all").label == "All 49"
    assert ENGLISH("layers.thirds") in read_captions(page)
    shown = page.multiselect(key="layers").value
    assert shown == read_names(page)
    assert len(shown) == 4
    assert shown[-1] == "conv_head"
    assert read_titles(page)[-1] == "<b>conv_head</b><br>[11×7] · deep"
    chosen = {"photo": "coffee", "aggregation": "max", "colors": "greys"}
    assert read_address(page) == {"network": [LITE0]} | {name: [value] for name, value in chosen.items()}
    assert all(page.session_state[name] == value for name, value in chosen.items())
    page.segmented_control(key="side").set_value("pre").run()
    page.selectbox(key="range").set_value("shared").run()
    page.button(key="layers_all").click().run()
    page.segmented_control(key="view").set_value("depth").run()
    page.segmented_control(key="lang").set_value("zh").run()
    assert_healthy(page)
    assert len(count_passes) == 3
    choose(page, "vgg16")
    assert_healthy(page)
    assert len(count_passes) == 3


def test_layers_keep_their_place_in_the_depth(page):
    page.run()
    choose(page, LITE0)
    choose(page, "vgg16")
    assert page.multiselect(key="layers").value == DEFAULT_LAYERS
    page.multiselect(key="layers").set_value(["conv1_1", "conv5_3"]).run()
    choose(page, LITE0)
    assert page.multiselect(key="layers").value == ["conv_stem", "conv_head"]
    assert page.query_params["layers"] == ["conv_stem", "conv_head"]
    page.multiselect(key="layers").set_value([]).run()
    choose(page, "vgg16")
    assert page.multiselect(key="layers").value == []
    assert_healthy(page)


def test_an_address_opens_a_network_and_its_layers():
    address = {"network": LITE0, "layers": "conv_stem,conv_head", "depth": "conv_head", "layer": "conv_stem"}
    page = open_page(**address).run()
    assert_healthy(page)
    assert page.selectbox(key="network").value == LITE0
    assert read_names(page) == ["conv_stem", "conv_head"]
    assert read_address(page) == {name: text.split(",") for name, text in address.items()}
    page.segmented_control(key="view").set_value("depth").run()
    assert page.select_slider(key="depth").value == "conv_head"
    page.segmented_control(key="view").set_value("probe").run()
    assert page.selectbox(key="layer").value == "conv_stem"
    assert_healthy(page)


@pytest.mark.parametrize(
    ("network", "names"), [(LITE0, "conv1_1,conv5_3"), ("vgg16", "conv_stem"), ("nothing", "conv_head")]
)
def test_an_address_with_layers_of_another_network_opens_the_default(network, names):
    page = open_page(network=network, layers=names, depth="blocks.9", layer="<b>").run()
    assert_healthy(page)
    assert len(read_names(page)) == 4
    assert read_address(page) == ({"network": [LITE0]} if network == LITE0 else {})


def test_the_homeworks_view_leads_to_vgg16():
    page = open_page(network=LITE0, layers="conv_stem").run()
    page.button(key="preset").click().run()
    assert_healthy(page)
    assert page.selectbox(key="network").value == "vgg16"
    assert read_names(page) == ["conv1_1", "conv3_1", "conv4_2"]
    assert list_maps(read_figure(page))[0]["z"]["shape"] == "224, 224"


# Sides and receptive fields


def test_a_layer_without_an_activation_shows_its_output_and_says_so():
    page = open_page(network=LITE0, layers="conv_stem,blocks.1.0.conv_pwl").run()
    assert_healthy(page)
    assert page.segmented_control(key="side").options == ["After the ReLU6", "Before the ReLU6"]
    stem, output = read_titles(page)
    assert stem.endswith("shallow")
    assert output.endswith(" · output")
    note = ENGLISH("panel.output_note", layers="blocks.1.0.conv_pwl")
    assert note in read_captions(page)
    network = load_network(LITE0)
    photo = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()))
    expected = extract_heatmaps(network, network.to_batch(photo))
    trace = list_maps(read_figure(page))[1]
    shown = np.frombuffer(base64.b64decode(trace["z"]["bdata"]), np.float32)
    np.testing.assert_array_equal(shown, expected["blocks.1.0.conv_pwl", "pre", "mean"].ravel())
    assert shown.min() < 0
    page.segmented_control(key="side").set_value("pre").run()
    assert not any(title.endswith("output") for title in read_titles(page))
    assert note not in read_captions(page)


def test_all_views_work_and_invent_no_receptive_field():
    page = open_page(network=LITE0, layers="conv_stem,blocks.1.0.conv_pwl").run()
    for place, _ in walk(page):
        assert_healthy(page)
        if place in ("compare", "depth"):
            key = "heatmaps" if place == "compare" else "depth_map"
            assert all("sees" not in trace["hovertemplate"] for trace in list_maps(read_figure(page, key)))
        if place in ("maps", "alike"):
            (table,) = [text.value for text in page.markdown if text.value.startswith("| Layer |")]
            assert [line.split(" | ")[2] for line in table.splitlines()[2:]] == ["–", "–"]
            captions = read_captions(page)
            assert ENGLISH("probe.unknown_field") in captions
            assert any(caption.startswith("Half of the gradient of conv_head's") for caption in captions)
    assert page.selectbox(key="layer").value == "conv_head"
    assert ENGLISH("channel.no_patches", name="conv_head") in read_captions(page)


def test_the_word_relu_appears_only_where_it_is_one(start):
    page = start("--network", "mynets:Bare")()
    preset = (ENGLISH("layers.preset_help"), CHINESE("layers.preset_help"))  # it names VGG16
    for language in ("en", "zh"):
        page.segmented_control(key="lang").set_value(language).run()
        for place, _ in walk(page):
            assert_healthy(page)
            said = list_texts(page)
            assert "Bare" in said
            for text in preset:
                said = said.replace(text, "")
            assert "ReLU" not in said, place
        page.segmented_control(key="view").set_value("compare").run()


# One's own network


def test_ones_own_network_is_the_default(start):
    open_page = start("--network", "mynets:Bare")
    page = open_page()
    assert_healthy(page)
    assert page.selectbox(key="network").options[0] == "Bare (this server's own)"
    assert page.selectbox(key="network").value == "own"
    assert page.markdown[0].value == "##### What Bare's layers respond to"
    assert read_names(page)[-1] == "blocks.2"
    assert read_address(page) == {}
    other = open_page(network="vgg16")
    assert_healthy(other)
    assert read_names(other) == DEFAULT_LAYERS
    assert read_address(other) == {"network": ["vgg16"]}
    choose(other, "own")
    assert_healthy(other)
    assert read_address(other) == {}


def test_a_small_square_is_what_a_small_network_gets_everywhere(start, read_csv):
    page = start("--network", "mynets:Small", "--size", "32")()
    assert ENGLISH("advanced.size_fixed", size=32) in read_captions(page)
    assert not [slider for slider in page.slider if slider.key == "size"]
    assert [trace["z"]["shape"] for trace in list_maps(read_figure(page))] == ["32, 32", "16, 16", "8, 8"]
    for place, _ in walk(page):
        assert_healthy(page)
        if place == "measure":
            row = read_csv()[0]
            assert (row["network"], row["framing"], row["size"]) == ("own", "crop", "32")
    page.toggle(key="patches").set_value(True).run()
    assert_healthy(page)
    (images,) = page.get("image")
    assert len(images.proto.imgs) > 0


WRONG = {
    "builder": (["mynets:Nothing"], "no_builder", {"module": "mynets", "attribute": "Nothing"}),
    "arguments": (["mynets:Bare", "--size", "big"], "size_value", {"got": "big", "low": 8, "high": 512}),
}


@pytest.mark.parametrize(("arguments", "reason", "details"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_ones_own_network_stands_on_the_page_and_once_in_the_log(
    start, caplog, arguments, reason, details
):
    open_page = start("--network", *arguments)
    for language, translate in (("en", ENGLISH), ("zh", CHINESE)):
        page = open_page(lang=language)
        page.selectbox(key="aggregation").set_value("max").run()
        assert not page.exception
        assert [box.value for box in page.error] == [translate(f"network_error.{reason}", **details)]
        assert page.selectbox(key="network").value == "vgg16"
        assert read_names(page) == DEFAULT_LAYERS
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("page")]
    assert logged == [str(NetworkError(reason, **details))]


def test_weights_that_do_not_fit_are_named(start, tmp_path):
    save_file({"stem.weight": torch.zeros(8, 3, 4, 4), "head": torch.zeros(1)}, tmp_path / "w.safetensors")
    page = start("--network", "mynets:Bare", "--weights", str(tmp_path / "w.safetensors"))()
    assert not page.exception
    (error,) = page.error
    assert error.value.startswith("The weights in w.safetensors do not fit the network. Differences: 8,")
    assert "missing: stem.bias; missing: blocks.0.weight; missing: blocks.0.bias" in error.value


def test_a_picture_on_which_the_network_fails_gets_a_sentence_and_another_framing_mends_it(start):
    page = start("--network", "mynets:Square")()
    assert not page.exception
    details = {"width": 337, "height": 224, "error": "AssertionError: expected a square"}
    sentence = ENGLISH("network_error.fails", **details)
    assert [error.value for error in page.error] == [sentence]
    page.radio(key="framing").set_value("crop").run()
    assert_healthy(page)
    assert read_names(page) == ["conv"]
    assert page.segmented_control(key="side").options == ["After the SiLU", "Before the SiLU"]
    for _ in walk(page):  # a network of one layer of one channel
        assert_healthy(page)
    page.toggle(key="patches").set_value(True).run()
    assert_healthy(page)


# Downloads


def test_without_downloads_only_bundled_networks_are_offered(monkeypatch):
    monkeypatch.setenv(NO_DOWNLOADS, "1")
    page = open_page(network=SQUEEZENET).run()
    assert_healthy(page)
    assert page.selectbox(key="network").options == ["VGG16", "EfficientNet-Lite0"]
    assert page.selectbox(key="network").value == "vgg16"
    assert read_address(page) == {}


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Let a server here have files of random weights for these networks, in the place of torchvision's."""
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    find, names = source.find_weights, {}
    handler = functools.partial(QuietHandler, directory=str(tmp_path))

    def publish(*keys):
        for key in keys:
            path = tmp_path / "weights.pth"
            torch.save(load_network(f"untrained:{key}").module.state_dict(), path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
            names[key] = path.rename(tmp_path / f"{key.partition(':')[2]}-{digest}.pth").name

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def stand_in(info):
            weights, url = find(info), f"http://127.0.0.1:{server.server_port}/{names.get(info.key)}"
            return SimpleNamespace(url=url, transforms=weights.transforms, meta=weights.meta)

        monkeypatch.setattr(source, "find_weights", stand_in)
        forget()
        yield publish
        server.shutdown()
    forget()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_network_is_fetched_with_its_progress_shown_and_two_are_kept(page, publish, monkeypatch):
    first, second, third = SQUEEZENET, "torchvision:mobilenet_v3_small", "torchvision:vgg11"
    publish(first, second, third)
    shown = []
    monkeypatch.setattr(Status, "_show_progress", lambda self, done, total: shown.append((done, total)))
    page.query_params["layers"] = "conv1_1,conv5_3"
    page.run()
    choose(page, first)
    assert_healthy(page)
    assert page.markdown[0].value == "##### What SqueezeNet 1.1's layers respond to"
    assert read_names(page) == ["features.0", "classifier.1"]
    assert shown[-1][0] == shown[-1][1] > 4_000_000
    choose(page, second)
    assert_healthy(page)
    assert read_names(page) == ["features.0.0", "features.12.0"]
    kept = [cache.load_network(second), cache.load_network(first)]
    choose(page, third)
    assert_healthy(page)
    assert cache.load_network(first) is kept[1]  # used last
    assert cache.load_network(second) is not kept[0]
    # A choice stays and a default is replaced, also where the next network has all of its names.
    page.multiselect(key="layers").set_value(["conv1_1", "conv5_2"]).run()
    choose(page, "vgg16")
    assert read_names(page) == ["conv1_1", "conv5_3"]  # the same places in the depth
    page = open_page(network=third).run()
    assert set(read_names(page)) < set(NAMES)
    choose(page, "vgg16")
    assert read_names(page) == DEFAULT_LAYERS


def test_nobody_waits_for_the_download_of_others(page):
    turns.fetching.acquire()
    timer = threading.Timer(10, turns.fetching.release)
    timer.start()
    page.query_params["framing"] = "crop"
    page.run()
    assert timer.is_alive()
    timer.cancel()
    turns.fetching.release()
    assert_healthy(page)


def refuse(*_, **__):
    raise ConnectionRefusedError


def test_an_old_link_to_torchvisions_weights_is_their_network_and_says_that_it_cannot_be_fetched(
    tmp_path, monkeypatch
):
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(files.urllib.request, "urlopen", refuse)
    page = open_page(weights="imagenet1k_v1", layers="conv2_1", aggregation="max").run()
    assert not page.exception
    sentence = ENGLISH("weights_error.download", host="download.pytorch.org")
    kept = ENGLISH("weights_error.kept", network="VGG16")
    assert [error.value for error in page.error] == [f"{sentence} {kept}"]
    assert page.selectbox(key="network").value == "vgg16"
    assert read_address(page) == {"layers": ["conv2_1"], "aggregation": ["max"]}
    choose(page, "torchvision:resnet18")
    assert len(page.error) == 1
    assert read_address(page) == {"layers": ["conv2_1"], "aggregation": ["max"]}


# Numbers


def test_only_layers_with_the_side_are_measured(read_csv):
    page = open_page(network=LITE0, view="measure", controls="untrained").run()
    assert_healthy(page)
    side = ENGLISH("side.post", activation="ReLU6")
    assert ENGLISH("measure.left_out", count=16, side=side) in read_captions(page)
    with_activation = [layer.name for layer in load_network(LITE0).layers if layer.activation]
    assert len(with_activation) == 33
    assert {len(curve["y"]) for curve in list_curves(page)} == {33}
    assert list(page.dataframe[0].value["layer"]) == 2 * with_activation
    assert sum("-badge[" in text.value for text in page.markdown) == 4
    assert {(row["network"], row["receptive_field"], row["field_share"]) for row in read_csv()} == {
        (LITE0, "", "")
    }
    page.segmented_control(key="side").set_value("pre").run()
    assert_healthy(page)
    assert len(page.dataframe[0].value) == len(read_csv()) == 2 * 49
    assert max(len(curve["y"]) for curve in list_curves(page)) == 49
    assert not any("left out" in caption for caption in read_captions(page))


def list_curves(page):
    return [trace for trace in read_figure(page, "metrics")["data"] if trace["name"] == "EfficientNet-Lite0"]


def test_a_pass_that_fell_back_to_the_processor_says_so(page, monkeypatch):
    compute = maps.compute_maps
    monkeypatch.setattr(maps, "compute_maps", lambda *key: (*compute(*key)[:3], True))
    page.run()
    assert ENGLISH("panel.fell_back_note") in read_captions(page)
    page.multiselect(key="layers").set_value(["conv1_1"]).run()
    assert ENGLISH("panel.fell_back_note") in read_captions(page)
    assert_healthy(page)


def test_ones_own_network_is_asked_for_the_classes_that_it_came_with(start, tmp_path, count_passes):
    names = [f"kind {number}" for number in range(10)]
    (tmp_path / "names.txt").write_text("\n".join(names))
    own = ("--network", "mynets:Small", "--size", "32")
    page = start(*own, "--classes", str(tmp_path / "names.txt"))(view="classes", **{"class": "9"})
    assert_healthy(page)
    assert count_passes == [(1, 3, 32, 32)] * 3
    assert sorted(page.selectbox(key="class").options) == sorted(names)
    assert page.selectbox(key="class").value == 9
    assert len(list_maps(read_figure(page, "class_maps"))) == 2 * len(page.multiselect(key="layers").value)
    page = start(*own)(view="classes")
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("classes.none_own", network="Small")]
