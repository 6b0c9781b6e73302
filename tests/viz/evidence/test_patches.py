import numpy as np
import pytest
import torch

from viz.evidence.patches import PATCHES, TopActivations, choose_patches
from viz.evidence.top_activations import BLOCKS, find_top_activations
from viz.maps.feature_maps import compute_feature_map
from viz.networks.vgg16 import LAYERS


def test_spots_are_the_largest_cells(thin_network):
    torch.manual_seed(0)
    batches = [torch.randn(1, 3, 64, 96), torch.randn(1, 3, 80, 64)]
    top = find_top_activations(thin_network, batches)
    assert list(top) == [layer.name for layer in LAYERS]
    for name in ("conv1_2", "conv3_1", "conv5_3"):
        maps = [compute_feature_map(thin_network, batch, name, "post") for batch in batches]
        for channel in range(maps[0].shape[-1]):
            peak = max(float(cells[..., channel].max()) for cells in maps)
            assert top[name].values[channel, 0] == pytest.approx(peak)
            for place in range(min(5, top[name].values.shape[1])):
                number = top[name].pictures[channel, place]
                row, column = top[name].rows[channel, place], top[name].columns[channel, place]
                assert maps[number][row, column, channel] == top[name].values[channel, place]
    assert top["conv1_1"].values.shape[1] <= 2 * BLOCKS**2


def test_patches_lie_apart_and_respond():
    top = TopActivations(
        np.array([[9, 8, 7, 6, 5, 0]], np.float32),
        np.array([[0, 0, 1, 0, 1, 1]], np.uint8),
        np.array([[3, 4, 3, 7, 9, 1]], np.uint16),
        np.array([[3, 3, 3, 3, 9, 1]], np.uint16),
    )
    patches = choose_patches(top, LAYERS[-1], 0, [(224, 224), (224, 320)])
    assert [(patch.picture, patch.value) for patch in patches] == [(0, 9), (1, 7), (0, 6), (1, 5)]
    assert patches[0].box == (0, 0, 154, 154)
    assert len(choose_patches(top, LAYERS[-1], 0, [(224, 224), (224, 320)], count=2)) == 2
    assert PATCHES == 9
