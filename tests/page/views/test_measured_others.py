"""The numbers of "Measured" with another network, and beside a comparison; without a browser."""

import pytest
from apptests import ENGLISH, list_captions, read_numbers
from conftest import assert_healthy
from opened import LITE0, list_curves, open_page, watch_csv

from page.work.pictures import read_sample
from viz.networks.catalogue import load_network
from viz.networks.vgg16 import LAYERS


@pytest.fixture
def read_csv(monkeypatch):
    return watch_csv(monkeypatch)


def test_only_layers_with_the_side_are_measured(read_csv):
    page = open_page(network=LITE0, view="measure", controls="untrained")
    assert_healthy(page)
    side = ENGLISH("side.post", activation="ReLU6")
    assert ENGLISH("measure.left_out", count=16, side=side) in list_captions(page)
    with_activation = [layer.name for layer in load_network(LITE0).layers if layer.activation]
    assert len(with_activation) == 33
    assert {tuple(curve) for curve in list_curves(page).values()} == {tuple(with_activation)}
    assert [row[ENGLISH("metric.layer")] for row in read_numbers(page)] == 2 * with_activation
    assert sum("-badge[" in text.value for text in page.markdown) == 4
    assert {(row["network"], row["receptive_field"], row["field_share"]) for row in read_csv()} == {
        (LITE0, "", "")
    }
    page.segmented_control(key="side").set_value("pre").run()
    assert_healthy(page)
    assert len(read_numbers(page)) == len(read_csv()) == 2 * 49
    assert max(map(len, list_curves(page).values())) == 49
    assert not any("left out" in caption for caption in list_captions(page))


def test_both_curves_are_drawn_and_both_networks_listed(new_server, count_passes, read_csv):
    page = open_page(view="measure", beside="network")
    assert_healthy(page)
    assert len(count_passes) == 2
    assert ENGLISH("beside.measured", what="EfficientNet-Lite0") in list_captions(page)
    assert ENGLISH("beside.measured_depth", network="VGG16") in list_captions(page)
    curves, gini = list_curves(page), ENGLISH("metric.gini")
    assert ENGLISH("metric.cells") not in {title for _, title in curves}  # it is among the numbers only
    assert list(curves["EfficientNet-Lite0", gini]) == [layer.name for layer in LAYERS]
    rows = [row for row in read_csv() if row["control"] == "beside"]
    assert len(rows) == len(LAYERS)
    # The deepest layer stands beside the deepest.
    deepest = {row["layer"]: row for row in rows}["conv_head"]
    assert float(deepest["gini"]) == pytest.approx(curves["EfficientNet-Lite0", gini]["conv5_3"])
    assert (deepest["network"], deepest["cells"]) == (LITE0, "77")
    page.selectbox(key="aggregation").set_value("max").run()
    page.session_state["beside"] = "none"
    page.run()
    assert "EfficientNet-Lite0" not in {name for name, _ in list_curves(page)}
    # Alone again, VGG16 needs no sides that suit the other one.
    assert count_passes == [(1, 3, 224, 352)] * 2 + [(1, 3, 224, 336)]


def test_another_photograph_is_told_by_its_own_pixels(read_csv):
    address, edges = {"view": "measure", "box": "10,10,100,100"}, ENGLISH("metric.edge_correlation")
    expected = list_curves(open_page(**address, photo="coffee"))["VGG16", edges]
    page = open_page(**address, beside="photo")
    assert_healthy(page)
    curves = list_curves(page)
    assert curves["Coffee cup", edges] == expected
    # The box is around something in the first photograph.
    assert ("Coffee cup", ENGLISH("metric.box_auc")) not in curves
    rows = [row for row in read_csv() if row["control"] == "beside"]
    assert {(row["photo"], row["box"], row["box_auc"]) for row in rows} == {("coffee", "", "")}
    assert {row["sha256"] for row in rows} == {read_sample("coffee")[1]}


def test_layers_without_the_other_side_leave_a_gap():
    """Of EfficientNet-Lite0's 49 layers 33 have an activation."""
    page = open_page(view="measure", network=LITE0, side="pre", beside="side")
    assert_healthy(page)
    curves, title = list_curves(page), ENGLISH("metric.gini")
    other = next(name for name, _ in curves if name != "EfficientNet-Lite0")
    assert other == "After the ReLU6"
    given = [value for value in curves[other, title].values() if value is not None]
    with_both = [layer for layer in load_network(LITE0).layers if len(layer.sides) == 2]
    assert len(given) == len(with_both) < len(curves["EfficientNet-Lite0", title]) == 49
