"""The second row of "Side by side" without a browser."""

import base64
import csv
import io
import json
import sys

import numpy as np
import pytest
import streamlit as st
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy, make_noise
from streamlit.testing.v1 import AppTest

from page import cache
from page.views import measured
from viz.maps.compare import correlate_maps, pair_layers
from viz.maps.one_pass import extract_heatmaps
from viz.maps.values import normalize
from viz.networks import files
from viz.networks.catalogue import load_network
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import Translate

ENGLISH, CHINESE = Translate("en"), Translate("zh")
LITE0 = "efficientnet_lite0"
COUNT = len(DEFAULT_LAYERS)

BUILDERS = """
from torch import nn


class Small(nn.Sequential):
    '''As networks for CIFAR: a square of 32 pixels and nothing else.'''

    def __init__(self):
        features = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1)]
        super().__init__(*features, nn.ReLU(), nn.Flatten(), nn.Linear(16 * 16 * 16, 10))


class Square(nn.Module):
    '''It has no activation, and refuses whatever is no square.'''

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        assert x.shape[2] == x.shape[3], 'expected a square'
        return self.conv(x)


class Still(nn.Sequential):
    '''Every cell of its map is zero.'''

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        nn.init.zeros_(self[0].weight)
        nn.init.zeros_(self[0].bias)
"""


def forget():
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page(request):
    """Gives a new visitor's page at an address; of a server without results where a test counts passes."""
    if "count_passes" in request.fixturenames:
        forget()

    def open_page(**parameters):
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        page.query_params.update(parameters)
        return page.run()

    return open_page


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a server with a network of its own; gives what opens a visitor's page there."""
    (tmp_path / "besidenets.py").write_text(BUILDERS)
    monkeypatch.syspath_prepend(tmp_path)

    def draw(arguments):
        from page.main import draw_page

        draw_page(arguments)

    def start(builder, size):
        forget()
        arguments = ("--network", f"besidenets:{builder}", "--size", str(size))

        def open_page(**parameters):
            page = AppTest.from_function(draw, args=(arguments,), default_timeout=60)
            page.query_params.update(parameters)
            return page.run()

        return open_page

    yield start
    sys.modules.pop("besidenets", None)
    forget()


def decode(array):
    flat = np.frombuffer(base64.b64decode(array["bdata"]), {"f4": np.float32}[array["dtype"]])
    return flat.reshape([int(side) for side in array["shape"].split(",")])


def encode(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def read_chart(page, key="heatmaps"):
    (chart,) = [chart for chart in page.get("plotly_chart") if key in chart.proto.id]
    return chart.proto


def read_figure(page):
    return json.loads(read_chart(page).spec)


def list_rows(page, count=COUNT):
    """The maps, row by row."""
    traces = [trace for trace in read_figure(page)["data"] if trace["type"] == "heatmap"]
    return [traces[start : start + count] for start in range(0, len(traces), count)]


def list_texts(page):
    return [note["text"] for note in read_figure(page)["layout"]["annotations"]]


def read_captions(page):
    return [caption.value for caption in page.caption]


def read_address(page):
    found = page.query_params
    return {name: [texts] if isinstance(texts, str) else texts for name, texts in found.items()}


def compute_second(kind, network, make_batch):
    """What the second row has to show, by layer of the first, computed in another way."""
    first = [network.find_layer(name) for name in DEFAULT_LAYERS]
    if kind == "photo":
        maps = extract_heatmaps(network, make_batch("coffee.png"))
    elif kind == "untrained":
        maps = extract_heatmaps(load_network("untrained:vgg16"), make_batch())
    elif kind == "network":
        other = load_network(LITE0)
        image = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()))
        maps = extract_heatmaps(other, other.to_batch(image))
        return [maps[layer.name, "post", "mean"] for layer in pair_layers(first, LAYERS, other.layers)]
    else:
        maps = extract_heatmaps(network, make_batch())
    side, aggregation = "pre" if kind == "side" else "post", "max" if kind == "aggregation" else "mean"
    return [maps[layer.name, side, aggregation] for layer in first]


NAMES = {
    "photo": "Coffee cup",
    "network": "EfficientNet-Lite0",
    "untrained": "Untrained VGG16",
    "aggregation": "Maximum",
    "side": "Before the ReLU",
}


