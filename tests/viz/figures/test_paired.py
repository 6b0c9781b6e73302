from dataclasses import replace

import numpy as np
import pytest

from viz.figures.columns import arrange_columns
from viz.figures.layout import BAR_HEIGHT
from viz.figures.paired import Below, draw_pairs, make_difference, name_second
from viz.figures.pieces import Look, Panel, PhotoPanel
from viz.maps.cells import Cells
from viz.texts import Translate

ENGLISH = Translate("en")
PHOTO = PhotoPanel("data:first", 48, 32, "Photograph")
UPRIGHT = PhotoPanel("data:second", 32, 48, "Another")
VALUES = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]], dtype=np.float32)
CELLS = Cells(0, 0, 16, 16)


def make_panel(title, low=1.0, high=9.0, values=VALUES):
    return Panel(values, CELLS, low, high, f"<b>{title}</b><br>[3×2] · deep", f"hover {title}")


FIRST = [make_panel("a"), make_panel("b")]
SECOND = [make_panel("c", values=VALUES[:, ::-1]), make_panel("d")]
BELOW = Below(SECOND, None, "the note", ["0.10", "0.20"])


def draw(below=BELOW, look=None):
    aspects = [PHOTO.height / PHOTO.width, (below.photo or PHOTO).height / (below.photo or PHOTO).width]
    aspects += aspects[:1] if below.differences else []
    columns = arrange_columns(
        2, aspects, 1000, 600, second_photo=below.photo is not None, shared_bars=bool(below.shared_bar)
    )
    return draw_pairs(PHOTO, FIRST, below, look or Look(), columns), columns


def list_texts(figure):
    return [note.text for note in figure.layout.annotations]


def read_domain(figure, trace):
    across, down = figure.layout[f"xaxis{trace.xaxis[1:]}"], figure.layout[f"yaxis{trace.yaxis[1:]}"]
    return (*across.domain, *down.domain)


def test_partners_stand_under_each_other_and_zoom_together():
    figure, columns = draw()
    assert [trace.type for trace in figure.data] == ["image"] + 4 * ["heatmap"]
    for trace, panel in zip(figure.data[1:], FIRST + SECOND, strict=True):
        np.testing.assert_array_equal(trace.z, panel.heatmap)
        assert (trace.hovertemplate, trace.zmin, trace.zmax) == (panel.hover, panel.low, panel.high)
        assert trace.showscale
        assert figure.layout[f"xaxis{trace.xaxis[1:]}"].matches == "x"
        assert figure.layout[f"yaxis{trace.yaxis[1:]}"].matches == "y"
    for upper, lower in ((1, 3), (2, 4)):
        above, under = read_domain(figure, figure.data[upper]), read_domain(figure, figure.data[lower])
        assert above[:2] == under[:2]
        assert above[2] > under[3]
    assert len({trace.xaxis for trace in figure.data}) == 5
    assert {"the note", "0.10", "0.20"} <= set(list_texts(figure))
    foot = next(note for note in figure.layout.annotations if note.text == "0.20")
    assert foot.x == pytest.approx(columns.feet[1].left / 1000)


def test_a_second_photograph_of_the_same_shape_zooms_with_the_first():
    figure, _ = draw(replace(BELOW, photo=replace(PHOTO, source="data:second", title="Another")))
    assert [trace.type for trace in figure.data] == ["image", "heatmap", "heatmap"] * 2
    assert figure.data[3].source == "data:second"
    assert all(figure.layout[f"xaxis{place}"].matches == "x" for place in range(2, 7))
    assert "the note" not in list_texts(figure)
    assert "Another" in list_texts(figure)


def test_a_second_photograph_of_another_shape_zooms_by_itself():
    figure, _ = draw(replace(BELOW, photo=UPRIGHT))
    axes = [figure.layout[f"xaxis{place}"] for place in ("", 2, 3, 4, 5, 6)]
    assert [axis.matches for axis in axes] == [None, "x", "x", None, "x4", "x4"]
    assert [axis.range for axis in axes] == [(0, 48)] * 3 + [(0, 32)] * 3
    down = [figure.layout[f"yaxis{place}"] for place in ("", 4)]
    assert [axis.range for axis in down] == [(32, 0), (48, 0)]
    assert [axis.scaleanchor for axis in down] == ["x", "x4"]


