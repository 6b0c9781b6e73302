from typing import get_args

import numpy as np
import pytest

from viz.maps.one_pass import extract_heatmaps
from viz.measures.claims import RULES, SEEDS, Learned, Truth, judge
from viz.measures.curves import THRESHOLDS, measure_curves
from viz.measures.metrics import measure_edges, measure_luma
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample

SIZE, SHARE, COARSE = "median_region_px", "largest_region_share", "coarse_region_share"


def make_curve(*pairs):
    """Made-up values at each threshold, by stage; the middle, which no rule looks at, is far off."""
    return np.array(
        [[{"shallow": a, "middle": 1e9, "deep": b}[layer.stage] for layer in LAYERS] for a, b in pairs]
    )


def make_seeds(metric, *pairs):
    """As many untrained networks as a verdict needs, which go through these pairs in turn."""
    return [{metric: make_curve(pairs[seed % len(pairs)])} for seed in range(SEEDS)]


def make_regions(sizes, shares, coarse):
    """Regions at each threshold: sizes and shares of the deep layers; the shallow ones have 10 px and 0.3."""
    return {
        SIZE: make_curve(*((10, size) for size in sizes)),
        SHARE: make_curve(*((0.3, share) for share in shares)),
        COARSE: make_curve(*((0.3, share) for share in coarse)),
    }


LARGE, SMALL, HIGH, LOW = [40] * 7, [19] * 7, [0.9] * 7, [0.35] * 7


@pytest.mark.parametrize(
    ("claim", "trained", "truth"),
    [
        (
            "detail",
            {"edge_correlation": make_curve((0.2, 0.9))},
            "yes",
        ),  # how deep layers are is no part of it
        ("detail", {"edge_correlation": make_curve((0.19, -0.5))}, "no"),
        ("object", {"box_auc": make_curve((0.5, 0.65))}, "yes"),
        ("object", {"box_auc": make_curve((0.9, 0.64))}, "no"),
        ("object", {}, "box"),
        ("resolution", {"cells": make_curve((400, 100))}, "yes"),
        ("resolution", {"cells": make_curve((400, 101))}, "no"),
        ("regions", make_regions(LARGE, HIGH, HIGH), "yes"),
        ("regions", make_regions(SMALL, HIGH, HIGH), "no"),
        ("regions", make_regions(LARGE, LOW, HIGH), "no"),
        ("regions", make_regions(LARGE, HIGH, LOW), "no"),  # a coarse grid alone does not pass
    ],
)
def test_is_it_true_here(claim, trained, truth):
    assert judge(claim, LAYERS, trained).truth == truth


@pytest.mark.parametrize(
    ("thresholds", "truth"),
    [(0, "no"), (1, "no"), (2, "depends"), (3, "depends"), (5, "depends"), (6, "yes"), (7, "yes")],
)
def test_what_flips_with_the_threshold_depends_on_it(thresholds, truth):
    sizes = [40] * thresholds + [19] * (7 - thresholds)
    verdict = judge("regions", LAYERS, make_regions(sizes, HIGH, HIGH))
    assert verdict.truth == truth
    assert sum(verdict.met) == thresholds
    assert len(verdict.met) == len(THRESHOLDS)


def test_demands_must_be_met_at_the_same_threshold():
    trained = make_regions([40] * 4 + [19] * 3, [0.35] * 4 + [0.9] * 3, HIGH)
    assert judge("regions", LAYERS, trained).truth == "no"


@pytest.mark.parametrize(
    ("trained", "untrained", "learned"),
    [
        (0.49, [-0.14], "yes"),  # the rocket's edges, which fell under a rule that asked for a decline
        (0.49, [-0.14, 0.1, 0.48], "yes"),
        (0.49, [-0.14, 0.1, 0.49], "untold"),  # not above all
        (0.49, [0.5, 0.1, 0.2], "untold"),
        (0.49, [0.5, 0.6], "opposite"),
        (0.49, [0.5, 0.49], "untold"),  # not below all
        (0.1, [-0.14], "yes"),  # of what is not true here, too
    ],
)
def test_was_it_learned(trained, untrained, learned):
    seeds = make_seeds("edge_correlation", *((value, 0.3) for value in untrained))
    verdict = judge("detail", LAYERS, {"edge_correlation": make_curve((trained, 0.3))}, seeds)
    assert verdict.learned == learned


