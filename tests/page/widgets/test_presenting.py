"""Presenting: what the sidebar has stands in a menu of the page, each widget once."""

import pytest
from apptests import encode, list_buttons, list_maps, read_figure, upload
from conftest import assert_healthy
from PIL import Image

WIDE = encode(Image.new("RGB", (300, 200), "orange"))


def list_keys(block):
    kinds = ("selectbox", "multiselect", "button_group", "file_uploader")
    return [element.key for kind in kinds for element in block.get(kind)]


def open_menu(page):
    (menu, *_) = page.get("popover")
    return menu


@pytest.mark.parametrize("view", ["compare", "depth", "measure", "probe", "classes"])
def test_the_sidebars_settings_stand_in_a_menu(page, view):
    page.query_params.update({"present": "true", "view": view})
    page.run()
    assert_healthy(page)
    keys, menu = list_keys(page), list_keys(open_menu(page))
    assert len(set(keys)) == len(keys)
    assert {"network", "photo", "upload"} <= set(menu)
    assert set(list_keys(page.sidebar)) == {"lang"}
    page.button(key="present_end").click().run()
    assert_healthy(page)
    assert {"network", "photo", "upload"} <= set(list_keys(page.sidebar))


def test_layers_and_photograph_change_while_presenting(page, count_passes):
    page.query_params["present"] = "true"
    page.run()
    page.button(key="layers_shallow").click().run()
    assert len(list_maps(read_figure(page))) == 3
    page.selectbox(key="aggregation").set_value("max").run()
    assert len(count_passes) == 1
    page.selectbox(key="photo").set_value("rocket").run()
    assert_healthy(page)
    assert page.query_params["photo"] == "rocket"
    assert len(count_passes) == 2


def test_an_upload_outlives_the_begin_and_the_end(page, count_passes):
    page.run()
    upload(page, WIDE)
    for button in ("present_begin", "present_end"):
        page.button(key=button).click().run()
        assert_healthy(page)
        assert not page.info
        assert page.selectbox(key="photo").value == "upload"
    assert len(count_passes) == 2


def test_in_the_lesson_the_menu_has_the_photograph_alone(page):
    page.query_params.update({"present": "true", "view": "lesson", "step": "8"})
    page.run()
    assert_healthy(page)
    assert list_keys(open_menu(page)) == ["photo", "upload"]
    assert not {"layers_all", "preset"} & list_buttons(page)
    assert not any("sidebar" in text.value for text in page.markdown)
    page.button(key="present_end").click().run()
    assert any("sidebar" in text.value for text in page.markdown)
