"""The chart beside a claim: controls, demands and plain edge filters are drawn in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from page.subject.judging import Judged
from page.views.measured.class_box import name_class_curve
from page.visit import Visit
from page.widgets.figure import PLAIN, draw_figure
from page.widgets.numbers import write_metric
from page.widgets.verdicts import choose_row, name_metric
from viz.figures.charts import Band, Chart, Demanded, draw_charts
from viz.figures.layout import GAP, NARROW
from viz.maps.coarsen import Array
from viz.measures.claims import LEAST_WAY, Finding
from viz.measures.metrics import find_metric
from viz.networks.layers import STAGES, Stage

CHART_SHARE = 0.6  # of the width, for a claim's chart


def draw_chart(visit: Visit, judged: Judged, beside: Mapping[str, float]) -> Any:
    """The claim's chart, drawn; `beside` are the class maps' values of its metric, if they are asked for."""
    words, screen, claim = visit.words, visit.screen, judged.verdict.claim
    width = screen.width if screen.width < NARROW else screen.width * CHART_SHARE
    width -= GAP + 14  # the frame and the gap between the columns
    metrics = dict.fromkeys(finding.demand.metric for finding in judged.verdict.findings)
    charts = [_make_chart(visit, metric, judged) for metric in metrics]
    names = {"trained": visit.network.title}
    names |= {name: words(f"verdict.filter_{name}") for name in judged.filters}
    if beside:
        charts = [replace(chart, curves={**chart.curves, "class": beside}) for chart in charts]
        names["class"] = name_class_curve(visit)
    figure = draw_charts(
        charts,
        visit.measured,
        names,
        {stage: words(f"stage.{stage}") for stage in STAGES},
        visit.choice.layers or (),
        width,
        columns=min(len(charts), 2) if width >= 2 * 250 else 1,
        mark_names=_name_marks(visit),
    )
    titles = ", ".join(chart.title for chart in charts)
    alt = words("measure.alt", count=len(visit.measured), metrics=titles)
    draw_figure(visit, figure, f"chart_{claim}", alt, width=width, config=PLAIN)
    return figure


def _name_marks(visit: Visit) -> dict[str, str]:
    """What the legend calls the dots, where there are any, the mean over a stage and the demand."""
    selected = set(visit.choice.layers or ())
    marks = ["mean", "demand"]
    if any(layer.name in selected for layer in visit.measured):
        marks = ["dots", *marks]
    return {mark: visit.words(f"verdict.key_{mark}") for mark in marks}


def _make_chart(visit: Visit, metric: str, judged: Judged) -> Chart:
    findings = [finding for finding in judged.verdict.findings if finding.demand.metric == metric]
    row = choose_row(visit, findings[0].effects)
    names = [layer.name for layer in visit.measured]
    how, kinds = find_metric(metric), {"trained": judged.trained, **judged.filters}
    demands = [_make_demand(visit, finding, row) for finding in findings]
    # Of several in the same stage the highest decides.
    highest = {demand.stage: demand for demand in sorted(demands, key=lambda demand: demand.least)}
    return Chart(
        name_metric(visit, findings[0]),
        {
            kind: dict(zip(names, map(float, curves[metric][row]), strict=True))
            for kind, curves in kinds.items()
        },
        how.format,
        how.logarithmic,
        span=how.span,
        bands=[
            _make_band(visit, metric, control, np.array([curves[metric][row] for curves in known]))
            for control, networks in judged.controls.items()
            if (known := [curves for curves in networks if metric in curves])
        ],
        demands=list(highest.values()),
    )


def _make_band(visit: Visit, metric: str, control: str, rows: Array) -> Band:
    """Between the networks of a control, whose values are [networks, layers], NaN where none is kept."""
    words, how = visit.words, find_metric(metric)
    places = [place for place in range(len(visit.measured)) if not np.isnan(rows[:, place]).any()]
    lows, highs = (
        {visit.measured[place].name: float(edge[place]) for place in places}
        for edge in (rows.min(axis=0), rows.max(axis=0))
    )
    low, high = (f"%{{customdata[{place}]:{how.format}}}" for place in range(2))
    name = words("verdict.key_band", count=len(rows), control=words(f"untrained.{control}"))
    return Band(name, lows, highs, words("verdict.band_hover", name=name, low=low, high=high))


def _make_demand(visit: Visit, finding: Finding, row: int) -> Demanded:
    """The demand as a value of the metric, in the stage whose mean it is about."""
    demand, shallow, deep = finding.demand, finding.shallow[row], finding.deep[row]
    stage: Stage = "shallow" if demand.kind in ("shallow", "fall") else "deep"
    least = {
        "shallow": demand.least,
        "deep": demand.least,
        "rise": shallow + demand.least * max(1 - shallow, LEAST_WAY),
        "fall": deep + demand.least * max(1 - deep, LEAST_WAY),
        "growth": shallow * demand.least,
        "shrinkage": shallow / demand.least,
    }[demand.kind]
    sign = "at_most" if demand.kind == "shrinkage" else "at_least"
    text = visit.words(f"verdict.{sign}", value=write_metric(demand.metric, least))
    return Demanded(stage, shallow if stage == "shallow" else deep, least, text)
