"""The page with other networks than VGG16, without a browser."""

import functools
import hashlib
import http.server
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from apptests import ENGLISH, decode, list_captions, list_errors
from conftest import DEFAULT_LAYERS, PATIENCE_S, ROOT, assert_healthy
from opened import (
    CHINESE,
    LITE0,
    choose,
    list_maps,
    list_said,
    open_page,
    read_address,
    read_names,
    read_titles,
    show,
    walk,
    watch_csv,
)
from safetensors.torch import save_file

from page.subject import subject
from page.work import downloads, status
from viz.maps.one_pass import extract_heatmaps
from viz.networks import catalogue, files
from viz.networks.catalogue import find_network, load_network
from viz.networks.files import NO_DOWNLOADS
from viz.networks.sources import torchvision as source
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

BARE = ("--network", "own_networks:Bare")
SMALL = ("--network", "own_networks:Small", "--size", "32")
SQUEEZENET, MOBILENET = "torchvision:squeezenet1_1", "torchvision:mobilenet_v3_small"


@pytest.fixture
def read_csv(monkeypatch):
    return watch_csv(monkeypatch)


# The choice


def test_the_page_follows_the_network_at_one_pass(new_server, count_passes):
    page = open_page()
    page.selectbox(key="photo").set_value("coffee")
    page.selectbox(key="aggregation").set_value("max")
    page.selectbox(key="colors").set_value("greys").run()
    assert len(count_passes) == 2
    choose(page, LITE0)
    assert_healthy(page)
    title = "# What EfficientNet-Lite0's layers respond to"
    assert title in [text.value for text in page.markdown]
    assert page.selectbox(key="network").help == ENGLISH("network.label_help")
    options = page.multiselect(key="layers").options
    assert len(options) == 49
    assert options[0] == "conv_stem 1/2 shallow"
    assert options[-1] == "conv_head 1/32 deep"
    assert page.button(key="layers_all").label == "All 49"
    assert ENGLISH("layers.thirds") in list_captions(page)
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
    show(page, "depth")
    page.segmented_control(key="lang").set_value("zh").run()
    assert_healthy(page)
    assert len(count_passes) == 3
    choose(page, "vgg16")
    assert_healthy(page)
    assert len(count_passes) == 3


def test_layers_keep_their_place_in_the_depth():
    """The rule, `tests/page/choice/test_settle.py` tells; here the widget and the address follow it."""
    page = open_page()
    choose(page, LITE0)
    choose(page, "vgg16")
    assert page.multiselect(key="layers").value == DEFAULT_LAYERS
    page.multiselect(key="layers").set_value(["conv1_1", "conv5_3"]).run()
    choose(page, LITE0)
    assert page.multiselect(key="layers").value == ["conv_stem", "conv_head"]
    assert read_address(page)["layers"] == ["conv_stem", "conv_head"]
    page.multiselect(key="layers").set_value([]).run()
    choose(page, "vgg16")
    assert page.multiselect(key="layers").value == []
    assert_healthy(page)


def test_the_homeworks_view_leads_to_vgg16_and_closes_the_comparison():
    page = open_page(network=LITE0, layers="conv_stem", beside="side")
    assert len(list_maps(page)) == 2
    page.button(key="preset").click().run()
    assert_healthy(page)
    assert page.selectbox(key="network").value == "vgg16"
    assert read_names(page) == ["conv1_1", "conv3_1", "conv4_2"]
    assert decode(list_maps(page)[0]["z"]).shape == (224, 224)


# Sides and receptive fields


def test_a_layer_without_an_activation_shows_its_output_and_says_so():
    page = open_page(network=LITE0, layers="conv_stem,blocks.1.0.conv_pwl")
    assert_healthy(page)
    assert page.segmented_control(key="side").options == ["After the ReLU6", "Before the ReLU6"]
    stem, output = read_titles(page)
    assert stem.endswith("shallow")
    assert output.endswith(" · output")
    note = ENGLISH("panel.output_note", layers="blocks.1.0.conv_pwl")
    assert note in list_captions(page)
    network = load_network(LITE0)
    photo = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()), stride=32)
    expected = extract_heatmaps(network, network.to_batch(photo))["blocks.1.0.conv_pwl", "pre", "mean"]
    shown = decode(list_maps(page)[1]["z"])
    np.testing.assert_array_equal(shown, expected)
    assert shown.min() < 0
    page.segmented_control(key="side").set_value("pre").run()
    assert not any(title.endswith("output") for title in read_titles(page))
    assert note not in list_captions(page)


