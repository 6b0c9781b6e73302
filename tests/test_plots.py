import json

import numpy as np
import plotly.express as px
import plotly.io
import pytest
from conftest import read_pixels

from viz import plots
from viz.charts import Chart
from viz.grids import BAR_HEIGHT, arrange_panels
from viz.layers import LAYER_NAMES
from viz.specs import (
    COLOR_SCALES,
    DIVERGING_SCALE,
    Colors,
    Glow,
    Look,
    Mark,
    Panel,
    Photo,
    format_value,
)


def checked(draw):
    """The figure as Plotly.py's own, which checks each part."""
    return lambda *arguments, **options: draw(*arguments, **options).check()


box_figure = checked(plots.box_figure)
channel_figure = checked(plots.channel_figure)
compare_figure = checked(plots.compare_figure)
depth_figure = checked(plots.depth_figure)
metrics_figure = checked(plots.metrics_figure)
probe_figure = checked(plots.probe_figure)
thumbnails_figure = checked(plots.thumbnails_figure)


PHOTO = Photo("data:image/png;base64,AAAA", 48, 32, "Photograph")
FINE = Panel(np.arange(48 * 32, dtype=np.float32).reshape(32, 48), 1, 0.0, 1535.0, "fine", "hover fine")
COARSE = Panel(
    np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]], dtype=np.float32), 16, 1.0, 9.0, "coarse", "hover coarse"
)
STAGE_NAMES = {"shallow": "shallow", "middle": "middle", "deep": "deep"}
WORDS = {"play": "Play", "pause": "Pause", "layer": "Layer"}


def list_pictures(figure):
    """All traces but the one that has the texts of the colour bars."""
    return [trace for trace in figure.data if trace.type != "scatter"]


def list_bars(figure):
    """Edges (left, top, right, bottom) and three numbers of each colour bar, in pixels of the figure."""
    (numbers,) = [trace for trace in figure.data if trace.type == "scatter"]
    assert (numbers.xaxis, numbers.yaxis) == ("x", "y")
    images = [image for image in figure.layout.images if (image.xref, image.yref) == ("x", "y")]
    assert len(numbers.text) == 3 * len(images)
    bars = []
    for place, image in enumerate(images):
        first = 3 * place
        edges = (image.x, image.y, image.x + image.sizex, image.y + image.sizey)
        assert numbers.x[first : first + 3] == pytest.approx((edges[0], (edges[0] + edges[2]) / 2, edges[2]))
        assert all(edges[3] < y < edges[3] + 20 for y in numbers.y[first : first + 3])
        bars.append((edges, numbers.text[first : first + 3]))
    return bars


def draw(look=None, panels=(FINE, COARSE), note="", width=1000):
    grid = arrange_panels(len(panels) + 1, width, 600, 32 / 48)
    return compare_figure(PHOTO, panels, look or Look(), grid, note)


def test_the_photograph_comes_first_and_then_the_panels_in_order():
    figure = draw()
    assert [trace.type for trace in figure.data] == ["image", "image", "image", "scatter"]
    assert [note.text for note in figure.layout.annotations] == ["Photograph", "fine", "coarse"]
    np.testing.assert_array_equal(figure.data[1].customdata, FINE.heatmap)
    np.testing.assert_array_equal(figure.data[2].customdata, COARSE.heatmap)


def test_cells_lie_where_their_pixels_are():
    """All axes count input pixels from the photograph's upper left corner; a cell covers stride pixels."""
    figure = draw()
    photo, _, coarse = list_pictures(figure)
    assert (photo.x0, photo.y0) == (0.5, 0.5)  # the first pixel covers 0..1
    assert (coarse.x0, coarse.dx, coarse.y0, coarse.dy) == (8, 16, 8, 16)
    for trace in list_pictures(figure):
        assert figure.layout[f"xaxis{trace.xaxis[1:]}"].range == (0, 48)
        assert figure.layout[f"yaxis{trace.yaxis[1:]}"].range == (32, 0)


