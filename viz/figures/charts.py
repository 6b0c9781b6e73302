"""Charts that show metrics against depth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log10

import plotly.graph_objects as go

from viz.figures import pieces
from viz.figures.bars import measure_text
from viz.figures.layout import GAP, NARROW, Grid, Slot
from viz.figures.pieces import Spec
from viz.networks.layers import STAGES, Layer, Stage

CURVE_STYLES: dict[str, Spec] = {
    "trained": {"color": pieces.ACCENT_COLOR, "width": 2.5, "dash": "solid"},
    "beside": {"color": "#b5569d", "width": 2.5, "dash": "longdash"},
    "untrained": {"color": "#7d8cc4", "width": 2, "dash": "dash"},
    "coarse": {"color": "#3f9c8f", "width": 2, "dash": "dashdot"},
    "noise": {"color": "#a8862c", "width": 2, "dash": "dot"},
    "class": {"color": "#3f9c8f", "width": 2.5, "dash": "dash"},
    "sobel": {"color": pieces.MUTED_COLOR, "width": 1, "dash": "solid"},
    "laplacian": {"color": pieces.MUTED_COLOR, "width": 1, "dash": "dot"},
}
MARK_STYLES: dict[str, Spec] = {
    "dots": {"mode": "markers", "marker": {"size": 8, "color": pieces.ACCENT_COLOR}},
    "mean": {"mode": "lines", "line": {"color": pieces.ACCENT_COLOR, "width": 7}, "opacity": 0.35},
    "demand": {"mode": "lines", "line": {"color": pieces.MUTED_COLOR, "width": 2, "dash": "dash"}},
}
PLAIN = ("sobel", "laplacian")  # thin lines without dots
NOWHERE: Spec = {"type": "scatter", "x": [None], "y": [None], "hoverinfo": "skip"}  # in the legend alone
SHADE_COLOR = "rgba(138, 141, 150, 0.12)"
AXIS: Spec = {
    "tickangle": 0,
    "tickfont": {"size": 13, "color": pieces.MUTED_COLOR},
    "zeroline": False,
    "fixedrange": True,
}
BAND_COLORS = ("rgba(125, 140, 196, 0.35)", "rgba(63, 156, 143, 0.35)", "rgba(200, 150, 50, 0.35)")
CHART_WIDTH = 258  # pixels of the screen, at least
CHART_HEIGHT = 132
CHART_TITLE_HEIGHT = 42
CHART_FOOT_HEIGHT = 30
LEGEND_HEIGHT = 28
NARROW_LEGEND_HEIGHT = 48  # on a phone it takes two lines
LEGEND_LINE = 30
LEGEND_SYMBOL = 46  # with its gaps
LEGEND_SIZE = 13
EDGE = 4  # for the half of the last layer's name that stands beyond its axis
AXIS_WIDTH = 44
ROOM = 1.08  # of an axis, over the largest value
TEXT_SHARE = 0.16  # of an axis, that a line of text takes
LONGEST_TICK = 4  # characters


@dataclass(frozen=True)
class Demanded:
    """What is demanded of the mean over a stage."""

    stage: Stage
    mean: float  # the curve's, over the stage
    least: float  # what is demanded
    text: str  # at its line


@dataclass(frozen=True)
class Band:
    """What lies between the lowest and the highest value of other networks is shaded."""

    name: str  # in the legend
    lows: Mapping[str, float]  # by layer name
    highs: Mapping[str, float]
    hover: str  # Plotly's template; `%{customdata[0]}` is the lowest value there


@dataclass(frozen=True)
class Chart:
    """One metric against depth."""

    title: str
    curves: Mapping[str, Mapping[str, float]]  # by key of `CURVE_STYLES`, by layer name; gaps where none
    format: str = ".2f"  # how values are written, in d3's way
    logarithmic: bool = False  # such an axis begins at 1
    # The ends of the axis, so that it does not exaggerate; an end that is None follows the values.
    span: tuple[float, float | None] = (0, None)
    bands: Sequence["Band"] = ()
    demands: Sequence[Demanded] = ()


def draw_charts(
    charts: Sequence[Chart],
    layers: Sequence[Layer],
    curve_names: Mapping[str, str],
    stage_names: Mapping[str, str],
    marked: Collection[str],
    width: float,
    columns: int | None = None,
    mark_names: Mapping[str, str] | None = None,
) -> go.Figure:
    """Small multiples: each metric against the layers, from the input on, stages shaded.

    The legend calls the keys of `CURVE_STYLES` by the curves' names, and those of `MARK_STYLES` by theirs, if
    there are any: the dots of layers that are marked, the means over a stage, and the demands. Without a
    number of columns as many charts as are readable stand side by side.
    """
    marks = dict(mark_names or {})
    banded = max((chart.bands for chart in charts), key=len, default=())
    entries = [*(band.name for band in banded), *curve_names.values(), *marks.values()]
    grid = arrange_charts(len(charts), width, columns, entries if banded or marks else ())
    traces: list[Spec] = []
    layout = lay_out_charts(grid)
    for place, (chart, slot) in enumerate(zip(charts, grid.slots, strict=True)):
        x, y = pieces.name_axes(place)
        for band, color in zip(chart.bands, BAND_COLORS, strict=False):
            traces += _draw_band(band, color, layers, x, y, place == 0)
        for kind, name in curve_names.items():
            if kind in chart.curves:
                curve = {"xaxis": x, "yaxis": y, "name": name, "legendgroup": kind, "showlegend": place == 0}
                traces.append(curve | _draw_curve(chart, kind, name, layers, marked))
        layout["annotations"].append(pieces.write_title(chart.title, x, y) | {"yshift": 16})
        shades, notes = _show_stages(stage_names, layers, x, y)
        layout["annotations"] += notes
        layout["shapes"] += shades
        layout[f"xaxis{x[1:]}"] = _axis_across(layers, y, grid, slot)
        down = layout[f"yaxis{y[1:]}"] = _axis_down(chart, x, grid, slot)
        for demanded in chart.demands:
            lines, text = _show_demand(demanded, chart, layers, x, y, down["range"])
            layout["shapes"] += lines
            layout["annotations"].append(text)
    traces += [NOWHERE | MARK_STYLES[mark] | {"name": name} for mark, name in marks.items()]
    return pieces.make_figure({"data": traces, "layout": layout})


def lay_out_charts(grid: Grid) -> Spec:
    """The layout of a figure of charts with a legend above them, before axes and texts."""
    layout = pieces.base_layout(grid) | {"showlegend": True, "dragmode": False, "hovermode": "x unified"}
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "top"}
    legend |= {"font": {"color": pieces.MUTED_COLOR, "size": LEGEND_SIZE}}
    return layout | {"legend": legend, "annotations": [], "shapes": []}


def arrange_charts(count: int, width: float, columns: int | None = None, entries: Sequence[str] = ()) -> Grid:
    """Where charts stand under a legend, of these names if there are many; else as `draw_charts`."""
    if columns is None:
        columns = 1 if width < NARROW else min(count, int(width // CHART_WIDTH))
    legend_height = NARROW_LEGEND_HEIGHT if columns == 1 and width < NARROW else LEGEND_HEIGHT
    legend_height = max(legend_height, LEGEND_LINE * _count_lines(entries, width))
    chart_width = (width - EDGE - (columns - 1) * GAP) / columns
    row_height = CHART_TITLE_HEIGHT + CHART_HEIGHT + CHART_FOOT_HEIGHT
    slots = tuple(
        Slot(
            place % columns * (chart_width + GAP) + AXIS_WIDTH,
            legend_height + place // columns * row_height + CHART_TITLE_HEIGHT,
            chart_width - AXIS_WIDTH,
            CHART_HEIGHT,
        )
        for place in range(count)
    )
    return Grid(width, legend_height + -(-count // columns) * row_height, slots)


def _count_lines(names: Sequence[str], width: float) -> int:
    """How many lines a legend of these names takes."""
    lines, left = 0, 0.0
    for name in names:
        entry = LEGEND_SYMBOL + measure_text(name, LEGEND_SIZE)
        lines, left = (lines, left - entry) if entry <= left else (lines + 1, width - entry)
    return lines


def _draw_curve(chart: Chart, kind: str, name: str, layers: Sequence[Layer], marked: Collection[str]) -> Spec:
    names = [layer.name for layer in layers]
    style = CURVE_STYLES[kind]
    sizes = [7 if name in marked and kind not in PLAIN else 0 for name in names]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": names,
        "y": [chart.curves[kind].get(name) for name in names],
        "line": style,
        "marker": {"size": sizes, "color": style["color"], "opacity": 1},
        "hovertemplate": f"{name}: %{{y:{chart.format}}}<extra></extra>",
    }


def _draw_band(
    band: Band, color: str, layers: Sequence[Layer], x: str, y: str, in_legend: bool
) -> list[Spec]:
    """Two lines that cannot be seen, and the colour between them; layers without a value have none."""
    known = [layer.name for layer in layers if layer.name in band.lows]
    lows, highs = ([edge[layer] for layer in known] for edge in (band.lows, band.highs))
    line = {"type": "scatter", "mode": "lines", "x": known, "xaxis": x, "yaxis": y, "line": {"width": 0}}
    line |= {"name": band.name, "legendgroup": band.name}
    filled: Spec = {"fill": "tonexty", "fillcolor": color, "customdata": list(zip(lows, highs, strict=True))}
    filled |= {"showlegend": in_legend, "hovertemplate": f"{band.hover}<extra></extra>"}
    return [line | {"y": lows, "showlegend": False, "hoverinfo": "skip"}, line | filled | {"y": highs}]


def _list_spans(layers: Sequence[Layer]) -> dict[Stage, tuple[float, float]]:
    """Where each stage begins and ends on the axis of layers."""
    places = {stage: [i for i, layer in enumerate(layers) if layer.stage == stage] for stage in STAGES}
    return {stage: (min(found) - 0.5, max(found) + 0.5) for stage, found in places.items() if found}


def _show_stages(
    names: Mapping[str, str], layers: Sequence[Layer], x: str, y: str
) -> tuple[list[Spec], list[Spec]]:
    """A shade over every second stage, and the name of each."""
    shade = {"type": "rect", "xref": x, "yref": f"{y} domain", "y0": 0, "y1": 1, "layer": "below"}
    shade |= {"line": {"width": 0}, "fillcolor": SHADE_COLOR}
    note = {"xref": x, "yref": f"{y} domain", "y": 1, "yanchor": "bottom", "showarrow": False}
    note |= {"font": {"size": 13}, "opacity": 0.75, "borderpad": 0}
    spans = _list_spans(layers)
    shades = [shade | {"x0": start, "x1": end} for start, end in list(spans.values())[::2]]
    notes = [note | {"x": sum(span) / 2, "text": names[stage]} for stage, span in spans.items()]
    return shades, notes


def _show_demand(
    demanded: Demanded, chart: Chart, layers: Sequence[Layer], x: str, y: str, ends: Sequence[float]
) -> tuple[list[Spec], Spec]:
    """The mean as a broad line over its stage, the demand as a dashed one, and the text at that."""
    start, end = _list_spans(layers)[demanded.stage]
    line = {"type": "line", "xref": x, "yref": y, "x0": start, "x1": end}
    broad = {"color": pieces.ACCENT_COLOR, "width": 7}
    dashed = {"color": pieces.MUTED_COLOR, "width": 2, "dash": "dash"}
    lines = [
        line | {"y0": demanded.mean, "y1": demanded.mean, "line": broad, "opacity": 0.35},
        line | {"y0": demanded.least, "y1": demanded.least, "line": dashed},
    ]
    least = log10(demanded.least) if chart.logarithmic else demanded.least
    # Where lines and the stage's mean leave room: inside the stage, on the other side of the demand, and
    # below the stage's name.
    above = demanded.mean < demanded.least and least < ends[0] + (1 - TEXT_SHARE) * (ends[1] - ends[0])
    at_left = (start + end) / 2 < len(layers) / 2
    text = {
        "xref": x,
        "x": start if at_left else end,
        "xanchor": "left" if at_left else "right",
        "yref": y,
        "y": least,
        "yanchor": "bottom" if above else "top",
        "text": demanded.text,
        "showarrow": False,
        "font": {"size": 13},
        "borderpad": 1,
    }
    return lines, text


def _axis_across(layers: Sequence[Layer], y: str, grid: Grid, slot: Slot) -> Spec:
    # The layers with which a new resolution begins, and the deepest; for more there is no room on a phone.
    # Long names are left to the hover, and a layer's number stands for it.
    strides = [layer.stride for layer in layers]
    named = [place for place, stride in enumerate(strides) if stride not in strides[:place]]
    named = sorted({*named, len(layers) - 1})
    return AXIS | {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [layer.name for layer in layers],
        "unifiedhovertitle": {"text": "<b>%{x}</b>"},
        "domain": grid.share_across(slot),
        "anchor": y,
        "range": [-0.5, len(layers) - 0.5],
        "tickvals": [layers[place].name for place in named],
        "ticktext": [_shorten(layers[place].name, place) for place in named],
        "showgrid": False,
    }


def _axis_down(chart: Chart, x: str, grid: Grid, slot: Slot) -> Spec:
    axis = AXIS | {"domain": grid.share_down(slot), "anchor": x, "nticks": 5, "gridcolor": SHADE_COLOR}
    low, high = chart.span
    values = [value for curve in chart.curves.values() for value in curve.values()]
    values += [value for band in chart.bands for edge in (band.lows, band.highs) for value in edge.values()]
    values += [demanded.least for demanded in chart.demands]
    # A demand can lie beyond what the metric can reach, and is drawn there.
    if high is None or any(demanded.least > high for demanded in chart.demands):
        high = ROOM * max((value for value in values if isfinite(value)), default=1.0)
    if chart.logarithmic:
        # The axis begins at 1, or lower where a value does.
        least = min((value for value in values if isfinite(value) and value > 0), default=1.0)
        ends = [min(0.0, log10(least)), max(log10(high), 1.0) + 0.15]
        return axis | {"type": "log", "tickformat": "~s", "dtick": 1, "range": ends}
    return axis | {
        "type": "linear",
        "tickformat": chart.format.replace(".1%", ".0%") if "%" in chart.format else "",
        "range": [low, high or 1.0],
    }


def _shorten(name: str, place: int) -> str:
    short = name.removeprefix("conv")
    return short if len(short) <= LONGEST_TICK else str(place + 1)
