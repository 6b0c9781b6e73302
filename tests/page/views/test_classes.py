"""The view "Classes" without a browser."""

import re

import numpy as np
import pytest
import streamlit as st
from apptests import ENGLISH, decode, list_captions, list_errors, list_markdown
from conftest import ROOT, assert_healthy
from opened import CHINESE, LITE0, list_annotations, list_maps, open_page, read_address, read_figure

from page.views.classes import deletion
from page.views.classes.deletion import write_area
from viz.evidence.class_maps import class_maps, compare_class_maps
from viz.evidence.deletion import (
    choose_places,
    list_deletions,
    mask_brightest,
    run_deletions,
    spread_over_picture,
    summarize,
)
from viz.evidence.predict import predict
from viz.maps.cells import lay_cells
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

LAST = "conv_head"
SQUARE, WHOLE = (1, 3, 224, 224), (1, 3, 224, 352)
ESPRESSO, CUP = 967, 968


def open_classes(**parameters):
    return open_page(**{"view": "classes", "network": LITE0, "photo": "coffee"} | parameters)


@pytest.fixture(scope="module")
def lite0():
    return load_network(LITE0)


@pytest.fixture(scope="module")
def photo():
    return read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes())


@pytest.fixture(scope="module")
def coffee(lite0, photo):
    return lite0.frame(photo)


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
    heatmaps, maps = extract_heatmaps(lite0, batch), class_maps(lite0, batch, ESPRESSO, "hirescam")
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
    # The prediction, that with the visitor's framing, the maps, the class maps.
    assert count_passes == [SQUARE, WHOLE, SQUARE, SQUARE]
    for method in ("gradcam", "layercam"):
        page.segmented_control(key="method").set_value(method).run()
    page.selectbox(key="colors").set_value("greys").run()
    page.selectbox(key="range").set_value("shared").run()
    page.toggle(key="overlay").set_value(True).run()
    page.multiselect(key="layers").set_value(["conv_stem", LAST]).run()
    page.slider(key="erase").set_value(35).run()
    page.segmented_control(key="lang").set_value("zh").run()
    page.slider(key="size").set_value(320).run()
    assert_healthy(page)
    assert len(count_passes) == 4
    page.selectbox(key="class").set_value(CUP).run()
    assert len(count_passes) == 5
    page.selectbox(key="against").set_value(ESPRESSO).run()
    assert len(count_passes) == 6
    assert CHINESE("classes.size_note", size=224, other=320) not in list_captions(page)
    page.toggle(key="chosen_framing").set_value(True).run()
    assert_healthy(page)
    assert count_passes[6:] == [WHOLE] * 2  # the maps and the class maps
    assert CHINESE("classes.size_note", size=224, other=320) in list_captions(page)
    assert_healthy(open_classes(**{"class": str(CUP)}))  # another visitor
    assert len(count_passes) == 8


def test_the_view_opens_with_the_networks_own_preprocessing_and_tells_what_the_framing_changes(lite0):
    photo = read_image((ROOT / "assets" / "images" / "rocket.jpg").read_bytes())
    own, whole = (
        predict(lite0, lite0.to_batch(framed))[0]
        for framed in (lite0.frame(photo), frame_image(photo, stride=lite0.stride))
    )
    assert (own.name, whole.name) == ("missile", "drilling platform, offshore rig")
    page = open_classes(photo="rocket")
    for words in (ENGLISH, CHINESE):
        page.segmented_control(key="lang").set_value(words.language).run()
        trained = words(
            "classes.framing_trained", resize=256, interpolation=words("classes.bicubic"), size=224
        )
        chosen = words(
            "classes.framing_chosen", framing=words("advanced.framing_whole"), width=320, height=224
        )
        page.toggle(key="chosen_framing").set_value(False).run()
        for best, first, other, second in ((own, trained, whole, chosen), (whole, chosen, own, trained)):
            assert_healthy(page)
            assert read_bars(page)[0] == f"{best.name} · **{best.probability:.1%}**"
            assert words("classes.framed", framing=first) in list_captions(page)
            facts = {"name": other.name, "share": f"{other.probability:.1%}"}
            assert words("classes.reframed", framing=second, **facts) in list_markdown(page)
            page.toggle(key="chosen_framing").set_value(True).run()
    assert read_address(page)["chosen_framing"] == ["true"]


def test_each_map_tells_how_far_it_is_the_classs_own(lite0, coffee):
    """Of this layer Grad-CAM leaves nothing: the page says why in its place."""
    dark = "blocks.6.0.conv_dw"
    maps, agreements = compare_class_maps(lite0, lite0.to_batch(coffee), ESPRESSO)
    assert not maps[dark, "gradcam"].any()
    for method, shown in (("hirescam", 4), ("gradcam", 3), ("layercam", 4)):
        page = open_classes(method=method, layers=f"{dark},{LAST}")
        assert_healthy(page)
        assert len(list_maps(page, "class_maps")) == shown
        texts = list_annotations(page, "class_maps")
        for layer in (dark, LAST):
            value = f"{agreements[layer, method]:.2f}".replace("-", "\u2212")
            assert ENGLISH("beside.correlation", value=value) in texts
        assert (ENGLISH("classes.dark") in texts) == (method == "gradcam")
        assert ENGLISH("classes.agreement_note") in list_captions(page)
    page.selectbox(key="against").set_value(CUP).run()
    assert ENGLISH("classes.agreement_note") not in list_captions(page)


