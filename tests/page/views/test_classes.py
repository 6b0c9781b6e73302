"""The view "Classes" without a browser."""

import re

import numpy as np
import pytest
import streamlit as st
from apptests import ENGLISH, decode, list_captions
from conftest import ROOT, assert_healthy
from opened import CHINESE, LITE0, list_maps, open_page, read_figure

from page.views.classes import deletion
from page.views.classes.deletion import write_area
from viz.evidence.class_maps import class_maps
from viz.evidence.deletion import list_deletions, run_deletions, spread_over_picture, summarize
from viz.evidence.predict import predict
from viz.maps.cells import lay_cells
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

LAST = "conv_head"
SQUARE = (1, 3, 224, 224)
ESPRESSO, CUP = 967, 968


def open_classes(**parameters):
    address = {"view": "classes", "network": LITE0, "photo": "coffee", "framing": "crop"} | parameters
    return open_page(**address)


@pytest.fixture(scope="module")
def lite0():
    return load_network(LITE0)


@pytest.fixture(scope="module")
def coffee():
    photo = read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes())
    return frame_image(photo, "crop")


def read_maps(page):
    """The maps of the figure, each [h, w]: the plain ones, then the class maps."""
    return [decode(trace["z"]) for trace in list_maps(page, "class_maps")]


def read_bars(page):
    return [element.proto.text for element in page.get("progress")]


def read_table(page):
    (table,) = [element.value for element in page.markdown if ENGLISH("erase.column_area") in element.value]
    return table


def test_the_prediction_and_the_class_maps_are_vizs(lite0, coffee):
    page = open_classes()
    assert_healthy(page)
    batch = lite0.to_batch(coffee)
    best = predict(lite0, batch)
    assert read_bars(page) == [f"{found.name} · **{found.probability:.1%}**" for found in best]
    assert page.selectbox(key="class").value is None
    names, shown = page.multiselect(key="layers").value, read_maps(page)
    heatmaps, maps = extract_heatmaps(lite0, batch), class_maps(lite0, batch, ESPRESSO)
    expected = [heatmaps[name, lite0.find_layer(name).pick_side("post"), "mean"] for name in names]
    expected += [maps[name] for name in names]
    for values, wanted in zip(shown, expected, strict=True):
        np.testing.assert_allclose(values, wanted, atol=1e-5 * np.abs(wanted).max())
    # A class map stands under the plain map of its layer.
    layout, count = read_figure(page, "class_maps")["layout"], len(names)
    for place in range(2, count + 2):
        upper, lower = (layout[f"xaxis{number}"]["domain"] for number in (place, place + count))
        assert upper == lower
        upper, lower = (layout[f"yaxis{number}"]["domain"] for number in (place, place + count))
        assert lower[1] < upper[0]


def test_only_what_needs_a_pass_costs_one(new_server, count_passes):
    page = open_classes()
    assert count_passes == [SQUARE] * 3  # the maps, the prediction, the class maps
    for method in ("gradcam", "hirescam"):
        page.segmented_control(key="method").set_value(method).run()
    page.selectbox(key="colors").set_value("greys").run()
    page.selectbox(key="range").set_value("shared").run()
    page.toggle(key="overlay").set_value(True).run()
    page.multiselect(key="layers").set_value(["conv_stem", LAST]).run()
    page.slider(key="erase").set_value(35).run()
    page.segmented_control(key="lang").set_value("zh").run()
    assert_healthy(page)
    assert len(count_passes) == 3
    page.selectbox(key="class").set_value(CUP).run()
    assert len(count_passes) == 4
    page.selectbox(key="against").set_value(ESPRESSO).run()
    assert len(count_passes) == 5
    page.slider(key="size").set_value(320).run()
    assert_healthy(page)
    assert len(count_passes) == 5
    assert CHINESE("classes.size_note", size=224, other=320) in list_captions(page)
    assert_healthy(open_classes(**{"class": str(CUP)}))  # another visitor
    assert len(count_passes) == 5


def test_a_contrast_is_signed_and_says_so(lite0, coffee):
    page = open_classes(**{"class": str(ESPRESSO), "against": str(CUP)})
    expected = class_maps(lite0, lite0.to_batch(coffee), ESPRESSO, against=CUP)
    for language, words in (("en", ENGLISH), ("zh", CHINESE)):
        page.segmented_control(key="lang").set_value(language).run()
        assert_healthy(page)
        np.testing.assert_allclose(read_maps(page)[-1], expected[LAST], atol=1e-5)
        last = list_maps(page, "class_maps")[-1]
        assert last["zmin"] == -last["zmax"] < 0
        texts = [element.value for element in (*page.markdown, *page.caption)]
        assert re.search(r"[{}]", "".join(texts)) is None
        assert words("classes.contrast_note", name="espresso", other="cup") in texts


