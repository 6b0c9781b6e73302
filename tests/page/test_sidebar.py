"""The sidebar: the homework's view, buttons that choose layers, and what a size costs."""

import pytest
import streamlit as st
from apptests import ENGLISH, NAMES, list_buttons, list_captions, list_maps, read_figure
from conftest import assert_healthy

from page.choice.choice import HOMEWORK, HOMEWORK_LAYERS, HOMEWORK_NETWORK
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


def test_the_homeworks_own_weights_are_offered_with_their_size(page, monkeypatch):
    monkeypatch.delenv(files.NO_DOWNLOADS, raising=False)
    monkeypatch.setattr(Status, "load", lambda *_: st.stop())  # nothing is fetched here
    page.run()
    assert "528 MB" in page.button(key="preset_fetched").label
    assert ENGLISH("layers.preset_note") in list_captions(page)
    page.button(key="preset_fetched").click().run()
    assert read_settings(page, HOMEWORK) == HOMEWORK | {"network": HOMEWORK_NETWORK}
    monkeypatch.setenv(files.NO_DOWNLOADS, "1")
    page.run()
    assert "preset_fetched" not in list_buttons(page)
    assert ENGLISH("layers.preset_note") in list_captions(page)


@pytest.mark.parametrize(
    ("button", "names"),
    [
        ("layers_all", NAMES),
        ("layers_shallow", NAMES[:3]),
        ("layers_middle", NAMES[3:6]),
        ("layers_deep", NAMES[6:]),
        ("layers_homework", list(HOMEWORK_LAYERS)),
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
