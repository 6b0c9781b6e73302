"""Arrays to Plotly figures."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from viz.charts import (
    Chart,
    arrange_charts,
    chart_axes,
    draw_curve,
    draw_limit,
    name_stages,
    shade_stages,
)
from viz.grids import BAR_HEIGHT, Box, Grid
from viz.specs import (
    ACCENT_COLOR,
    BAR_NUMBER_SIZE,
    GLOW_SCALE,
    MUTED_COLOR,
    NARROW,
    RING_RADIUS,
    TITLE_SIZE,
    Colors,
    Glow,
    Look,
    Mark,
    Panel,
    Photo,
    Spec,
    base_layout,
    draw_bar,
    draw_box,
    draw_ring,
    heatmap_trace,
    lay_under,
    make_template,
    name_axes,
    number_map,
    number_range,
    photo_trace,
    place_axes,
    write_note,
    write_title,
)

PLAY_MS = 700
THUMB_TITLE_SIZE = 11
SHARED_BAR_TITLE_HEIGHT = 13
TRACK_COLOR = "rgba(138, 141, 150, 0.35)"
SELECT_STEP = 16  # input pixels between the invisible points that make a picture selectable
SLIDER_HEIGHT = 100
BUTTONS_HEIGHT = 48
BUTTONS_WIDTH = 150


def compare_figure(
    photo: Photo, panels: Sequence[Panel], look: Look, grid: Grid, note: str = ""
) -> go.Figure:
    """The photograph and a panel a layer, all in input pixels, with linked zoom and pan.

    Args:
        photo: The framed photograph; it stands first.
        panels: The maps, in the order in which they stand.
        look: What they share.
        grid: Where they stand, the photograph included.
        note: A text for the place that the last row leaves free, if it does.

    Returns:
        The figure; its pictures have no distortion at the width that `grid` was made for.
    """
    return go.Figure(_compare(photo, panels, look, grid, note))


def _compare(photo: Photo, panels: Sequence[Panel], look: Look, grid: Grid, note: str = "") -> Spec:
    x, y = name_axes(0)
    layout = base_layout(grid) | place_axes(grid, photo)
    layout["annotations"] = [write_title(photo.title, x, y)]
    spec: Spec = {"data": [photo_trace(photo, x, y)], "layout": layout}
    if look.overlay and panels:
        axes = [name_axes(place) for place in range(1, len(panels) + 1)]
        layout["images"] = [lay_under(x, y, photo) for x, y in axes]
        layout["template"] = make_template(photo)
    _add_panels(spec, panels, look, grid)
    if note and grid.spare:
        layout["annotations"].append(write_note(note, grid, grid.spare))
    return spec


def _add_panels(
    spec: Spec, panels: Sequence[Panel], look: Look, grid: Grid, title_size: int = TITLE_SIZE
) -> None:
    """Add maps, titles and bars behind the traces that are there."""
    first = len(spec["data"])
    for place, panel in enumerate(panels, start=first):
        x, y = name_axes(place)
        bar: Spec | None
        if not look.shared_bar:
            bar = draw_bar(panel.low, panel.high, number_map(panel), grid, grid.boxes[place])
        else:
            bar = _draw_shared_bar(panel, look, grid) if place == first else None
        spec["data"].append(heatmap_trace(panel, look, x, y, bar))
        spec["layout"]["annotations"].append(write_title(panel.title, x, y, title_size))


def _draw_shared_bar(panel: Panel, look: Look, grid: Grid) -> Spec:
    """The one bar of all maps, at the foot of the figure."""
    foot = Box(0.0, grid.height - BAR_HEIGHT, grid.width, SHARED_BAR_TITLE_HEIGHT)
    bar = draw_bar(panel.low, panel.high, number_range(panel.low, panel.high), grid, foot)
    return bar | {"title": {"text": look.shared_bar, "side": "top", "font": {"size": BAR_NUMBER_SIZE}}}


def probe_figure(
    photo: Photo,
    panels: Sequence[Panel],
    look: Look,
    grid: Grid,
    marks: Sequence[Mark],
    chosen: Mark,
    glow: Glow | None = None,
    note: str = "",
) -> go.Figure:
    """As `compare_figure`, with one cell a panel marked and what it sees drawn on the photograph.

    Args:
        photo: The framed photograph; it stands first.
        panels: The maps, in the order in which they stand.
        look: What they share.
        grid: Where they stand, the photograph included.
        marks: The marked cell of each panel.
        chosen: The one whose receptive field is drawn broadly; it need not have a panel.
        glow: Over the photograph, such as an effective receptive field.
        note: A text for the place that the last row leaves free, if it does.
    """
    spec = _compare(photo, panels, look, grid, note)
    x, y = name_axes(0)
    shapes = [shape for mark in marks for shape in draw_box(x, y, mark.field, 1, "dot")]
    shapes += [*draw_box(x, y, chosen.field, 3), *draw_ring(x, y, chosen.cell)]
    for place, mark in enumerate(marks, start=1):
        x, y = name_axes(place)
        shapes += [*draw_box(x, y, mark.field, 1, "dot"), *draw_box(x, y, mark.cell, 2)]
        cell_width = (mark.cell[2] - mark.cell[0]) * grid.boxes[place].width / photo.width
        if cell_width < 2 * RING_RADIUS:
            shapes += draw_ring(x, y, mark.cell)
    spec["layout"]["shapes"] = shapes
    if glow is not None:
        spec["data"].append(_draw_glow(glow, grid))
    return go.Figure(spec)


def _draw_glow(glow: Glow, grid: Grid) -> Spec:
    high = float(glow.values.max()) or 1.0
    x, y = name_axes(0)
    return {
        "type": "heatmap",
        "xaxis": x,
        "yaxis": y,
        "z": glow.values,
        "x0": glow.left + 0.5,
        "dx": 1,
        "y0": glow.top + 0.5,
        "dy": 1,
        "zmin": 0,
        "zmax": high,
        "colorscale": GLOW_SCALE,
        "colorbar": draw_bar(0.0, high, number_range(0.0, high), grid, grid.boxes[0]),
        "hovertemplate": glow.hover,
    }


def channel_figure(photo: Photo, panel: Panel, colors: Colors, look: Look, grid: Grid) -> go.Figure:
    """The photograph, one channel over it, and a map in colours of its own, with linked zoom and pan.

    Args:
        photo: The framed photograph.
        panel: The channel's map.
        colors: Such as principal components.
        look: The panel's; it needs no shared bar.
        grid: Three boxes.
    """
    spec = _compare(photo, [panel], look, grid)
    x, y = name_axes(2)
    trace: Spec = {"type": "image", "xaxis": x, "yaxis": y, "z": colors.pixels, "customdata": colors.values}
    trace |= {"x0": colors.stride / 2, "dx": colors.stride, "y0": colors.stride / 2, "dy": colors.stride}
    spec["data"].append(trace | {"hovertemplate": colors.hover})
    spec["layout"]["annotations"].append(write_title(colors.title, x, y))
    return go.Figure(spec)


def thumbnails_figure(photo: Photo, panels: Sequence[Panel], look: Look, grid: Grid) -> go.Figure:
    """Maps without the photograph, in input pixels, with linked zoom and pan.

    Args:
        photo: Whose maps they are.
        panels: The maps, in the order in which they stand.
        look: What they share.
        grid: Where they stand.
    """
    layout = base_layout(grid) | place_axes(grid, photo)
    layout["annotations"] = []
    spec: Spec = {"data": [], "layout": layout}
    _add_panels(spec, panels, look, grid, THUMB_TITLE_SIZE)
    return go.Figure(spec)


def depth_figure(
    photo: Photo, panels: Sequence[Panel], names: Sequence[str], look: Look, grid: Grid, words: dict[str, str]
) -> go.Figure:
    """All layers over the photograph, one at a time, scrubbed by a slider that needs no server.

    Args:
        photo: The framed photograph.
        panels: The maps of all layers, shallow to deep.
        names: Their names, which the slider shows.
        look: What they share; the overlay is always on.
        grid: One box, in which the photograph and the map lie.
        words: "play", "pause" and "layer", in the visitor's language.

    Returns:
        The figure; frame `names[i]` shows `panels[i]`.
    """
    x, y = name_axes(0)
    bars = [draw_bar(panel.low, panel.high, number_map(panel), grid, grid.boxes[0]) for panel in panels]
    traces = [heatmap_trace(panel, look, x, y, bar) for panel, bar in zip(panels, bars, strict=True)]
    frames = [
        {"name": name, "data": [trace], "layout": {"annotations": [write_title(panel.title, x, y)]}}
        for name, panel, trace in zip(names, panels, traces, strict=True)
    ]
    controls = measure_controls(grid.width)
    layout = base_layout(grid) | place_axes(grid, photo)
    layout |= {
        "annotations": [write_title(panels[0].title, x, y)],
        "images": [lay_under(x, y, photo)],
        "template": make_template(photo),
        "sliders": [_scrubber(names, words["layer"], grid)],
        "updatemenus": [_player(words["play"], words["pause"], grid)],
        "margin": layout["margin"] | {"b": controls},
        "height": int(grid.height) + controls,
    }
    return go.Figure({"data": traces[:1], "layout": layout, "frames": frames})


def metrics_figure(
    charts: Sequence[Chart],
    curve_names: Mapping[str, str],
    stage_names: Mapping[str, str],
    marked: Collection[str],
    width: float,
) -> go.Figure:
    """Small multiples: each metric against the 13 layers, stages shaded.

    Args:
        charts: The metrics, in the order in which they stand.
        curve_names: What the legend calls the keys of `CURVE_STYLES`.
        stage_names: What the shaded stages are called.
        marked: Names of the layers that get a dot.
        width: Of the figure, in pixels of the screen.

    Returns:
        The figure, as many charts side by side as are readable.
    """
    grid = arrange_charts(len(charts), width)
    traces: list[Spec] = []
    layout = base_layout(grid) | {"showlegend": True, "dragmode": False, "hovermode": "closest"}
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1, "yanchor": "top", "font": {"color": MUTED_COLOR}}
    layout["annotations"], layout["shapes"] = [], []
    for place, (chart, box) in enumerate(zip(charts, grid.boxes, strict=True)):
        x, y = name_axes(place)
        traces += [
            draw_curve(kind, values, chart, curve_names[kind], marked, x, y, legend=place == 0)
            for kind, values in chart.curves.items()
        ]
        layout["annotations"].append(write_title(chart.title, x, y) | {"yshift": 10})
        layout["annotations"] += name_stages(stage_names, x, y)
        layout["shapes"] += [*shade_stages(x, y), *(draw_limit(value, x, y) for value in chart.limits)]
        layout |= chart_axes(x, y, chart, grid, box)
    return go.Figure({"data": traces, "layout": layout})


def box_figure(photo: Photo, box: tuple[float, float, float, float] | None, grid: Grid) -> go.Figure:
    """The photograph, on which the visitor can draw a box.

    Args:
        photo: The framed photograph.
        box: Left, top, right and bottom edge of the one that is drawn already, in input pixels.
        grid: One box, in which the photograph lies.

    Returns:
        The figure; dragging in it selects.
    """
    # Plotly selects points, and a picture has none.
    grid_points = np.mgrid[0 : photo.height : SELECT_STEP, 0 : photo.width : SELECT_STEP]
    rows, columns = grid_points.astype(np.float32)
    x, y = name_axes(0)
    points = {"type": "scatter", "mode": "markers", "x": columns.ravel(), "y": rows.ravel(), "xaxis": x}
    points |= {"yaxis": y, "marker": {"opacity": 0, "size": 1}, "hoverinfo": "skip"}
    layout = base_layout(grid) | place_axes(grid, photo)
    layout |= {"annotations": [write_title(photo.title, x, y)], "dragmode": "select"}
    if box is not None:
        layout["shapes"] = draw_box(x, y, box, 3)
    return go.Figure({"data": [photo_trace(photo, x, y), points], "layout": layout})


def measure_controls(width: float) -> int:
    """Height of the slider and the buttons below the scrubber's picture, in pixels of the screen."""
    return SLIDER_HEIGHT if width >= NARROW else SLIDER_HEIGHT + BUTTONS_HEIGHT


