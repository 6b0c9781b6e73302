"""The class map beside the plain maps in "Measured", without a browser."""

import pytest
from apptests import ENGLISH, list_captions
from conftest import ROOT, assert_healthy
from opened import LITE0, open_page, read_address, read_figure

from viz.evidence.class_maps import class_maps
from viz.maps.cells import lay_cells
from viz.measures.box import box_auc
from viz.networks.catalogue import load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

BOX = "44,9,269,218"  # cup and saucer
WHOLE = (1, 3, 224, 352)


def test_the_class_map_costs_passes_for_those_who_ask(new_server, count_passes):
    page = open_page(view="measure", network=LITE0, photo="coffee", box=BOX)
    assert count_passes == [WHOLE]
    page.toggle(key="class_box").set_value(True).run()
    assert_healthy(page)
    assert count_passes == [WHOLE] * 3
    assert read_address(page)["class_box"] == ["true"]
    network = load_network(LITE0)
    photo = frame_image(read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes()), stride=32)
    values = class_maps(network, network.to_batch(photo), 967, "hirescam")["conv_head"]
    cells = lay_cells(network.layers[-1], values.shape, photo.height, photo.width)
    expected = box_auc(values, tuple(map(int, BOX.split(","))), photo.height, photo.width, cells)
    curves = {trace["name"]: trace["y"] for trace in read_figure(page, "chart_object")["data"]}
    assert list(curves)[:4] == ["EfficientNet-Lite0", "Sobel", "Laplacian", "HiResCAM"]
    assert float(curves["HiResCAM"][-1]) == pytest.approx(expected, abs=1e-4)
    assert any("HiResCAM map of “espresso” catches more of the box" in text.value for text in page.markdown)
    note = ENGLISH("verdict.class_note", size=224)
    assert note not in list_captions(page)
    page.segmented_control(key="side").set_value("pre").run()
    assert note in list_captions(page)
    page.toggle(key="class_box").set_value(False).run()
    assert "LayerCAM" not in [trace["name"] for trace in read_figure(page, "chart_object")["data"]]


def test_a_network_without_classes_is_not_offered_a_class_map(new_server, count_passes):
    page = open_page(view="measure", network="vgg16", photo="coffee", box=BOX, class_box="true")
    assert_healthy(page)
    assert len(count_passes) == 1
    assert "class_box" not in {toggle.key for toggle in page.toggle}
