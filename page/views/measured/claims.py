"""Each claim beside its own chart, with the demand and the untrained networks drawn in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from page.views.measured.class_box import compare_class_map, name_class_curve
from page.views.measured.untrained import list_untrained
from page.visit import Visit
from page.widgets.figure import PLAIN, draw_figure
from page.widgets.numbers import MINUS, write_metric
from page.widgets.settings import draw_slider
from viz.figures.charts import Chart, Demanded, draw_charts
from viz.figures.layout import GAP, NARROW
from viz.measures.claims import RULES, Demand, Finding, Learned, Truth, Verdict, judge
from viz.measures.curves import THRESHOLDS, Curves
from viz.measures.metrics import find_metric
from viz.networks.layers import STAGES, Stage
from viz.pictures.frame import Box
from viz.texts import Translate

TRUTH_COLORS: dict[Truth, str] = {"yes": "green", "no": "red", "depends": "orange", "box": "gray"}
LEARNED_COLORS: dict[Learned, str] = {
    "yes": "green",
    "opposite": "red",
    "mixed": "orange",
    "untold": "orange",
    "construction": "blue",
    "unasked": "gray",
}
CHART_SHARE = 0.6  # of the width, for a claim's chart


@dataclass(frozen=True)
class Judged:
    """A claim, and what it was judged by.

    Attributes:
        verdict: The two answers.
        trained: Metrics of the visitor's network.
        untrained: The same of the untrained networks; none where nothing was to be learned.
    """

    verdict: Verdict
    trained: Curves
    untrained: Sequence[Curves]


def has_stages(visit: Visit) -> bool:
    """Whether there are shallow, middle and deep layers to compare."""
    return {layer.stage for layer in visit.measured} == set(STAGES)


def judge_all(visit: Visit, trained: Curves, box: Box | None) -> dict[str, Judged]:
    """All claims, by their keys."""
    untrained = list_untrained(visit, box)
    judged: dict[str, Judged] = {}
    for claim, rule in RULES.items():
        others = [] if rule.constructed else untrained
        judged[claim] = Judged(judge(claim, visit.measured, trained, others), trained, others)
    return judged


def draw_claims(visit: Visit, judged: Mapping[str, Judged], box: Box | None) -> None:
    """Draw each claim with its two answers and its numbers, and beside it, on a phone below, its chart."""
    for claim, found in judged.items():
        verdict = found.verdict
        with st.container(border=True, key=f"claim_{claim}"):
            text, chart = st.columns([1 - CHART_SHARE, CHART_SHARE], gap="medium")
            text.markdown(_write_verdict(visit, verdict))
            if len(verdict.met) > 1:
                with text:
                    draw_slider(visit.words, "threshold", "measure.threshold")
            beside: dict[str, float] = {}
            if claim == "object" and box is not None and visit.network.info.has_classes:
                with text:
                    beside = compare_class_map(visit, found.trained, box)
            with chart:
                if verdict.findings:
                    _draw_chart(visit, found, beside)
                else:
                    st.caption(visit.words("verdict.needs_box"))


def say_object(visit: Visit, judged: Mapping[str, Judged]) -> None:
    """Say in a line what a box has answered: its claim may lie below the screen."""
    badges = _write_badges(visit.words, judged["object"].verdict)
    st.markdown(f"{visit.words('claim.object')} {badges}")


def _write_badges(words: Translate, verdict: Verdict) -> str:
    truth = words(f"verdict.true_{verdict.truth}", met=sum(verdict.met), count=len(verdict.met))
    badges = f":{TRUTH_COLORS[verdict.truth]}-badge[{truth}]"
    if verdict.findings:
        badges += f" :{LEARNED_COLORS[verdict.learned]}-badge[{words(f'verdict.learned_{verdict.learned}')}]"
    return badges


def _write_verdict(visit: Visit, verdict: Verdict) -> str:
    words = visit.words
    parts = [f"**{words(f'claim.{verdict.claim}')}**  \n{_write_badges(words, verdict)}"]
    if len(verdict.met) > 1:
        places = [threshold for threshold, is_met in zip(THRESHOLDS, verdict.met, strict=True) if is_met]
        names = ", ".join(f"{threshold:g}" for threshold in places) or words("verdict.none")
        parts.append(words("verdict.met", thresholds=names, met=len(places), count=len(verdict.met)))
    parts.append("\n".join(f"- {_write_finding(visit, finding)}" for finding in verdict.findings))
    return "\n\n".join(filter(None, parts))


def _write_finding(visit: Visit, finding: Finding) -> str:
    words, demand, row = visit.words, finding.demand, _choose_row(visit, finding.effects)
    sentence = words(
        f"verdict.{demand.kind}",
        metric=_name_metric(visit, finding),
        shallow=write_metric(demand.metric, finding.shallow[row]),
        deep=write_metric(demand.metric, finding.deep[row]),
        effect=write_effect(words, demand, finding.effects[row]),
        least=write_effect(words, demand, demand.least),
    )
    if not finding.untrained:
        return sentence
    key = "verdict.untrained_median" if len(finding.effects) > 1 else "verdict.untrained"
    ends = {"low": min(finding.untrained), "high": max(finding.untrained)}
    ends["effect"] = float(np.median(finding.effects))
    written = {name: write_effect(words, demand, value) for name, value in ends.items()}
    return f"{sentence} {words(key, count=len(finding.untrained), **written)}"


def _name_metric(visit: Visit, finding: Finding) -> str:
    """What a demand is about, with the threshold at which the page shows it where one counts."""
    metric = visit.words(f"metric.{finding.demand.metric}")
    if len(finding.effects) == 1:
        return metric
    threshold = f"{THRESHOLDS[_choose_row(visit, finding.effects)]:g}"
    return visit.words("verdict.at_threshold", metric=metric, threshold=threshold)


def _choose_row(visit: Visit, values: Sequence[object]) -> int:
    """Which of the thresholds is shown: the one nearest to the visitor's."""
    if len(values) == 1:
        return 0
    return min(range(len(THRESHOLDS)), key=lambda row: abs(THRESHOLDS[row] - visit.choice.threshold))


