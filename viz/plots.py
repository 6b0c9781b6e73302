"""Arrays to Plotly figures."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.aggregate import normalize
from viz.grids import BAR_HEIGHT, GAP, Box, Grid
from viz.layers import CONV_LAYERS, LAYER_NAMES, STAGES

# The names are the page's; the values are Plotly's. Diverging maps get a scale of their own.
COLOR_SCALES = {
    "turbo": "Turbo",
    "viridis": "Viridis",
    "inferno": "Inferno",
    "cividis": "Cividis",
    "jet": "Jet",
    "greys": "Greys_r",
}
DIVERGING_SCALE = "RdBu_r"

BAR_THICKNESS = 9  # pixels of the screen
BAR_INSET = 14  # so that the numbers at its ends do not run into the next panel's
NARROW = 640  # a figure below this width is on a phone: dragging must scroll the page there, not zoom
PLAY_MS = 700
FONT = '"Source Sans", sans-serif'  # the page's, for a figure that takes no theme from it
# The figure does not know whether the page is light or dark; these can be seen on both.
MUTED_COLOR = "#8a8d96"
ACCENT_COLOR = "#d0582f"
TRACK_COLOR = "rgba(138, 141, 150, 0.35)"
HOVER_COLOR = "#2f333c"
HOVER_TEXT_COLOR = "#fdfcf9"
CURVE_STYLES = {
    "trained": {"color": ACCENT_COLOR, "width": 2.5, "dash": "solid"},
    "untrained": {"color": "#7d8cc4", "width": 2, "dash": "dash"},
    "coarse": {"color": "#3f9c8f", "width": 2, "dash": "dashdot"},
    "noise": {"color": "#a8862c", "width": 2, "dash": "dot"},
}
SHADE_COLOR = "rgba(138, 141, 150, 0.12)"
CHART_WIDTH = 240  # pixels of the screen, at least
CHART_HEIGHT = 132
CHART_TITLE_HEIGHT = 34
CHART_FOOT_HEIGHT = 34
LEGEND_HEIGHT = 44
AXIS_WIDTH = 44
# The first layer of each block and the deepest; between them there is no room on a phone.
NAMED_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1", "conv5_3")
SELECT_STEP = 16  # input pixels between the invisible points that make a picture selectable
SLIDER_HEIGHT = 100
BUTTONS_HEIGHT = 48
BUTTONS_WIDTH = 150

Spec = dict[str, Any]


@dataclass(frozen=True)
class Photo:
    """The framed photograph.

    Attributes:
        source: A data URI of its exact pixels.
        width: Pixels across.
        height: Pixels down.
        title: Text above it (Plotly's HTML subset).
    """

    source: str
    width: int
    height: int
    title: str


@dataclass(frozen=True)
class Panel:
    """One layer's map and how to show it.

    Attributes:
        heatmap: True values, [h, w].
        stride: Input pixels from one cell to the next.
        low: Value drawn in the first colour.
        high: Value drawn in the last colour.
        title: Text above it (Plotly's HTML subset).
        hover: Plotly hover template; `%{z}` is the true value, `%{customdata}` the normalised one in
            percent, `%{pointNumber[0]}` and `%{pointNumber[1]}` row and column, x and y the centre.
    """

    heatmap: NDArray[np.float32]
    stride: int
    low: float
    high: float
    title: str
    hover: str


@dataclass(frozen=True)
class Look:
    """What all panels share.

    Attributes:
        colors: Key of `COLOR_SCALES`.
        diverging: Whether zero is the middle of the scale, which then is blue-white-red.
        overlay: Whether the photograph lies under each map.
        opacity: Of the maps over the photograph, 0..1.
        smooth: Whether cells are blended on the screen; the values on hover stay those of the cells.
        shared_bar: Text of the one colour bar that serves all maps; empty when each has its own.
    """

    colors: str = "turbo"
    diverging: bool = False
    overlay: bool = False
    opacity: float = 0.6
    smooth: bool = False
    shared_bar: str = ""


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
    axes = [name_axes(place) for place in range(len(panels) + 1)]
    traces: list[Spec] = [{"type": "image", "xaxis": "x", "yaxis": "y", **_photo_trace(photo)}]
    annotations = [_title(photo.title, "x", "y")]
    for place, panel in enumerate(panels, start=1):
        x, y = axes[place]
        bar = None if look.shared_bar else _own_bar(panel, grid, grid.boxes[place])
        traces.append({"xaxis": x, "yaxis": y, **_map_trace(panel, look, bar)})
        annotations.append(_title(panel.title, x, y))
    if look.shared_bar and panels:
        bar = _color_bar(
            panels[0].low, panels[0].high, grid, Box(0.0, grid.height - BAR_HEIGHT, grid.width, 0.0)
        )
        bar |= {"title": {"text": look.shared_bar, "side": "top", "font": {"size": 12}}}
        traces[1] |= {"showscale": True, "colorbar": bar}
    if note and grid.spare:
        annotations.append(_note(note, grid, grid.spare))
    layout = _base_layout(grid) | {"annotations": annotations}
    for place, (x, y) in enumerate(axes):
        layout |= _place_axes(x, y, photo, grid, grid.boxes[place])
    layout["datarevision"] = _digest(photo, panels)
    if look.overlay:
        layout["images"] = [_underlay(x, y, photo) for x, y in axes[1:]]
        layout["template"] = _template(photo)
    return _make_figure({"data": traces, "layout": layout})


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
    traces = [
        {"xaxis": "x", "yaxis": "y", **_map_trace(panel, look, _own_bar(panel, grid, grid.boxes[0]))}
        for panel in panels
    ]
    frames = [
        {"name": name, "data": [trace], "layout": {"annotations": [_title(panel.title, "x", "y")]}}
        for name, panel, trace in zip(names, panels, traces, strict=True)
    ]
    controls = measure_controls(grid.width)
    layout = _base_layout(grid) | _place_axes("x", "y", photo, grid, grid.boxes[0])
    layout |= {
        "annotations": [_title(panels[0].title, "x", "y")],
        "images": [_underlay("x", "y", photo)],
        "template": _template(photo),
        "sliders": [_scrubber(names, words["layer"], grid)],
        "updatemenus": [_player(words["play"], words["pause"], grid)],
        "margin": layout["margin"] | {"b": controls},
        "height": int(grid.height) + controls,
    }
    return _make_figure({"data": traces[:1], "layout": layout, "frames": frames})


@dataclass(frozen=True)
class Chart:
    """One metric against depth.

    Attributes:
        title: Text above it.
        curves: Values by layer name, by key of `CURVE_STYLES`.
        spec: How values are written, in d3's format, such as ".1%".
        logarithmic: Whether the axis is.
        limits: Values at which a dotted line stands.
    """

    title: str
    curves: Mapping[str, Mapping[str, float]]
    spec: str = ".2f"
    logarithmic: bool = False
    limits: Sequence[float] = field(default=())


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
    grid = _arrange_charts(len(charts), width)
    traces: list[Spec] = []
    layout = _base_layout(grid) | {"showlegend": True, "dragmode": False, "hovermode": "closest"}
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1, "yanchor": "top", "font": {"color": MUTED_COLOR}}
    layout["annotations"], layout["shapes"] = [], []
    for place, (chart, box) in enumerate(zip(charts, grid.boxes, strict=True)):
        x, y = name_axes(place)
        traces += [
            _curve(kind, values, chart, curve_names[kind], marked, x, y, legend=place == 0)
            for kind, values in chart.curves.items()
        ]
        layout["annotations"].append(_title(chart.title, x, y) | {"yshift": 10})
        layout["annotations"] += _stage_names(stage_names, x, y)
        layout["shapes"] += [*_stage_shades(x, y), *(_limit_line(value, x, y) for value in chart.limits)]
        layout |= _chart_axes(x, y, chart, grid, box)
    return _make_figure({"data": traces, "layout": layout})


def _arrange_charts(count: int, width: float) -> Grid:
    columns = 1 if width < NARROW else min(count, int(width // CHART_WIDTH))
    chart_width = (width - (columns - 1) * GAP) / columns
    row_height = CHART_TITLE_HEIGHT + CHART_HEIGHT + CHART_FOOT_HEIGHT
    boxes = tuple(
        Box(
            place % columns * (chart_width + GAP) + AXIS_WIDTH,
            LEGEND_HEIGHT + place // columns * row_height + CHART_TITLE_HEIGHT,
            chart_width - AXIS_WIDTH,
            CHART_HEIGHT,
        )
        for place in range(count)
    )
    return Grid(width, LEGEND_HEIGHT + -(-count // columns) * row_height, boxes)


def _curve(
    kind: str,
    values: Mapping[str, float],
    chart: Chart,
    name: str,
    marked: Collection[str],
    x: str,
    y: str,
    legend: bool,
) -> Spec:
    sizes = [7 if layer in marked else 0 for layer in LAYER_NAMES]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "xaxis": x,
        "yaxis": y,
        "x": list(range(len(LAYER_NAMES))),
        "y": [values[layer] for layer in LAYER_NAMES],
        "customdata": list(LAYER_NAMES),
        "line": CURVE_STYLES[kind],
        "marker": {"size": sizes, "color": CURVE_STYLES[kind]["color"], "opacity": 1},
        "name": name,
        "legendgroup": kind,
        "showlegend": legend,
        "hovertemplate": f"<b>%{{customdata}}</b><br>{name}: %{{y:{chart.spec}}}<extra></extra>",
    }


def _list_spans() -> list[tuple[str, float, float]]:
    """Each stage and where it begins and ends on the axis of layers."""
    places = [(stage, [i for i, layer in enumerate(CONV_LAYERS) if layer.stage == stage]) for stage in STAGES]
    return [(stage, min(found) - 0.5, max(found) + 0.5) for stage, found in places]


def _stage_shades(x: str, y: str) -> list[Spec]:
    shade = {"type": "rect", "xref": x, "yref": f"{y} domain", "y0": 0, "y1": 1, "layer": "below"}
    shade |= {"line": {"width": 0}, "fillcolor": SHADE_COLOR}
    return [shade | {"x0": start, "x1": end} for _, start, end in _list_spans()[::2]]


def _stage_names(names: Mapping[str, str], x: str, y: str) -> list[Spec]:
    note = {"xref": x, "yref": f"{y} domain", "y": 1, "yanchor": "bottom", "showarrow": False}
    note |= {"font": {"size": 9}, "opacity": 0.75, "borderpad": 0}
    return [note | {"x": (start + end) / 2, "text": names[stage]} for stage, start, end in _list_spans()]


def _limit_line(value: float, x: str, y: str) -> Spec:
    line = {"type": "line", "xref": f"{x} domain", "yref": y, "x0": 0, "x1": 1, "y0": value, "y1": value}
    return line | {"line": {"color": MUTED_COLOR, "width": 1, "dash": "dot"}}


def _chart_axes(x: str, y: str, chart: Chart, grid: Grid, box: Box) -> Spec:
    ticks = {"tickfont": {"size": 10, "color": MUTED_COLOR}, "zeroline": False, "fixedrange": True}
    across = ticks | {
        "domain": grid.share_across(box),
        "anchor": y,
        "range": [-0.5, len(LAYER_NAMES) - 0.5],
        "tickvals": [LAYER_NAMES.index(name) for name in NAMED_LAYERS],
        "ticktext": [name.removeprefix("conv") for name in NAMED_LAYERS],
        "showgrid": False,
    }
    down = ticks | {
        "domain": grid.share_down(box),
        "anchor": x,
        "type": "log" if chart.logarithmic else "linear",
        "tickformat": ".2s" if chart.logarithmic else chart.spec if "%" in chart.spec else "",
        "nticks": 5,
        "gridcolor": SHADE_COLOR,
    }
    if chart.logarithmic:
        down |= {"dtick": 1}
    return {f"xaxis{x[1:]}": across, f"yaxis{y[1:]}": down}


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
    rows, columns = np.mgrid[0 : photo.height : SELECT_STEP, 0 : photo.width : SELECT_STEP]
    points = {"type": "scatter", "mode": "markers", "x": columns.ravel(), "y": rows.ravel(), "xaxis": "x"}
    points |= {"yaxis": "y", "marker": {"opacity": 0, "size": 1}, "hoverinfo": "skip"}
    traces = [{"type": "image", "xaxis": "x", "yaxis": "y", **_photo_trace(photo)}, points]
    layout = _base_layout(grid) | _place_axes("x", "y", photo, grid, grid.boxes[0])
    layout |= {"annotations": [_title(photo.title, "x", "y")], "dragmode": "select"}
    if box is not None:
        edges = dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
        line = {"color": ACCENT_COLOR, "width": 3}
        layout["shapes"] = [{"type": "rect", "xref": "x", "yref": "y", "line": line, **edges}]
    return _make_figure({"data": traces, "layout": layout})


def _make_figure(spec: Spec) -> go.Figure:
    figure = go.Figure(spec)
    if "template" not in spec["layout"]:
        # Plotly.py's own template sets nothing that is not set here, and Plotly takes every copy of it for
        # another one: it would calculate and draw each figure a second time (see `_digest`).
        figure.layout.template = None
    return figure


def _digest(photo: Photo, panels: Sequence[Panel]) -> str:
    """A name for this data.

    Streamlit's page hands Plotly every figure twice, the second time as a copy; by this name Plotly knows
    that the copy holds nothing new to calculate.
    """
    digest = crc32(photo.source.encode())
    for panel in panels:
        digest = crc32(np.ascontiguousarray(panel.heatmap).data, digest)
    return f"{digest:08x}"


def name_axes(place: int) -> tuple[str, str]:
    """Plotly's names of the axes of the panel at `place`: x, y, then x2, y2 and so on."""
    number = "" if place == 0 else str(place + 1)
    return f"x{number}", f"y{number}"


def _base_layout(grid: Grid) -> Spec:
    return {
        "height": int(grid.height) + 2,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 2},
        "showlegend": False,
        "dragmode": "zoom" if grid.width >= NARROW else False,
        "font": {"family": FONT},
        "hoverlabel": {
            "align": "left",
            "bgcolor": HOVER_COLOR,
            "font": {"family": FONT, "color": HOVER_TEXT_COLOR},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": MUTED_COLOR, "activecolor": ACCENT_COLOR},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _place_axes(x: str, y: str, photo: Photo, grid: Grid, box: Box) -> Spec:
    bare = {"visible": False, "constrain": "domain"}
    across = bare | {"domain": grid.share_across(box), "anchor": y, "range": [0, photo.width]}
    down = bare | {"domain": grid.share_down(box), "anchor": x, "range": [photo.height, 0]}
    if x == "x":
        down |= {"scaleanchor": "x", "constraintoward": "bottom"}
    else:
        across |= {"matches": "x"}
        down |= {"matches": "y"}
    return {f"xaxis{x[1:]}": across, f"yaxis{y[1:]}": down}


def _photo_trace(photo: Photo) -> Spec:
    return {
        "source": photo.source,
        "x0": 0.5,  # Plotly names a pixel's centre; the axes count its edges
        "y0": 0.5,
        "hovertemplate": "x %{x:.0f} · y %{y:.0f}<br>RGB %{z}<extra></extra>",
    }


def _map_trace(panel: Panel, look: Look, bar: Spec | None) -> Spec:
    percent = np.rint(normalize(panel.heatmap) * 100).astype(np.uint8)
    trace: Spec = {
        "type": "heatmap",
        "z": panel.heatmap,
        "x0": panel.stride / 2,
        "dx": panel.stride,
        "y0": panel.stride / 2,
        "dy": panel.stride,
        "zmin": panel.low,
        "zmax": panel.high,
        "colorscale": DIVERGING_SCALE if look.diverging else COLOR_SCALES[look.colors],
        "zsmooth": "best" if look.smooth else False,
        "opacity": look.opacity if look.overlay else 1,
        "customdata": percent,
        "hovertemplate": panel.hover,
        "showscale": bar is not None,
    }
    return trace if bar is None else trace | {"colorbar": bar}


def _own_bar(panel: Panel, grid: Grid, box: Box) -> Spec:
    """A map's own colour bar, whose ends say so where they clip the map."""
    lower = "≤ " if float(panel.heatmap.min()) < panel.low else ""
    upper = "≥ " if float(panel.heatmap.max()) > panel.high else ""
    return _color_bar(panel.low, panel.high, grid, box, lower, upper)


def _color_bar(low: float, high: float, grid: Grid, box: Box, lower: str = "", upper: str = "") -> Spec:
    """A horizontal bar under a box."""
    middle = (low + high) / 2
    return {
        "orientation": "h",
        "x": sum(grid.share_across(box)) / 2,
        "xanchor": "center",
        "len": box.width - 2 * BAR_INSET,
        "lenmode": "pixels",
        "y": grid.share_down(box)[0],
        "yanchor": "top",
        "xpad": 0,
        "ypad": 5,
        "thickness": BAR_THICKNESS,
        "outlinewidth": 0,
        "tickvals": [low, middle, high],
        "ticktext": [lower + format_value(low), format_value(middle), upper + format_value(high)],
        "tickfont": {"size": 11},
        "ticklen": 2,
        # Three short numbers always fit; measuring whether they do takes Plotly longer than drawing them.
        "tickangle": 0,
        "ticklabeloverflow": "allow",
    }


def format_value(value: float) -> str:
    """Three significant digits, as on the colour bars."""
    return f"{value:.3g}".replace("-", "\u2212")


def _title(text: str, x: str, y: str) -> Spec:
    return {
        "text": text,
        "xref": f"{x} domain",
        "yref": f"{y} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "align": "left",
        "showarrow": False,
        "borderpad": 3,
        "xshift": -3,
        "font": {"size": 13},
    }


def _note(text: str, grid: Grid, box: Box) -> Spec:
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": grid.share_across(box)[0],
        "y": sum(grid.share_down(box)) / 2,
        "xanchor": "left",
        "yanchor": "middle",
        "align": "left",
        "showarrow": False,
        "font": {"size": 13},
        "opacity": 0.75,
    }


def _underlay(x: str, y: str, photo: Photo) -> Spec:
    return {
        "xref": x,
        "yref": y,
        "x": 0,
        "y": 0,
        "sizex": photo.width,
        "sizey": photo.height,
        "sizing": "stretch",
        "layer": "below",
    }


def _template(photo: Photo) -> Spec:
    # As a default of all layout images the photograph is sent once, however many panels it lies under.
    return {"layout": {"imagedefaults": {"source": photo.source}}}


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
