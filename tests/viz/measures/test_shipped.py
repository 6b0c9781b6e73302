"""The numbers that come along are those of the controls, and small."""

import numpy as np
import pytest

from viz.maps.one_pass import extract_heatmaps
from viz.measures import shipped
from viz.measures.claims import RULES, SEEDS
from viz.measures.curves import measure_curves
from viz.measures.metrics import measure_edges, measure_luma
from viz.networks.controls import CONTROLS, make_control
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample


@pytest.mark.parametrize("photo", SAMPLES)
def test_the_numbers_of_a_sample_are_those_of_its_controls(network, photo):
    framed = frame_image(read_image(read_sample(photo)))
    pixels = np.array(framed)
    found = shipped.read_shipped("vgg16", pixels)
    assert {control: len(networks) for control, networks in found.items()} == dict.fromkeys(CONTROLS, SEEDS)
    for control in CONTROLS if photo == "cat" else ["shuffled"]:
        made = make_control(network, control, SEEDS - 1)
        heatmaps = extract_heatmaps(made, made.to_batch(framed))
        maps = [heatmaps[layer.name, shipped.SIDE, shipped.AGGREGATION] for layer in made.layers]
        expected = measure_curves(maps, measure_edges(measure_luma(pixels)))
        for metric in shipped.METRICS:
            assert found[control][-1][metric] == pytest.approx(expected[metric], rel=0.02, abs=0.01), metric


def test_other_pictures_and_networks_have_none():
    pixels = np.array(frame_image(read_image(read_sample("cat"))))
    assert shipped.read_shipped("vgg16", pixels)
    assert shipped.read_shipped("vgg16", pixels[:, :-1]) == {}
    assert shipped.read_shipped("efficientnet_lite0", pixels) == {}


def test_the_file_is_small():
    assert shipped.SHIPPED.stat().st_size < 300_000


def test_chance_is_told_of_each_claim_that_can_be_learned():
    chance = shipped.read_chance()
    assert set(chance) == {claim for claim, rule in RULES.items() if not rule.constructed}
    for found in chance.values():
        assert 0 <= found["learned"]["yes"] <= 0.07  # one in twenty, and the error of the draws
        assert all(0 <= rate <= 1 for rates in found.values() for rate in rates.values())
