"""The second row of "Side by side" without a browser."""

import re
from dataclasses import replace

import numpy as np
import pytest
from apptests import ENGLISH, decode, encode, list_captions, list_errors
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy, make_noise
from opened import (
    LITE0,
    choose,
    list_annotations,
    list_maps,
    open_page,
    read_address,
    read_chart,
    read_figure,
    read_infos,
    show,
)

from viz.maps.compare import correlate_maps, pair_layers
from viz.maps.one_pass import extract_heatmaps
from viz.maps.values import normalize
from viz.networks.catalogue import load_network
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

COUNT = len(DEFAULT_LAYERS)


def list_rows(page, count=COUNT):
    """The maps, row by row."""
    traces = list_maps(page)
    return [traces[start : start + count] for start in range(0, len(traces), count)]


def list_shapes(row):
    return [decode(trace["z"]).shape for trace in row]


def compute_second(kind, network, make_batch):
    """What the second row has to show, by layer of the first, computed in another way."""
    first = [network.find_layer(name) for name in DEFAULT_LAYERS]
    if kind == "photo":
        maps = extract_heatmaps(network, make_batch("coffee.png"))
    elif kind == "untrained":
        maps = extract_heatmaps(load_network("untrained:vgg16"), make_batch())
    elif kind == "network":
        other = load_network(LITE0)
        image = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()), stride=32)
        maps = extract_heatmaps(other, other.to_batch(image))
        return [maps[layer.name, "post", "mean"] for layer in pair_layers(first, LAYERS, other.layers)]
    else:
        maps = extract_heatmaps(replace(network, reflects=kind == "padding"), make_batch())
    side, aggregation = "pre" if kind == "side" else "post", "max" if kind == "aggregation" else "mean"
    return [maps[layer.name, side, aggregation] for layer in first]


NAMES = {
    "photo": "Coffee cup",
    "network": "EfficientNet-Lite0",
    "untrained": "Untrained VGG16",
    "aggregation": "Maximum",
    "side": "Before the ReLU",
    "padding": "Reflected rim",
}


@pytest.mark.parametrize("kind", NAMES)
def test_the_second_row_shows_what_is_compared_and_how_alike_it_is(
    new_server, count_passes, kind, network, make_batch
):
    page = open_page()
    page.selectbox(key="beside").set_value(kind).run()
    assert_healthy(page)
    # Of two networks the first sees the photograph anew where its sides do not suit the second.
    assert len(count_passes) == {"photo": 2, "network": 3, "untrained": 2, "padding": 2}.get(kind, 1)
    first, second = list_rows(page)
    expected = compute_second(kind, network, make_batch)
    for trace, heatmap in zip(second, expected, strict=True):
        np.testing.assert_array_equal(decode(trace["z"]), heatmap)
    texts, name = list_annotations(page), NAMES[kind]
    assert sum(f"<br>{name} · [" in text for text in texts) == COUNT
    numbers = [correlate_maps(decode(one["z"]), other) for one, other in zip(first, expected, strict=True)]
    written = [ENGLISH("beside.correlation", value=f"{number:.2f}".replace("-", "−")) for number in numbers]
    assert [text for text in texts if text in written] == written
    alt = read_chart(page).alt
    assert name in alt and all(text in alt for text in written)
    assert read_address(page) == {"beside": [kind]}


def test_only_another_picture_or_network_costs_a_pass(new_server, count_passes):
    page = open_page(beside="photo", framing="crop")
    assert len(count_passes) == 2
    page.toggle(key="difference").set_value(True).run()
    page.selectbox(key="beside_range").set_value("shared").run()
    page.selectbox(key="aggregation").set_value("std").run()
    page.segmented_control(key="side").set_value("pre").run()
    page.multiselect(key="layers").set_value(["conv3_2"]).run()
    page.segmented_control(key="lang").set_value("zh").run()
    show(page, "measure")
    show(page, "compare")
    for kind in ("aggregation", "side", "none", "photo"):
        page.selectbox(key="beside").set_value(kind).run()
    assert_healthy(page)
    assert len(count_passes) == 2
    page.selectbox(key="beside_photo").set_value("brick").run()
    assert len(count_passes) == 3
    page.selectbox(key="beside").set_value("network").run()
    page.selectbox(key="beside").set_value("untrained").run()
    assert len(count_passes) == 5
    assert_healthy(page)


