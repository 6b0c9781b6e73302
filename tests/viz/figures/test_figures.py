import itertools
from dataclasses import replace

import matplotlib
import numpy as np
import plotly.express as px
import pytest
from conftest import naming
from PIL import Image

from viz.figures.charts import Band, Chart, Demanded, draw_charts
from viz.figures.enlarge import leave_room
from viz.figures.heatmaps import draw_alone_and_over, draw_heatmaps, draw_maps, draw_panels
from viz.figures.layout import BAR_HEIGHT, arrange_panels
from viz.figures.marked import draw_channel, draw_marked_panels, draw_selectable_photo
from viz.figures.pieces import COLOR_SCALES, DIVERGING_SCALE, Colors, Look, Mark, Panel, PhotoPanel, Saliency
from viz.maps.cells import PIXELS, Cells
from viz.maps.heatmaps import Heatmaps
from viz.maps.values import format_value
from viz.networks.vgg16 import LAYERS

PHOTO = PhotoPanel("data:image/png;base64,AAAA", 48, 32, "Photograph")
FINE = Panel(np.arange(48 * 32, dtype=np.float32).reshape(32, 48), PIXELS, 0.0, 1535.0, "fine", "hover fine")
COARSE = Panel(
    np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]], dtype=np.float32),
    Cells(0, 0, 16, 16),
    1.0,
    9.0,
    "coarse",
    "hover coarse",
)
STAGE_NAMES = {"shallow": "shallow", "middle": "middle", "deep": "deep"}
NAMES = [layer.name for layer in LAYERS]


def near(*lengths):
    """In pixels, up to what keeps Plotly from rounding a half up."""
    return pytest.approx(lengths, abs=1e-2)


def draw(look=None, panels=(FINE, COARSE), note="", width=1000):
    grid = arrange_panels(len(panels) + 1, width, 600, 32 / 48)
    return draw_panels(PHOTO, panels, look or Look(), grid, note)


def test_the_photograph_comes_first_and_then_the_panels_in_order():
    figure = draw()
    assert [trace.type for trace in figure.data] == ["image", "heatmap", "heatmap"]
    assert [note.text for note in figure.layout.annotations] == ["Photograph", "fine", "coarse"]
    np.testing.assert_array_equal(figure.data[1].z, FINE.heatmap)
    np.testing.assert_array_equal(figure.data[2].z, COARSE.heatmap)


def test_cells_lie_where_their_pixels_are():
    """All axes count input pixels from the photograph's upper left corner; a cell covers stride pixels."""
    figure = draw()
    photo, _, coarse = figure.data
    assert (photo.x0, photo.y0) == near(0.5, 0.5)  # the first pixel covers 0..1
    assert (coarse.x0, coarse.dx, coarse.y0, coarse.dy) == near(8, 16, 8, 16)
    for trace in figure.data:
        assert figure.layout[f"xaxis{trace.xaxis[1:]}"].range == (0, 48)
        assert figure.layout[f"yaxis{trace.yaxis[1:]}"].range == (32, 0)


def assert_linked(figure):
    """Every picture stands on a pair of axes of its own, and all of them zoom as one."""
    assert len({(trace.xaxis, trace.yaxis) for trace in figure.data}) == len(figure.data)
    for trace in figure.data[1:]:
        assert figure.layout[f"xaxis{trace.xaxis[1:]}"].matches == "x"
        assert figure.layout[f"yaxis{trace.yaxis[1:]}"].matches == "y"


def test_zoom_and_pan_are_linked_and_undistorted():
    figure = draw()
    assert_linked(figure)
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis.constrain) == ("x", "domain")


def test_panels_stand_in_their_boxes():
    grid = arrange_panels(5, 1000, 600, 32 / 48)
    figure = draw(panels=(FINE, COARSE, FINE, COARSE))
    for place, (trace, box) in enumerate(zip(figure.data, grid.slots, strict=True)):
        assert figure.layout[f"xaxis{trace.xaxis[1:]}"].domain == pytest.approx(grid.share_across(box))
        assert figure.layout[f"yaxis{trace.yaxis[1:]}"].domain == pytest.approx(grid.share_down(box))
        assert figure.layout.annotations[place].xref == f"{trace.xaxis} domain"


