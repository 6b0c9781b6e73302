"""The homework's claims against the numbers of one photograph, by rules that stand in one table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np

from viz.maps.coarsen import Array
from viz.measures.curves import Curves
from viz.measures.regions import find_diameter
from viz.networks.controls import CONTROLS
from viz.networks.layers import Layer

Truth = Literal["yes", "no", "depends", "untestable", "box"]
Learned = Literal["yes", "opposite", "mixed", "untold", "construction", "unasked"]

# Networks of each control. Who is one of them itself is above 19 others once in 20 times.
SEEDS = 19

# Of the thresholds at which a claim can be tested, it may fail at so many and still be true, and be met at so
# many and still be false. Where no threshold counts there is no exception.
EXCEPTIONS = 1

# A rise or a fall is a share of the way that is left to the largest value, and that way counts as at least
# this: or the last grain of a map that is nearly there would decide.
LEAST_WAY = 0.05


@dataclass(frozen=True)
class Demand:
    """One thing that a claim says about a metric.

    Attributes:
        metric: Name of the metric, in `viz.measures.curves`.
        kind: What of it, of its means over the shallow and over the deep layers: "shallow" and "deep" are
            these; "rise" is how much of the way from the shallow mean to the largest value is gone in the
            deep layers, "fall" how much of the way from the deep mean to the largest value the shallow layers
            are ahead; "growth" how many times the deep mean is the shallow one, "shrinkage" the reverse.
        least: What it has to be at least.
        is_ranked: Whether it decides what was learned, too; a contrast that is only to hold does not.
    """

    metric: str
    kind: Literal["shallow", "deep", "rise", "fall", "growth", "shrinkage"]
    least: float
    is_ranked: bool = True


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
    "detail": Rule(
        (Demand("edge_correlation", "shallow", 0.4), Demand("edge_correlation", "fall", 0.2, is_ranked=False))
    ),
    "regions": Rule(
        (
            Demand("median_region_px", "growth", 2.0),
            Demand("largest_region_share", "rise", 0.2),
            Demand("coarse_region_share", "rise", 0.2),
        )
    ),
    "resolution": Rule((Demand("cells", "shrinkage", 4.0),), constructed=True),
    "object": Rule((Demand("box_auc", "deep", 0.65), Demand("box_auc", "rise", 0.2, is_ranked=False))),
}


@dataclass(frozen=True)
class Finding:
    """One demand's numbers at each threshold; one number where no threshold counts.

    Attributes:
        demand: Which demand.
        shallow: The metric's means over the shallow layers.
        deep: The same over the deep layers.
        effects: What the demand looks at.
        testable: Whether the demand can be met: not where even the metric's best value would miss it.
        controls: The median of the effects over the thresholds, of each network of each control; nothing of a
            demand that is not ranked.
    """

    demand: Demand
    shallow: tuple[float, ...]
    deep: tuple[float, ...]
    effects: tuple[float, ...]
    testable: tuple[bool, ...]
    controls: Mapping[str, tuple[float, ...]]

    @property
    def effect(self) -> float:
        """The median of the effects over the thresholds."""
        return float(np.median(self.effects))

    @property
    def met(self) -> tuple[bool | None, ...]:
        """Whether the demand is met, at each threshold; None where it cannot be tested."""
        return tuple(
            effect >= self.demand.least if can_be else None
            for effect, can_be in zip(self.effects, self.testable, strict=True)
        )


@dataclass(frozen=True)
class Verdict:
    """Two answers to a claim: whether it is true of this photograph, and whether that was learned.

    Attributes:
        claim: Key of `RULES`.
        truth: Whether it is true here: "yes", "no", "depends" (on the threshold), "untestable" (at most
            thresholds there is no room for it), or "box" (nobody has drawn one).
        learned: Whether the trained network exceeds all networks of all controls in each ranked demand
            ("yes"), falls below all of them ("opposite"), lies among them ("untold"), or one here and another
            there ("mixed"); "construction" where that is no question, and "unasked" where fewer than `SEEDS`
            networks of a control were measured.
        met: Whether all demands are met, at each threshold; one answer where no threshold counts. None where
            it cannot be tested.
        findings: The numbers, one for each demand; none without a box.
    """

    claim: str
    truth: Truth
    learned: Learned
    met: tuple[bool | None, ...]
    findings: tuple[Finding, ...]

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """The controls of which the network does not exceed all networks in each ranked demand."""
        return tuple(
            control
            for control in CONTROLS
            if any(
                find_rank(finding.effect, others) <= len(others)
                for finding in self.findings
                if (others := finding.controls.get(control, ()))
            )
        )


def judge(
    claim: str,
    layers: Sequence[Layer],
    size: tuple[int, int],
    trained: Curves,
    controls: Mapping[str, Sequence[Curves]] | None = None,
) -> Verdict:
    """Judge one claim by the metrics of a network and of those of its controls.

    Args:
        claim: Key of `RULES`.
        layers: From the input on; at least one is shallow and one deep.
        size: Height and width of the photograph, in pixels.
        trained: The network's metrics.
        controls: The same of the networks of each control of `viz.networks.controls.CONTROLS`.
    """
    if claim not in RULES:
        raise ValueError(f"unknown claim {claim!r}; expected one of {', '.join(RULES)}")
    rule = RULES[claim]
    learned: Learned = "construction" if rule.constructed else "unasked"
    if any(demand.metric not in trained for demand in rule.demands):
        return Verdict(claim, "box", learned, (), ())
    findings = tuple(_find(demand, layers, size, trained, controls or {}) for demand in rule.demands)
    met = tuple(
        None if None in answers else all(answers)
        for answers in zip(*(finding.met for finding in findings), strict=True)
    )
    if learned == "unasked":
        ranked = [finding for finding in findings if finding.demand.is_ranked]
        if all(len(finding.controls.get(control, ())) >= SEEDS for finding in ranked for control in CONTROLS):
            learned = compare([(finding.effect, finding.controls) for finding in ranked])
    return Verdict(claim, decide(met), learned, met, findings)


def decide(met: Sequence[bool | None]) -> Truth:
    """The first answer, by whether a claim is met at each threshold."""
    tested = [answer for answer in met if answer is not None]
    exceptions = EXCEPTIONS if len(met) > 1 else 0
    if 2 * len(tested) <= len(met):
        return "untestable"
    if sum(tested) >= len(tested) - exceptions:
        return "yes"
    return "no" if sum(tested) <= exceptions else "depends"


def compare(ranked: Sequence[tuple[float, Mapping[str, Sequence[float]]]]) -> Learned:
    """The second answer, by a network's effect in each ranked demand and those of each control's networks."""
    places: set[Learned] = {
        "yes" if effect > max(others) else "opposite" if effect < min(others) else "untold"
        for effect, controls in ranked
        for others in controls.values()
    }
    return places.pop() if len(places) == 1 else "mixed"


def find_rank(effect: float, others: Sequence[float]) -> int:
    """The place of a network among others and itself, from the lowest, counted from 1."""
    return 1 + sum(other < effect for other in others)


def _find(
    demand: Demand,
    layers: Sequence[Layer],
    size: tuple[int, int],
    trained: Curves,
    controls: Mapping[str, Sequence[Curves]],
) -> Finding:
    measure, best = EFFECTS[demand.kind], _find_best(demand.metric, size)
    shallow, deep = _average_stages(layers, trained[demand.metric])
    if demand.kind in ("shallow", "fall"):
        reached = [measure(best, value) for value in deep]
    else:
        reached = [measure(value, best) for value in shallow]
    medians = {
        control: tuple(
            float(np.median(list(map(measure, *_average_stages(layers, curves[demand.metric])))))
            for curves in networks
            if demand.is_ranked and demand.metric in curves
        )
        for control, networks in controls.items()
    }
    return Finding(
        demand,
        shallow,
        deep,
        tuple(map(measure, shallow, deep)),
        tuple(effect >= demand.least for effect in reached),
        {control: effects for control, effects in medians.items() if effects},
    )


def _find_best(metric: str, size: tuple[int, int]) -> float:
    """What a metric can be at best: a region of the whole photograph, one cell, or all."""
    return find_diameter(np.array([size[0] * size[1]]), 1.0) if metric == "median_region_px" else 1.0


def _average_stages(layers: Sequence[Layer], values: Array) -> list[tuple[float, ...]]:
    """Means over the shallow and over the deep layers, at each threshold."""
    stages = ([layer.stage == stage for layer in layers] for stage in ("shallow", "deep"))
    return [tuple(values[:, places].mean(axis=1).tolist()) for places in stages]


def _divide(first: float, second: float) -> float:
    return first / second if second > 0 else 1.0 if first == second else inf


def _find_way(start: float, end: float) -> float:
    """How much of the way from a value to the largest, which is 1, is gone at another one."""
    return (end - start) / max(1 - start, LEAST_WAY)


# What a kind of demand looks at, of the means over the shallow and over the deep layers.
EFFECTS: dict[str, Callable[[float, float], float]] = {
    "shallow": lambda shallow, deep: shallow,
    "deep": lambda shallow, deep: deep,
    "rise": _find_way,
    "fall": lambda shallow, deep: _find_way(deep, shallow),
    "growth": lambda shallow, deep: _divide(deep, shallow),
    "shrinkage": _divide,
}
