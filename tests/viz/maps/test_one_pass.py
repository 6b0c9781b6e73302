import copy
import itertools
import sys
import weakref
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import PHOTOS, find_index
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.one_pass import extract_heatmaps, find_least_size, run_or_fall_back, run_pass
from viz.networks.catalogue import load_network
from viz.networks.errors import NetworkError
from viz.networks.layers import SIDES
from viz.networks.network import Network, copy_structure, share_module
from viz.networks.vgg16 import LAYERS
from viz.networks.wrap import wrap_network

NAMES = [layer.name for layer in LAYERS]


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


def clone_features(network):
    """The modules, in-place ReLUs and all, as the homework uses them."""
    return copy.deepcopy(network.module.features)


def normalize_as_homework(heatmap):
    return (heatmap - heatmap.min()) / (heatmap.max() - heatmap.min() + 1e-8)


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_homeworks_three_layers(network, make_batch, photo):
    batch = make_batch(photo, "squash")
    # Index 20, the homework's third, is the ReLU after conv4_2 (index 19).
    oracle = run_homework(clone_features(network), batch, [0, 10, 20])
    heatmaps = extract_heatmaps(network, batch)
    for name, expected in zip(("conv1_1", "conv3_1", "conv4_2"), oracle, strict=True):
        ours = normalize_as_homework(heatmaps[name, "post", "mean"])
        np.testing.assert_allclose(ours, expected, atol=2e-5, err_msg=name)