def test_every_colour_bar_describes_its_own_map_and_lies_below_it():
    grid = arrange_panels(3, 1000, 600, 32 / 48)
    figure = draw()
    for panel, box, trace in zip((FINE, COARSE), grid.slots[1:], figure.data[1:], strict=True):
        bar, ends = trace.colorbar, (panel.low, (panel.low + panel.high) / 2, panel.high)
        assert (trace.zmin, trace.zmax, trace.showscale) == (panel.low, panel.high, True)
        assert bar.tickvals == ends
        assert bar.ticktext == tuple(format_value(value) for value in ends)
        assert bar.x == pytest.approx(sum(grid.share_across(box)) / 2)
        assert (bar.y, bar.yanchor) == (pytest.approx(grid.share_down(box)[0]), "top")
        assert bar.ypad + bar.thickness < BAR_HEIGHT
        assert bar.len < box.width


def test_a_map_has_the_chosen_scale():
    for colors, smooth in itertools.product([*COLOR_SCALES, DIVERGING_SCALE], (False, True)):
        diverging = colors == DIVERGING_SCALE
        panels = [FINE, replace(COARSE, diverging=diverging)]
        trace = draw(Look("turbo" if diverging else colors, smooth=smooth), panels).data[2]
        places, colours = read_scale(trace)
        if colors == "jet":  # the homework's is matplotlib's
            theirs = 255 * matplotlib.colormaps["jet"](np.linspace(0, 1, 256))[:, :3]
            ours = [np.interp(np.linspace(0, 1, 256), places, channel) for channel in colours.T]
            np.testing.assert_allclose(np.transpose(ours), theirs, atol=2)
        else:
            expected = px.colors.get_colorscale(COLOR_SCALES.get(colors, DIVERGING_SCALE))
            wanted = px.colors.convert_colors_to_same_type([color for _, color in expected])[0]
            np.testing.assert_allclose(colours, [px.colors.unlabel_rgb(color) for color in wanted], atol=0.5)
            assert places == [place for place, _ in expected]
        assert trace.zsmooth == ("best" if smooth else False), (colors, smooth)


def read_scale(trace):
    """Places and colours [n, 3] of a map's scale, which all have one opacity."""
    places, colors = zip(*trace.colorscale, strict=True)
    values = np.array([color[len("rgba(") : -1].split(",") for color in colors], dtype=float)
    assert set(values[:, 3]) == {read_opacity(trace)}
    return list(places), values[:, :3]


def read_opacity(trace):
    """That of the map, as its bar shows it, too: of the colours, not of the trace, which has no bar."""
    assert trace.opacity is None
    return float(trace.colorscale[0][1].rpartition(",")[2][:-1])


def test_a_bar_that_clips_says_so():
    clipped = Panel(COARSE.heatmap, COARSE.cells, 2.0, 8.0, "clipped", "hover")
    whole = Panel(COARSE.heatmap, COARSE.cells, 1.0, 9.0, "whole", "hover")
    figure = draw(panels=(clipped, whole))
    assert [trace.colorbar.ticktext for trace in figure.data[1:]] == [("≤ 2", "5", "≥ 8"), ("1", "5", "9")]


def test_one_shared_bar_serves_all_maps():
    figure = draw(Look(shared_bar="Mean · one scale"))
    assert [trace.showscale for trace in figure.data[1:]] == [True, False]
    bar = figure.data[1].colorbar
    assert bar.title.text == "Mean · one scale"
    assert bar.ticktext == ("0", "768", "1540")
    assert bar.len > 900


def test_hover_has_the_true_value_and_the_percentage_of_the_maps_range():
    trace = draw().data[2]
    assert trace.hovertemplate == "hover coarse"
    assert trace.z.dtype == np.float32
    assert trace.customdata.tolist() == [[0, 12, 25], [38, 50, 100]]