def write_effect(words: Translate, demand: Demand, value: float) -> str:
    """What a demand looks at, as the page writes it, such as "0.49", "+10.0 points" or "×2"."""
    if demand.kind == "growth":
        return f"×{value:.3g}"
    if demand.kind == "shrinkage":
        return f"÷{value:.3g}"
    if demand.kind == "rise":  # of a share
        return words("verdict.points", value=f"{100 * value:+.1f}".replace("-", MINUS))
    return write_metric(demand.metric, value)


def _draw_chart(visit: Visit, judged: Judged, beside: Mapping[str, float]) -> None:
    """The claim's chart; `beside` are the class maps' values of its one metric, if they are asked for."""
    words, screen, claim = visit.words, visit.screen, judged.verdict.claim
    width = screen.width if screen.width < NARROW else screen.width * CHART_SHARE
    width -= GAP + 14  # the frame and the gap between the columns
    charts = [_make_chart(visit, finding, judged) for finding in judged.verdict.findings]
    names = {"trained": visit.network.title}
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
        band_name=words("verdict.band", count=len(judged.untrained)),
    )
    titles = ", ".join(chart.title for chart in charts)
    alt = words("measure.alt", count=len(visit.measured), metrics=titles)
    draw_figure(visit, figure, f"chart_{claim}", alt, width=width, config=PLAIN)


def _make_chart(visit: Visit, finding: Finding, judged: Judged) -> Chart:
    metric, row = finding.demand.metric, _choose_row(visit, finding.effects)
    names = [layer.name for layer in visit.measured]
    band: tuple[dict[str, float], dict[str, float]] | None = None
    if judged.untrained:
        rows = np.array([curves[metric][row] for curves in judged.untrained])
        # Of the box only the deep layers are kept; all others are NaN.
        known = [place for place in range(len(names)) if not np.isnan(rows[:, place]).any()]
        lows, highs = (
            {names[place]: float(edge[place]) for place in known}
            for edge in (rows.min(axis=0), rows.max(axis=0))
        )
        band = lows, highs
    how = find_metric(metric)
    low, high = (f"%{{customdata[{place}]:{how.format}}}" for place in range(2))
    return Chart(
        _name_metric(visit, finding),
        {"trained": dict(zip(names, map(float, judged.trained[metric][row]), strict=True))},
        how.format,
        how.logarithmic,
        span=how.span,
        band=band,
        band_hover=visit.words("verdict.band_hover", count=len(judged.untrained), low=low, high=high),
        demands=[_make_demand(visit, finding, row)],
    )


def _make_demand(visit: Visit, finding: Finding, row: int) -> Demanded:
    """The demand as a value of the metric, in the stage whose mean it is about."""
    demand, shallow, deep = finding.demand, finding.shallow[row], finding.deep[row]
    stage: Stage = "shallow" if demand.kind == "shallow" else "deep"
    least = {
        "shallow": demand.least,
        "deep": demand.least,
        "rise": shallow + demand.least,
        "growth": shallow * demand.least,
        "shrinkage": shallow / demand.least,
    }[demand.kind]
    sign = "at_most" if demand.kind == "shrinkage" else "at_least"
    text = visit.words(f"verdict.{sign}", value=write_metric(demand.metric, least))
    return Demanded(stage, shallow if stage == "shallow" else deep, least, text)
