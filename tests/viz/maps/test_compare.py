from dataclasses import replace

import numpy as np
import pytest

from viz.maps.compare import correlate_maps, match_depth, pair_layers, subtract_maps
from viz.networks.vgg16 import LAYERS

RISING = np.array([[1.0, 2.0], [3.0, 5.0]], dtype=np.float32)
OTHERS = [replace(layer, name=f"block{place}") for place, layer in enumerate(LAYERS[:5])]


def list_names(layers):
    return [layer.name for layer in layers]


def test_layers_of_the_same_network_are_their_own_partners():
    chosen = [LAYERS[3], LAYERS[0]]
    assert pair_layers(chosen, LAYERS, LAYERS) == chosen


def test_layers_of_another_network_are_paired_by_depth():
    """Of 13 layers and 5 each third one meets one of the others: 0, 3, 6, 9, 12."""
    chosen = [LAYERS[place] for place in (0, 3, 6, 9, 12)]
    assert list_names(pair_layers(chosen, LAYERS, OTHERS)) == list_names(OTHERS)
    assert list_names(pair_layers(LAYERS[:3], LAYERS, OTHERS)) == ["block0", "block0", "block1"]
    assert pair_layers(OTHERS[:2], OTHERS, LAYERS) == [LAYERS[0], LAYERS[3]]
    assert pair_layers(LAYERS[-1:], LAYERS, OTHERS[:1]) == OTHERS[:1]


def test_a_single_layer_is_as_deep_as_the_first():
    assert match_depth(0, 1, 49) == 0


def test_a_map_correlates_with_itself_and_its_opposite():
    noise = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    assert correlate_maps(noise, noise) == pytest.approx(1)
    assert correlate_maps(noise, 3 - 2 * noise) == pytest.approx(-1)


def test_a_correlation_by_hand():
    """Deviations -1.75 -0.75 0.25 2.25 and -1 1 -1 1: 3 over the root of 8.75 times 4."""
    assert correlate_maps(RISING, [[0, 2], [0, 2]]) == pytest.approx(3 / np.sqrt(35))


def test_the_finer_map_is_averaged_to_the_coarser_grid():
    fine = np.kron(RISING, np.ones((2, 3))) + np.tile([[0.5, -0.5, 0.0], [-0.5, 0.5, 0.0]], (2, 2))
    assert correlate_maps(fine, RISING) == pytest.approx(1)
    assert correlate_maps(RISING, fine) == pytest.approx(1)


def test_maps_of_another_aspect_meet_on_the_coarser_of_each_axis():
    """[2, 4] and [4, 2] meet on [2, 2]."""
    wide, high = np.repeat(RISING, 2, axis=1), np.repeat(RISING, 2, axis=0)
    assert correlate_maps(wide, high) == pytest.approx(1)
    mirrored = np.corrcoef(RISING.ravel(), RISING[:, ::-1].ravel())[0, 1]
    assert correlate_maps(wide, high[:, ::-1]) == pytest.approx(mirrored)


@pytest.mark.parametrize("constant", [0.0, 0.1, -7e20])
def test_a_constant_has_no_correlation(constant):
    still = np.full((2, 2), constant, dtype=np.float32)
    assert correlate_maps(still, RISING) is None
    assert correlate_maps(RISING, still) is None
    assert correlate_maps(still, still) is None
    assert correlate_maps([[1.0]], RISING) is None  # one cell cannot vary


@pytest.mark.parametrize("offset", [1e6, -1e9, 1e12])
def test_a_large_offset_changes_no_correlation(offset):
    noise = np.random.default_rng(1).normal(size=(6, 8))
    other = np.random.default_rng(2).normal(size=(3, 4))
    expected = correlate_maps(noise, other)
    assert correlate_maps(noise + offset, other) == pytest.approx(expected, abs=1e-3)
    assert correlate_maps(noise * 1e-6, other + offset) == pytest.approx(expected, abs=1e-3)


def test_a_map_that_is_even_on_the_common_grid_has_no_correlation():
    assert correlate_maps([[0.0, 2.0, 2.0, 0.0]], [[1.0, 5.0]]) is None


def test_what_is_no_map_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        correlate_maps([[np.nan, 1.0]], [[1.0, 2.0]])


def test_a_difference_by_hand():
    other = np.array([[0.5, 2.0], [4.0, 1.0]], dtype=np.float32)
    np.testing.assert_array_equal(subtract_maps(RISING, other, normalised=False), [[0.5, 0], [-1, 4]])
    scaled = subtract_maps(RISING, np.array([[8, 4], [0, 8]], dtype=np.float32), normalised=True)
    np.testing.assert_allclose(scaled, [[-1, -0.25], [0.5, 0]])


@pytest.mark.parametrize("normalised", [False, True])
def test_the_difference_of_a_map_with_itself_is_zero(normalised):
    difference = subtract_maps(RISING, RISING.copy(), normalised)
    assert difference.dtype == np.float32
    assert not difference.any()


def test_other_grids_have_no_difference():
    with pytest.raises(ValueError, match=r"one grid, got \[2, 2\] and \[2, 1\]"):
        subtract_maps(RISING, RISING[:, :1], normalised=True)