def assert_linked(figure):
    """Every picture stands on a pair of axes of its own, and all of them zoom as one."""
    pictures = list_pictures(figure)
    assert len({(trace.xaxis, trace.yaxis) for trace in pictures}) == len(pictures)
    for trace in pictures:
        assert trace.xaxis == "x2" or figure.layout[f"xaxis{trace.xaxis[1:]}"].matches == "x2"
        assert trace.yaxis == "y2" or figure.layout[f"yaxis{trace.yaxis[1:]}"].matches == "y2"


MANY = (FINE, COARSE, FINE, COARSE)  # with the photograph three columns and two rows


def test_zoom_and_pan_are_linked_and_undistorted():
    assert_linked(draw())
    layout = draw(panels=MANY).layout
    assert (layout.xaxis2.matches, layout.yaxis2.matches) == (None, None)
    assert (layout.xaxis3.matches, layout.xaxis4.matches, layout.yaxis3.matches) == ("x2", "x2", "y2")
    assert (layout.yaxis2.scaleanchor, layout.yaxis2.constrain) == ("x2", "domain")


def test_panels_stand_in_their_boxes_on_the_axes_of_their_column_and_row():
    grid = arrange_panels(5, 1000, 600, 32 / 48)
    figure = draw(panels=MANY)
    axes = [(trace.xaxis, trace.yaxis) for trace in list_pictures(figure)]
    assert axes == [("x2", "y2"), ("x3", "y2"), ("x4", "y2"), ("x2", "y3"), ("x3", "y3")]
    assert [(note.xref[:-7], note.yref[:-7]) for note in figure.layout.annotations] == axes
    for (x, y), box in zip(axes, grid.boxes, strict=True):
        assert figure.layout[f"xaxis{x[1:]}"].domain == pytest.approx(grid.share_across(box))
        assert figure.layout[f"yaxis{y[1:]}"].domain == pytest.approx(grid.share_down(box))


def test_on_a_phone_all_panels_share_one_axis_across():
    figure = draw(width=360)
    axes = [(trace.xaxis, trace.yaxis) for trace in list_pictures(figure)]
    assert axes == [("x2", "y2"), ("x2", "y3"), ("x2", "y4")]


def test_every_colour_bar_describes_its_own_map_and_lies_below_it():
    grid = arrange_panels(3, 1000, 600, 32 / 48)
    figure = draw()
    bars = list_bars(figure)
    for panel, box, (edges, numbers) in zip((FINE, COARSE), grid.boxes[1:], bars, strict=True):
        ends = (panel.low, (panel.low + panel.high) / 2, panel.high)
        assert numbers == tuple(format_value(value) for value in ends)
        left, top, right, bottom = edges
        assert box.left < left < right < box.left + box.width
        assert box.top + box.height < top < bottom < box.top + box.height + BAR_HEIGHT


def test_the_axes_of_the_bars_count_the_figures_pixels_and_do_not_zoom():
    grid = arrange_panels(3, 1000, 600, 32 / 48)
    layout = draw().layout
    assert layout.xaxis.range == (0, grid.width)
    assert layout.yaxis.range == (grid.height, 0)
    assert (layout.xaxis.domain, layout.yaxis.domain) == (None, None)  # the whole figure
    assert layout.xaxis.fixedrange
    assert layout.yaxis.fixedrange


def sample_scale(name, places):
    """Colours of one of Plotly's scales, red, green and blue, by Plotly."""
    scale = [list(pair) for pair in px.colors.get_colorscale(name)]
    return [px.colors.unlabel_rgb(color) for color in px.colors.sample_colorscale(scale, places)]


@pytest.mark.parametrize("colors", [*COLOR_SCALES, DIVERGING_SCALE])
def test_a_map_and_its_bar_have_the_scales_colours(colors):
    look = Look(diverging=True) if colors == DIVERGING_SCALE else Look(colors)
    name = COLOR_SCALES.get(colors, DIVERGING_SCALE)
    figure = draw(look)
    (bar,) = read_pixels(figure.layout.images[0].source)
    np.testing.assert_allclose(bar, sample_scale(name, np.linspace(0, 1, len(bar))), atol=1)
    shares = (COARSE.heatmap.ravel() - COARSE.low) / (COARSE.high - COARSE.low)
    pixels = read_pixels(figure.data[2].source).reshape(-1, 3)
    np.testing.assert_allclose(pixels, sample_scale(name, shares), atol=3)