def test_names_that_several_classes_have_can_be_told_apart(lite0):
    options = open_classes().selectbox(key="class").options
    assert len(set(options)) == len(options) == 1000
    assert options[0] == "espresso"  # the most probable first
    twins = [option for option in options if re.fullmatch(r".* \(\d+\)", option)]
    assert len(twins) == sum(lite0.classes.count(name) > 1 for name in lite0.classes) > 0


def test_a_class_that_cannot_be_asked_about_is_given_up():
    """Which one that is, `tests/page/choice/test_settle.py` tells; here the network tells their number."""
    page = open_classes(**{"class": "99999", "against": str(ESPRESSO)})
    assert not page.exception
    assert page.selectbox(key="class").value is page.session_state["against"] is None
    page.selectbox(key="class").set_value(ESPRESSO).run()
    assert_healthy(page)
    assert "espresso" not in page.selectbox(key="against").options


def test_the_deletion_test_costs_the_stated_passes_and_gives_vizs_numbers(
    new_server, count_passes, lite0, coffee
):
    page = open_classes(layers=LAST)
    count_passes.clear()
    # Two kinds of map: each the blurred picture, nine places, and nine shares of which one is the same.
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * 18)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert count_passes == [SQUARE] * 36
    assert "run_erase" not in {button.key for button in page.button}
    batch, layer = lite0.to_batch(coffee), lite0.find_layer(LAST)
    values = class_maps(lite0, batch, ESPRESSO)[LAST]
    spread = spread_over_picture(values, lay_cells(layer, values.shape, 224, 224), 224, 224)
    found = dict(run_deletions(lite0, np.array(coffee), ESPRESSO, spread, list_deletions(LAST, 0.2)))
    effect = summarize(LAST, 0.2, found)
    mean, low, high = np.mean(effect.shifted), min(effect.shifted), max(effect.shifted)
    elsewhere = f"{mean:.1%} ({low:.1%}–{high:.1%})"
    row = f"| LayerCAM | {effect.before:.1%} | **{effect.after:.1%}** | {elsewhere} | {effect.area:.3f} |"
    assert row in read_table(page)
    curves = {trace["name"]: trace["y"] for trace in read_figure(page, "deletion")["data"]}
    assert list(curves) == ["Mean map", "LayerCAM"]
    np.testing.assert_allclose(curves["LayerCAM"], effect.curve, atol=1e-5)
    # Another share needs its nine places alone, of either kind; another method those of its own maps.
    assert_healthy(page.slider(key="erase").set_value(35).run())
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * 9)
    page.slider(key="erase").set_value(20).run()
    page.segmented_control(key="method").set_value("gradcam").run()
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=18)


def test_a_map_without_a_brightest_part_is_not_tested_and_one_with_little_says_so(new_server, count_passes):
    """Of this photograph Grad-CAM leaves nothing in one of the two layers, and a few cells in the other."""
    flat, scattered = "blocks.6.0.conv_dw", "blocks.5.2.conv_dw"
    page = open_classes(framing="whole", method="gradcam", layers=f"{flat},{scattered}")
    count_passes.clear()
    assert ENGLISH("erase.flat", maps=f"{flat} (Grad-CAM)") in list_captions(page)
    assert ENGLISH("erase.scattered", share="20%", maps=f"{scattered} (Grad-CAM)") in list_captions(page)
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * (1 + 17) + 17)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert len(count_passes) == 2 * (1 + 17) + 17
    assert re.findall(r"^\| (blocks\S+) \| (.+?) \|", read_table(page), re.MULTILINE) == [
        (scattered, "Mean map"),
        (scattered, "Grad-CAM"),
        (flat, "Mean map"),
    ]


def test_an_improbable_class_has_little_to_lose_and_the_page_says_so():
    page = open_classes(**{"class": "0", "layers": LAST})
    assert_healthy(page)
    assert any("there is little to lose" in caption for caption in list_captions(page))
    assert write_area(0.00021) == "0.00021"


def test_what_was_deleted_before_a_stop_is_kept(new_server, count_passes, monkeypatch):
    page = open_classes(layers=LAST)
    run = deletion.run_deletions

    def leave_after_five(*arguments):
        for number, found in enumerate(run(*arguments)):
            if number == 5:
                st.stop()  # as Streamlit ends the run of a visitor who does something else
            yield found

    monkeypatch.setattr(deletion, "run_deletions", leave_after_five)
    page.button(key="run_erase").click().run()
    monkeypatch.setattr(deletion, "run_deletions", run)
    page.run()
    # The sixth was made before the visitor left.
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=36 - 5)
    assert "deletion" not in {chart.proto.id for chart in page.get("plotly_chart")}
    count_passes.clear()
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert len(count_passes) == 36 - 5
