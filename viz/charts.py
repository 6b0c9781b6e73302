"""The pieces of the charts that show a metric against depth, as Plotly's plain dictionaries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from viz.grids import GAP, Box, Grid
from viz.layers import CONV_LAYERS, LAYER_NAMES, STAGES
from viz.specs import ACCENT_COLOR, MUTED_COLOR, NARROW, Spec

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


def arrange_charts(count: int, width: float) -> Grid:
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


def draw_curve(
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


def shade_stages(x: str, y: str) -> list[Spec]:
    shade = {"type": "rect", "xref": x, "yref": f"{y} domain", "y0": 0, "y1": 1, "layer": "below"}
    shade |= {"line": {"width": 0}, "fillcolor": SHADE_COLOR}
    return [shade | {"x0": start, "x1": end} for _, start, end in _list_spans()[::2]]


def name_stages(names: Mapping[str, str], x: str, y: str) -> list[Spec]:
    note = {"xref": x, "yref": f"{y} domain", "y": 1, "yanchor": "bottom", "showarrow": False}
    note |= {"font": {"size": 9}, "opacity": 0.75, "borderpad": 0}
    return [note | {"x": (start + end) / 2, "text": names[stage]} for stage, start, end in _list_spans()]


def draw_limit(value: float, x: str, y: str) -> Spec:
    line = {"type": "line", "xref": f"{x} domain", "yref": y, "x0": 0, "x1": 1, "y0": value, "y1": value}
    return line | {"line": {"color": MUTED_COLOR, "width": 1, "dash": "dot"}}


def chart_axes(x: str, y: str, chart: Chart, grid: Grid, box: Box) -> Spec:
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