def test_the_homeworks_loop_over_all_13_layers(network, make_batch):
    batch = make_batch("cat.png", "squash")
    oracle = run_homework(clone_features(network), batch, [find_index(layer) for layer in LAYERS])
    heatmaps = extract_heatmaps(network, batch)
    for name, expected in zip(NAMES, oracle, strict=True):
        ours = normalize_as_homework(heatmaps[name, "post", "mean"])
        np.testing.assert_allclose(ours, expected, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("photo", PHOTOS[:2])
def test_all_maps_equal_torchvisions_feature_extraction(network, make_batch, photo):
    batch = make_batch(photo)
    nodes = {str(find_index(layer) + offset) for layer in LAYERS for offset in (0, 1)}
    with torch.no_grad():
        module = clone_features(network)
        for relu in module:
            if isinstance(relu, nn.ReLU):
                relu.inplace = False
        kept = create_feature_extractor(module, {node: node for node in nodes})(batch)
    heatmaps = extract_heatmaps(network, batch)
    assert len(heatmaps) == 13 * 2 * 5
    for layer, side, name in itertools.product(LAYERS, SIDES, AGGREGATIONS):
        feature_map = kept[str(find_index(layer) + (side == "post"))][0].double()
        expected = AGGREGATIONS[name](feature_map).numpy()
        ours = heatmaps[layer.name, side, name]
        assert ours.dtype == np.float32
        assert ours.shape == (batch.shape[2] // layer.stride, batch.shape[3] // layer.stride)
        scale = max(float(feature_map.abs().max()), float(expected.max()))
        np.testing.assert_allclose(ours, expected, atol=2e-6 * scale, err_msg=f"{layer.name} {side} {name}")


def test_values_before_the_relu_stay_negative(network, make_batch):
    heatmaps = extract_heatmaps(network, make_batch())
    assert min(heatmaps[name, "pre", "mean"].min() for name in NAMES) < -1
    for name in NAMES:
        assert heatmaps[name, "pre", "mean"].min() < heatmaps[name, "post", "mean"].min()
        assert heatmaps[name, "post", "mean"].min() >= 0


def test_strongest_channel_is_the_one_with_the_highest_mean(thin_network):
    batch = torch.randn(1, 3, 64, 80, generator=torch.Generator().manual_seed(1))
    heatmaps = extract_heatmaps(thin_network, batch)
    feature_map = thin_network.module.features[:11](batch)[0]
    number = heatmaps.strongest_channel("conv3_1", "pre")
    assert number == int(feature_map.mean(dim=(1, 2)).argmax())
    np.testing.assert_allclose(
        heatmaps["conv3_1", "pre", "strongest"], feature_map[number], rtol=1e-5, atol=1e-6
    )


def test_maps_of_a_picture_whose_sides_are_no_multiples_of_16(thin_network):
    heatmaps = extract_heatmaps(thin_network, torch.randn(1, 3, 47, 83))
    assert heatmaps["conv1_1", "pre", "max"].shape == (47, 83)
    assert heatmaps["conv5_3", "post", "max"].shape == (2, 5)


@pytest.mark.parametrize("shape", [(3, 32, 32), (2, 3, 32, 32), (1, 1, 32, 32)])
def test_other_shapes_are_refused(thin_network, shape):
    with pytest.raises(ValueError, match=r"expected a batch of shape \[1, 3, H, W\]"):
        extract_heatmaps(thin_network, torch.zeros(shape))


@pytest.mark.parametrize("fails", [False, True])
def test_the_network_and_the_batch_are_left_as_they_were(network, make_batch, fails):
    def see(layer, side, signal):
        if fails and layer.name == "conv3_1":
            raise RuntimeError("in the middle of a pass")

    batch = make_batch()
    before = {key: value.clone() for key, value in network.module.state_dict().items()}, batch.clone()
    with pytest.raises(RuntimeError, match="in the middle") if fails else nullcontext():
        run_pass(network, batch, see)
    assert all(torch.equal(value, before[0][key]) for key, value in network.module.state_dict().items())
    assert torch.equal(batch, before[1])
    assert not any(module._forward_hooks or module.training for module in network.module.modules())
    assert not any(parameter.requires_grad for parameter in network.module.parameters())


def test_a_copy_shares_parameters_and_nothing_else():
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
    private = copy_structure(module)
    assert private is not module and private[0] is not module[0]
    assert all(a is b for a, b in zip(private.parameters(), module.parameters(), strict=True))
    assert all(a is not b for a, b in zip(private.buffers(), module.buffers(), strict=True))


def test_nothing_behind_the_wanted_layer_is_run(thin_network):
    seen = []
    batch = torch.randn(1, 3, 64, 64)
    run_pass(thin_network, batch, lambda layer, side, _: seen.append((layer.name, side)), ("conv1_2", "pre"))
    assert seen == [("conv1_1", "pre"), ("conv1_1", "post"), ("conv1_2", "pre")]


def test_eight_threads_give_the_serial_results(network, make_batch):
    # Corners of the photographs, since each is computed twice.
    batches = [make_batch(name, how)[..., :112, :112] for name in PHOTOS[:4] for how in ("whole", "squash")]
    serial = [extract_heatmaps(network, batch) for batch in batches]
    with ThreadPoolExecutor(max_workers=8) as pool:
        threaded = list(pool.map(lambda batch: extract_heatmaps(network, batch), batches))
    for alone, together in zip(serial, threaded, strict=True):
        assert all(np.array_equal(alone[key], together[key]) for key in alone)


def test_a_pass_never_holds_all_raw_maps(thin_network):
    outputs, most_alive = [], 0

    class Watched(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, signal):
            nonlocal most_alive
            output = self.module(signal)
            outputs.append(weakref.ref(output))
            most_alive = max(most_alive, len({id(ref()) for ref in outputs} - {id(None)}))
            return output

    features = nn.Sequential(*(Watched(module) for module in thin_network.module.features))
    watched = replace(thin_network, module=nn.Sequential(OrderedDict(features=features)))
    heatmaps = extract_heatmaps(watched, torch.randn(1, 3, 64, 64))
    assert len(heatmaps) == 130
    assert len(outputs) == 13 + 12 + 4  # the pass ends within the last activation
    assert most_alive == 2  # a module's input and its output


def test_values_before_an_inplace_relu_are_seen_and_gradients_reach_the_pixels(thin_network):
    batch = torch.randn(1, 3, 64, 64).requires_grad_()
    kept = {}

    def see(layer, side, signal):
        kept[layer.name, side] = signal.clone()

    run_pass(thin_network, batch, see)
    for layer in LAYERS:
        assert kept[layer.name, "pre"].min() < 0
        assert torch.equal(kept[layer.name, "post"], kept[layer.name, "pre"].clamp(min=0))
    kept["conv5_3", "post"].sum().backward()
    assert batch.grad.abs().max() > 0


def test_zeros_after_the_relu_are_counted(network, make_batch):
    batch = make_batch("cat.png", "crop")
    heatmaps = extract_heatmaps(network, batch)
    assert list(heatmaps.zero_shares) == list(NAMES)
    signal = batch.clone()
    for index, module in enumerate(clone_features(network)[:30]):
        signal = module(signal)
        for layer in LAYERS:
            if find_index(layer) + 1 == index:
                expected = np.mean(signal.numpy() == 0)
                assert heatmaps.zero_shares[layer.name] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("width", [224, 258])
def test_the_number_of_threads_changes_no_bit(network, make_batch, width, threads):
    batch, every = make_batch("coffee.png")[..., :width], torch.get_num_threads()
    expected = extract_heatmaps(network, batch)
    torch.set_num_threads(threads)
    try:
        found = extract_heatmaps(network, batch)
    finally:
        torch.set_num_threads(every)
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


@pytest.fixture(scope="module")
def alexnet():
    return load_network("untrained:torchvision:alexnet")


@pytest.mark.parametrize(("height", "width", "got"), [(20, 20, 20), (20, 300, 20), (224, 30, 30)])
def test_a_picture_that_is_too_small_is_told_the_least_size(alexnet, height, width, got):
    # By hand: 31 pixels are 7 cells, then 3, then 1; the third pooling comes behind the last layer.
    with pytest.raises(
        NetworkError, match=rf"has {got} pixels, and the network needs at least 31\."
    ) as caught:
        extract_heatmaps(alexnet, torch.zeros(1, 3, height, width))
    assert (caught.value.reason, caught.value.details) == ("too_small", {"size": 31, "got": got})


def test_a_picture_of_the_least_size_goes_through_all_layers(alexnet):
    assert find_least_size(alexnet) == 31
    heatmaps = extract_heatmaps(alexnet, torch.zeros(1, 3, 31, 31))
    assert heatmaps[alexnet.layers[-1].name, "post", "mean"].shape == (1, 1)
    assert {layer for layer, _, _ in heatmaps} == {layer.name for layer in alexnet.layers}


def test_a_classifier_that_takes_one_size_alone_raises_no_least_size():
    module = nn.Sequential(
        nn.Conv2d(3, 2, 3), nn.MaxPool2d(4), nn.Conv2d(2, 2, 3), nn.Flatten(), nn.Linear(288, 5)
    )
    network = wrap_network(module, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 58)
    assert find_least_size(network) == 14  # 12 cells, 3 of them behind the pooling
    assert extract_heatmaps(network, torch.zeros(1, 3, 20, 24))["2", "pre", "max"].shape == (2, 3)


def test_a_network_that_writes_to_its_input_leaves_the_batch_alone():
    class Centre(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv2d(3, 2, 3)

        def forward(self, pixels):
            return self.convolution(pixels.sub_(0.5))

    network = wrap_network(Centre(), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 32)
    batch = torch.ones(1, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    first, second = (extract_heatmaps(network, batch)["convolution", "pre", "mean"] for _ in range(2))
    assert torch.equal(batch, torch.ones(1, 3, 32, 32))
    np.testing.assert_array_equal(first, second)


def test_no_map_keeps_its_feature_map_in_memory(thin_network):
    heatmaps = extract_heatmaps(thin_network, torch.zeros(1, 3, 64, 64))
    assert all(heatmap.flags.owndata for heatmap in heatmaps.values())


@pytest.fixture
def crowded(monkeypatch, thin_network):
    """A network that says it is on CUDA, where there is memory for no pass."""
    open_module, real = Network.open_module, Network.device.fget
    passes = []

    def fail(network):
        passes.append(network.module)
        if network.module is thin_network.module:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return open_module(network)

    def find_device(network):
        return torch.device("cuda") if network.module is thin_network.module else real(network)

    monkeypatch.setattr(Network, "open_module", fail)
    monkeypatch.setattr(Network, "device", property(find_device))
    return thin_network, passes


def test_what_finds_no_memory_on_the_device_is_computed_on_the_cpu(crowded):
    network, passes = crowded
    twin = replace(network, module=copy.deepcopy(network.module))
    batch = torch.randn(1, 3, 64, 80, generator=torch.Generator().manual_seed(1))
    expected = extract_heatmaps(twin, batch)
    before = {id(parameter): parameter.clone() for parameter in network.module.parameters()}
    passes.clear()

    heatmaps = extract_heatmaps(network, batch)
    assert heatmaps.fell_back and not expected.fell_back
    assert heatmaps.keys() == expected.keys()
    assert all(np.array_equal(heatmaps[key], expected[key]) for key in expected)
    assert heatmaps.zero_shares == expected.zero_shares

    first, second = passes
    assert first is network.module and second is not first
    parameters = list(network.module.parameters())
    assert [id(parameter) for parameter in parameters] == list(before)
    assert all(torch.equal(parameter, before[id(parameter)]) for parameter in parameters)
    assert not any(parameter.requires_grad for parameter in (*parameters, *second.parameters()))
    assert {id(parameter) for parameter in second.parameters()}.isdisjoint(before)


def test_other_failures_and_those_of_the_cpu_itself_are_not_hidden(crowded):
    network, _ = crowded
    with pytest.raises(RuntimeError, match="something else"):
        run_or_fall_back(network, raise_error(RuntimeError("something else")))
    twin = replace(network, module=copy.deepcopy(network.module))
    for error in (RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError()):
        with pytest.raises(NetworkError) as caught:
            run_or_fall_back(twin, raise_error(error))
        assert caught.value.reason == "memory"


class Greedy(nn.Module):
    """Asks for more memory than any machine has, for large pictures only."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x) if x.shape[-1] <= 32 else torch.empty(2**60)


def test_a_network_without_memory_for_a_picture_is_not_said_to_fail():
    network = wrap_network(Greedy(), (0.5,), (0.5,), 32)
    with pytest.raises(NetworkError) as caught:
        extract_heatmaps(network, torch.zeros(1, 3, 40, 40))
    assert caught.value.reason == "memory"
    with pytest.raises(NetworkError) as caught:
        wrap_network(Greedy(), (0.5,), (0.5,), 40)
    assert caught.value.reason == "memory"


def test_a_network_that_ends_the_process_is_said_to_fail():
    class Quits(Greedy):
        def forward(self, x):
            return super().forward(x) if x.shape[-1] <= 32 else sys.exit("bye")

    network = wrap_network(Quits(), (0.5,), (0.5,), 32)
    with pytest.raises(NetworkError, match="SystemExit: bye"):
        extract_heatmaps(network, torch.zeros(1, 3, 40, 40))


def raise_error(error):
    def fail(_):
        raise error

    return fail


def test_convolutions_are_computed_in_full_float32():
    torch.backends.cudnn.conv.fp32_precision = "tf32"
    share_module(nn.Conv2d(3, 3, 1))
    assert torch.backends.cudnn.conv.fp32_precision == "ieee"