def test_what_is_outside_of_the_range_has_the_end_colours():
    clipped = Panel(COARSE.heatmap, 16, 2.0, 5.0, "clipped", "hover")
    pixels = read_pixels(draw(Look("greys"), panels=(clipped,)).data[1].source)
    (least, low, three), (four, high, most) = pixels[..., 0]
    assert (least, low, high, most) == (0, 0, 255, 255)
    assert 0 < three < four < 255


def test_a_bar_that_clips_says_so():
    clipped = Panel(COARSE.heatmap, 16, 2.0, 8.0, "clipped", "hover")
    whole = Panel(COARSE.heatmap, 16, 1.0, 9.0, "whole", "hover")
    figure = draw(panels=(clipped, whole))
    assert [numbers for _, numbers in list_bars(figure)] == [("≤ 2", "5", "≥ 8"), ("1", "5", "9")]


def test_one_shared_bar_serves_all_maps():
    figure = draw(Look(shared_bar="Mean · one scale"))
    *_, texts = figure.data
    assert texts.text == ("0", "768", "1540", "Mean · one scale")
    (bar,) = figure.layout.images
    grid = arrange_panels(3, 1000, 600, 32 / 48)
    assert bar.sizex > 0.9 * grid.width
    assert max(box.top + box.height for box in grid.boxes) < texts.y[3] < bar.y < texts.y[0] < grid.height
    assert texts.x[3] == texts.x[1] == grid.width / 2


def test_hover_has_the_true_value_and_a_place_for_the_normalised_one():
    trace = draw().data[2]
    assert trace.hovertemplate == "hover coarse"
    assert trace.customdata.dtype == np.float32
    assert [list(row) for row in trace.text] == [[None]]


def test_greys_are_dark_where_the_response_is_weak():
    pixels = read_pixels(draw(Look("greys")).data[2].source)
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[1, 2].tolist() == [255, 255, 255]


@pytest.mark.parametrize("colors", [*COLOR_SCALES, DIVERGING_SCALE])
def test_a_smooth_map_is_painted_by_plotly_with_the_same_scale(colors):
    look = Look(diverging=True, smooth=True) if colors == DIVERGING_SCALE else Look(colors, smooth=True)
    trace = draw(look).data[2]
    assert (trace.type, trace.zsmooth) == ("heatmap", "best")
    assert (trace.zmin, trace.zmax, trace.showscale) == (COARSE.low, COARSE.high, False)
    assert (trace.x0, trace.dx, trace.y0, trace.dy) == (8, 16, 8, 16)
    np.testing.assert_array_equal(trace.z, COARSE.heatmap)
    expected = px.colors.get_colorscale(COLOR_SCALES.get(colors, DIVERGING_SCALE))
    assert [color for _, color in trace.colorscale] == [color for _, color in expected]


def test_the_overlay_sends_the_photograph_once_for_all_panels():
    figure = draw(Look(overlay=True, opacity=0.3))
    under = [image for image in figure.layout.images if image.layer == "below"]
    assert [(image.xref, image.yref) for image in under] == [("x3", "y2"), ("x4", "y2")]
    assert [(trace.xaxis, trace.yaxis) for trace in figure.data[1:3]] == [("x3", "y2"), ("x4", "y2")]
    assert all(image.source is None for image in under)
    assert figure.layout.template.layout.imagedefaults.source == PHOTO.source
    assert [trace.opacity for trace in figure.data[1:3]] == [0.3, 0.3]
    assert not [image for image in draw().layout.images if image.layer == "below"]


def test_a_note_takes_the_free_place_only():
    panels = (FINE, COARSE, COARSE, COARSE)
    grid = arrange_panels(5, 1040, 718, 32 / 48)
    assert grid.spare is not None
    assert compare_figure(PHOTO, panels, Look(), grid, "read me").layout.annotations[-1].text == "read me"
    assert draw(note="read me").layout.annotations[-1].text == "coarse"


def test_dragging_scrolls_a_phone():
    assert draw(width=360).layout.dragmode is False
    assert draw(width=1000).layout.dragmode == "zoom"


def test_maps_travel_as_typed_arrays():
    spec = draw().to_json()
    assert '"dtype":"f4"' in spec