def test_all_views_work_and_invent_no_receptive_field():
    page = open_page(network=LITE0, layers="conv_stem,blocks.1.0.conv_pwl", depth="conv_head")
    for place, _ in walk(page):
        assert_healthy(page)
        if place == "depth":
            assert page.select_slider(key="depth").value == "conv_head"
        if place in ("compare", "depth"):
            maps = list_maps(page, "heatmaps" if place == "compare" else "depth_map")
            assert all("sees" not in trace["hovertemplate"] for trace in maps)
        if place in ("maps", "alike"):
            (table,) = [text.value for text in page.markdown if text.value.startswith("| Layer |")]
            assert [line.split(" | ")[2] for line in table.splitlines()[2:]] == ["–", "–"]
            captions = list_captions(page)
            assert ENGLISH("probe.unknown_field") in captions
            assert any(caption.startswith("Half of the gradient of conv_head's") for caption in captions)
    assert page.selectbox(key="layer").value == "conv_head"
    assert ENGLISH("channel.no_patches", name="conv_head") in list_captions(page)


def test_the_word_relu_appears_only_where_it_is_one():
    page = open_page(*BARE)
    preset = (ENGLISH("layers.preset_help"), CHINESE("layers.preset_help"))  # it names VGG16
    for language in ("en", "zh"):
        page.segmented_control(key="lang").set_value(language).run()
        for place, _ in walk(page):
            assert_healthy(page)
            said = list_said(page)
            assert "Bare" in said
            for text in preset:
                said = said.replace(text, "")
            assert "ReLU" not in said, place
        show(page, "compare")


# One's own network; what is wrong with one, `tests/page/work/test_models.py` tells


def test_ones_own_network_is_the_default():
    page = open_page(*BARE)
    assert_healthy(page)
    assert page.selectbox(key="network").options[0] == "Bare (this server's own)"
    assert page.selectbox(key="network").value == "own"
    assert "# What Bare's layers respond to" in [text.value for text in page.markdown]
    assert read_names(page)[-1] == "blocks.2"
    assert read_address(page) == {}
    other = open_page(*BARE, network="vgg16")
    assert_healthy(other)
    assert read_names(other) == DEFAULT_LAYERS
    assert read_address(other) == {"network": ["vgg16"]}
    choose(other, "own")
    assert_healthy(other)
    assert read_address(other) == {}


def test_a_small_square_is_what_a_small_network_gets_everywhere(read_csv):
    page = open_page(*SMALL)
    assert ENGLISH("advanced.size_fixed", size=32) in list_captions(page)
    assert not [slider for slider in page.slider if slider.key == "size"]
    assert [decode(trace["z"]).shape for trace in list_maps(page)] == [(32, 32), (16, 16), (8, 8)]
    for place, _ in walk(page):
        assert_healthy(page)
        if place == "measure":
            row = read_csv()[0]
            assert (row["network"], row["framing"], row["size"]) == ("own", "crop", "32")
    page.toggle(key="patches").set_value(True).run()
    assert_healthy(page)
    (images,) = page.get("image")
    assert len(images.proto.imgs) > 0


def test_what_is_wrong_with_ones_own_network_stands_on_the_page(tmp_path):
    details = {"got": "big", "low": 8, "high": 512}
    for language, words in (("en", ENGLISH), ("zh", CHINESE)):
        page = open_page(*BARE, "--size", "big", lang=language)
        page.selectbox(key="aggregation").set_value("max").run()  # it stays
        assert not page.exception
        assert list_errors(page) == [words("network_error.size_value", **details)]
        assert page.selectbox(key="network").value == "vgg16"
        assert read_names(page) == DEFAULT_LAYERS
    save_file({"stem.weight": torch.zeros(8, 3, 4, 4), "head": torch.zeros(1)}, tmp_path / "w.safetensors")
    page = open_page(*BARE, "--weights", str(tmp_path / "w.safetensors"))
    assert not page.exception
    (error,) = list_errors(page)
    assert error.startswith("The weights in w.safetensors do not fit the network. Differences: 8,")
    assert "missing: stem.bias; missing: blocks.0.weight; missing: blocks.0.bias" in error


def test_a_picture_on_which_the_network_fails_gets_a_sentence_and_another_framing_mends_it():
    page = open_page("--network", "own_networks:Square")
    assert not page.exception
    details = {"width": 336, "height": 224, "error": "AssertionError: expected a square"}
    assert list_errors(page) == [ENGLISH("network_error.fails", **details)]
    page.radio(key="framing").set_value("crop").run()
    assert_healthy(page)
    assert read_names(page) == ["conv"]
    assert page.segmented_control(key="side").options == ["After the SiLU", "Before the SiLU"]
    for _ in walk(page):  # a network of one layer of one channel
        assert_healthy(page)
    page.toggle(key="patches").set_value(True).run()
    assert_healthy(page)


