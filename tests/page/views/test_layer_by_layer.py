"""The view "Layer by layer": the slider, the playing, and what is in the address meanwhile."""

from apptests import ENGLISH, NAMES, choose_view, list_errors, read_alt, read_figure
from conftest import assert_healthy

from page.views.layer_by_layer import draw as layer_by_layer


def read_depth(page):
    """The layer that stands in the view, as the figure, its alternative text and the slider name it."""
    assert_healthy(page)
    spec, name = read_figure(page, "depth_map"), page.select_slider(key="depth").value
    alone, over = spec["data"]
    assert alone["z"] == over["z"]
    assert alone["colorscale"][0][1].endswith(", 1)")
    assert not over["colorscale"][0][1].endswith(", 1)")
    (image,) = spec["layout"]["images"]
    assert image["xref"] == over["xaxis"] != alone["xaxis"]
    titles = [note["text"] for note in spec["layout"]["annotations"]]
    assert all(title.startswith(f"<b>{name}</b>") for title in titles)
    assert titles[1] == ENGLISH("depth.over", name=name)
    assert name in read_alt(page, "depth_map")
    return name


def test_the_sliders_layer_is_in_the_address_and_outlives_other_choices(page, count_passes):
    page.query_params["view"] = "depth"
    page.run()
    assert page.select_slider(key="depth").options == NAMES
    assert read_depth(page) == "conv1_1"
    page.select_slider(key="depth").set_value("conv4_2").run()
    assert read_depth(page) == "conv4_2"
    assert page.query_params["depth"] == "conv4_2"
    page.slider(key="opacity").set_value(0.2).run()
    assert read_depth(page) == "conv4_2"
    choose_view(page, "compare")
    choose_view(page, "depth")
    assert read_depth(page) == "conv4_2"
    assert count_passes == [(1, 3, 224, 336)]


def test_playing_stops_at_the_deepest_layer_and_begins_anew_from_there(page, count_passes):
    page.query_params.update({"view": "depth", "depth": "conv5_1"})
    page.run()
    assert page.button(key="play").label == ENGLISH("depth.play")
    page.button(key="play").click().run()
    assert read_depth(page) == "conv5_2"
    assert page.button(key="play").label == ENGLISH("depth.pause")
    assert page.query_params["depth"] == "conv5_1"  # an address a step would fill the browser's history
    page.run()
    assert read_depth(page) == "conv5_3"
    page.run()
    assert read_depth(page) == "conv5_3"
    assert page.query_params["depth"] == "conv5_3"
    assert page.button(key="play").label == ENGLISH("depth.play")
    page.button(key="play").click().run()
    assert read_depth(page) == "conv1_1"
    page.button(key="play").click().run()
    page.run()
    assert read_depth(page) == "conv1_1"
    assert len(count_passes) == 1


def test_the_slider_and_a_change_of_view_end_the_playing(page):
    page.query_params["view"] = "depth"
    page.run()
    page.button(key="play").click().run()
    page.select_slider(key="depth").set_value("conv3_3").run()
    page.run()
    assert read_depth(page) == "conv3_3"
    page.button(key="play").click().run()
    choose_view(page, "compare")
    choose_view(page, "depth")
    assert read_depth(page) == "conv4_1"
    assert page.button(key="play").label == ENGLISH("depth.play")


def test_a_bug_in_the_part_that_runs_by_itself_gets_a_plain_sentence(page, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret detail")

    page.query_params["view"] = "depth"
    monkeypatch.setattr(layer_by_layer, "draw_alone_and_over", fail)
    page.run()
    assert not page.exception
    assert list_errors(page) == [ENGLISH("page.bug")]