def test_what_the_first_row_shows_is_not_offered_for_the_second():
    """Which option comes instead, `tests/page/choice/test_settle.py` tells."""
    page = open_page(beside="photo", photo="coffee")
    assert page.selectbox(key="beside_photo").value == "cat"
    assert "Coffee cup" not in page.selectbox(key="beside_photo").options
    page.selectbox(key="beside").set_value("network").run()
    others = page.selectbox(key="beside_network").options
    assert others[0] == "EfficientNet-Lite0" and "VGG19 · 548 MB" in others
    choose(page, LITE0)
    assert page.selectbox(key="beside_network").value == "vgg16"
    assert "EfficientNet-Lite0" not in page.selectbox(key="beside_network").options
    page.selectbox(key="beside").set_value("aggregation").run()
    page.selectbox(key="aggregation").set_value("max").run()
    assert page.selectbox(key="beside_aggregation").value == "mean"
    assert "Maximum" not in page.selectbox(key="beside_aggregation").options
    assert_healthy(page)


def test_two_maps_of_a_column_share_a_range_and_one_bar():
    page = open_page(beside="side", beside_range="shared")
    first, second = list_rows(page)
    for one, other in zip(first, second, strict=True):
        reach = max(abs(decode(trace["z"])).max() for trace in (one, other))
        assert (one["zmin"], one["zmax"]) == (other["zmin"], other["zmax"]) == pytest.approx((-reach, reach))
        assert one["colorscale"] == other["colorscale"]
        assert (one["showscale"], other["showscale"]) == (False, True)
        assert other["colorbar"]["title"]["text"] == ENGLISH("beside.shared_bar")
    page.selectbox(key="beside_range").set_value("own").run()
    first, _ = list_rows(page)
    assert [trace["zmin"] for trace in first] == [decode(trace["z"]).min() for trace in first]
    assert all(trace["showscale"] for row in list_rows(page) for trace in row)


@pytest.mark.parametrize(
    ("address", "normalised"),
    [
        ({"beside": "photo", "framing": "crop"}, False),
        ({"beside": "aggregation"}, True),
        ({"beside": "padding"}, False),
        ({"beside": "side"}, True),
        ({"beside": "untrained"}, True),
    ],
)
def test_a_difference_is_signed_and_says_of_what(address, normalised):
    page = open_page(difference="true", **address)
    assert_healthy(page)
    first, second, third = list_rows(page)
    for one, other, difference in zip(first, second, third, strict=True):
        one, other = decode(one["z"]), decode(other["z"])
        expected = normalize(one) - normalize(other) if normalised else one - other
        np.testing.assert_array_equal(decode(difference["z"]), expected)
        assert difference["zmin"] == -difference["zmax"]
        assert difference["colorscale"][5] == [0.5, "rgba(247, 247, 247, 1)"]
    of = ENGLISH(f"beside.of_{'normalised' if normalised else 'values'}")
    assert list_annotations(page).count(ENGLISH("beside.difference_title", of=of)) == COUNT


def test_values_of_two_channels_are_not_subtracted():
    page = open_page(difference="true", beside="photo", framing="crop", aggregation="strongest")
    titles = list_annotations(page)
    channels = [found[1] for text in titles if (found := re.search(r"channel (\d+)", text))]
    others = [one != other for one, other in zip(channels[:COUNT], channels[COUNT:], strict=True)]
    assert 0 < sum(others) < COUNT
    for of, count in (("normalised", sum(others)), ("values", COUNT - sum(others))):
        title = ENGLISH("beside.difference_title", of=ENGLISH(f"beside.of_{of}"))
        assert titles.count(title) == count