def test_ones_own_network_is_asked_for_the_classes_that_it_came_with(new_server, count_passes, tmp_path):
    names = [f"kind {number}" for number in range(10)]
    (tmp_path / "names.txt").write_text("\n".join(names))
    page = open_page(*SMALL, "--classes", str(tmp_path / "names.txt"), view="classes", **{"class": "9"})
    assert_healthy(page)
    assert count_passes == [(1, 3, 32, 32)] * 3
    assert sorted(page.selectbox(key="class").options) == sorted(names)
    assert page.selectbox(key="class").value == 9
    assert len(list_maps(page, "class_maps")) == 2 * len(page.multiselect(key="layers").value)


# Downloads


@pytest.fixture
def publish(new_server, tmp_path, monkeypatch):
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
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def stand_in(info):
            weights, url = find(info), f"http://127.0.0.1:{server.server_port}/{names.get(info.key)}"
            return SimpleNamespace(url=url, transforms=weights.transforms, meta=weights.meta)

        monkeypatch.setattr(source, "find_weights", stand_in)
        yield publish
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_network_is_fetched_with_its_progress_shown(publish, monkeypatch):
    publish(SQUEEZENET, MOBILENET)
    shown = []

    def fetch(info, progress):
        files_fetch(info, lambda done, total: (shown.append((info.key, done, total)), progress(done, total)))

    files_fetch = downloads.fetch
    monkeypatch.setattr(downloads, "fetch", fetch)
    page = open_page(layers="conv1_1,conv5_3")
    choose(page, SQUEEZENET)
    assert_healthy(page)
    assert "# What SqueezeNet 1.1's layers respond to" in [text.value for text in page.markdown]
    assert read_names(page) == ["features.0", "classifier.1"]
    key, done, total = shown[-1]
    assert key == SQUEEZENET and done == total > 4_000_000
    choose(page, MOBILENET)
    assert_healthy(page)
    assert read_names(page) == ["features.0.0", "features.12.0"]
    count = len(shown)
    assert {key for key, _, _ in shown} == {SQUEEZENET, MOBILENET}
    assert_healthy(open_page(network=SQUEEZENET))  # another visitor: it is there by now
    assert len(shown) == count


@pytest.fixture
def slow_end(new_server, tmp_path, monkeypatch):
    """Nothing has been fetched, and downloads wait until they are let go, at last by the test's end."""
    go = threading.Event()
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(downloads, "fetch", lambda info, progress: go.wait(PATIENCE_S))
    monkeypatch.setattr(downloads, "POLL_S", 0.01)
    yield go
    go.set()


def test_nobody_waits_for_the_download_of_others(slow_end):
    with ThreadPoolExecutor(2) as pool:
        for key in (SQUEEZENET, MOBILENET):
            pool.submit(downloads.wait_for_weights, find_network(key), lambda _: None)
        page = open_page(framing="crop")
        slow_end.set()
    assert_healthy(page)
    assert read_names(page) == DEFAULT_LAYERS


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_who_waits_for_a_download_is_told_how_far_it_is_and_what_comes_before(monkeypatch, words):
    class Slot:
        """As `st.empty`."""

        def markdown(self, text):
            said.append(text)

        def progress(self, share, text):
            said.append((round(share, 2), text))

    line, said = status.Status(words, is_quiet=False), []
    line._slot = Slot()
    infos = [find_network(f"torchvision:{name}") for name in ("vgg19", "resnet50", "squeezenet1_1")]
    big, middle, small = (downloads.Download(info, is_running=info.megabytes > 5) for info in infos)
    monkeypatch.setattr(downloads, "_downloads", {one.info.key: one for one in (big, middle, small)})
    line._say_download(big)
    big.note(100 * 2**20, 400 * 2**20)
    big.begun = time.monotonic() - 10
    line._say_download(big)
    line._say_download(small)
    assert said == [
        (0, words("page.fetching", network="VGG19", done=0, total=548)),
        (0.25, words("page.fetching_left", network="VGG19", done=100, total=400, seconds=30)),
        words("page.fetching_later", network="SqueezeNet 1.1", megabytes=5, ahead="VGG19, ResNet-50"),
    ]


# Networks that cannot be had


@pytest.fixture
def far_end(new_server, tmp_path, monkeypatch):
    """Nothing has been fetched, and the far end answers nobody."""

    def refuse(*_, **__):
        raise ConnectionRefusedError

    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(files.urllib.request, "urlopen", refuse)


