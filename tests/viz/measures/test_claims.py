from typing import get_args

import numpy as np
import pytest

from viz.maps.one_pass import extract_heatmaps
from viz.measures.claims import LEAST_WAY, RULES, SEEDS, Learned, Truth, compare, decide, find_rank, judge
from viz.measures.curves import THRESHOLDS, measure_curves
from viz.measures.metrics import measure_edges, measure_luma
from viz.networks.controls import CONTROLS
from viz.networks.vgg16 import LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample

SIZE, SHARE, COARSE = "median_region_px", "largest_region_share", "coarse_region_share"
PICTURE = (224, 337)  # a disc of its area has a diameter of 310 px


def make_curve(*pairs):
    """Made-up values at each threshold, by stage; the middle, which no rule looks at, is far off."""
    return np.array(
        [[{"shallow": a, "middle": 1e9, "deep": b}[layer.stage] for layer in LAYERS] for a, b in pairs]
    )


def make_controls(metric, **pairs):
    """As many networks as a verdict needs, which go through a control's pairs in turn."""
    return {
        control: [{metric: make_curve(found[seed % len(found)])} for seed in range(SEEDS)]
        for control, found in pairs.items()
    }


def make_regions(sizes, shares, coarse, shallow=(10, 0.3, 0.3)):
    """Regions at each threshold: sizes and shares of the deep layers; one value each of the shallow ones."""
    return {
        metric: make_curve(*((start, value) for value in values))
        for metric, values, start in zip((SIZE, SHARE, COARSE), (sizes, shares, coarse), shallow, strict=True)
    }


def judge_here(claim, trained, controls=None):
    return judge(claim, LAYERS, PICTURE, trained, controls)


LARGE, SMALL, HIGH, LOW = [40] * 7, [19] * 7, [0.9] * 7, [0.35] * 7


@pytest.mark.parametrize(
    ("claim", "trained", "truth"),
    [
        ("detail", {"edge_correlation": make_curve((0.4, 0.2))}, "yes"),
        ("detail", {"edge_correlation": make_curve((0.39, -0.5))}, "no"),
        ("detail", {"edge_correlation": make_curve((0.49, 0.62))}, "no"),  # the rocket: deep ones follow more
        ("detail", {"edge_correlation": make_curve((0.52, 0.4))}, "yes"),  # 0.12 of 0.6
        ("detail", {"edge_correlation": make_curve((0.51, 0.4))}, "no"),
        ("object", {"box_auc": make_curve((0.5, 0.65))}, "yes"),
        ("object", {"box_auc": make_curve((0.5, 0.64))}, "no"),
        ("object", {"box_auc": make_curve((0.83, 0.76))}, "no"),  # the cat: shallow ones tell more
        ("object", {"box_auc": make_curve((0.7, 0.75))}, "no"),  # 0.05 of 0.3
        ("object", {}, "box"),
        ("resolution", {"cells": make_curve((400, 100))}, "yes"),
        ("resolution", {"cells": make_curve((400, 101))}, "no"),
        ("resolution", {"cells": make_curve((3, 1))}, "untestable"),
        ("regions", make_regions(LARGE, HIGH, HIGH), "yes"),
        ("regions", make_regions(SMALL, HIGH, HIGH), "no"),
        ("regions", make_regions(LARGE, LOW, HIGH), "no"),
        ("regions", make_regions(LARGE, HIGH, LOW), "no"),  # a coarse grid alone does not pass
        ("regions", make_regions([310] * 7, HIGH, HIGH, (155, 0.3, 0.3)), "yes"),
        ("regions", make_regions([310] * 7, HIGH, HIGH, (156, 0.3, 0.3)), "untestable"),
    ],
)
def test_is_it_true_here(claim, trained, truth):
    assert judge_here(claim, trained).truth == truth