def test_without_equal_grids_there_is_no_difference_and_the_page_says_so():
    page = open_page(beside="photo", difference="true")  # both are 336 pixels across
    assert len(list_maps(page)) == 3 * COUNT
    page.selectbox(key="beside_photo").set_value("brick").run()
    assert len(list_rows(page)) == 2
    assert {ENGLISH("beside.no_difference"), ENGLISH("beside.other_size")} <= set(list_captions(page))
    page.selectbox(key="beside").set_value("network").run()
    assert ENGLISH("beside.no_difference") in list_captions(page)
    assert ENGLISH("beside.other_size") not in list_captions(page)
    assert_healthy(page)


def upload(page, data):
    page.file_uploader(key="beside_upload").set_value(("photo.png", data, "image/png")).run()


def test_a_second_photograph_of_ones_own(new_server, count_passes):
    page = open_page(beside="photo", beside_photo="upload")
    assert ENGLISH("beside.waiting") in read_infos(page)
    assert ENGLISH("beside.not_shareable") in list_captions(page)
    assert len(list_rows(page)) == 1
    upload(page, encode(make_noise(300, 240)))
    assert_healthy(page)
    assert not page.info
    assert len(count_passes) == 2
    _, second = list_rows(page)
    assert list_shapes(second)[0] == (224, 288)
    assert ENGLISH("beside.own_photo") in read_chart(page).alt
    upload(page, b"no picture")
    assert list_errors(page) == [f"{ENGLISH('image_error.format')} {ENGLISH('image_error.kept')}"]
    assert len(list_rows(page)) == 2
    assert read_address(page) == {"beside": ["photo"], "beside_photo": ["upload"]}
    show(page, "measure")
    page.run()  # Streamlit has forgotten the uploader by now
    show(page, "compare")
    assert_healthy(page)
    assert len(list_rows(page)) == 2
    assert len(count_passes) == 2


def test_a_constant_map_has_no_correlation_and_the_page_says_so():
    page = open_page("--network", "own_networks:Still", "--size", "64", beside="aggregation")
    assert_healthy(page)
    assert ENGLISH("beside.undefined") in list_annotations(page)
    assert ENGLISH("beside.undefined_note", layers="0") in list_captions(page)


def test_a_small_square_beside_a_whole_photograph_and_the_other_way_round():
    own = ("--network", "own_networks:Small", "--size", "32")
    page = open_page(*own, beside="network", beside_network="vgg16", layers="0,6")
    assert_healthy(page)
    first, second = list_rows(page, 2)
    assert list_shapes(first) == [(32, 32), (8, 8)]
    assert list_shapes(second) == [(224, 336), (14, 21)]
    page = open_page(*own, network="vgg16", beside="network", difference="true")
    assert_healthy(page)
    _, second = list_rows(page)
    assert page.selectbox(key="beside_network").value == "own"
    assert list_shapes(second) == [(32, 32), (16, 16), (8, 8), (8, 8)]
    sources = [trace for trace in read_figure(page)["data"] if trace["type"] == "image"]
    assert len(sources) == 2  # the second network sees other pixels
    assert_healthy(show(page, "measure"))


def test_a_network_that_fails_on_the_picture_leaves_the_first_row():
    own = ("--network", "own_networks:Plain")
    address = {"network": "vgg16", "beside": "network", "beside_network": "own"}
    page = open_page(*own, **address, framing="crop")
    assert_healthy(page)
    assert len(list_rows(page)) == 2
    # It has one layer, which stands under each of the first row's and has no activation.
    assert list_captions(page).count(ENGLISH("panel.output_note", layers="conv")) == 1
    page = open_page(*own, **address)
    assert not page.exception
    details = {"width": 336, "height": 224, "error": "AssertionError: expected a square"}
    sentence = ENGLISH("beside.failed", what="Plain", error=ENGLISH("network_error.fails", **details))
    assert list_errors(page) == [sentence]
    assert len(list_rows(page)) == 1


def test_a_comparison_is_presented():
    page = open_page(beside="network", present="true")
    assert_healthy(page)
    assert len(list_rows(page)) == 2
    page.button(key="present_end").click().run()
    assert page.selectbox(key="beside").value == "network"