@pytest.mark.parametrize("kind", NAMES)
def test_the_second_row_shows_what_is_compared_and_how_alike_it_is(
    open_page, count_passes, kind, network, make_batch
):
    page = open_page()
    page.selectbox(key="beside").set_value(kind).run()
    assert_healthy(page)
    assert len(count_passes) == (2 if kind in ("photo", "network", "untrained") else 1)
    first, second = list_rows(page)
    expected = compute_second(kind, network, make_batch)
    for trace, heatmap in zip(second, expected, strict=True):
        np.testing.assert_array_equal(decode(trace["z"]), heatmap)
    texts, name = list_texts(page), NAMES[kind]
    assert sum(f"<br>{name} · [" in text for text in texts) == COUNT
    numbers = [correlate_maps(decode(one["z"]), other) for one, other in zip(first, expected, strict=True)]
    written = [ENGLISH("beside.correlation", value=f"{number:.2f}".replace("-", "−")) for number in numbers]
    assert [text for text in texts if text in written] == written
    alt = read_chart(page).alt
    assert name in alt and all(text in alt for text in written)
    assert read_address(page) == {"beside": [kind]}


def test_only_another_picture_or_network_costs_a_pass(open_page, count_passes):
    page = open_page(beside="photo", framing="crop")
    assert len(count_passes) == 2
    page.toggle(key="difference").set_value(True).run()
    page.selectbox(key="beside_range").set_value("shared").run()
    page.selectbox(key="aggregation").set_value("std").run()
    page.segmented_control(key="side").set_value("pre").run()
    page.multiselect(key="layers").set_value(["conv3_2"]).run()
    page.segmented_control(key="lang").set_value("zh").run()
    page.segmented_control(key="view").set_value("measure").run()
    page.segmented_control(key="view").set_value("compare").run()
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


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "address",
    [
        {"beside": "photo", "beside_photo": "rocket", "difference": "true", "framing": "squash"},
        {"beside": "network", "network": LITE0, "beside_range": "shared"},
        {"beside": "untrained", "difference": "true"},
        {"beside": "aggregation", "beside_aggregation": "l2", "aggregation": "strongest"},
        {"beside": "side", "side": "pre", "beside_range": "shared", "range": "percentiles"},
    ],
)
def test_the_address_restores_a_comparison(open_page, address, language):
    address = address | ({"lang": "zh"} if language == "zh" else {})
    page = open_page(**address)
    assert_healthy(page)
    assert len(list_rows(page)) == (3 if "difference" in address else 2)
    assert read_address(page) == {name: [text] for name, text in address.items()}
    words = Translate(language)
    assert words("beside.correlation_note") in read_captions(page)
    page.selectbox(key="colors").set_value("greys").run()
    assert read_address(page) == {name: [text] for name, text in (address | {"colors": "greys"}).items()}


def test_what_the_first_row_shows_is_not_offered_for_the_second(open_page):
    page = open_page(beside="photo")
    assert page.selectbox(key="beside_photo").value == "coffee"
    page.selectbox(key="photo").set_value("coffee").run()
    assert page.selectbox(key="beside_photo").value == "cat"
    page.selectbox(key="beside").set_value("network").run()
    assert page.selectbox(key="beside_network").value == LITE0
    assert any("548 MB" in option for option in page.selectbox(key="beside_network").options)
    page.selectbox(key="network").set_value(LITE0).run()
    assert page.selectbox(key="beside_network").value == "vgg16"
    page.selectbox(key="beside").set_value("aggregation").run()
    page.selectbox(key="aggregation").set_value("max").run()
    assert page.selectbox(key="beside_aggregation").value == "mean"
    assert_healthy(page)


def test_what_is_not_compared_stays_out_of_the_address(open_page):
    page = open_page(beside="photo", beside_photo="brick")
    page.selectbox(key="beside").set_value("none").run()
    page.selectbox(key="photo").set_value("rocket").run()
    assert read_address(page) == {"photo": ["rocket"]}
    page.selectbox(key="beside").set_value("photo").run()
    assert read_address(page) == {"photo": ["rocket"], "beside": ["photo"], "beside_photo": ["brick"]}


def test_two_maps_of_a_column_share_a_range_and_one_bar(open_page):
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
        ({"beside": "aggregation"}, False),
        ({"beside": "side"}, True),
        ({"beside": "untrained"}, True),
    ],
)
def test_a_difference_is_signed_and_says_of_what(open_page, address, normalised):
    page = open_page(difference="true", **address)
    assert_healthy(page)
    first, second, third = list_rows(page)
    for one, other, difference in zip(first, second, third, strict=True):
        one, other = decode(one["z"]), decode(other["z"])
        expected = normalize(one) - normalize(other) if normalised else one - other
        np.testing.assert_array_equal(decode(difference["z"]), expected)
        assert difference["zmin"] == -difference["zmax"]
        assert difference["colorscale"][5] == [0.5, "rgb(247,247,247)"]
    of = ENGLISH(f"beside.of_{'normalised' if normalised else 'values'}")
    assert list_texts(page).count(ENGLISH("beside.difference_title", of=of)) == COUNT


