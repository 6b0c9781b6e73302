"""Each claim beside its own chart, with the demand and the untrained networks drawn in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from page.browser.screen import Screen
from page.class_box import compare_class_map, name_class_curve
from page.evidence import has_classes
from page.networks import measured_layers, name_network
from page.numbers import list_untrained, measure_next, time_untrained
from page.picture import Picture
from page.status import Status
from page.texts import translate
from page.widgets import draw_figure, draw_slider
from viz.figures.charts import Chart, Demanded, draw_charts
from viz.figures.layout import GAP, NARROW
from viz.measures.claims import RULES, SEEDS, Demand, Finding, Learned, Truth, Verdict, judge
from viz.measures.curves import THRESHOLDS, Curves
from viz.measures.metrics import find_metric
from viz.networks.layers import STAGES, Stage
from viz.pictures.frame import Box

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


def has_stages() -> bool:
    """Whether there are shallow, middle and deep layers to compare."""
    return {layer.stage for layer in measured_layers()} == set(STAGES)


def offer_untrained(picture: Picture, box: Box | None) -> bool:
    """Draw the button that asks for the untrained networks, or say that they were measured.

    Args:
        picture: The photograph.
        box: The visitor's; where there is one, what it answers takes the room of an explanation.

    Returns:
        Whether the visitor has just pressed it; `compare_untrained` does the work.
    """
    done = len(list_untrained(picture, None))
    if done >= SEEDS:
        seconds = f"{max(time_untrained(picture), 1):.0f}"
        st.caption(translate("verdict.compared", count=SEEDS, seconds=seconds))
        return False
    asked = st.button(
        translate("verdict.go_on" if done else "verdict.compare", count=SEEDS, done=done),
        key="compare",
        icon=":material/science:",
        help=translate("verdict.compare_help", count=SEEDS),
    )
    if box is None:
        st.caption(translate("verdict.ask"))
    return asked


def compare_untrained(picture: Picture, place: Any, status: Status) -> None:
    """Measure the untrained networks, one after another, and show how far they are.

    Whatever the visitor does meanwhile ends it: the progress is a Streamlit command, at which Streamlit stops
    the run. What is measured by then is kept, and the button goes on from there.

    Args:
        picture: The photograph.
        place: Where the progress stands: `st.empty`.
        status: The line in which a visitor who has to wait is told so.
    """
    while (done := len(list_untrained(picture, None))) < SEEDS:
        # The first one tells how long the others will take.
        left = time_untrained(picture) / done * (SEEDS - done) if done else 0
        key = "verdict.comparing_left" if done else "verdict.comparing"
        text = translate(key, done=done, count=SEEDS, seconds=f"{left:.0f}")
        place.progress(done / SEEDS, text=text)
        measure_next(picture, status.say_wait)
    st.rerun()  # the claims stand above, and were drawn before their second answer was known


def draw_claims(trained: Curves, picture: Picture, box: Box | None, screen: Screen, status: Status) -> None:
    """Draw each claim with its two answers and its numbers, and beside it, on a phone below, its chart."""
    untrained = list_untrained(picture, box)
    for claim in RULES:
        others = [] if RULES[claim].constructed else untrained  # nothing to compare there
        verdict = judge(claim, measured_layers(), trained, others)
        with st.container(border=True, key=f"claim_{claim}"):
            text, chart = st.columns([1 - CHART_SHARE, CHART_SHARE], gap="medium")
            text.markdown(_write_verdict(verdict))
            if len(verdict.met) > 1:
                with text:
                    draw_slider("threshold", "measure.threshold")
            beside: dict[str, float] = {}
            if claim == "object" and box is not None and has_classes():
                with text:
                    beside = compare_class_map(trained, picture, box, status)
            with chart:
                if verdict.findings:
                    _draw_chart(verdict, trained, others, beside, screen)
                else:
                    st.caption(translate("verdict.needs_box"))


def say_object(trained: Curves, picture: Picture, box: Box) -> None:
    """Say in a line what a box has answered: its claim may lie below the screen."""
    verdict = judge("object", measured_layers(), trained, list_untrained(picture, box))
    st.markdown(f"{translate('claim.object')} {_write_badges(verdict)}")


def _write_badges(verdict: Verdict) -> str:
    met = {"met": sum(verdict.met), "count": len(verdict.met)}
    truth = translate(f"verdict.true_{verdict.truth}", **met)
    badges = f":{TRUTH_COLORS[verdict.truth]}-badge[{truth}]"
    if verdict.findings:
        learned = translate(f"verdict.learned_{verdict.learned}")
        badges += f" :{LEARNED_COLORS[verdict.learned]}-badge[{learned}]"
    return badges


def _write_verdict(verdict: Verdict) -> str:
    lines = [f"**{translate(f'claim.{verdict.claim}')}**  \n{_write_badges(verdict)}"]
    if len(verdict.met) > 1:
        places = [threshold for threshold, is_met in zip(THRESHOLDS, verdict.met, strict=True) if is_met]
        names = ", ".join(f"{threshold:g}" for threshold in places) or translate("verdict.none")
        lines.append(translate("verdict.met", thresholds=names, met=len(places), count=len(verdict.met)))
    lines += [f"- {_write_finding(finding)}" for finding in verdict.findings]
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:]) if lines[2:] else "\n\n".join(lines)


def _write_finding(finding: Finding) -> str:
    demand = finding.demand
    row = _choose_row(finding.effects)
    sentence = translate(
        f"verdict.{demand.kind}",
        metric=_name_metric(finding),
        shallow=format_metric(demand.metric, finding.shallow[row]),
        deep=format_metric(demand.metric, finding.deep[row]),
        effect=write_effect(demand, finding.effects[row]),
        least=write_effect(demand, demand.least),
    )
    if not finding.untrained:
        return sentence
    key = "verdict.untrained_median" if len(finding.effects) > 1 else "verdict.untrained"
    ends = {"low": min(finding.untrained), "high": max(finding.untrained)}
    ends["effect"] = float(np.median(finding.effects))
    words = {name: write_effect(demand, value) for name, value in ends.items()}
    return f"{sentence} {translate(key, count=len(finding.untrained), **words)}"


def _name_metric(finding: Finding) -> str:
    """What a demand is about, with the threshold at which the page shows it where one counts."""
    metric = translate(f"metric.{finding.demand.metric}")
    if len(finding.effects) == 1:
        return metric
    threshold = THRESHOLDS[_choose_row(finding.effects)]
    return translate("verdict.at_threshold", metric=metric, threshold=f"{threshold:g}")


def _choose_row(values: Sequence[object]) -> int:
    """Which of the thresholds is shown: the one nearest to the visitor's."""
    if len(values) == 1:
        return 0
    wanted = st.session_state["threshold"]
    return min(range(len(THRESHOLDS)), key=lambda row: abs(THRESHOLDS[row] - wanted))


