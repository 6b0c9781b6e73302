"""The homework's claims against the numbers of one photograph, by rules that stand in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import Literal

import numpy as np

from viz.networks.layers import Layer, Stage

Outcome = Literal["holds", "fails", "untold", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("holds", "fails", "untold", "unknown")

# Values of a metric by layer name.
Depths = Mapping[str, float]


@dataclass(frozen=True)
class Criterion:
    """One thing that a claim says about a metric.

    Attributes:
        metric: Name of the metric; shallow and deep layers are compared by their means over the stage.
        rises: Whether it must be larger in the deep layers than in the shallow ones, or smaller.
        scale: "difference" (of the two means) or "ratio" (of the larger to the smaller).
        least: The difference or ratio from which on the claim is taken as seen.
    """

    metric: str
    rises: bool
    scale: Literal["difference", "ratio"]
    least: float


# What each claim demands. It holds when every criterion is met and the untrained network does not come close:
# the trained network's effect must exceed the untrained one's by half of what is demanded (a ratio's by its
# square root). It cannot be told from the untrained network when all are met, but not by that margin.
RULES: dict[str, tuple[Criterion, ...]] = {
    "detail": (Criterion("edge_correlation", rises=False, scale="difference", least=0.1),),
    "regions": (
        Criterion("median_region_px", rises=True, scale="ratio", least=2.0),
        Criterion("largest_region_share", rises=True, scale="difference", least=0.1),
    ),
    "resolution": (Criterion("cells", rises=False, scale="ratio", least=4.0),),
    "object": (Criterion("box_ratio", rises=True, scale="ratio", least=1.25),),
}


@dataclass(frozen=True)
class Finding:
    """One criterion's numbers: means over the shallow and the deep layers, trained and untrained."""

    criterion: Criterion
    shallow: float
    deep: float
    untrained_shallow: float
    untrained_deep: float


@dataclass(frozen=True)
class Verdict:
    """What the numbers say about a claim.

    Attributes:
        claim: Key of `RULES`.
        outcome: "holds", "fails", "untold" (cannot be told from the untrained network), or "unknown" (a
            metric is missing: nobody has drawn a box).
        findings: The numbers, one for each criterion; none when the outcome is "unknown".
    """

    claim: str
    outcome: Outcome
    findings: tuple[Finding, ...]


def judge(
    claim: str, layers: Sequence[Layer], trained: Mapping[str, Depths], untrained: Mapping[str, Depths]
) -> Verdict:
    """Judge one claim.

    Args:
        claim: Key of `RULES`.
        layers: Of the network.
        trained: Values by metric and layer, of the photograph through the trained network.
        untrained: The same through the untrained one.

    Raises:
        ValueError: The claim is unknown; the message lists the valid ones.
    """
    if claim not in RULES:
        raise ValueError(f"unknown claim {claim!r}; expected one of {', '.join(RULES)}")
    criteria = RULES[claim]
    if any(criterion.metric not in trained for criterion in criteria):
        return Verdict(claim, "unknown", ())
    findings = tuple(
        Finding(
            criterion,
            *_average_stages(layers, trained[criterion.metric]),
            *_average_stages(layers, untrained[criterion.metric]),
        )
        for criterion in criteria
    )
    grades = [_grade(finding) for finding in findings]
    outcome: Outcome = "fails" if "fails" in grades else "untold" if "untold" in grades else "holds"
    return Verdict(claim, outcome, findings)


def _average_stages(layers: Sequence[Layer], depths: Depths) -> tuple[float, float]:
    """Means over the shallow and the deep layers."""

    def average(stage: Stage) -> float:
        return float(np.mean([depths[layer.name] for layer in layers if layer.stage == stage]))

    return average("shallow"), average("deep")


def _grade(finding: Finding) -> Outcome:
    criterion = finding.criterion
    least = criterion.least if criterion.scale == "difference" else log2(criterion.least)
    effect = _measure_effect(criterion, finding.shallow, finding.deep)
    untrained = _measure_effect(criterion, finding.untrained_shallow, finding.untrained_deep)
    if effect < least:
        return "fails"
    if untrained == inf or effect - untrained < least / 2:
        return "untold"
    return "holds"


def _measure_effect(criterion: Criterion, shallow: float, deep: float) -> float:
    """How far the metric moves in the claimed direction; ratios in powers of two, so that both ways count."""
    first, second = (shallow, deep) if criterion.rises else (deep, shallow)
    if criterion.scale == "difference":
        return second - first
    if min(first, second) > 0:
        return log2(second / first)
    return 0.0 if first == second else inf if second > first else -inf