def test_a_contrast_is_signed_and_says_so(lite0, coffee):
    page = open_classes(**{"class": str(ESPRESSO), "against": str(CUP)})
    expected = class_maps(lite0, lite0.to_batch(coffee), ESPRESSO, "hirescam", against=CUP)
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
    told = {"network": "EfficientNet-Lite0", "count": 1000, "names": "`class`"}
    assert list_errors(page) == [ENGLISH("classes.unknown", **told)]
    assert list_errors(page.run()) == [ENGLISH("classes.unknown", **told)]  # as the browser does by itself
    assert page.selectbox(key="class").value is page.session_state["against"] is None
    page.selectbox(key="class").set_value(ESPRESSO).run()
    assert_healthy(page)
    assert "espresso" not in page.selectbox(key="against").options
    told["names"] = "`class`, `against`"
    page = open_classes(**{"class": "1000", "against": "99999"})
    assert list_errors(page) == [ENGLISH("classes.unknown", **told)]


def test_the_deletion_test_costs_the_stated_passes_and_gives_vizs_numbers(
    new_server, count_passes, lite0, coffee
):
    page = open_classes(layers=LAST)
    count_passes.clear()
    # Two kinds of map: each the blurred picture, the disc, 20 places, and nine shares, one of them the same.
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * 30)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert count_passes == [SQUARE] * 60
    assert "run_erase" not in {button.key for button in page.button}
    batch, layer = lite0.to_batch(coffee), lite0.find_layer(LAST)
    values = class_maps(lite0, batch, ESPRESSO, "hirescam")[LAST]
    plain = extract_heatmaps(lite0, batch)[LAST, "post", "mean"]
    cells = lay_cells(layer, values.shape, 224, 224)
    spread, other = (spread_over_picture(heatmap, cells, 224, 224) for heatmap in (values, plain))
    found = dict(run_deletions(lite0, np.array(coffee), ESPRESSO, spread, list_deletions(LAST, 0.2)))
    effect = summarize(LAST, 0.2, found)
    mean, low, high = np.mean(effect.elsewhere), min(effect.elsewhere), max(effect.elsewhere)
    elsewhere = f"{mean:.1%} ({low:.1%}–{high:.1%}) | {effect.disc:.1%}"
    more = f"**{ENGLISH('erase.more_and_disc', count=19, places=19)}**"
    row = f"| {more} | {effect.before:.1%} | {effect.after:.1%} | {elsewhere} | {effect.area:.3f} |"
    assert f"HiResCAM {row}" in read_table(page)
    overlap = max(effect.overlap, *(place[2] for place in choose_places(mask_brightest(other, 0.2))))
    assert ENGLISH("erase.note", overlap=f"{overlap:.0%}") in list_captions(page)
    curves = {trace["name"]: trace["y"] for trace in read_figure(page, "deletion")["data"]}
    assert list(curves) == ["Mean map", "HiResCAM"]
    np.testing.assert_allclose(curves["HiResCAM"], effect.curve, atol=1e-5)
    # Another share needs its places and its disc alone, of either kind; another method all of its own maps.
    assert_healthy(page.slider(key="erase").set_value(35).run())
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * 21)
    page.slider(key="erase").set_value(20).run()
    page.segmented_control(key="method").set_value("gradcam").run()
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=30)


def test_a_map_without_a_brightest_part_is_not_tested_and_one_with_little_says_so(new_server, count_passes):
    """Of this photograph Grad-CAM leaves nothing in one of the two layers, and a few cells in the other."""
    flat, scattered = "blocks.6.0.conv_dw", "blocks.5.2.conv_dw"
    page = open_classes(chosen_framing="true", method="gradcam", layers=f"{flat},{scattered}")
    count_passes.clear()
    assert ENGLISH("erase.flat", maps=f"{flat} (Grad-CAM)") in list_captions(page)
    assert ENGLISH("erase.scattered", share="20%", maps=f"{scattered} (Grad-CAM)") in list_captions(page)
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=2 * (2 + 28) + 28)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert len(count_passes) == 2 * (2 + 28) + 28
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


def test_a_map_stands_in_the_table_as_soon_as_it_is_tested(new_server, monkeypatch):
    """The estimate goes on over the runs between."""
    page, tell, seen = open_classes(layers=LAST), deletion.draw_progress, []

    def leave_in_the_second(place, words, key, done, count, spent):
        seen.append((done, count, spent))
        if done == 33:
            st.stop()
        tell(place, words, key, done, count, spent)

    monkeypatch.setattr(deletion, "draw_progress", leave_in_the_second)
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert re.findall(r"^\| (conv_head) \| (.+?) \|", read_table(page), re.MULTILINE) == [(LAST, "Mean map")]
    assert [done for done, _, _ in seen] == list(range(34))
    assert {count for _, count, _ in seen} == {60}
    spent = [seconds for _, _, seconds in seen]
    assert spent == sorted(spent)
    monkeypatch.setattr(deletion, "draw_progress", tell)
    page.slider(key="erase").set_value(35).run()  # whoever does something else has stopped it
    assert_healthy(page)
    assert "run_erase" in {button.key for button in page.button}


def test_what_was_deleted_before_a_stop_is_kept(new_server, count_passes, monkeypatch):
    page = open_classes(layers=LAST)
    tell = deletion.draw_progress

    def leave_after_five(place, words, key, done, *more):
        if done == 5:
            st.stop()  # as Streamlit ends the run of a visitor who does something else
        tell(place, words, key, done, *more)

    monkeypatch.setattr(deletion, "draw_progress", leave_after_five)
    page.button(key="run_erase").click().run()
    monkeypatch.setattr(deletion, "draw_progress", tell)
    page.run()
    assert page.button(key="run_erase").label == ENGLISH("erase.run", count=60 - 5)
    assert "deletion" not in {chart.proto.id for chart in page.get("plotly_chart")}
    count_passes.clear()
    page.button(key="run_erase").click().run()
    assert_healthy(page)
    assert len(count_passes) == 60 - 5