@pytest.mark.parametrize(
    ("met", "missed", "left_out", "truth"),
    [
        (0, 7, 0, "no"),
        (1, 6, 0, "no"),
        (2, 5, 0, "depends"),
        (5, 2, 0, "depends"),
        (6, 1, 0, "yes"),
        (3, 1, 3, "yes"),
        (2, 2, 3, "depends"),
        (1, 3, 3, "no"),
        (3, 0, 4, "untestable"),
        (0, 0, 7, "untestable"),
    ],
)
def test_what_flips_with_the_threshold_depends_on_it(met, missed, left_out, truth):
    """Thresholds without room say nothing for or against."""
    sizes = [40] * met + [19] * missed + [40] * left_out
    trained = make_regions(sizes, HIGH, HIGH)
    trained[COARSE][7 - left_out :] = 1.0
    verdict = judge_here("regions", trained)
    assert verdict.truth == truth
    assert verdict.met == (True,) * met + (False,) * missed + (None,) * left_out
    assert len(verdict.met) == len(THRESHOLDS)


def test_demands_must_be_met_at_the_same_threshold():
    trained = make_regions([40] * 4 + [19] * 3, [0.35] * 4 + [0.9] * 3, HIGH)
    assert judge_here("regions", trained).truth == "no"


GRID = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.957, 0.99, 0.999, 1.0)


def make_deep_ends(claim, start, end):
    """Curves of a claim that begins at a share of what is largest and ends at another; regions at 310 px."""
    if claim == "detail":
        return {"edge_correlation": make_curve((end, start))}
    if claim == "object":
        return {"box_auc": make_curve((start, end))}
    if claim == "resolution":
        return {"cells": make_curve((1 + 10 * start, 1 + 10 * start * (1 - end)))}
    return make_regions([310 * end] * 7, [end] * 7, [end] * 7, (310 * start + 1, start, start))


@pytest.mark.parametrize("claim", RULES)
@pytest.mark.parametrize("start", GRID)
def test_every_verdict_can_be_won_and_lost_or_says_that_it_cannot_be_tested(claim, start):
    truths = {judge_here(claim, make_deep_ends(claim, start, end)).truth for end in (*GRID, start)}
    assert truths == {"untestable"} or {"yes", "no"} <= truths <= {"yes", "no", "depends"}
    assert start > 0.8 or claim in ("regions", "resolution") or truths != {"untestable"}


def test_a_short_way_to_the_best_counts_as_longer():
    """Else the last grain of a map that is nearly there would decide."""
    rise = judge_here("regions", make_regions(LARGE, HIGH, [0.99] * 7, (10, 0.3, 0.97))).findings[2]
    assert rise.effects == pytest.approx([0.02 / LEAST_WAY] * 7)
    assert rise.testable == (True,) * 7


def compare_edges(trained, **controls):
    found = make_controls(
        "edge_correlation", **{name: [(value, 0.3) for value in values] for name, values in controls.items()}
    )
    return judge_here("detail", {"edge_correlation": make_curve((trained, 0.3))}, found)


@pytest.mark.parametrize(
    ("trained", "he", "zero_mean", "shuffled", "learned", "unbeaten"),
    [
        (0.9, [0.1], [0.8, 0.88], [0.2], "yes", ()),
        (0.77, [0.1], [0.8, 0.88], [0.2], "mixed", ("zero_mean",)),
        (0.85, [0.1], [0.8, 0.88], [0.2], "mixed", ("zero_mean",)),
        (0.9, [0.1], [0.9], [0.9], "mixed", ("zero_mean", "shuffled")),  # not above all
        (0.49, [0.5, 0.6], [0.8], [0.7], "opposite", ("he", "zero_mean", "shuffled")),
        (0.49, [0.5, 0.4], [0.8, 0.3], [0.5, 0.4], "untold", ("he", "zero_mean", "shuffled")),
        (0.49, [0.49, 0.6], [0.49], [0.49], "untold", ("he", "zero_mean", "shuffled")),  # not below all
    ],
)
def test_was_it_learned(trained, he, zero_mean, shuffled, learned, unbeaten):
    verdict = compare_edges(trained, he=he, zero_mean=zero_mean, shuffled=shuffled)
    assert (verdict.learned, verdict.unbeaten) == (learned, unbeaten)


