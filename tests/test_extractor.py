import copy
import itertools
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from conftest import PHOTOS, build_thin_features
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from viz.aggregate import AGGREGATIONS
from viz.extractor import extract_heatmaps, walk_layers
from viz.layers import CONV_LAYERS, LAYER_NAMES, SIDES


def run_homework(features, batch, indices):
    """The homework's loop, as an oracle: one full pass a layer, a hook, the mean, min-max."""
    heatmaps = []
    for index in indices:
        kept = {}
        handle = features[index].register_forward_hook(
            lambda module, arguments, output, kept=kept: kept.update(map=output.detach())
        )
        features(batch)
        handle.remove()
        heatmap = np.mean(kept["map"].squeeze(0).numpy(), axis=0)
        heatmaps.append((heatmap - heatmap.min()) / (heatmap.max() - heatmap.min() + 1e-8))
    return heatmaps


def make_inplace(features):
    """A clone with in-place ReLUs, as torchvision builds it and the homework uses it."""
    clone = copy.deepcopy(features)
    for module in clone:
        if isinstance(module, nn.ReLU):
            module.inplace = True
    return clone


def normalize_as_homework(heatmap):
    return (heatmap - heatmap.min()) / (heatmap.max() - heatmap.min() + 1e-8)


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_homeworks_three_layers(features, make_batch, photo):
    batch = make_batch(photo, "squash")
    # Index 20, the homework's third, is the ReLU after conv4_2 (index 19).
    oracle = run_homework(make_inplace(features), batch, [0, 10, 20])
    heatmaps = extract_heatmaps(features, batch)
    for name, expected in zip(("conv1_1", "conv3_1", "conv4_2"), oracle, strict=True):
        ours = normalize_as_homework(heatmaps[name, "post", "mean"])
        np.testing.assert_allclose(ours, expected, atol=2e-5, err_msg=name)


