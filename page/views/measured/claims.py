"""Each claim beside its own chart, with the demands, the controls and plain edge filters drawn in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from page.views.measured.class_box import compare_class_map, name_class_curve
from page.views.measured.untrained import list_controls
from page.visit import Visit
from page.widgets.figure import PLAIN, draw_figure
from page.widgets.numbers import MINUS, write_metric
from page.widgets.settings import draw_slider
from page.work.results import Looked, measure_claims, measure_filters
from viz.figures.charts import Band, Chart, Demanded, draw_charts
from viz.figures.layout import GAP, NARROW
from viz.maps.coarsen import Array
from viz.measures.claims import LEAST_WAY, RULES, Demand, Finding, Learned, Truth, Verdict, find_rank, judge
from viz.measures.curves import THRESHOLDS, Curves
from viz.measures.metrics import find_metric
from viz.measures.shipped import read_chance
from viz.networks.controls import CONTROLS
from viz.networks.layers import STAGES, Stage
from viz.pictures.frame import Box
from viz.texts import Translate

TRUTH_COLORS: dict[Truth, str] = {
    "yes": "green",
    "no": "red",
    "depends": "orange",
    "untestable": "gray",
    "box": "gray",
}
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
        controls: The same of the networks of each control; none where nothing was to be learned.
        filters: The same of plain edge filters.
    """

    verdict: Verdict
    trained: Curves
    controls: Mapping[str, Sequence[Curves]]
    filters: Mapping[str, Curves]


def has_stages(visit: Visit) -> bool:
    """Whether there are shallow, middle and deep layers to compare."""
    return {layer.stage for layer in visit.measured} == set(STAGES)


def judge_all(visit: Visit, looked: Looked, box: Box | None) -> dict[str, Judged]:
    """All claims, by their keys."""
    trained, filters = measure_claims(looked, box), measure_filters(looked, box)
    controls, judged = list_controls(visit, box), {}
    for claim, rule in RULES.items():
        others = {} if rule.constructed else controls
        verdict = judge(claim, visit.measured, visit.picture.size, trained, others)
        judged[claim] = Judged(verdict, trained, others, {} if rule.constructed else filters)
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


def _write_answers(words: Translate, verdict: Verdict) -> dict[str, str]:
    """The two answers, by "truth" and "learned"; the first alone without a box."""
    tested = [answer for answer in verdict.met if answer is not None]
    answers = {"truth": words(f"verdict.true_{verdict.truth}", met=sum(tested), count=len(tested))}
    if verdict.findings:
        unbeaten = [words(f"untrained.{control}") for control in verdict.unbeaten]
        names = words("verdict.and").join(unbeaten)
        controls = words("verdict.any_control") if len(unbeaten) == len(CONTROLS) else names
        answers["learned"] = words(f"verdict.learned_{verdict.learned}", controls=controls)
    return answers


def _write_badges(words: Translate, verdict: Verdict) -> str:
    colors = {"truth": TRUTH_COLORS[verdict.truth], "learned": LEARNED_COLORS[verdict.learned]}
    answers = _write_answers(words, verdict)
    return " ".join(f":{colors[key]}-badge[{answer}]" for key, answer in answers.items())


def _write_verdict(visit: Visit, verdict: Verdict) -> str:
    words = visit.words
    parts = [f"**{words(f'claim.{verdict.claim}')}**  \n{_write_badges(words, verdict)}"]
    parts.append(_write_chance(words, verdict))
    if len(verdict.met) > 1:
        places = [threshold for threshold, is_met in zip(THRESHOLDS, verdict.met, strict=True) if is_met]
        names = ", ".join(f"{threshold:g}" for threshold in places) or words("verdict.none")
        count = len(verdict.met) - verdict.met.count(None)
        parts.append(words("verdict.met", thresholds=names, met=len(places), count=count))
    parts.append("\n".join(f"- {_write_finding(visit, finding)}" for finding in verdict.findings))
    return "\n\n".join(filter(None, parts))


def _write_chance(words: Translate, verdict: Verdict) -> str:
    """How often a network that was not trained gets the same answers."""
    chance = read_chance().get(verdict.claim, {})
    given = {"truth": verdict.truth, "learned": verdict.learned}
    shares = {key: chance[key][answer] for key, answer in given.items() if answer in chance.get(key, {})}
    if not shares:
        return ""
    sentence = "verdict.chance" if "learned" in shares else "verdict.chance_first"
    told = words(sentence, **{key: f"{share:.0%}" for key, share in shares.items()})
    return f":small[{told}]"


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
    if not finding.testable[row]:
        sentence = f"{sentence} {words('verdict.no_room')}"
    if not finding.controls:
        return sentence
    is_median = len(finding.effects) > 1
    ranks = [
        words(
            "verdict.rank" if is_median else "verdict.rank_within",
            control=words(f"untrained.{control}"),
            rank=find_rank(finding.effect, others),
            low=write_effect(words, demand, min(others)),
            high=write_effect(words, demand, max(others)),
        )
        for control, others in finding.controls.items()
    ]
    told = words(
        "verdict.ranks_median" if is_median else "verdict.ranks",
        effect=write_effect(words, demand, finding.effect),
        count=max(map(len, finding.controls.values())) + 1,
        ranks=words("verdict.next").join(ranks),
    )
    return f"{sentence}  \n:small[{told}]"


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
    """What a demand looks at, as the page writes it, such as "0.49", "20%" or "×2"."""
    if demand.kind == "growth":
        return f"×{value:.3g}"
    if demand.kind == "shrinkage":
        return f"÷{value:.3g}"
    if demand.kind in ("rise", "fall"):
        return f"{value:.0%}".replace("-", MINUS) if value >= -1 else f"<{MINUS}100%"
    return write_metric(demand.metric, value)


def _draw_chart(visit: Visit, judged: Judged, beside: Mapping[str, float]) -> None:
    """The claim's chart; `beside` are the class maps' values of its one metric, if they are asked for."""
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
    )
    titles = ", ".join(chart.title for chart in charts)
    alt = words("measure.alt", count=len(visit.measured), metrics=titles)
    draw_figure(visit, figure, f"chart_{claim}", alt, width=width, config=PLAIN)


def _make_chart(visit: Visit, metric: str, judged: Judged) -> Chart:
    findings = [finding for finding in judged.verdict.findings if finding.demand.metric == metric]
    row = _choose_row(visit, findings[0].effects)
    names = [layer.name for layer in visit.measured]
    how, kinds = find_metric(metric), {"trained": judged.trained, **judged.filters}
    demands = [_make_demand(visit, finding, row) for finding in findings]
    # Of several in the same stage the highest decides.
    highest = {demand.stage: demand for demand in sorted(demands, key=lambda demand: demand.least)}
    return Chart(
        _name_metric(visit, findings[0]),
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
    name = words(f"untrained.{control}")
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