def test_without_equal_grids_there_is_no_difference_and_the_page_says_so(open_page):
    page = open_page(beside="photo", difference="true")  # 337 and 336 pixels across
    assert len([trace for row in list_rows(page) for trace in row]) == 2 * COUNT + 3
    missing = ENGLISH("beside.other_grids", first="337×224", second="336×224")
    assert list_texts(page).count(missing) == 1
    page.selectbox(key="beside_photo").set_value("brick").run()
    assert len(list_rows(page)) == 2
    assert {ENGLISH("beside.no_difference"), ENGLISH("beside.other_size")} <= set(read_captions(page))
    page.selectbox(key="beside").set_value("network").run()
    assert ENGLISH("beside.no_difference") in read_captions(page)
    assert ENGLISH("beside.other_size") not in read_captions(page)
    assert_healthy(page)


def upload(page, data):
    page.file_uploader(key="beside_upload").set_value(("photo.png", data, "image/png")).run()


def test_a_second_photograph_of_ones_own(open_page, count_passes):
    page = open_page(beside="photo", beside_photo="upload")
    assert ENGLISH("beside.waiting") in [info.value for info in page.info]
    assert ENGLISH("beside.not_shareable") in read_captions(page)
    assert len(list_rows(page)) == 1
    upload(page, encode(make_noise(300, 240)))
    assert_healthy(page)
    assert not page.info
    assert len(count_passes) == 2
    _, second = list_rows(page)
    assert decode(second[0]["z"]).shape == (224, 280)
    assert ENGLISH("beside.own_photo") in read_chart(page).alt
    upload(page, b"no picture")
    kept = f"{ENGLISH('image_error.format')} {ENGLISH('image_error.kept')}"
    assert [error.value for error in page.error] == [kept]
    assert len(list_rows(page)) == 2
    assert read_address(page) == {"beside": ["photo"], "beside_photo": ["upload"]}
    page.segmented_control(key="view").set_value("measure").run()
    page.run()  # Streamlit has forgotten the uploader by now
    page.segmented_control(key="view").set_value("compare").run()
    assert_healthy(page)
    assert len(list_rows(page)) == 2
    assert len(count_passes) == 2


def test_a_constant_map_has_no_correlation_and_the_page_says_so(start):
    page = start("Still", 64)(beside="aggregation")
    assert_healthy(page)
    assert ENGLISH("beside.undefined") in list_texts(page)
    assert ENGLISH("beside.undefined_note", layers="0") in read_captions(page)


def test_a_small_square_beside_a_whole_photograph_and_the_other_way_round(start):
    open_page = start("Small", 32)
    page = open_page(beside="network", beside_network="vgg16", layers="0,3")
    assert_healthy(page)
    first, second = list_rows(page, 2)
    assert [decode(trace["z"]).shape for trace in first] == [(32, 32), (16, 16)]
    assert [decode(trace["z"]).shape for trace in second] == [(224, 337), (14, 21)]
    page = open_page(network="vgg16", beside="network", difference="true")
    assert_healthy(page)
    first, second = list_rows(page)
    assert page.selectbox(key="beside_network").value == "own"
    assert [decode(trace["z"]).shape for trace in second] == [(32, 32)] * 2 + [(16, 16)] * 2
    sources = [trace for trace in read_figure(page)["data"] if trace["type"] == "image"]
    assert len(sources) == 2  # the second network sees other pixels
    page.segmented_control(key="view").set_value("measure").run()
    assert_healthy(page)


def test_a_network_that_fails_on_the_picture_leaves_the_first_row(start):
    open_page = start("Square", 224)
    page = open_page(network="vgg16", beside="network", beside_network="own", framing="crop")
    assert_healthy(page)
    assert len(list_rows(page)) == 2
    assert ENGLISH("panel.output_note", layers="conv") in read_captions(page)
    assert read_captions(page).count(ENGLISH("panel.output_note", layers="conv")) == 1
    page = open_page(network="vgg16", beside="network", beside_network="own")
    assert not page.exception
    assert page.error[0].value.startswith(
        "The comparison (Square) could not be made. The network does not run on a"
    )
    assert len(list_rows(page)) == 1


def test_a_network_that_cannot_be_fetched_ends_the_comparison_only(open_page, monkeypatch):
    def refuse(*_, **__):
        raise files.WeightsError("download", host="example.org")

    monkeypatch.setattr(files, "may_download", lambda: True)
    monkeypatch.setattr("page.status.is_there", lambda info: info.key != "torchvision:vgg19")
    monkeypatch.setattr("page.status.fetch", refuse)
    page = open_page()
    page.selectbox(key="beside").set_value("network")
    page.session_state["beside_network"] = "torchvision:vgg19"
    page.run()
    assert not page.exception
    assert page.error[0].value == (
        f"{ENGLISH('weights_error.download', host='example.org')} {ENGLISH('beside.closed')}"
    )
    assert (page.session_state["network"], page.session_state["beside"]) == ("vgg16", "none")
    assert len(list_rows(page)) == 1
    # Such as the run in which the browser tells how large it is.
    assert len(page.run().error) == 1
    assert_healthy(page.selectbox(key="aggregation").set_value("max").run())


