import numpy as np
import pytest
import torch

from viz.evidence.patches import PATCHES, TopActivations, choose_patches, find_gap, find_peaks
from viz.evidence.top_activations import find_top_activations
from viz.maps.feature_maps import compute_feature_map
from viz.networks.vgg16 import LAYERS


def find_by_force(maps, gap):
    """All cells of a channel in several pictures, the highest first; one near a taken one is left out."""
    cells = sorted(
        (-value, number, *place)
        for number, cells in enumerate(maps)
        for place, value in np.ndenumerate(cells)
    )
    taken = []
    for value, number, row, column in cells:
        far = all(
            number != other or max(abs(row - there), abs(column - here)) >= gap
            for _, other, there, here in taken
        )
        if far and value < 0 and len(taken) < PATCHES:
            taken.append((-value, number, row, column))
    return [value for value, *_ in taken]


def test_patches_are_the_highest_cells_that_lie_apart(thin_network):
    torch.manual_seed(0)
    batches = [torch.randn(1, 3, 64, 96), torch.randn(1, 3, 80, 64)]
    tops = [find_top_activations(thin_network, batch) for batch in batches]
    assert list(tops[0]) == [layer.name for layer in LAYERS]
    for name in ("conv1_1", "conv1_2", "conv3_1", "conv5_3"):
        layer = thin_network.find_layer(name)
        maps = [compute_feature_map(thin_network, batch, name, "post") for batch in batches]
        for channel in range(2):
            chosen = choose_patches([top[name] for top in tops], layer, channel, [(64, 96), (80, 64)])
            expected = find_by_force([cells[..., channel] for cells in maps], find_gap(layer))
            assert [patch.value for patch in chosen] == pytest.approx(expected)


def test_a_place_takes_its_neighbours_and_what_is_not_finite_is_none():
    values = np.zeros((2, 5, 5), np.float32)
    values[0, 0, 0], values[0, 0, 1], values[0, 0, 2], values[0, 4, 4] = 9, 8, 7, 1
    values[1, 2, 2], values[1, 0, 0] = np.inf, -3
    found = find_peaks(values, gap=2, count=4)
    assert found.values.tolist() == [[9, 7, 1, 0], [0, 0, 0, 0]]
    assert (found.rows[0, :3].tolist(), found.columns[0, :3].tolist()) == ([0, 0, 4], [0, 2, 4])
    assert values[0, 0, 1] == 8  # the feature map is left as it is


def test_patches_of_several_pictures_are_ordered_and_respond():
    tops = [
        TopActivations(
            np.array([values], np.float32), np.array([rows], np.uint16), np.array([rows], np.uint16)
        )
        for values, rows in (((9, 6, 0), (3, 7, 1)), ((7, 5, 0), (3, 9, 1)))
    ]
    patches = choose_patches(tops, LAYERS[-1], 0, [(224, 224), (224, 320)])
    assert [(patch.picture, patch.value) for patch in patches] == [(0, 9), (1, 7), (0, 6), (1, 5)]
    assert patches[0].box == (0, 0, 154, 154)
    assert len(choose_patches(tops, LAYERS[-1], 0, [(224, 224), (224, 320)], count=2)) == 2


def test_the_gap_is_half_a_field_within_limits():
    cells = {layer.name: find_gap(layer) for layer in LAYERS}
    # Half a field of 3, 14, 40 and 196 pixels; at least 8 and at most 32 pixels.
    assert (cells["conv1_1"], cells["conv2_2"], cells["conv3_3"], cells["conv5_3"]) == (8, 4, 5, 2)