def test_the_homeworks_loop_over_all_13_layers(features, make_batch):
    batch = make_batch("cat.png", "squash")
    oracle = run_homework(make_inplace(features), batch, [layer.index for layer in CONV_LAYERS])
    heatmaps = extract_heatmaps(features, batch)
    for name, expected in zip(LAYER_NAMES, oracle, strict=True):
        ours = normalize_as_homework(heatmaps[name, "post", "mean"])
        np.testing.assert_allclose(ours, expected, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("photo", PHOTOS)
def test_all_maps_equal_torchvisions_feature_extraction(features, make_batch, photo):
    batch = make_batch(photo)
    nodes = {str(layer.index + offset) for layer in CONV_LAYERS for offset in (0, 1)}
    with torch.no_grad():
        kept = create_feature_extractor(copy.deepcopy(features), {node: node for node in nodes})(batch)
    heatmaps = extract_heatmaps(features, batch)
    assert len(heatmaps) == 13 * 2 * 5
    for layer, side, name in itertools.product(CONV_LAYERS, SIDES, AGGREGATIONS):
        feature_map = kept[str(layer.index + (side == "post"))][0].double()
        expected = AGGREGATIONS[name](feature_map).numpy()
        ours = heatmaps[layer.name, side, name]
        assert ours.dtype == np.float32
        assert ours.shape == (batch.shape[2] // layer.stride, batch.shape[3] // layer.stride)
        scale = max(float(feature_map.abs().max()), float(expected.max()))
        np.testing.assert_allclose(ours, expected, atol=1e-5 * scale, err_msg=f"{layer.name} {side} {name}")


def test_values_before_the_relu_stay_negative(features, make_batch):
    heatmaps = extract_heatmaps(features, make_batch())
    assert min(heatmaps[name, "pre", "mean"].min() for name in LAYER_NAMES) < -1
    for name in LAYER_NAMES:
        assert heatmaps[name, "pre", "mean"].min() < heatmaps[name, "post", "mean"].min()
        assert heatmaps[name, "post", "mean"].min() >= 0


def test_strongest_channel_is_the_one_with_the_highest_mean(thin_features):
    batch = torch.randn(1, 3, 64, 80, generator=torch.Generator().manual_seed(1))
    heatmaps = extract_heatmaps(thin_features, batch)
    feature_map = thin_features[:11](batch)[0]
    number = heatmaps.strongest_channel("conv3_1", "pre")
    assert number == int(feature_map.mean(dim=(1, 2)).argmax())
    np.testing.assert_allclose(
        heatmaps["conv3_1", "pre", "strongest"], feature_map[number], rtol=1e-5, atol=1e-6
    )


def test_maps_of_a_picture_whose_sides_are_no_multiples_of_16(thin_features):
    heatmaps = extract_heatmaps(thin_features, torch.randn(1, 3, 47, 83))
    assert heatmaps["conv1_1", "pre", "max"].shape == (47, 83)
    assert heatmaps["conv5_3", "post", "max"].shape == (2, 5)


def test_inplace_relus_are_refused():
    with pytest.raises(ValueError, match=r"features\[1\] works in place"):
        extract_heatmaps(build_thin_features(inplace=True), torch.zeros(1, 3, 32, 32))


@pytest.mark.parametrize("shape", [(3, 32, 32), (2, 3, 32, 32), (1, 1, 32, 32)])
def test_other_shapes_are_refused(thin_features, shape):
    with pytest.raises(ValueError, match=r"expected a batch of shape \[1, 3, H, W\]"):
        extract_heatmaps(thin_features, torch.zeros(shape))


def test_the_network_and_the_batch_are_left_as_they_were(features, make_batch):
    batch = make_batch()
    before = {key: value.clone() for key, value in features.state_dict().items()}, batch.clone()
    extract_heatmaps(features, batch)
    assert all(torch.equal(value, before[0][key]) for key, value in features.state_dict().items())
    assert torch.equal(batch, before[1])
    assert not any(module._forward_hooks for module in features)


def test_eight_threads_give_the_serial_results(features, make_batch):
    batches = [make_batch(photo, framing) for photo in PHOTOS[:4] for framing in ("whole", "squash")]
    serial = [extract_heatmaps(features, batch) for batch in batches]
    with ThreadPoolExecutor(max_workers=8) as pool:
        threaded = list(pool.map(lambda batch: extract_heatmaps(features, batch), batches))
    for alone, together in zip(serial, threaded, strict=True):
        assert all(np.array_equal(alone[key], together[key]) for key in alone)


def test_a_pass_never_holds_all_raw_maps(thin_features):
    outputs, most_alive = [], 0

    class Watched(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, signal):
            nonlocal most_alive
            output = self.module(signal)
            outputs.append(weakref.ref(output))
            most_alive = max(most_alive, sum(ref() is not None for ref in outputs))
            return output

    watched = (Watched(module) for module in thin_features)
    heatmaps = extract_heatmaps(nn.Sequential(*watched), torch.randn(1, 3, 64, 64))
    assert len(heatmaps) == 130
    assert len(outputs) == 13 + 13 + 4
    assert most_alive == 2  # a module's input and its output


def test_a_relu_overwrites_nothing_that_a_gradient_needs(thin_features):
    batch = torch.randn(1, 3, 64, 64).requires_grad_()
    kept = {(name, side): signal for name, side, signal in walk_layers(thin_features, batch)}
    for name in LAYER_NAMES:
        assert kept[name, "pre"].min() < 0
        assert torch.equal(kept[name, "post"], kept[name, "pre"].clamp(min=0))
    kept["conv5_3", "post"].sum().backward()
    assert batch.grad.abs().max() > 0


def test_zeros_after_the_relu_are_counted(features, make_batch):
    batch = make_batch("cat.png", "crop")
    heatmaps = extract_heatmaps(features, batch)
    assert list(heatmaps.zero_shares) == list(LAYER_NAMES)
    signal = batch
    for index, module in enumerate(features[:30]):
        signal = module(signal)
        for layer in CONV_LAYERS:
            if layer.index + 1 == index:
                expected = np.mean(signal.numpy() == 0)
                assert heatmaps.zero_shares[layer.name] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("width", [224, 258])
def test_the_number_of_threads_changes_no_bit(features, make_batch, width, threads):
    batch, every = make_batch("coffee.png")[..., :width], torch.get_num_threads()
    expected = extract_heatmaps(features, batch)
    torch.set_num_threads(threads)
    try:
        found = extract_heatmaps(features, batch)
    finally:
        torch.set_num_threads(every)
    assert all(np.array_equal(found[key], expected[key]) for key in expected)
