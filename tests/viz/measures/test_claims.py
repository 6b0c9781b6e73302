import pytest

from viz.measures.claims import OUTCOMES, RULES, judge
from viz.networks.vgg16 import LAYERS


def make_depths(shallow, deep):
    """Made-up values: the same within a stage; the middle, which no rule looks at, far off."""
    return {layer.name: {"shallow": shallow, "middle": 1e9, "deep": deep}[layer.stage] for layer in LAYERS}


def judge_pairs(claim, trained, untrained):
    def spread(pairs):
        return {metric: make_depths(*pair) for metric, pair in pairs.items()}

    return judge(claim, LAYERS, spread(trained), spread(untrained))


SIZE, SHARE = "median_region_px", "largest_region_share"


@pytest.mark.parametrize(
    ("claim", "trained", "untrained", "outcome"),
    [
        ("detail", {"edge_correlation": (0.8, 0.5)}, {"edge_correlation": (0.2, 0.6)}, "holds"),
        ("detail", {"edge_correlation": (0.8, 0.5)}, {"edge_correlation": (0.7, 0.42)}, "untold"),
        ("detail", {"edge_correlation": (0.5, 0.45)}, {"edge_correlation": (0.2, 0.6)}, "fails"),
        ("detail", {"edge_correlation": (0.3, 0.6)}, {"edge_correlation": (0.3, 0.6)}, "fails"),
        ("regions", {SIZE: (4, 40), SHARE: (0.2, 0.9)}, {SIZE: (4, 8), SHARE: (0.2, 0.3)}, "holds"),
        ("regions", {SIZE: (4, 40), SHARE: (0.2, 0.9)}, {SIZE: (4, 39), SHARE: (0.2, 0.3)}, "untold"),
        ("regions", {SIZE: (4, 40), SHARE: (0.2, 0.9)}, {SIZE: (4, 8), SHARE: (0.2, 0.88)}, "untold"),
        ("regions", {SIZE: (4, 40), SHARE: (0.5, 0.5)}, {SIZE: (4, 8), SHARE: (0.2, 0.3)}, "fails"),
        ("regions", {SIZE: (4, 5), SHARE: (0.2, 0.9)}, {SIZE: (4, 8), SHARE: (0.2, 0.3)}, "fails"),
        ("regions", {SIZE: (4, 0), SHARE: (0.2, 0.9)}, {SIZE: (4, 8), SHARE: (0.2, 0.3)}, "fails"),
        ("resolution", {"cells": (50000, 500)}, {"cells": (50000, 500)}, "untold"),
        ("resolution", {"cells": (50000, 50000)}, {"cells": (50000, 500)}, "fails"),
        ("object", {"box_ratio": (1.0, 2.0)}, {"box_ratio": (1.0, 1.1)}, "holds"),
        ("object", {"box_ratio": (1.0, 2.0)}, {"box_ratio": (1.0, 1.9)}, "untold"),
        ("object", {"box_ratio": (1.0, 1.1)}, {"box_ratio": (1.0, 1.0)}, "fails"),
        ("object", {"box_ratio": (0.0, 1.1)}, {"box_ratio": (0.0, 1.0)}, "untold"),
        ("object", {}, {}, "unknown"),
    ],
)
def test_outcomes(claim, trained, untrained, outcome):
    assert judge_pairs(claim, trained, untrained).outcome == outcome


def test_a_verdict_names_its_numbers():
    verdict = judge_pairs("detail", {"edge_correlation": (0.8, 0.5)}, {"edge_correlation": (0.2, 0.6)})
    (finding,) = verdict.findings
    numbers = (finding.shallow, finding.deep, finding.untrained_shallow, finding.untrained_deep)
    assert numbers == pytest.approx((0.8, 0.5, 0.2, 0.6))


def test_every_outcome_can_be_reached_and_every_claim_has_a_rule():
    assert set(OUTCOMES) == {"holds", "fails", "untold", "unknown"}
    assert list(RULES) == ["detail", "regions", "resolution", "object"]


def test_unknown_claims_list_the_valid_ones():
    with pytest.raises(ValueError, match="unknown claim 'size'; expected one of detail, regions"):
        judge("size", LAYERS, {}, {})
