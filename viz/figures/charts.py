"""Charts that show metrics against depth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

from viz.figures import pieces
from viz.figures.layout import GAP, NARROW, Grid, Slot
from viz.figures.pieces import Spec
from viz.networks.layers import STAGES, Layer

CURVE_STYLES = {
    "trained": {"color": pieces.ACCENT_COLOR, "width": 2.5, "dash": "solid"},
    "untrained": {"color": "#7d8cc4", "width": 2, "dash": "dash"},
    "coarse": {"color": "#3f9c8f", "width": 2, "dash": "dashdot"},
    "noise": {"color": "#a8862c", "width": 2, "dash": "dot"},
}
SHADE_COLOR = "rgba(138, 141, 150, 0.12)"
AXIS: Spec = {
    "tickangle": 0,
    "tickfont": {"size": 10, "color": pieces.MUTED_COLOR},
    "zeroline": False,
    "fixedrange": True,
}
CHART_WIDTH = 240  # pixels of the screen, at least
CHART_HEIGHT = 132
CHART_TITLE_HEIGHT = 34
CHART_FOOT_HEIGHT = 34
LEGEND_HEIGHT = 44
AXIS_WIDTH = 44
LONGEST_TICK = 4  # characters


@dataclass(frozen=True)
class Chart:
    """One metric against depth.

    Attributes:
        title: Text above it.
        curves: Values by layer name, by key of `CURVE_STYLES`; a layer without a value leaves a gap.
        spec: How values are written, in d3's format, such as ".1%".
        logarithmic: Whether the axis is.
        limits: Values at which a dotted line stands.
    """

    title: str
    curves: Mapping[str, Mapping[str, float]]
    spec: str = ".2f"
    logarithmic: bool = False
    limits: Sequence[float] = field(default=())


def draw_charts(
    charts: Sequence[Chart],
    layers: Sequence[Layer],
    curve_names: Mapping[str, str],
    stage_names: Mapping[str, str],
    marked: Collection[str],
    width: float,
) -> go.Figure:
    """Small multiples: each metric against the layers, stages shaded.

    Args:
        charts: The metrics, in the order in which they stand.
        layers: Of the network, from the input on.
        curve_names: What the legend calls the keys of `CURVE_STYLES`.
        stage_names: What the shaded stages are called.
        marked: Names of the layers that get a dot.
        width: Of the figure, in pixels of the screen.

    Returns:
        The figure, as many charts side by side as are readable.
    """
    grid = _arrange(len(charts), width)
    traces: list[Spec] = []
    layout = pieces.base_layout(grid) | {"showlegend": True, "dragmode": False, "hovermode": "closest"}
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "top"}
    layout["legend"] = legend | {"font": {"color": pieces.MUTED_COLOR}}
    layout["annotations"], layout["shapes"] = [], []
    for place, (chart, slot) in enumerate(zip(charts, grid.slots, strict=True)):
        x, y = pieces.name_axes(place)
        for kind, name in curve_names.items():
            if kind in chart.curves:
                curve = {"xaxis": x, "yaxis": y, "name": name, "legendgroup": kind, "showlegend": place == 0}
                traces.append(curve | _draw_curve(chart, kind, name, layers, marked))
        layout["annotations"].append(pieces.write_title(chart.title, x, y) | {"yshift": 10})
        layout["annotations"] += _name_stages(stage_names, layers, x, y)
        layout["shapes"] += _shade_stages(layers, x, y)
        layout["shapes"] += [_draw_limit(value, x, y) for value in chart.limits]
        layout[f"xaxis{x[1:]}"] = _axis_across(layers, y, grid, slot)
        layout[f"yaxis{y[1:]}"] = _axis_down(chart, x, grid, slot)
    return pieces.make_figure({"data": traces, "layout": layout})


def _arrange(count: int, width: float) -> Grid:
    columns = 1 if width < NARROW else min(count, int(width // CHART_WIDTH))
    chart_width = (width - (columns - 1) * GAP) / columns
    row_height = CHART_TITLE_HEIGHT + CHART_HEIGHT + CHART_FOOT_HEIGHT
    slots = tuple(
        Slot(
            place % columns * (chart_width + GAP) + AXIS_WIDTH,
            LEGEND_HEIGHT + place // columns * row_height + CHART_TITLE_HEIGHT,
            chart_width - AXIS_WIDTH,
            CHART_HEIGHT,
        )
        for place in range(count)
    )
    return Grid(width, LEGEND_HEIGHT + -(-count // columns) * row_height, slots)


def _draw_curve(chart: Chart, kind: str, name: str, layers: Sequence[Layer], marked: Collection[str]) -> Spec:
    names = [layer.name for layer in layers]
    style = CURVE_STYLES[kind]
    sizes = [7 if name in marked else 0 for name in names]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(names))),
        "y": [chart.curves[kind].get(name) for name in names],
        "customdata": names,
        "line": style,
        "marker": {"size": sizes, "color": style["color"], "opacity": 1},
        "hovertemplate": f"<b>%{{customdata}}</b><br>{name}: %{{y:{chart.spec}}}<extra></extra>",
    }


def _list_spans(layers: Sequence[Layer]) -> list[tuple[str, float, float]]:
    """Each stage and where it begins and ends on the axis of layers."""
    places = [(stage, [i for i, layer in enumerate(layers) if layer.stage == stage]) for stage in STAGES]
    return [(stage, min(found) - 0.5, max(found) + 0.5) for stage, found in places if found]


def _shade_stages(layers: Sequence[Layer], x: str, y: str) -> list[Spec]:
    shade = {"type": "rect", "xref": x, "yref": f"{y} domain", "y0": 0, "y1": 1, "layer": "below"}
    shade |= {"line": {"width": 0}, "fillcolor": SHADE_COLOR}
    return [shade | {"x0": start, "x1": end} for _, start, end in _list_spans(layers)[::2]]


def _name_stages(names: Mapping[str, str], layers: Sequence[Layer], x: str, y: str) -> list[Spec]:
    note = {"xref": x, "yref": f"{y} domain", "y": 1, "yanchor": "bottom", "showarrow": False}
    note |= {"font": {"size": 9}, "opacity": 0.75, "borderpad": 0}
    spans = _list_spans(layers)
    return [note | {"x": (start + end) / 2, "text": names[stage]} for stage, start, end in spans]


def _draw_limit(value: float, x: str, y: str) -> Spec:
    line = {"type": "line", "xref": f"{x} domain", "yref": y, "x0": 0, "x1": 1, "y0": value, "y1": value}
    return line | {"line": {"color": pieces.MUTED_COLOR, "width": 1, "dash": "dot"}}


def _axis_across(layers: Sequence[Layer], y: str, grid: Grid, slot: Slot) -> Spec:
    # The layers with which a new resolution begins, and the deepest; for more there is no room on a phone.
    # Long names are left to the hover, and a layer's number stands for it.
    strides = [layer.stride for layer in layers]
    named = [place for place, stride in enumerate(strides) if stride not in strides[:place]]
    named = sorted({*named, len(layers) - 1})
    return AXIS | {
        "domain": grid.share_across(slot),
        "anchor": y,
        "range": [-0.5, len(layers) - 0.5],
        "tickvals": named,
        "ticktext": [_shorten(layers[place].name, place) for place in named],
        "showgrid": False,
    }


def _axis_down(chart: Chart, x: str, grid: Grid, slot: Slot) -> Spec:
    axis = AXIS | {"domain": grid.share_down(slot), "anchor": x, "nticks": 5, "gridcolor": SHADE_COLOR}
    if chart.logarithmic:
        return axis | {"type": "log", "tickformat": ".2s", "dtick": 1}
    return axis | {"type": "linear", "tickformat": chart.spec if "%" in chart.spec else ""}


def _shorten(name: str, place: int) -> str:
    short = name.removeprefix("conv")
    return short if len(short) <= LONGEST_TICK else str(place + 1)