def test_the_overlay_sends_the_photograph_once_for_all_panels():
    figure = draw(Look(overlay=True, opacity=0.3))
    under = [image for image in figure.layout.images if image.layer == "below"]
    assert [(image.xref, image.yref) for image in under] == [("x2", "y2"), ("x3", "y3")]
    assert all(image.source is None for image in under)
    assert figure.layout.template.layout.imagedefaults.source == PHOTO.source
    assert [read_opacity(trace) for trace in figure.data[1:3]] == [0.3, 0.3]
    assert not [image for image in draw().layout.images if image.layer == "below"]


def test_a_note_takes_the_free_place_only():
    panels = (FINE, COARSE, COARSE, COARSE)
    grid = arrange_panels(5, 1040, 718, 32 / 48)
    assert grid.spare is not None
    assert draw_panels(PHOTO, panels, Look(), grid, "read me").layout.annotations[-1].text == "read me"
    assert draw(note="read me").layout.annotations[-1].text == "coarse"


def test_dragging_scrolls_a_phone():
    assert draw(width=360).layout.dragmode is False
    assert draw(width=1000).layout.dragmode == "zoom"


def test_maps_travel_as_typed_arrays():
    spec = draw().to_json()
    assert '"dtype":"f4"' in spec


def test_one_map_lies_over_the_photograph_at_its_opacity():
    grid = arrange_panels(1, 1000, 500, 32 / 48)
    figure = draw_maps(PHOTO, [COARSE], Look(overlay=True, opacity=0.5), grid)
    (trace,) = figure.data
    np.testing.assert_array_equal(trace.z, COARSE.heatmap)
    assert (trace.zmin, trace.zmax, trace.dx, read_opacity(trace)) == (1.0, 9.0, 16, 0.5)
    assert [note.text for note in figure.layout.annotations] == ["coarse"]
    assert [(image.xref, image.layer) for image in figure.layout.images] == [("x", "below")]
    assert figure.layout.template.layout.imagedefaults.source == PHOTO.source
    assert figure.layout.height == draw_maps(PHOTO, [FINE], Look(overlay=True), grid).layout.height


def test_numbers_have_three_digits():
    texts = ["0", "\N{MINUS SIGN}12.3", "0.000123", "1230", "\N{MINUS SIGN}1.5e+07"]
    assert [format_value(value) for value in (0, -12.345, 0.000123456, 1234.5, -1.5e7)] == texts


def make_curve(start):
    return {name: start + place for place, name in enumerate(NAMES)}


def test_charts_wrap_and_stay_inside():
    charts = [Chart(f"metric {number}", {"trained": make_curve(1)}) for number in range(6)]
    for width, columns in ((1040, 4), (700, 2), (366, 1)):
        figure = draw_charts(charts, LAYERS, {"trained": "VGG16"}, STAGE_NAMES, ["conv3_1"], width)
        axes = [figure.layout[f"xaxis{number or ''}"] for number in [None, 2, 3, 4, 5, 6]]
        assert len({axis.domain[0] for axis in axes}) == columns, width
        assert all(0 <= axis.domain[0] < axis.domain[1] <= 1 for axis in axes), width
        assert figure.layout.height < 6 * 250, width


def test_curves_are_told_apart_and_selected_layers_are_marked():
    curves = {"trained": make_curve(1), "untrained": make_curve(5)}
    chart = Chart("size", curves, ".1f", logarithmic=True)
    names = {"trained": "VGG16", "untrained": "Untrained"}
    figure = draw_charts([chart, chart], LAYERS, names, STAGE_NAMES, ["conv1_2"], 1000)
    assert [trace.line.dash for trace in figure.data] == ["solid", "dash", "solid", "dash"]
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    assert list(figure.data[1].y) == list(range(5, 18))
    assert [bool(size) for size in figure.data[0].marker.size] == [name == "conv1_2" for name in NAMES]
    assert figure.layout.yaxis.type == "log"
    shades = [shape for shape in figure.layout.shapes if shape.type == "rect" and shape.xref == "x"]
    assert [(shade.x0, shade.x1) for shade in shades] == [(-0.5, 2.5), (5.5, 12.5)]


