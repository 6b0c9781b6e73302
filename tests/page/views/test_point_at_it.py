"""The view "Point at it": what a cell sees, what looks the same to a layer, and its channels."""

import json
import re
from functools import partial

import numpy as np
import pytest
from apptests import ENGLISH, NAMES, decode, list_captions, list_maps, list_markdown, read_chart, read_titles
from conftest import assert_healthy

from page.subject import probe
from viz.maps.feature_maps import compute_feature_map
from viz.maps.one_pass import extract_heatmaps

near = partial(pytest.approx, abs=1e-2)  # up to what keeps Plotly from rounding a half up


def point(page, **parameters):
    """Open the view."""
    page.query_params.update({"view": "probe"} | parameters)
    page.run()
    assert_healthy(page)


def read_rows(page):
    """Of the table: layer, cell, what it sees, value, percentile, channels."""
    (table,) = [text for text in list_markdown(page) if text.startswith("| Layer |")]
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def read_channels(page):
    """Numbers of the small channels."""
    return [int(re.findall(r"<b>(\d+)", title)[0]) for title in read_titles(page, "thumbnails")]


def test_probing_marks_every_selected_layers_cell(page, network, make_batch):
    point(page, point="120,90", layers=["conv1_1", "conv3_1", "conv5_3"])
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
    point(page)
    heatmap = extract_heatmaps(network, make_batch("cat.png"))["conv5_3", "post", "mean"]
    strongest = divmod(int(heatmap.argmax()), heatmap.shape[1])
    assert read_rows(page)[-1][1] == f"{strongest[0]}, {strongest[1]}"
    assert "point" not in page.query_params


def test_typed_coordinates_are_probed_and_travel(page):
    point(page)
    page.number_input(key="probe_x").set_value(335).run()
    page.number_input(key="probe_y").set_value(223).run()
    assert_healthy(page)
    assert page.query_params["point"] == "335,223"
    assert read_rows(page)[-1][1] == "13, 20"


def test_a_point_outside_is_moved_to_the_edge_which_is_said_and_another_picture_forgets_it(page):
    page.query_params.update({"view": "probe", "point": "5000,5000"})
    page.run()
    assert [error.value for error in page.error] == [ENGLISH("link.left_out", names="`point`")]
    assert page.query_params["point"] == "335,223"
    page.selectbox(key="photo").set_value("coffee").run()
    assert_healthy(page)
    assert "point" not in page.query_params


def test_look_alikes_share_a_scale_and_the_cell_is_like_itself(page):
    point(page, show="alike", point="120,90", second="coffee")
    maps = list_maps(read_chart(page, "probed"))
    assert len(maps) == 4
    assert {(trace["zmin"], trace["zmax"]) for trace in maps} == {(0, 1)}  # no value is negative
    assert [trace["showscale"] for trace in maps] == [True, False, False, False]
    for trace, row in zip(maps, read_rows(page), strict=True):
        down, across = (int(part) for part in row[1].split(","))
        assert decode(trace["z"])[down, across] == pytest.approx(1, abs=1e-5)
    other = list_maps(read_chart(page, "matched"))
    assert len(other) == 4
    values = [decode(trace["z"]) for trace in other]
    assert all(0 <= heatmap.min() <= heatmap.max() < 1 for heatmap in values)
    page.segmented_control(key="side").set_value("pre").run()
    maps = list_maps(read_chart(page, "probed"))
    assert {(trace["zmin"], trace["zmax"]) for trace in maps} == {(-1, 1)}
    assert any(decode(trace["z"]).min() < 0 for trace in maps)


def test_the_effective_field_lies_over_the_photograph(page):
    point(page, point="120,90", layer="conv3_1", field="true")
    glow = read_chart(page, "probed")["data"][-1]
    assert (glow["xaxis"], glow["x0"], glow["y0"]) == ("x", near(110.5), near(78.5))
    assert decode(glow["z"]).shape == (24, 24)
    assert any("of its theoretical receptive field" in caption for caption in list_captions(page))


def test_a_dead_cell_has_no_effective_field(page, monkeypatch):
    nothing = np.zeros((224, 336), np.float32)
    monkeypatch.setattr(probe, "compute_field", lambda *arguments: nothing)
    point(page, field="true")
    assert any("zero everywhere" in caption for caption in list_captions(page))


def test_channels_are_ranked_paged_and_shown(page, network, make_batch):
    point(page, show="channels", layer="conv4_2", rank="peak")
    cells = compute_feature_map(network, make_batch("cat.png"), "conv4_2", "post")
    order = np.argsort(-cells.max(axis=(0, 1)), kind="stable")
    assert read_channels(page) == order[:16].tolist()
    large = read_chart(page, "channel_large")["data"][1]
    np.testing.assert_allclose(decode(large["z"]), cells[..., order[0]], rtol=1e-3, atol=1e-2)
    page.slider(key="thumb_page").set_value(32).run()
    assert read_channels(page) == order[496:].tolist()
    page.number_input(key="channel_number").set_value(5).run()
    assert page.query_params["channel"] == "5"
    page.selectbox(key="layer").set_value("conv1_1").run()
    assert_healthy(page)
    assert "channel" not in page.query_params and "thumb_page" not in page.query_params


def test_a_link_to_a_channel_that_the_layer_lacks_opens_and_says_so(page):
    page.query_params.update(
        {"view": "probe", "show": "channels", "layer": "conv1_1", "channel": "400", "thumb_page": "20"}
    )
    page.run()
    assert [error.value for error in page.error] == [
        ENGLISH("link.left_out", names="`channel`, `thumb_page`")
    ]
    assert len(read_channels(page)) == 16
    assert "channel" not in page.query_params
    assert page.query_params["thumb_page"] == "4"


def test_nine_patches_excite_a_channel(page):
    point(page, show="channels", layer="conv4_2", patches="true")
    (images,) = page.get("image")
    assert len(images.proto.imgs) == 9


def test_no_widget_of_the_probe_costs_a_pass(page, count_passes):
    point(page)
    assert count_passes == [(1, 3, 224, 336)] * 2  # one for the maps, one for the channels
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


def test_the_probe_speaks_chinese(page):
    point(page, lang="zh", show="alike")
    assert any(text.startswith("| 层 |") for text in list_markdown(page))
    assert "余弦" in json.dumps(read_chart(page, "probed"), ensure_ascii=False)
    page.segmented_control(key="show").set_value("channels").run()
    assert_healthy(page)


def test_the_probe_without_selected_layers_shows_the_chosen_one(page):
    point(page, layers="", layer="conv2_1", point="3,3")
    assert [row[0] for row in read_rows(page)] == ["conv2_1"]


@pytest.mark.parametrize("network", ["vgg16", "efficientnet_lite0"])
@pytest.mark.parametrize("count", [1, 3])
def test_the_words_promise_what_the_shown_layers_have(page, network, count):
    layers = (
        NAMES[:count] if network == "vgg16" else ["conv_stem", "conv_head", "blocks.1.0.conv_pwl"][:count]
    )
    point(page, network=network, layers=layers)
    known, said = network == "vgg16", list_markdown(page) + list_captions(page)
    (line,) = [text for text in said if text.startswith("Click on the photograph")]
    assert ("what it sees" in line) == known
    assert ("or the map" in line) == (layers[0] in line) == (count == 1)
    assert any(ENGLISH("probe.table_note_sees") in text for text in said) == known
