"""The homework's claims against the numbers of one photograph, by rules that stand in one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np

from viz.maps.coarsen import Array
from viz.measures.curves import Curves
from viz.networks.layers import Layer

Truth = Literal["yes", "no", "depends", "box"]
Learned = Literal["yes", "opposite", "mixed", "untold", "construction", "unasked"]

# A trained network that exceeds all of 19 untrained ones would do so by chance once in 20 times.
SEEDS = 19

# Of the seven thresholds, those at which a claim must be met to be true, and may be met without being so.
LEAST_TRUE = 6
MOST_FALSE = 1


@dataclass(frozen=True)
class Demand:
    """One thing that a claim says about a metric.

    Attributes:
        metric: Name of the metric, in `viz.measures.curves`.
        kind: What of it: "shallow" or "deep" is its mean over these layers; "rise" is how far the mean grows
            from the shallow to the deep layers, as a difference; "growth" the same as a ratio; "shrinkage"
            how many times it falls.
        least: What it has to be at least.
    """

    metric: str
    kind: Literal["shallow", "deep", "rise", "growth", "shrinkage"]
    least: float


@dataclass(frozen=True)
class Rule:
    """What a claim demands; it is met where all demands are.

    Attributes:
        demands: Its demands.
        constructed: Whether the architecture alone decides, so that there is nothing to learn.
    """

    demands: tuple[Demand, ...]
    constructed: bool = False


RULES: dict[str, Rule] = {
    "detail": Rule((Demand("edge_correlation", "shallow", 0.2),)),
    "regions": Rule(
        (
            Demand("median_region_px", "growth", 2.0),
            Demand("largest_region_share", "rise", 0.1),
            Demand("coarse_region_share", "rise", 0.1),
        )
    ),
    "resolution": Rule((Demand("cells", "shrinkage", 4.0),), constructed=True),
    "object": Rule((Demand("box_auc", "deep", 0.65),)),
}


@dataclass(frozen=True)
class Finding:
    """One demand's numbers at each threshold; one number where no threshold counts."""

    demand: Demand
    shallow: tuple[float, ...]  # the metric's means over the shallow layers
    deep: tuple[float, ...]  # the same over the deep layers
    effects: tuple[float, ...]  # what the demand looks at
    untrained: tuple[float, ...]  # the median of these over the thresholds, of each untrained network

    @property
    def met(self) -> tuple[bool, ...]:
        """Whether the demand is met, at each threshold."""
        return tuple(effect >= self.demand.least for effect in self.effects)


@dataclass(frozen=True)
class Verdict:
    """Two answers to a claim: whether it is true of this photograph, and whether that was learned.

    Else it comes with any network of this shape.

    Attributes:
        claim: Key of `RULES`.
        truth: Whether it is true here: "yes", "no", "depends" (on the threshold), or "box" (nobody has drawn
            one).
        learned: Whether the trained network exceeds all untrained ones ("yes"), falls below all of them
            ("opposite"), does so in some demands only ("mixed"), or in none ("untold"); "construction" where
            that is no question, and "unasked" where fewer than `SEEDS` untrained networks were measured.
        met: At which thresholds all demands are met; one answer where no threshold counts.
        findings: The numbers, one for each demand; none without a box.
    """

    claim: str
    truth: Truth
    learned: Learned
    met: tuple[bool, ...]
    findings: tuple[Finding, ...]


def judge(claim: str, layers: Sequence[Layer], trained: Curves, untrained: Sequence[Curves] = ()) -> Verdict:
    """Judge one claim by the metrics of the trained network and of untrained ones, one for each seed.

    Of the layers, from the input on, at least one is shallow and one deep.
    """
    if claim not in RULES:
        raise ValueError(f"unknown claim {claim!r}; expected one of {', '.join(RULES)}")
    rule = RULES[claim]
    learned: Learned = "construction" if rule.constructed else "unasked"
    if any(demand.metric not in trained for demand in rule.demands):
        return Verdict(claim, "box", learned, (), ())
    findings = tuple(_find(demand, layers, trained, untrained) for demand in rule.demands)
    met = tuple(all(answers) for answers in zip(*(finding.met for finding in findings), strict=True))
    if learned == "unasked" and len(untrained) >= SEEDS:
        learned = _rank(findings)
    return Verdict(claim, _decide(met), learned, met, findings)


def _decide(met: Sequence[bool]) -> Truth:
    if len(met) == 1:
        return "yes" if met[0] else "no"
    return "yes" if sum(met) >= LEAST_TRUE else "no" if sum(met) <= MOST_FALSE else "depends"


def _rank(findings: Sequence[Finding]) -> Learned:
    """The trained network's place among the untrained ones, if it is the same for every demand."""
    places: set[Learned] = set()
    for finding in findings:
        effect = float(np.median(finding.effects))
        low, high = min(finding.untrained), max(finding.untrained)
        places.add("yes" if effect > high else "opposite" if effect < low else "untold")
    return places.pop() if len(places) == 1 else "mixed"


def _find(demand: Demand, layers: Sequence[Layer], trained: Curves, untrained: Sequence[Curves]) -> Finding:
    measure = EFFECTS[demand.kind]
    shallow, deep = _average_stages(layers, trained[demand.metric])
    others = (_average_stages(layers, curves[demand.metric]) for curves in untrained)
    medians = tuple(float(np.median(list(map(measure, *means)))) for means in others)
    return Finding(demand, shallow, deep, tuple(map(measure, shallow, deep)), medians)


def _average_stages(layers: Sequence[Layer], values: Array) -> list[tuple[float, ...]]:
    """Means over the shallow and over the deep layers, at each threshold."""
    stages = ([layer.stage == stage for layer in layers] for stage in ("shallow", "deep"))
    return [tuple(values[:, places].mean(axis=1).tolist()) for places in stages]


def _divide(first: float, second: float) -> float:
    return first / second if second > 0 else 1.0 if first == second else inf


# What a kind of demand looks at, of the means over the shallow and over the deep layers.
EFFECTS: dict[str, Callable[[float, float], float]] = {
    "shallow": lambda shallow, deep: shallow,
    "deep": lambda shallow, deep: deep,
    "rise": lambda shallow, deep: deep - shallow,
    "growth": lambda shallow, deep: _divide(deep, shallow),
    "shrinkage": _divide,
}