def test_one_bar_for_two_maps_says_so_and_says_what_it_clips():
    shared = replace(BELOW, panels=[replace(SECOND[0], high=7.0), SECOND[1]], shared_bar="one scale")
    figure, columns = draw(shared)
    assert [trace.showscale for trace in figure.data[1:]] == [False, False, True, True]
    bars = [trace.colorbar for trace in figure.data[3:]]
    assert {bar.title.text for bar in bars} == {"one scale"}
    assert [bar.ticktext for bar in bars] == [("1", "4", "≥ 7"), ("1", "5", "9")]
    assert columns.rows[1][0].top - columns.rows[0][0].top < columns.rows[0][0].height + BAR_HEIGHT + 44


def test_a_difference_is_signed_with_zero_in_the_middle():
    difference = VALUES - VALUES[:, ::-1]  # -2 to 2 and -5 to 5
    panel = make_difference(FIRST[0], difference, "values", "a", ENGLISH)
    figure, _ = draw(replace(BELOW, differences=[panel, "other grids"], difference_note="signed"))
    drawn = figure.data[5:]
    assert len(drawn) == 1
    assert (drawn[0].zmin, drawn[0].zmax) == (-5, 5)
    assert drawn[0].colorscale[5][1] == "rgba(247, 247, 247, 1)"
    assert drawn[0].colorbar.ticktext == ("−5", "0", "5")
    np.testing.assert_array_equal(drawn[0].z, difference)
    assert figure.layout.xaxis6.matches == "x"
    assert {"other grids", "signed"} <= set(list_texts(figure))
    assert "true values" in panel.title and "true values" in panel.hover
    normalised = make_difference(FIRST[0], difference, "normalised", "a", ENGLISH)
    assert "normalised" in normalised.title and "normalised" in normalised.hover


def test_a_difference_of_nothing_has_a_scale():
    panel = make_difference(FIRST[0], np.zeros_like(VALUES), "values", "a", ENGLISH)
    assert (panel.low, panel.high) == (-1, 1)


def test_each_map_lies_over_its_own_photograph():
    figure, _ = draw(replace(BELOW, photo=UPRIGHT), Look(overlay=True))
    images = figure.layout.images
    assert [(image.xref, image.sizey) for image in images] == [("x2", 32), ("x3", 32), ("x5", 48), ("x6", 48)]
    assert [image.source for image in images] == [None, None, "data:second", "data:second"]
    assert figure.layout.template.layout.imagedefaults.source == "data:first"
    same, _ = draw(look=Look(overlay=True))
    assert [image.source for image in same.layout.images] == [None] * 4


def test_a_panel_of_the_second_row_says_what_it_is():
    named = name_second(make_panel("conv1_1</b> · channel 3<b>"), "VGG19", "told")
    assert named.title == "<b>conv1_1</b> · channel 3<b></b><br>VGG19 · [3×2]"
    assert named.hover == "told"


def test_a_long_name_is_cut_in_a_title():
    named = name_second(FIRST[0], "Untrained EfficientNet-Lite0", "told")
    assert named.title == "<b>a</b><br>Untrained Efficie… · [3×2]"


@pytest.mark.parametrize(("width", "words"), [(1040, True), (880, False)])
def test_the_ends_of_a_bar_are_named_where_there_is_room(width, words):
    first = [replace(panel, ends=("weak", "strong")) for panel in (*FIRST, *FIRST)]
    below = replace(BELOW, panels=first, feet=["0"] * 4)
    columns = arrange_columns(4, [2 / 3, 2 / 3], width, 600)
    figure = draw_pairs(PHOTO, first, below, Look(), columns)
    ends = {text for trace in figure.data[1:] for text in trace.colorbar.ticktext[::2]}
    assert ends == ({"weak 1", "9 strong"} if words else {"1", "9"})
    sizes = {note.font.size for note in figure.layout.annotations if note.text.startswith("<b>")}
    assert sizes == ({13} if words else {11})


def test_a_phone_has_the_maps_without_the_texts_beside_them():
    columns = arrange_columns(2, [2 / 3, 2 / 3], 366, 700)
    figure = draw_pairs(PHOTO, FIRST, Below(SECOND, None, "the note"), Look(), columns)
    assert [trace.type for trace in figure.data] == ["image"] + 4 * ["heatmap"]
    assert list_texts(figure) == ["Photograph", *(panel.title for panel in FIRST + SECOND)]


def test_a_text_can_stand_where_there_is_no_map_below():
    figure, _ = draw(replace(BELOW, panels=[SECOND[0], "none here"]))
    assert len(figure.data) == len(draw()[0].data) - 1
    assert "none here" in list_texts(figure)