def tell_failure(words, network):
    sentence = words("weights_error.download", host="download.pytorch.org")
    return f"{sentence} {words('weights_error.kept', network=network)}"


@pytest.mark.parametrize(
    ("address", "network", "title"),
    [
        ({"layers": "conv2_1", "aggregation": "max"}, "vgg16", "VGG16"),
        ({"network": LITE0, "layers": "conv_stem", "lang": "zh"}, LITE0, "EfficientNet-Lite0"),
    ],
)
def test_a_network_that_cannot_be_fetched_leads_back_to_the_one_before(far_end, address, network, title):
    page = open_page(**address)
    shown, before = read_names(page), read_address(page)
    choose(page, "torchvision:resnet18")
    assert not page.exception
    told = tell_failure(CHINESE if "lang" in address else ENGLISH, title)
    assert list_errors(page) == [told]
    assert page.selectbox(key="network").value == network
    assert (read_names(page), read_address(page)) == (shown, before)
    assert list_errors(page.run()) == [told]  # such as the run in which the browser tells how large it is
    assert_healthy(page.selectbox(key="colors").set_value("greys").run())


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        # As links were when there were weights, of the same layers.
        ({"weights": "imagenet1k_v1", "layers": "conv2_1", "aggregation": "max"}, {"aggregation": ["max"]}),
        (
            {"network": "torchvision:resnet18", "layers": "layer1.0.conv1", "colors": "greys"},
            {"colors": ["greys"]},
        ),
    ],
)
def test_a_link_to_a_network_that_cannot_be_fetched_opens_the_default(far_end, address, kept):
    page = open_page(**address)
    assert_healthy(page)
    page.button(key="fetch_network").click().run()
    assert not page.exception
    assert list_errors(page) == [tell_failure(ENGLISH, "VGG16")]
    assert page.selectbox(key="network").value == "vgg16"
    same_layers = {"layers": [address["layers"]]} if "weights" in address else {}
    assert read_names(page) == ([address["layers"]] if same_layers else DEFAULT_LAYERS)
    assert read_address(page) == {key: [text] for key, text in address.items()}
    assert page.button(key="fetch_network")  # it can be tried again, and the address still leads there
    assert_healthy(page.toggle(key="overlay").set_value(True).run())
    assert read_address(page) == kept | same_layers | {"overlay": ["true"]}


def test_a_network_without_room_for_it_leads_back_too(new_server, monkeypatch, caplog):
    load = catalogue.load

    def refuse(info, *more, **how):
        if info.key == LITE0:
            raise RuntimeError("CUDA out of memory")
        return load(info, *more, **how)

    monkeypatch.setattr(catalogue, "load", refuse)
    page = open_page()
    choose(page, LITE0)
    assert not page.exception
    kept = ENGLISH("weights_error.kept", network="VGG16")
    assert list_errors(page) == [f"{ENGLISH('network_error.memory')} {kept}"]
    assert (page.session_state["network"], read_names(page)) == ("vgg16", DEFAULT_LAYERS)
    assert any("CUDA out of memory" in record.exc_text for record in caplog.records if record.exc_text)


@pytest.mark.parametrize("view", ["compare", "measure"])
def test_a_network_that_cannot_be_fetched_ends_the_comparison_only(far_end, view):
    told = f"{ENGLISH('weights_error.download', host='download.pytorch.org')} {ENGLISH('beside.closed')}"
    page = open_page(view=view)
    if view == "compare":
        page.selectbox(key="beside").set_value("network")
    else:
        page.session_state["beside"] = "network"
    page.session_state["beside_network"] = "torchvision:vgg19"
    page.run()
    other = open_page(view=view, beside="network", beside_network="torchvision:vgg19")
    assert_healthy(other)
    other.button(key="fetch_beside").click().run()
    for visitor in (page, other):
        assert not visitor.exception
        assert list_errors(visitor) == [told]
        assert (visitor.session_state["network"], visitor.session_state["beside"]) == ("vgg16", "none")
        assert read_address(visitor) == ({} if view == "compare" else {"view": [view]})
        assert list_errors(visitor.run()) == [told]
        assert_healthy(visitor.selectbox(key="aggregation").set_value("max").run())


def test_a_pass_that_fell_back_to_the_processor_says_so(new_server, monkeypatch):
    compute = subject.compute_maps
    monkeypatch.setattr(subject, "compute_maps", lambda *how: replace(compute(*how), fell_back=True))
    page = open_page()
    assert ENGLISH("panel.fell_back_note") in list_captions(page)
    page.multiselect(key="layers").set_value(["conv1_1"]).run()
    assert ENGLISH("panel.fell_back_note") in list_captions(page)
    assert_healthy(page)