def test_a_rank_is_counted_from_the_lowest():
    assert [find_rank(value, [1, 2, 2, 3]) for value in (0, 1, 2, 2.5, 4)] == [1, 1, 2, 4, 5]


def test_one_network_of_nineteen_decides():
    """The rocket: some networks tell its box from the sky almost as well, and one better."""
    trained = {"box_auc": make_curve((0.5, 0.8))}
    near = make_controls("box_auc", **{name: [(0.5, 0.6), (0.5, 0.79)] for name in CONTROLS})
    assert judge_here("object", trained, near).learned == "yes"
    near["he"][0] = {"box_auc": make_curve((0.5, 0.81))}
    assert judge_here("object", trained, near).learned == "mixed"


@pytest.mark.parametrize("photo", SAMPLES)
def test_no_photograph_turns_the_regions_by_its_threshold_alone(network, make_batch, photo):
    """One threshold turned this verdict on each of them, and so did the grid on which it was counted."""
    framed = frame_image(read_image(read_sample(photo)))
    heatmaps = extract_heatmaps(network, network.to_batch(framed))
    maps = [heatmaps[layer.name, "post", "mean"] for layer in LAYERS]
    curves = measure_curves(maps, measure_edges(measure_luma(np.array(framed))))
    verdict = judge("regions", LAYERS, (framed.height, framed.width), curves)
    assert verdict.truth == "no"
    _, share, coarse = verdict.findings
    assert any(share.met) and not all(share.met)
    middle = THRESHOLDS.index(0.5)
    assert coarse.effects[middle] < 0
    # Deep layers that are one region of the whole photograph would win.
    deep = [layer.stage == "deep" for layer in LAYERS]
    for metric, best in ((SIZE, 2 * (framed.height * framed.width / np.pi) ** 0.5), (SHARE, 1), (COARSE, 1)):
        curves[metric][:, deep] = best
    assert judge("regions", LAYERS, (framed.height, framed.width), curves).truth == "yes"
    if photo == "cat":
        assert coarse.shallow[middle] == pytest.approx(0.96, abs=0.01)
        assert coarse.deep[middle] == pytest.approx(0.57, abs=0.01)


def test_regions_were_learned_where_every_demand_exceeds_all_networks():
    def judge_against(sizes, shares, coarse):
        networks = [make_regions(sizes, shares, coarse)] * SEEDS
        return judge_here(
            "regions", make_regions(LARGE, HIGH, HIGH), dict.fromkeys(CONTROLS, networks)
        ).learned

    assert judge_against(SMALL, LOW, LOW) == "yes"
    assert judge_against([41] * 7, LOW, LOW) == "mixed"
    assert judge_against(LARGE, HIGH, HIGH) == "untold"
    assert judge_against([41] * 7, [0.95] * 7, [0.95] * 7) == "opposite"
    # The median over the thresholds counts: three of seven do not turn it.
    assert judge_against([99] * 3 + [19] * 4, LOW, LOW) == "yes"


def test_the_resolution_falls_by_construction_whatever_the_controls_do():
    trained = {"cells": make_curve((50000, 500))}
    for controls in (None, make_controls("cells", **{name: [(50000, 500)] for name in CONTROLS})):
        verdict = judge_here("resolution", trained, controls)
        assert (verdict.truth, verdict.learned) == ("yes", "construction")