def test_a_claims_chart_holds_the_demand_the_mean_and_the_bands():
    lows, highs = dict.fromkeys(NAMES[6:], 0.1), dict.fromkeys(NAMES[6:], 0.3)
    hover = "%{customdata[0]} to %{customdata[1]}"
    chart = Chart(
        "area",
        {"trained": dict.fromkeys(NAMES, 0.7)},
        span=(0, 1),
        bands=[Band("others", lows, highs, hover), Band("third", lows, lows, hover)],
        demands=[Demanded("deep", 0.7, 0.65, "at least 0.65")],
    )
    figure = draw_charts([chart], LAYERS, {"trained": "VGG16"}, STAGE_NAMES, [], 600, 1)
    low, high, _, third, curve = figure.data
    assert (third.name, third.fillcolor != high.fillcolor) == ("third", True)
    assert list(low.x) == list(high.x) == NAMES[6:]
    assert (set(low.y), set(high.y), high.fill) == ({0.1}, {0.3}, "tonexty")
    assert (low.showlegend, high.showlegend, high.name) == (False, True, "others")
    assert list(curve.x) == NAMES
    mean, least = (shape for shape in figure.layout.shapes if shape.type == "line")
    assert (mean.x0, mean.x1, mean.y0) == (5.5, 12.5, 0.7)
    assert (least.x0, least.x1, least.y0, least.line.dash) == (5.5, 12.5, 0.65, "dash")
    assert "at least 0.65" in [note.text for note in figure.layout.annotations]
    assert figure.layout.yaxis.range == (0, 1)
    assert figure.layout.hovermode == "x unified"


def test_the_legend_of_marks_has_room():
    """Entries of the legend alone, and charts that begin below all of its lines."""
    chart, names = Chart("area", {"trained": make_curve(1)}), {"trained": "VGG16"}
    plain = draw_charts([chart], LAYERS, names, STAGE_NAMES, [], 400)
    marks = {"dots": "selected layers", "mean": "平均" * 12, "demand": "required of the mean"}
    marked = draw_charts([chart], LAYERS, names, STAGE_NAMES, [], 400, mark_names=marks)
    assert [trace.name for trace in marked.data] == ["VGG16", *marks.values()]
    assert all(list(trace.y) == [None] for trace in marked.data[1:])
    assert marked.layout.height == plain.layout.height + 3 * 30 - 48  # on a phone there were two lines


AXES = [
    ([0.96, 0.99], False, (0, 1), (0, 1)),  # an entropy that hardly moves looks like it
    ([-0.2, 0.5], False, (-1, 1), (-1, 1)),
    ([50, 100], False, (0, None), (0, 108)),
    ([0, 0], False, (0, None), (0, 1)),
    ([5, float("inf")], False, (0, None), (0, 5.4)),
    ([20, 90], True, (0, None), (0, 2.137)),
    ([1, 2], True, (0, None), (0, 1.15)),
]


def test_axes_begin_where_they_do_not_exaggerate():
    for values, logarithmic, span, ends in AXES:
        curve = dict(zip(NAMES, values, strict=False))
        chart = Chart("metric", {"trained": curve}, ".2f", logarithmic, span)
        figure = draw_charts([chart], LAYERS, {"trained": "VGG16"}, STAGE_NAMES, [], 600)
        assert figure.layout.yaxis.range == pytest.approx(ends, abs=1e-3), (values, logarithmic)


def test_type_can_be_read():
    chart = Chart("m", {"trained": make_curve(1)}, demands=[Demanded("shallow", 2, 3, "at least 3")])
    layout = draw_charts([chart], LAYERS, {"trained": "VGG16"}, STAGE_NAMES, [], 600).layout
    sizes = [layout.xaxis.tickfont.size, layout.yaxis.tickfont.size, layout.legend.font.size]
    assert min(sizes + [note.font.size for note in layout.annotations]) >= 13


def test_a_box_is_drawn_and_the_picture_can_be_selected():
    photo = PhotoPanel("data:image/png;base64,", 300, 224, "photo")
    grid = arrange_panels(1, 400, 400, 224 / 300)
    figure = draw_selectable_photo(photo, (10, 20, 100, 200), grid)
    assert figure.layout.dragmode == "select"
    *_, shape = figure.layout.shapes  # below it lies its halo
    assert (shape.x0, shape.y0, shape.x1, shape.y1) == (10, 20, 100, 200)
    assert figure.data[1].marker.opacity == 0
    assert not draw_selectable_photo(photo, None, grid).layout.shapes
    assert draw_selectable_photo(photo, None, grid, selecting=False).layout.dragmode is False


