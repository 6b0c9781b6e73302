"""The sidebar: the homework's view, buttons that choose layers, and what a size costs."""

import pytest
import streamlit as st
from apptests import ENGLISH, NAMES, list_buttons, list_captions, list_maps, read_figure
from conftest import assert_healthy

from page.choice.choice import HOMEWORK, HOMEWORK_NETWORK
from page.work.status import Status
from viz.networks import files


def read_settings(page, keys):
    found = {key: page.session_state[key] for key in keys}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


def test_the_homeworks_view(page):
    page.run()
    page.toggle(key="overlay").set_value(True).run()
    page.button(key="preset").click().run()
    assert_healthy(page)
    spec = read_figure(page)
    assert [trace["z"]["shape"] for trace in list_maps(spec)] == ["224, 224", "56, 56", "28, 28"]
    assert all(trace["colorscale"][-1] == [1, "rgba(128, 0, 0, 1)"] for trace in list_maps(spec))
    assert "images" not in spec["layout"]
    assert read_settings(page, HOMEWORK) == HOMEWORK


def test_the_homeworks_own_weights_are_offered_beside_its_figure_with_their_size(page, monkeypatch):
    monkeypatch.delenv(files.NO_DOWNLOADS, raising=False)
    page.run()
    assert "preset_fetched" not in list_buttons(page)
    page.button(key="preset").click().run()
    (button,) = [button for button in page.button if button.key == "preset_fetched"]
    assert "528 MB" in button.label and button.help == ENGLISH("layers.preset_fetched_help")
    assert "preset" not in list_buttons(page)
    monkeypatch.setattr(Status, "load", lambda *_: st.stop())  # nothing is fetched here
    button.click().run()
    assert read_settings(page, HOMEWORK) == HOMEWORK | {"network": HOMEWORK_NETWORK}


def test_where_nothing_is_fetched_the_homeworks_own_weights_are_not_offered(page, monkeypatch):
    monkeypatch.setenv(files.NO_DOWNLOADS, "1")
    page.run().button(key="preset").click().run()
    assert_healthy(page)
    assert "preset_fetched" not in list_buttons(page)


def test_three_layers_by_five_channels(new_server, page, count_passes):
    page.run().button(key="preset_channels").click().run()
    assert_healthy(page)
    maps = list_maps(read_figure(page, "channel_grid"))
    assert len(maps) == 15
    # One for the maps, one for the channels, and one for those of the first layer, which are not kept.
    assert len(count_passes) == 3
    first, last = (maps[place]["hovertemplate"] for place in (0, -1))
    assert "conv1_1 · 0" in first and "conv5_3 · 4" in last


def test_a_choice_is_taken_back_and_all_of_them_are(page):
    page.run()
    page.segmented_control(key="lang").set_value("zh").run()
    assert page.button(key="undo").disabled  # a language is not taken back
    page.selectbox(key="colors").set_value("inferno").run()
    page.selectbox(key="photo").set_value("coffee").run()
    page.button(key="undo").click().run()
    assert_healthy(page)
    assert read_settings(page, ("photo", "colors", "lang")) == {
        "photo": "cat",
        "colors": "inferno",
        "lang": "zh",
    }
    page.button(key="reset").click().run()
    assert read_settings(page, ("photo", "colors", "lang")) == {
        "photo": "cat",
        "colors": "viridis",
        "lang": "zh",
    }
    page.button(key="undo").click().run()  # what was reset can be had back
    assert page.session_state["colors"] == "inferno"
    page.button(key="undo").click().run()
    assert page.session_state["colors"] == "viridis"
    assert page.button(key="undo").disabled
    assert_healthy(page)


def test_taking_back_a_network_brings_its_layers_back(page):
    page.run()
    page.multiselect(key="layers").set_value(["conv2_1", "conv5_1"]).run()
    page.selectbox(key="network").set_value("efficientnet_lite0").run()
    assert page.session_state["layers"] != ["conv2_1", "conv5_1"]
    page.button(key="undo").click().run()
    assert_healthy(page)
    assert page.session_state["network"] == "vgg16"
    assert page.session_state["layers"] == ["conv2_1", "conv5_1"]


@pytest.mark.parametrize(
    ("button", "names"),
    [
        ("layers_all", NAMES),
        ("layers_shallow", NAMES[:3]),
        ("layers_middle", NAMES[3:6]),
        ("layers_deep", NAMES[6:]),
    ],
)
def test_buttons_choose_layers(page, button, names):
    page.run()
    page.button(key=button).click().run()
    assert_healthy(page)
    assert page.multiselect(key="layers").value == names
    assert len(list_maps(read_figure(page))) == len(names)


def test_the_cost_of_a_size_is_told_where_it_is_another(page):
    page.run()
    assert not any("times the work" in caption for caption in list_captions(page))
    page.slider(key="size").set_value(448).run()
    assert ENGLISH("advanced.size_cost", factor="4.0") in list_captions(page)
