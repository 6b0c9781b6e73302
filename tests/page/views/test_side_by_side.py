"""The view "Side by side": the pixels that the network saw, its true values, and how they are told."""

import base64
import io

import numpy as np
from apptests import ENGLISH, decode, list_captions, list_maps, list_markdown, read_figure, read_titles
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy
from PIL import Image

from viz.maps.one_pass import extract_heatmaps
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image


def test_the_page_shows_the_pixels_that_the_network_saw_and_its_true_values(page, network, make_batch):
    page.run()
    spec = read_figure(page)
    source = spec["data"][0]["source"].removeprefix("data:image/webp;base64,")
    shown = Image.open(io.BytesIO(base64.b64decode(source)))
    framed = frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes()))
    np.testing.assert_array_equal(np.array(shown), np.array(framed))
    expected = extract_heatmaps(network, make_batch("cat.png"))
    for trace, name in zip(list_maps(spec), DEFAULT_LAYERS, strict=True):
        np.testing.assert_array_equal(decode(trace["z"]), expected[name, "post", "mean"])


def test_panels_stand_in_the_order_of_depth(page):
    page.run()
    page.multiselect(key="layers").set_value(["conv5_1", "conv1_1"]).run()
    assert [title[3:10] for title in read_titles(page)[1:3]] == ["conv1_1", "conv5_1"]


def test_nothing_selected_looks_intended(page, count_passes):
    page.query_params["layers"] = ""
    page.run()
    assert_healthy(page)
    assert [trace["type"] for trace in read_figure(page, "photograph")["data"]] == ["image"]
    assert count_passes == []
    page.button(key="take_default").click().run()
    assert len(list_maps(read_figure(page))) == 4


def test_one_layer(page):
    page.query_params["layers"] = "conv5_3"
    page.run()
    assert_healthy(page)
    line = ENGLISH("page.line_one", all=13, network="VGG16", colours=ENGLISH("page.colours_sequential"))
    assert line in list_markdown(page)


def test_before_the_relu_signed_maps_diverge_around_zero_and_others_do_not(page):
    page.query_params["side"] = "pre"
    page.run()
    for trace in list_maps(read_figure(page)):
        assert trace["zmin"] == -trace["zmax"]
        assert trace["colorscale"][5] == [0.5, "rgba(247, 247, 247, 1)"]
        assert trace["colorbar"]["ticktext"][1] == "0"
    page.selectbox(key="aggregation").set_value("l2").run()
    assert all(trace["zmin"] >= 0 for trace in list_maps(read_figure(page)))


def test_the_strongest_channel_is_named(page):
    page.query_params["aggregation"] = "strongest"
    page.run()
    assert read_titles(page)[1].startswith("<b>conv1_2</b> · channel 45")


def test_what_is_clipped_or_smoothed_says_so(page):
    page.run()
    notes = {ENGLISH("panel.percentiles_note"), ENGLISH("panel.smooth_note")}
    assert not notes & set(list_captions(page))
    page.selectbox(key="range").set_value("percentiles").run()
    page.toggle(key="smooth").set_value(True).run()
    assert notes <= set(list_captions(page))
