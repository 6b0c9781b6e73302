"""The verdicts in words: the two answers to a claim, the number of each demand, and all claims in a line."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from page.subject.subject import Subject
from page.widgets.numbers import MINUS, write_metric
from viz.measures.claims import Demand, Finding, Learned, Truth, Verdict, find_rank
from viz.measures.curves import THRESHOLDS
from viz.measures.shipped import read_chance
from viz.networks.controls import CONTROLS
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


def sum_up(words: Translate, verdicts: Sequence[Verdict]) -> str:
    """How many claims got which answer, as a sentence; none is counted as learned before one was compared."""
    judged = [verdict.learned for verdict in verdicts if verdict.findings]
    compared = set(judged) - {"construction", "unasked"}
    return words(
        "verdict.sum",
        count=len(verdicts),
        truths=_count(words, "truth", TRUTH_COLORS, [verdict.truth for verdict in verdicts], shown={"yes"}),
        learned=_count(words, "learned", LEARNED_COLORS, judged, shown={"yes"} if compared else set()),
    )


def _count(
    words: Translate, answer: str, kinds: Iterable[str], given: Sequence[str], shown: Collection[str]
) -> str:
    """How often each kind of an answer was given; what was not is left out, unless it is always shown."""
    counts = Counter(given)
    parts = [
        words(f"verdict.sum_{answer}_{kind}", count=counts[kind])
        for kind in kinds
        if counts[kind] or kind in shown
    ]
    return words("verdict.next").join(parts)


def write_answers(words: Translate, verdict: Verdict) -> dict[str, str]:
    """The two answers, by "truth" and "learned"; the first alone without a box."""
    tested = [answer for answer in verdict.met if answer is not None]
    answers = {"truth": words(f"verdict.true_{verdict.truth}", met=sum(tested), count=len(tested))}
    if verdict.findings:
        unbeaten = [words(f"untrained.{control}") for control in verdict.unbeaten]
        names = words("verdict.and").join(unbeaten)
        controls = words("verdict.any_control") if len(unbeaten) == len(CONTROLS) else names
        answers["learned"] = words(f"verdict.learned_{verdict.learned}", controls=controls)
    return answers


def write_badges(words: Translate, verdict: Verdict) -> str:
    """The two answers in their colours."""
    colors = {"truth": TRUTH_COLORS[verdict.truth], "learned": LEARNED_COLORS[verdict.learned]}
    answers = write_answers(words, verdict)
    return " ".join(f":{colors[key]}-badge[{answer}]" for key, answer in answers.items())


def write_verdict(subject: Subject, verdict: Verdict) -> str:
    """A claim with its answers, how often chance gives them, and its demands; in Markdown."""
    words = subject.words
    claim = f"**{words(f'claim.{verdict.claim}')}**"
    chance = _write_chance(words, verdict) if subject.network.info.is_homework else ""  # it is of VGG16
    lines = [claim, write_badges(words, verdict), chance]
    parts = ["  \n".join(filter(None, lines))]
    if len(verdict.met) > 1:
        places = [threshold for threshold, is_met in zip(THRESHOLDS, verdict.met, strict=True) if is_met]
        names = ", ".join(f"{threshold:g}" for threshold in places) or words("verdict.none")
        count = len(verdict.met) - verdict.met.count(None)
        parts.append(words("verdict.met", thresholds=names, met=len(places), count=count))
    parts.append("\n".join(f"- {write_finding(subject, finding)}" for finding in verdict.findings))
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


def write_finding(subject: Subject, finding: Finding) -> str:
    """A demand with the number that is judged and, where there are controls, its ranks; in Markdown."""
    words, demand, row = subject.words, finding.demand, choose_row(subject, finding.effects)
    sentence = words(
        f"verdict.{demand.kind}",
        metric=name_metric(subject, finding),
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
        count=max(map(len, finding.controls.values())) + 1,
        ranks=words("verdict.next").join(ranks),
    )
    return f"{sentence}  \n:small[{told}]"


def list_findings(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """A row for each demand at each threshold, with the answers and all digits, for a file."""
    rows: list[dict[str, object]] = []
    for verdict in verdicts:
        for finding in verdict.findings:
            thresholds = THRESHOLDS if len(finding.effects) > 1 else [None]
            for place, threshold in enumerate(thresholds):
                row: dict[str, object] = {"claim": verdict.claim, "truth": verdict.truth}
                row |= {"learned": verdict.learned, "metric": finding.demand.metric}
                row |= {"demand": finding.demand.kind, "required": finding.demand.least}
                row |= {"threshold": threshold, "shallow": finding.shallow[place]}
                row |= {"deep": finding.deep[place], "effect": finding.effects[place]}
                row |= {"met": finding.met[place], "median": finding.effect}
                for control in CONTROLS:
                    others = finding.controls.get(control)
                    row[f"rank_{control}"] = find_rank(finding.effect, others) if others else None
                rows.append(row)
    return rows


def name_metric(subject: Subject, finding: Finding) -> str:
    """What a demand is about, with the threshold at which the page shows it where one counts."""
    metric = subject.words(f"metric.{finding.demand.metric}")
    if len(finding.effects) == 1:
        return metric
    threshold = f"{THRESHOLDS[choose_row(subject, finding.effects)]:g}"
    return subject.words("verdict.at_threshold", metric=metric, threshold=threshold)


def choose_row(subject: Subject, values: Sequence[object]) -> int:
    """Which of the thresholds is shown: the one nearest to the visitor's."""
    if len(values) == 1:
        return 0
    return min(range(len(THRESHOLDS)), key=lambda row: abs(THRESHOLDS[row] - subject.choice.threshold))


def write_effect(words: Translate, demand: Demand, value: float) -> str:
    """What a demand looks at, as the page writes it, such as "0.49", "20%" or "×2"."""
    if demand.kind == "growth":
        return f"×{value:.3g}"
    if demand.kind == "shrinkage":
        return f"÷{value:.3g}"
    if demand.kind in ("rise", "fall"):
        return f"{value:.0%}".replace("-", MINUS) if value >= -1 else f"<{MINUS}100%"
    return write_metric(demand.metric, value)