def test_the_scrubber_has_a_frame_a_layer_and_needs_no_server():
    grid = arrange_panels(1, 1000, 500, 32 / 48)
    figure = depth_figure(
        PHOTO, [FINE, COARSE], ["conv1_1", "conv5_3"], Look(overlay=True, opacity=0.5), grid, WORDS
    )
    assert len(figure.data) == 1
    assert [frame.name for frame in figure.frames] == ["conv1_1", "conv5_3"]
    for frame, panel in zip(figure.frames, (FINE, COARSE), strict=True):
        np.testing.assert_array_equal(frame.data[0].z, panel.heatmap)
        assert (frame.data[0].zmin, frame.data[0].zmax) == (panel.low, panel.high)
        assert frame.data[0].dx == panel.stride
        assert frame.data[0].hovertemplate == panel.hover
        assert frame.layout.annotations[0].text == panel.title
    slider = figure.layout.sliders[0]
    assert [list(step.args[0]) for step in slider.steps] == [["conv1_1"], ["conv5_3"]]
    assert [button.label for button in figure.layout.updatemenus[0].buttons] == ["▶ Play", "❚❚ Pause"]
    assert figure.layout.images[0].layer == "below"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-12.345, "\N{MINUS SIGN}12.3"),
        (0.000123456, "0.000123"),
        (1234.5, "1230"),
        (-1.5e7, "\N{MINUS SIGN}1.5e+07"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert format_value(value) == text


def test_a_figure_carries_no_default_template():
    """Plotly takes every copy of a template for a new one and would draw the figure twice."""
    assert "template" not in draw().to_plotly_json()["layout"]
    assert set(draw(Look(overlay=True)).to_plotly_json()["layout"]["template"]["layout"]) == {"imagedefaults"}


def make_curve(start):
    return {name: start + place for place, name in enumerate(LAYER_NAMES)}


@pytest.mark.parametrize(("width", "columns"), [(1040, 4), (700, 2), (366, 1)])
def test_charts_wrap_and_stay_inside(width, columns):
    charts = [Chart(f"metric {number}", {"trained": make_curve(1)}) for number in range(6)]
    figure = metrics_figure(charts, {"trained": "VGG16"}, STAGE_NAMES, ["conv3_1"], width)
    axes = [figure.layout[f"xaxis{number or ''}"] for number in [None, 2, 3, 4, 5, 6]]
    assert len({axis.domain[0] for axis in axes}) == columns
    assert all(0 <= axis.domain[0] < axis.domain[1] <= 1 for axis in axes)
    assert figure.layout.height < 6 * 240


def test_curves_are_told_apart_and_selected_layers_are_marked():
    chart = Chart(
        "size", {"trained": make_curve(1), "untrained": make_curve(5)}, ".1f", logarithmic=True, limits=(2,)
    )
    names = {"trained": "VGG16", "untrained": "Untrained"}
    figure = metrics_figure([chart, chart], names, STAGE_NAMES, ["conv1_2"], 1000)
    assert [trace.line.dash for trace in figure.data] == ["solid", "dash", "solid", "dash"]
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    assert list(figure.data[1].y) == list(range(5, 18))
    assert [bool(size) for size in figure.data[0].marker.size] == [name == "conv1_2" for name in LAYER_NAMES]
    assert figure.layout.yaxis.type == "log"
    shades = [shape for shape in figure.layout.shapes if shape.type == "rect" and shape.xref == "x"]
    assert [(shade.x0, shade.x1) for shade in shades] == [(-0.5, 2.5), (5.5, 12.5)]
    assert [shape.y0 for shape in figure.layout.shapes if shape.type == "line"] == [2, 2]


def test_a_box_is_drawn_and_the_picture_can_be_selected():
    photo = Photo("data:image/png;base64,", 300, 224, "photo")
    grid = arrange_panels(1, 400, 400, 224 / 300)
    figure = box_figure(photo, (10, 20, 100, 200), grid)
    assert figure.layout.dragmode == "select"
    *_, shape = figure.layout.shapes  # below it lies its halo
    assert (shape.x0, shape.y0, shape.x1, shape.y1) == (10, 20, 100, 200)
    assert figure.data[1].marker.opacity == 0
    assert not box_figure(photo, None, grid).layout.shapes


MARK = Mark((16, 32, 32, 48), (0, 0, 100, 90))
CHOSEN = Mark((16, 32, 32, 48), (0, 0, 200, 190))


def probe(**options):
    photo = Photo("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(3, 1000, 600, 224 / 336)
    return probe_figure(photo, [FINE, COARSE], Look(), grid, [MARK, MARK], CHOSEN, **options)


def test_a_probe_marks_each_panel_and_draws_every_field_on_the_photograph():
    figure = probe()
    drawn = [
        (shape.xref, shape.yref, shape.x0, shape.y0, shape.x1, shape.y1) for shape in figure.layout.shapes
    ]
    assert ("x2", "y2", 0, 0, 200, 190) in drawn
    assert drawn.count(("x2", "y2", 0, 0, 100, 90)) == 4  # two panels' fields, each with its halo
    for trace in list_pictures(figure)[1:]:
        assert (trace.xaxis, trace.yaxis, 16, 32, 32, 48) in drawn
        assert (trace.xaxis, trace.yaxis, 0, 0, 100, 90) in drawn


def test_a_glow_lies_on_its_pixels_with_a_bar_of_its_own():
    values = np.array([[0, 1, 2], [3, 4, 5]], np.float32)
    figure = probe(glow=Glow(values, 10, 20, "hover"))
    glow = figure.data[-1]
    assert (glow.xaxis, glow.x0, glow.y0, glow.dx, glow.dy) == ("x2", 10.5, 20.5, 1, 1)
    assert (glow.zmin, glow.zmax) == (0, 5)
    assert list(glow.colorbar.ticktext) == ["0", "2.5", "5"]
    assert figure.layout.datarevision != probe().layout.datarevision


def test_a_channel_stands_between_the_photograph_and_its_layers_colors():
    photo = Photo("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(3, 1000, 600, 224 / 336)
    pixels = np.zeros((14, 21, 3), np.uint8)
    colors = Colors(pixels, np.ones((14, 21, 3), np.float32), 16, "colors", "hover")
    figure = channel_figure(photo, COARSE, colors, Look(overlay=True), grid)
    pictures = list_pictures(figure)
    assert [trace.type for trace in pictures] == ["image", "image", "image"]
    np.testing.assert_array_equal(pictures[1].customdata, COARSE.heatmap)
    assert (pictures[2].x0, pictures[2].dx) == (8, 16)
    assert [image.layer for image in figure.layout.images] == ["below", None]  # under the map, and its bar
    assert [note.text for note in figure.layout.annotations] == ["photo", COARSE.title, "colors"]
    assert_linked(figure)


@pytest.mark.parametrize("bar", ["", "one scale"])
def test_thumbnails_have_a_bar_each_or_one_for_all(bar):
    photo = Photo("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(2, 1000, 600, 224 / 336, 104)
    figure = thumbnails_figure(photo, [FINE, COARSE], Look(shared_bar=bar), grid)
    assert len(figure.layout.images) == (1 if bar else 2)
    assert figure.data[-1].text[3:4] == ((bar,) if bar else (format_value(COARSE.low),))
    assert_linked(figure)


def read_json(figure):
    text = plotly.io.to_json(figure.to_dict(), validate=False)
    return json.loads(text, parse_float=lambda digits: round(float(digits), 9))


@pytest.mark.parametrize("look", [Look(), Look(overlay=True), Look(diverging=True), Look("greys")])
def test_what_is_sent_is_what_plotly_would_send(look):
    """Plotly.py's own way from the same specification to JSON as the second way."""
    photo = Photo("data:image/png;base64,", 336, 224, "photo")
    grid = arrange_panels(3, 1000, 600, 2 / 3)
    for ready in (
        plots.compare_figure(photo, [FINE, COARSE], look, grid),
        plots.compare_figure(photo, [], look, grid),
        plots.depth_figure(photo, [FINE, COARSE], ["a", "b"], look, grid, WORDS),
        plots.box_figure(photo, (1, 2, 30, 40), grid),
    ):
        sent, own = (read_json(figure) for figure in (ready, ready.check()))
        assert sent == own
