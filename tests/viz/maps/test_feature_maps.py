import numpy as np
import pytest
import torch

from viz.maps.feature_maps import FeatureMaps, choose_kept, compute_feature_map, keep_feature_maps
from viz.maps.one_pass import extract_heatmaps
from viz.networks.vgg16 import LAYERS

NAMES = [layer.name for layer in LAYERS]


@pytest.mark.parametrize("side", ["pre", "post"])
def test_kept_and_computed_agree_with_the_heatmaps(thin_network, side):
    torch.manual_seed(0)
    batch = torch.randn(1, 3, 64, 96)
    heatmaps = extract_heatmaps(thin_network, batch)
    kept = keep_feature_maps(thin_network, batch, NAMES)
    for name in NAMES:
        computed = compute_feature_map(thin_network, batch, name, side)
        np.testing.assert_allclose(computed.mean(axis=-1), heatmaps[name, side, "mean"], rtol=1e-4, atol=1e-5)
        assert kept.values[name].dtype == np.float16
        reach = np.abs(computed).max()
        np.testing.assert_allclose(kept.read(name, side), computed, rtol=5e-4, atol=1e-6 * max(reach, 1))


def test_values_beyond_half_precision_are_kept(thin_network):
    torch.manual_seed(0)
    batch = 1e6 * torch.randn(1, 3, 32, 32)
    kept = keep_feature_maps(thin_network, batch, ["conv1_1"])
    computed = compute_feature_map(thin_network, batch, "conv1_1", "pre")
    assert np.abs(computed).max() > 65504
    read = kept.read("conv1_1", "pre")
    assert np.isfinite(read).all()
    np.testing.assert_allclose(read, computed, rtol=5e-4, atol=np.abs(computed).max() * 1e-6)


def test_only_what_was_asked_for_is_kept(thin_network):
    kept = keep_feature_maps(thin_network, torch.randn(1, 3, 32, 32), ["conv2_1", "conv5_3"])
    assert set(kept.values) == {"conv2_1", "conv5_3"}
    assert "conv2_1" in kept and "conv1_1" not in kept


def test_reading_twice_gives_the_same():
    kept = FeatureMaps({"conv1_1": np.array([[[-2.0, 3.0]]], np.float16)}, {"conv1_1": 2.0})
    assert kept.read("conv1_1", "post").tolist() == [[[0.0, 6.0]]]
    assert kept.read("conv1_1", "pre").tolist() == [[[-4.0, 6.0]]]
    assert kept.read_vector("conv1_1", 0, 0, "post").tolist() == [0.0, 6.0]
    assert kept.read_vector("conv1_1", 0, 0, "pre").tolist() == [-4.0, 6.0]


def test_deep_layers_are_kept_first_and_the_first_layer_never():
    every = sum(2 * layer.channels * (224 // layer.stride) ** 2 for layer in LAYERS[1:])
    assert choose_kept(LAYERS, 224, 224, 10 * every) == set(NAMES[1:])
    assert choose_kept(LAYERS, 224, 224, every) == set(NAMES[1:])
    assert choose_kept(LAYERS, 224, 224, every - 1) == set(NAMES[2:])
    assert choose_kept(LAYERS, 224, 224, 0) == set()


def test_unknown_place_is_refused(thin_network):
    with pytest.raises(ValueError, match="conv9_9"):
        compute_feature_map(thin_network, torch.randn(1, 3, 32, 32), "conv9_9", "pre")
