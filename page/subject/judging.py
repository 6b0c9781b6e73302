"""The claims, judged by the numbers of the visitor's network and of its controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from page.subject.controls import list_controls
from page.subject.subject import Subject
from page.work.results import Looked, measure_claims, measure_filters
from viz.measures.claims import RULES, Verdict, judge
from viz.measures.curves import Curves
from viz.networks.layers import STAGES
from viz.pictures.frame import Box


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


def has_stages(subject: Subject) -> bool:
    """Whether there are shallow, middle and deep layers to compare."""
    return {layer.stage for layer in subject.measured} == set(STAGES)


def judge_all(subject: Subject, looked: Looked, box: Box | None) -> dict[str, Judged]:
    """All claims, by their keys."""
    trained, filters = measure_claims(looked, box), measure_filters(looked, box)
    controls, judged = list_controls(subject, box), {}
    for claim, rule in RULES.items():
        others = {} if rule.constructed else controls
        verdict = judge(claim, subject.measured, subject.picture.size, trained, others)
        judged[claim] = Judged(verdict, trained, others, {} if rule.constructed else filters)
    return judged