def test_a_network_or_a_control_too_few_leaves_the_question_open():
    trained = {"edge_correlation": make_curve((0.5, 0.3))}
    controls = make_controls("edge_correlation", **{name: [(0.1, 0.3)] for name in CONTROLS})
    assert judge_here("detail", trained, controls).learned == "yes"
    assert judge_here("detail", trained).learned == "unasked"
    for control in CONTROLS:
        fewer = controls | {control: controls[control][1:]}
        assert judge_here("detail", trained, fewer).learned == "unasked"
    assert judge_here("object", {}, controls).learned == "unasked"
    assert judge_here("object", {"box_auc": make_curve((0.5, 0.8))}, controls).learned == "unasked"


def test_a_verdict_names_its_numbers():
    controls = dict.fromkeys(CONTROLS, [make_regions(SMALL, LOW, LOW)] * SEEDS)
    verdict = judge_here("regions", make_regions([20, 30, 40, 50, 60, 70, 80], HIGH, HIGH), controls)
    size, share, coarse = verdict.findings
    assert size.shallow == (10,) * 7
    assert (size.effects, size.effect) == ((2, 3, 4, 5, 6, 7, 8), 5)
    assert size.controls == dict.fromkeys(CONTROLS, (1.9,) * SEEDS)
    assert share.effects == pytest.approx([0.6 / 0.7] * 7)
    assert coarse.demand.metric == COARSE


def test_regions_of_no_size_are_no_growth_without_end():
    trained = make_regions(LARGE, HIGH, HIGH) | {SIZE: make_curve(*[(0, 0)] * 7)}
    assert judge_here("regions", trained).findings[0].effects == (1,) * 7


# How often chance gives an answer, by networks that are nothing but a number


@pytest.mark.parametrize(
    ("demands", "learned", "rate"),
    [
        (1, "yes", 1 / 20),
        (1, "opposite", 1 / 20),
        (1, "untold", 18 / 20),
        (2, "yes", 1 / 400),
        (2, "mixed", 2 * (1 / 20 * 19 / 20 + 1 / 20 * 18 / 20)),  # above and not, below and among
    ],
)
def test_chance_gives_each_answer_as_often_as_it_should(demands, learned, rate):
    random, draws, met = np.random.default_rng(0), 4000, 0
    for _ in range(draws):
        values = random.random((demands, SEEDS + 1))
        met += compare([(first, {"he": others}) for first, *others in values]) == learned
    assert abs(met - rate * draws) < 4 * (rate * (1 - rate) * draws) ** 0.5


def test_a_further_control_of_the_same_kind_makes_learned_rarer():
    random, draws, met = np.random.default_rng(1), 4000, 0
    for _ in range(draws):
        first, *others = random.random(1 + 3 * SEEDS)
        controls = {name: others[place::3] for place, name in enumerate(CONTROLS)}
        met += compare([(first, controls)]) == "yes"
    rate = 1 / (3 * SEEDS + 1)
    assert abs(met - rate * draws) < 4 * (rate * draws) ** 0.5


def test_the_table_of_rules():
    table = {
        claim: [(demand.metric, demand.kind, demand.least, demand.is_ranked) for demand in rule.demands]
        for claim, rule in RULES.items()
    }
    assert table == {
        "detail": [("edge_correlation", "shallow", 0.4, True), ("edge_correlation", "fall", 0.2, False)],
        "regions": [(SIZE, "growth", 2, True), (SHARE, "rise", 0.2, True), (COARSE, "rise", 0.2, True)],
        "resolution": [("cells", "shrinkage", 4, True)],
        "object": [("box_auc", "deep", 0.65, True), ("box_auc", "rise", 0.2, False)],
    }
    assert THRESHOLDS == (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert set(get_args(Truth)) == {"yes", "no", "depends", "untestable", "box"}
    assert set(get_args(Learned)) == {"yes", "opposite", "mixed", "untold", "construction", "unasked"}


def test_where_no_threshold_counts_there_is_no_exception():
    assert [decide([met]) for met in (True, False, None)] == ["yes", "no", "untestable"]


def test_unknown_claims_list_the_valid_ones():
    with pytest.raises(ValueError, match="unknown claim 'size'; expected one of detail, regions"):
        judge_here("size", {})