MARK = Mark((16, 32, 32, 48), (0, 0, 100, 90))
CHOSEN = Mark((16, 32, 32, 48), (0, 0, 200, 190))


def probe(**options):
    photo = PhotoPanel("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(3, 1000, 600, 224 / 336)
    return draw_marked_panels(photo, [FINE, COARSE], Look(), grid, [MARK, MARK], CHOSEN, **options)


def test_a_probe_marks_each_panel_and_draws_every_field_on_the_photograph():
    figure = probe()
    drawn = [
        (shape.xref, shape.yref, shape.x0, shape.y0, shape.x1, shape.y1) for shape in figure.layout.shapes
    ]
    assert ("x", "y", 0, 0, 200, 190) in drawn
    assert drawn.count(("x", "y", 0, 0, 100, 90)) == 4  # two panels' fields, each with its halo
    for trace in figure.data[1:]:
        assert (trace.xaxis, trace.yaxis, 16, 32, 32, 48) in drawn
        assert (trace.xaxis, trace.yaxis, 0, 0, 100, 90) in drawn


def test_a_saliency_lies_on_its_pixels_with_a_bar_of_its_own():
    values = np.array([[0, 1, 2], [3, 4, 5]], np.float32)
    figure = probe(saliency=Saliency(values, 10, 20, "hover"))
    glow = figure.data[-1]
    assert (glow.xaxis, (glow.x0, glow.y0, glow.dx, glow.dy)) == ("x", near(10.5, 20.5, 1, 1))
    assert (glow.zmin, glow.zmax) == (0, 5)
    assert list(glow.colorbar.ticktext) == ["0", "2.5", "5"]


def test_a_channel_stands_between_the_photograph_and_its_layers_colors():
    photo = PhotoPanel("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(3, 1000, 600, 224 / 336)
    pixels = np.zeros((14, 21, 3), np.uint8)
    colors = Colors(pixels, np.ones((14, 21, 3), np.float32), COARSE.cells, "colors", "hover")
    figure = draw_channel(photo, COARSE, colors, Look(overlay=True), grid)
    assert [trace.type for trace in figure.data] == ["image", "heatmap", "image"]
    np.testing.assert_array_equal(figure.data[1].z, COARSE.heatmap)
    assert (figure.data[2].x0, figure.data[2].dx) == near(8, 16)
    assert [image.layer for image in figure.layout.images] == ["below"]
    assert [note.text for note in figure.layout.annotations] == ["photo", COARSE.title, "colors"]
    assert_linked(figure)


def test_thumbnails_have_a_bar_each_or_one_for_all():
    photo = PhotoPanel("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(2, 1000, 600, 224 / 336, 104)
    for bar in ("", "one scale"):
        figure = draw_maps(photo, [FINE, COARSE], Look(shared_bar=bar), grid)
        with naming(bar):
            assert [trace.showscale for trace in figure.data] == [True, not bar]
            assert_linked(figure)


def make_heatmaps():
    rng = np.random.default_rng(0)
    maps = {
        (layer.name, side, name): rng.normal(size=layer.map_size(32, 48)).astype(np.float32)
        for layer in LAYERS[:3]
        for side in ("pre", "post")
        for name in ("mean", "l2", "median")
    }
    return Heatmaps(maps, {}, {})


@pytest.mark.parametrize(
    ("options", "diverging", "bars"),
    [
        ({}, False, [True] * 3),
        ({"side": "pre"}, True, [True] * 3),
        ({"side": "pre", "aggregation": "l2"}, False, [True] * 3),
        ({"side": "pre", "aggregation": "median", "limits": "shared"}, True, [True, False, False]),
    ],
)
def test_the_figure_for_a_notebook_follows_its_maps(options, diverging, bars):
    heatmaps, image = make_heatmaps(), Image.new("RGB", (48, 32))
    figure = draw_heatmaps(image, heatmaps, LAYERS[:3], **options)
    assert [trace.type for trace in figure.data] == ["image"] + ["heatmap"] * 3
    key = (options.get("side", "post"), options.get("aggregation", "mean"))
    for layer, trace in zip(LAYERS, figure.data[1:], strict=False):
        np.testing.assert_array_equal(trace.z, heatmaps[layer.name, *key])
        assert (trace.zmin == -trace.zmax) is diverging
        assert layer.name in trace.hovertemplate
    assert [trace.showscale for trace in figure.data[1:]] == bars
    note = figure.layout.annotations[-1].text
    assert note.endswith("its own panel.") is all(bars) or not note.startswith("Point at")


def test_the_words_at_the_ends_of_a_bar_leave_it_room():
    clipped = replace(COARSE, low=2.0, ends=("weak", "strong"))
    for width, words in ((240, True), (130, False), (60, False), (24, False)):
        grid = arrange_panels(1, width, 300, 1, 10)
        bar = draw_maps(PHOTO, [clipped], Look(), grid).data[0].colorbar
        assert bar.ticktext == (("weak ≤ 2", "5.5", "9 strong") if words else ("≤ 2", "5.5", "9")), width
        assert 1 <= bar.len < width, width


def test_one_shared_bar_names_its_ends_too():
    figure = draw(Look(shared_bar="one scale"), [replace(FINE, ends=("weak", "strong")), COARSE])
    assert figure.data[1].colorbar.ticktext == ("weak 0", "768", "1540 strong")


def test_the_same_curves_with_gaps_are_the_same_data():
    """Else Plotly would draw them anew at each run of the page."""
    # Equal numbers that are not the same objects; the other layers have no value.
    twice = [{"trained": {"conv1_1": float(text), "conv1_2": float(text) / 2}} for text in ("0.7", "0.7")]
    revisions = {
        draw_charts(
            [Chart("title", curves)], LAYERS[:3], {"trained": "VGG16"}, STAGE_NAMES, (), 600
        ).layout.datarevision
        for curves in twice
    }
    assert len(revisions) == 1


def test_a_map_alone_and_over_the_photograph():
    grid = arrange_panels(2, 1000, 600, 32 / 48)
    over = replace(FINE, title="over")
    for limits in ("", "one scale"):
        figure = draw_alone_and_over(PHOTO, FINE, over, Look(overlay=True, shared_bar=limits), grid)
        assert [note.text for note in figure.layout.annotations] == ["fine", "over"]
        first, second = figure.data
        np.testing.assert_array_equal(first.z, second.z)
        assert "rgba(68, 1, 84, 1)" in first.colorscale[0] and "rgba(68, 1, 84, 0.6)" in second.colorscale[0]
        assert [image.xref for image in figure.layout.images] == ["x2"]
        assert (first.showscale, second.showscale) == (True, not limits)


def test_the_bar_of_all_maps_lies_over_none():
    grid = arrange_panels(3, 1000, 600, 32 / 48)
    figure = draw_panels(PHOTO, [FINE, COARSE], Look(shared_bar="one scale"), grid)
    bar = next(trace.colorbar for trace in figure.data if trace.type == "heatmap" and trace.showscale)
    lowest = min(figure.layout[f"yaxis{trace.yaxis[1:]}"].domain[0] for trace in figure.data)
    assert (lowest - bar.y) * (figure.layout.height - 2) == pytest.approx(0, abs=1)
    assert figure.layout.height - 2 == grid.height + 16


def test_a_narrow_photograph_has_its_short_title():
    photo = replace(PHOTO, short_title="short")
    for width, title in ((150, "short"), (600, "Photograph")):
        grid = arrange_panels(1, width, 600, 32 / 48)
        assert draw_panels(photo, [], Look(), grid).layout.annotations[0].text == title


def test_room_above_a_figure_moves_nothing_in_it():
    figure = draw()
    height, places = figure.layout.height, [figure.layout.yaxis.domain, figure.layout.xaxis3.domain]
    roomy = leave_room(figure, 22)
    assert (roomy.layout.height, roomy.layout.margin.t) == (height + 22, 22)
    assert [roomy.layout.yaxis.domain, roomy.layout.xaxis3.domain] == places