def test_the_homeworks_view_closes_the_comparison(open_page):
    page = open_page(beside="side")
    page.button(key="preset").click().run()
    assert len(list_rows(page, 3)) == 1


# "Measured"


def list_curves(page):
    """Values of the folded charts, by curve and title of the chart, in the order of the layers."""
    spec = json.loads(read_chart(page, "metrics").spec)
    titles = [note["text"] for note in spec["layout"]["annotations"] if note.get("xanchor") == "left"]
    found = {}
    for trace in spec["data"]:
        place = int(trace.get("xaxis", "x")[1:] or 1) - 1
        found[trace["name"], titles[place]] = dict(zip(trace["x"], trace["y"], strict=True))
    return found


@pytest.fixture
def read_csv(monkeypatch):
    texts, write = [], measured.write_csv
    monkeypatch.setattr(measured, "write_csv", lambda rows: texts.append(write(rows)) or texts[-1])
    return lambda: list(csv.DictReader(io.StringIO(texts[-1].removeprefix("\ufeff"))))


def test_measured_draws_both_curves_and_lists_both_networks(open_page, count_passes, read_csv):
    page = open_page(view="measure", beside="network")
    assert_healthy(page)
    assert len(count_passes) == 2
    assert ENGLISH("beside.measured", what="EfficientNet-Lite0") in read_captions(page)
    assert ENGLISH("beside.measured_depth", network="VGG16") in read_captions(page)
    curves = list_curves(page)
    cells = {name: values for (name, title), values in curves.items() if title == ENGLISH("metric.cells")}
    assert cells == {}  # it is among the numbers only
    gini = ENGLISH("metric.gini")
    assert list(curves["EfficientNet-Lite0", gini]) == [layer.name for layer in LAYERS]
    rows = read_csv()
    assert [row["control"] for row in rows].count("beside") == len(LAYERS)
    own = {row["layer"]: row for row in rows if row["control"] == "beside"}
    # The deepest layer stands beside the deepest.
    assert float(own["conv_head"]["gini"]) == pytest.approx(curves["EfficientNet-Lite0", gini]["conv5_3"])
    assert (own["conv_head"]["network"], own["conv_head"]["cells"]) == (LITE0, "77")
    page.selectbox(key="aggregation").set_value("max").run()
    page.session_state["beside"] = "none"
    page.run()
    assert "EfficientNet-Lite0" not in {name for name, _ in list_curves(page)}
    assert len(count_passes) == 2


def test_measured_tells_another_photograph_by_its_own_pixels(open_page, read_csv):
    address = {"view": "measure", "box": "10,10,100,100"}
    alone = open_page(**address, photo="coffee")
    expected = list_curves(alone)["VGG16", ENGLISH("metric.edge_correlation")]
    page = open_page(**address, beside="photo")
    assert_healthy(page)
    curves = list_curves(page)
    assert curves["Coffee cup", ENGLISH("metric.edge_correlation")] == expected
    # The box is around something in the first photograph.
    assert ("Coffee cup", ENGLISH("metric.box_auc")) not in curves
    rows = [row for row in read_csv() if row["control"] == "beside"]
    assert {(row["photo"], row["box"], row["box_auc"]) for row in rows} == {("coffee", "", "")}
    assert {row["sha256"] for row in rows} == {cache.read_sample("coffee")[1]}


def test_layers_without_the_other_side_leave_a_gap(open_page):
    """Of EfficientNet-Lite0's 49 layers 33 have an activation."""
    page = open_page(view="measure", network=LITE0, side="pre", beside="side")
    assert_healthy(page)
    title = ENGLISH("metric.gini")
    curves = list_curves(page)
    other = next(name for name, _ in curves if name != "EfficientNet-Lite0")
    assert other == "After the ReLU6"
    given = [value for value in curves[other, title].values() if value is not None]
    with_both = [layer for layer in load_network(LITE0).layers if len(layer.sides) == 2]
    assert len(given) == len(with_both) < len(curves["EfficientNet-Lite0", title]) == 49


def test_a_comparison_is_presented(open_page):
    page = open_page(beside="network", present="true")
    assert_healthy(page)
    assert len(list_rows(page)) == 2
    page.button(key="present_end").click().run()
    assert page.selectbox(key="beside").value == "network"