def _scrubber(names: Sequence[str], prefix: str, grid: Grid) -> Spec:
    steps = [{"label": name, "method": "animate", "args": [[name], _animation(duration=0)]} for name in names]
    left = BUTTONS_WIDTH / grid.width if grid.width >= NARROW else 0
    return {
        "active": 0,
        "steps": steps,
        "currentvalue": {"prefix": f"{prefix} ", "font": {"size": 14}},
        "pad": {"t": 4, "l": 24, "r": 28},
        "x": left,
        "len": 1 - left,
        "tickwidth": 1,
        "tickcolor": MUTED_COLOR,
        "bgcolor": TRACK_COLOR,
        "activebgcolor": ACCENT_COLOR,
        "bordercolor": MUTED_COLOR,
    }


def _player(play: str, pause: str, grid: Grid) -> Spec:
    # Beside the slider; on a phone below it.
    top = 30 if grid.width >= NARROW else SLIDER_HEIGHT
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "pad": {"t": top},
        "buttons": [
            {"label": f"▶ {play}", "method": "animate", "args": [None, _animation(duration=PLAY_MS)]},
            {"label": f"❚❚ {pause}", "method": "animate", "args": [[None], _animation(duration=0)]},
        ],
    }


def _animation(duration: int) -> Spec:
    return {
        "mode": "immediate",
        "fromcurrent": True,
        "frame": {"duration": duration, "redraw": True},
        "transition": {"duration": 0},
    }
