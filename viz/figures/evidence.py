"""Class maps as panels, and the curves of the deletion test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.evidence.methods import METHODS
from viz.figures import pieces
from viz.figures.charts import AXIS, CURVE_STYLES, SHADE_COLOR, arrange_charts, lay_out_charts
from viz.figures.heatmaps import name_ends
from viz.figures.pieces import Panel, Spec
from viz.maps.cells import lay_cells
from viz.maps.ranges import choose_limits
from viz.networks.layers import Layer
from viz.texts import Translate

LONGEST_CLASS = 20  # characters
LITTLE = 0.2  # the highest probability of curves whose axis does not go to 1
CHART_WIDTH = 320  # pixels of the screen, at least; the areas stand above each chart
RIGHT_MARGIN = 16  # for half of the last number on an axis
STYLES = {"mean": CURVE_STYLES["untrained"], "class": CURVE_STYLES["trained"]}


@dataclass(frozen=True)
class DeletionChart:
    """The deletion curves of one layer."""

    title: str
    curves: Mapping[str, Sequence[float]]  # a class's probability at each of the shares, by key of `STYLES`


def make_class_panels(
    maps: Mapping[str, NDArray[np.float32]],
    layers: Sequence[Layer],
    method: str,
    limits: str,
    size: tuple[int, int],
    names: tuple[str, str | None],
    translate: Translate,
) -> list[Panel]:
    """The class maps [h, w] of some layers by a method, ready to draw on a picture of this height and width.

    The names are those of the class, and of the one that it is held against, if there is one; the limits are
    those of `viz.figures.heatmaps.draw_heatmaps`.
    """
    signed = METHODS[method].signed or names[1] is not None
    chosen = [maps[layer.name] for layer in layers]
    ends = choose_limits(chosen, limits, [signed] * len(chosen))
    facts = {"method": translate(f"classes.method_{method}"), "name": shorten_class(names[0])}
    key = "classes.panel"
    if names[1] is not None:
        key, facts["other"] = "classes.panel_contrast", shorten_class(names[1])
    panels: list[Panel] = []
    for layer, values, (low, high) in zip(layers, chosen, ends, strict=True):
        title = translate(key, height=values.shape[0], width=values.shape[1], **facts)
        cells = lay_cells(layer, values.shape, *size)
        hover = translate("classes.hover", layer=layer.name, **facts)
        panels.append(Panel(values, cells, low, high, title, hover, signed, name_ends(signed, translate)))
    return panels


def shorten_class(name: str) -> str:
    """A class's first name, for places without room for all of them."""
    first = name.partition(",")[0]
    return first if len(first) <= LONGEST_CLASS else f"{first[: LONGEST_CLASS - 1]}…"


def draw_deletion(
    charts: Sequence[DeletionChart], shares: Sequence[float], names: Mapping[str, str], width: float
) -> go.Figure:
    """Small multiples, one a layer: how a class's probability falls while more and more of a map is deleted.

    The legend's names are by key of `STYLES`; the shares are those of the picture that are deleted, 0..1.
    """
    columns = max(1, min(len(charts), int(width // CHART_WIDTH)))
    grid = arrange_charts(len(charts), width, columns)
    layout = lay_out_charts(grid)
    traces: list[Spec] = []
    # All or nothing, but of an improbable class only as much as there is to see.
    top = max(value for chart in charts for values in chart.curves.values() for value in values)
    top = 1 if top > LITTLE else top
    for place, (chart, slot) in enumerate(zip(charts, grid.slots, strict=True)):
        x, y = pieces.name_axes(place)
        for kind, values in chart.curves.items():
            curve = {
                "xaxis": x,
                "yaxis": y,
                "name": names[kind],
                "legendgroup": kind,
                "showlegend": kind not in {trace["legendgroup"] for trace in traces},
            }
            style = {"line": STYLES[kind], "marker": {"size": 5, "color": STYLES[kind]["color"]}}
            text = f"{names[kind]}: %{{y:.3~p}}<extra></extra>"
            line = {"type": "scatter", "mode": "lines+markers", "x": list(shares), "y": list(values)}
            traces.append(line | curve | style | {"hovertemplate": text})
        layout["annotations"].append(pieces.write_title(chart.title, x, y))
        axis = AXIS | {"tickformat": ".0%" if top == 1 else ".2~p", "gridcolor": SHADE_COLOR, "nticks": 5}
        shown = grid.share_across(replace(slot, width=slot.width - RIGHT_MARGIN))
        across = {"domain": shown, "anchor": y, "range": [0, 1], "showgrid": False}
        # Below the zero of the other axis.
        across |= {"ticks": "outside", "ticklen": 5, "tickcolor": "rgba(0, 0, 0, 0)"}
        layout[f"xaxis{x[1:]}"] = axis | across
        down = {"domain": grid.share_down(slot), "anchor": x, "range": [0, 1.04 * top]}
        layout[f"yaxis{y[1:]}"] = axis | down
    return pieces.make_figure({"data": traces, "layout": layout})