def write_effect(demand: Demand, value: float) -> str:
    """What a demand looks at, as the page writes it, such as "0.49", "+10.0 points" or "×2"."""
    if demand.kind == "growth":
        return f"×{value:.3g}"
    if demand.kind == "shrinkage":
        return f"÷{value:.3g}"
    if demand.kind == "rise":  # of a share
        return translate("verdict.points", value=f"{100 * value:+.1f}".replace("-", "\u2212"))
    return format_metric(demand.metric, value)


def format_metric(metric: str, value: float) -> str:
    """A metric's value as the page writes it, such as "31.4%"."""
    return format(value, f"z{find_metric(metric).format}").replace("-", "\u2212")  # z: no minus before a zero


def _draw_chart(
    verdict: Verdict,
    trained: Curves,
    untrained: Sequence[Curves],
    beside: Mapping[str, float],
    screen: Screen,
) -> None:
    """The claim's chart; `beside` are the class maps' values of its one metric, if they are asked for."""
    width = screen.width if screen.width < NARROW else screen.width * CHART_SHARE
    width -= GAP + 14  # the frame and the gap between the columns
    charts = [_make_chart(finding, trained, untrained) for finding in verdict.findings]
    names = {"trained": name_network()}
    if beside:
        charts = [replace(chart, curves={**chart.curves, "class": beside}) for chart in charts]
        names["class"] = name_class_curve()
    figure = draw_charts(
        charts,
        measured_layers(),
        names,
        {stage: translate(f"stage.{stage}") for stage in STAGES},
        st.session_state["layers"],
        width,
        columns=min(len(charts), 2) if width >= 2 * 250 else 1,
        band_name=translate("verdict.band", count=len(untrained)),
    )
    titles = ", ".join(chart.title for chart in charts)
    alt = translate("measure.alt", count=len(measured_layers()), metrics=titles)
    draw_figure(figure, f"chart_{verdict.claim}", alt, width=int(width), config={"displayModeBar": False})


def _make_chart(finding: Finding, trained: Curves, untrained: Sequence[Curves]) -> Chart:
    demand = finding.demand
    metric, row = demand.metric, _choose_row(finding.effects)
    names = [layer.name for layer in measured_layers()]
    band: tuple[dict[str, float], dict[str, float]] | None = None
    if untrained:
        rows = np.array([curves[metric][row] for curves in untrained])
        # Of the box only the deep layers are kept; all others are NaN.
        known = [place for place in range(len(names)) if not np.isnan(rows[:, place]).any()]
        lows, highs = (
            {names[place]: float(edge[place]) for place in known}
            for edge in (rows.min(axis=0), rows.max(axis=0))
        )
        band = lows, highs
    kind = find_metric(metric)
    spec = kind.format
    low, high = (f"%{{customdata[{place}]:{spec}}}" for place in range(2))
    return Chart(
        _name_metric(finding),
        {"trained": dict(zip(names, map(float, trained[metric][row]), strict=True))},
        spec,
        kind.logarithmic,
        span=kind.span,
        band=band,
        band_hover=translate("verdict.band_hover", count=len(untrained), low=low, high=high),
        demands=[_make_demand(finding, row)],
    )


def _make_demand(finding: Finding, row: int) -> Demanded:
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
    text = translate(f"verdict.{sign}", value=format_metric(demand.metric, least))
    return Demanded(stage, shallow if stage == "shallow" else deep, least, text)