@pytest.mark.parametrize("photo", SAMPLES)
def test_no_photograph_turns_the_regions_by_its_threshold_alone(network, make_batch, photo):
    """One threshold turned this verdict on each of them, and so did the grid on which it was counted."""
    framed = frame_image(read_image(read_sample(photo)))
    heatmaps = extract_heatmaps(network, network.to_batch(framed))
    maps = [heatmaps[layer.name, "post", "mean"] for layer in LAYERS]
    curves = measure_curves(maps, measure_edges(measure_luma(np.array(framed))))
    verdict = judge("regions", LAYERS, curves)
    assert verdict.truth == "no"
    _, share, coarse = verdict.findings
    assert any(share.met) and not all(share.met)
    middle = THRESHOLDS.index(0.5)
    assert coarse.effects[middle] < 0
    if photo == "cat":
        assert coarse.shallow[middle] == pytest.approx(0.96, abs=0.01)
        assert coarse.deep[middle] == pytest.approx(0.57, abs=0.01)


def test_two_seeds_of_nineteen_do_not_turn_a_verdict_on_the_object():
    """The rocket: some untrained networks tell its box from the sky almost as well, and one better."""
    trained = {"box_auc": make_curve((0.5, 0.8))}
    near = make_seeds("box_auc", (0.5, 0.6), (0.5, 0.79))
    assert judge("object", LAYERS, trained, near).learned == "yes"
    assert judge("object", LAYERS, trained, [*near[1:], *make_seeds("box_auc", (0.5, 0.81))[:1]]).learned == (
        "untold"
    )


def test_regions_were_learned_where_every_demand_exceeds_all_seeds():
    def judge_against(sizes, shares, coarse):
        trained = make_regions(LARGE, HIGH, HIGH)
        return judge("regions", LAYERS, trained, [make_regions(sizes, shares, coarse)] * SEEDS).learned

    assert judge_against(SMALL, LOW, LOW) == "yes"
    assert judge_against([41] * 7, LOW, LOW) == "mixed"  # the coffee: below all in two demands of three
    assert judge_against([41] * 7, [0.95] * 7, LOW) == "mixed"
    assert judge_against(LARGE, HIGH, HIGH) == "untold"
    assert judge_against([41] * 7, [0.95] * 7, [0.95] * 7) == "opposite"
    # The median over the thresholds counts: three of seven do not turn it.
    assert judge_against([99] * 3 + [19] * 4, LOW, LOW) == "yes"


def test_the_resolution_falls_by_construction_whatever_untrained_networks_do():
    trained = {"cells": make_curve((50000, 500))}
    for seeds in ([], make_seeds("cells", (50000, 500))):
        verdict = judge("resolution", LAYERS, trained, seeds)
        assert (verdict.truth, verdict.learned) == ("yes", "construction")


def test_fewer_seeds_leave_the_question_open():
    trained = {"edge_correlation": make_curve((0.5, 0.3))}
    seeds = make_seeds("edge_correlation", (0.1, 0.3))
    assert judge("detail", LAYERS, trained).learned == "unasked"
    assert judge("detail", LAYERS, trained, seeds[1:]).learned == "unasked"
    assert judge("object", LAYERS, {}, seeds).learned == "unasked"


def test_a_verdict_names_its_numbers():
    seeds = [make_regions(SMALL, LOW, LOW)] * SEEDS
    verdict = judge("regions", LAYERS, make_regions([20, 30, 40, 50, 60, 70, 80], HIGH, HIGH), seeds)
    size, share, coarse = verdict.findings
    assert size.shallow == (10,) * 7
    assert size.effects == (2, 3, 4, 5, 6, 7, 8)
    assert size.untrained == (1.9,) * SEEDS
    assert share.effects == pytest.approx([0.6] * 7)
    assert coarse.demand.metric == COARSE


def test_regions_of_no_size_are_no_growth_without_end():
    trained = make_regions(LARGE, HIGH, HIGH) | {SIZE: make_curve(*[(0, 0)] * 7)}
    assert judge("regions", LAYERS, trained).findings[0].effects == (1,) * 7


def test_the_table_of_rules():
    table = {
        claim: [(demand.metric, demand.kind, demand.least) for demand in rule.demands]
        for claim, rule in RULES.items()
    }
    assert table == {
        "detail": [("edge_correlation", "shallow", 0.2)],
        "regions": [(SIZE, "growth", 2), (SHARE, "rise", 0.1), (COARSE, "rise", 0.1)],
        "resolution": [("cells", "shrinkage", 4)],
        "object": [("box_auc", "deep", 0.65)],
    }
    assert THRESHOLDS == (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert set(get_args(Truth)) == {"yes", "no", "depends", "box"}
    assert set(get_args(Learned)) == {"yes", "opposite", "mixed", "untold", "construction", "unasked"}


def test_unknown_claims_list_the_valid_ones():
    with pytest.raises(ValueError, match="unknown claim 'size'; expected one of detail, regions"):
        judge("size", LAYERS, {})
