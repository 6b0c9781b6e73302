from dataclasses import replace
from math import prod

import numpy as np
import pytest
import torch

from viz.maps.feature_maps import FeatureMaps, compute_feature_map, keep_feature_maps
from viz.maps.one_pass import extract_heatmaps
from viz.networks.vgg16 import LAYERS

NAMES = [layer.name for layer in LAYERS]
PLENTY = 10**9  # bytes


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("direct", [True, False])
def test_kept_and_computed_agree_with_the_heatmaps(thin_network, side, direct):
    """Values behind an activation that takes something else than the convolution's output are kept, too."""
    layers = [
        replace(layer, activation=replace(layer.activation, direct=direct)) for layer in thin_network.layers
    ]
    network = replace(thin_network, layers=tuple(layers))
    torch.manual_seed(0)
    batch = torch.randn(1, 3, 64, 96)
    heatmaps = extract_heatmaps(network, batch)
    kept = keep_feature_maps(network, batch, PLENTY)
    assert len(kept.values) == (12 if direct else 24)
    for name in NAMES[1:]:
        computed = compute_feature_map(network, batch, name, side)
        np.testing.assert_allclose(computed.mean(axis=-1), heatmaps[name, side, "mean"], rtol=1e-4, atol=1e-5)
        reach = np.abs(computed).max()
        np.testing.assert_allclose(kept.read(name, side), computed, rtol=5e-4, atol=1e-6 * max(reach, 1))
    assert {values.dtype for values in kept.values.values()} == {np.dtype(np.float16)}


def test_values_beyond_half_precision_are_kept(thin_network):
    torch.manual_seed(0)
    batch = 1e6 * torch.randn(1, 3, 32, 32)
    kept = keep_feature_maps(thin_network, batch, PLENTY)
    computed = compute_feature_map(thin_network, batch, "conv1_2", "pre")
    assert np.abs(computed).max() > 65504
    read = kept.read("conv1_2", "pre")
    assert np.isfinite(read).all()
    np.testing.assert_allclose(read, computed, rtol=5e-4, atol=np.abs(computed).max() * 1e-6)


def test_reading_twice_gives_the_same():
    key = "conv1_1", "pre"
    kept = FeatureMaps({key: np.array([[[-2.0, 3.0]]], np.float16)}, {key: 2.0}, frozenset({"conv1_1"}))
    assert kept.read("conv1_1", "post").tolist() == [[[0.0, 6.0]]]
    assert kept.read("conv1_1", "pre").tolist() == [[[-4.0, 6.0]]]
    assert kept.read_vector("conv1_1", 0, 0, "post").tolist() == [0.0, 6.0]
    assert kept.read_vector("conv1_1", 0, 0, "pre").tolist() == [-4.0, 6.0]


def test_deep_layers_are_kept_first_and_the_first_layer_never(thin_network):
    batch = torch.randn(1, 3, 64, 64)
    every = sum(2 * layer.channels * prod(layer.map_size(64, 64)) for layer in thin_network.layers[1:])
    for limit, names in ((every, NAMES[1:]), (every - 1, NAMES[2:]), (0, [])):
        assert [name for name, _ in keep_feature_maps(thin_network, batch, limit).values] == names


def test_unknown_place_is_refused(thin_network):
    with pytest.raises(ValueError, match="conv9_9"):
        compute_feature_map(thin_network, torch.randn(1, 3, 32, 32), "conv9_9", "pre")
