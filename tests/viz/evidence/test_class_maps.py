import copy
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, LayerGradientXActivation
from conftest import PHOTOS, ROOT, describe_state
from torch import nn
from torchcam.methods import LayerCAM

from viz.evidence.class_maps import class_maps, compare_class_maps, compute_class_maps
from viz.evidence.methods import METHODS
from viz.evidence.predict import predict
from viz.networks.catalogue import load_network
from viz.networks.errors import NetworkError
from viz.networks.wrap import wrap_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

# Left, top, right and bottom edge in the middle square of the coffee, drawn by hand.
CUP = (41, 10, 172, 158)
CLASSES = ("a", "b", "c", "d", "e")


class Block(nn.Module):
    """Normalised, with activations in place, an addition in place, and a layer without an activation."""

    def __init__(self, inplace=True):
        super().__init__()
        self.inplace = inplace
        self.first, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=inplace)
        self.second, self.silu = nn.Conv2d(6, 8, 3, stride=2), nn.SiLU(inplace=inplace)
        self.third = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, len(CLASSES))

    def forward(self, pixels):
        earlier = self.silu(self.second(self.relu(self.norm(self.first(pixels)))))
        signal = self.third(earlier)
        signal = signal.add_(earlier) if self.inplace else signal + earlier
        signal = signal.mul_(earlier.sigmoid()) if self.inplace else signal * earlier.sigmoid()
        return self.head(signal.mean(dim=(2, 3)))


class Shared(nn.Module):
    """One convolution and one activation, which run twice."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, len(CLASSES))

    def forward(self, pixels):
        signal = self.relu(self.stem(pixels))
        signal = self.relu(self.conv(signal).add_(signal))
        signal = self.relu(self.conv(signal))
        return self.head(signal.mean(dim=(2, 3)))


class Frozen(nn.Module):
    """A part of it runs without gradients."""

    def __init__(self, frozen):
        super().__init__()
        self.frozen = frozen
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
        self.head = nn.Linear(4, len(CLASSES))

    def forward(self, pixels):
        with torch.set_grad_enabled("first" not in self.frozen):
            signal = self.first(pixels)
        signal = self.second(signal.detach() if "detached" in self.frozen else signal)
        with torch.set_grad_enabled("head" not in self.frozen):
            return self.head(signal.mean(dim=(2, 3)))


def wrap(module, classes=CLASSES):
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return wrap_network(module, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 32, classes)


@pytest.fixture(scope="module")
def lite0():
    return load_network("efficientnet_lite0")


def frame_photo(network, photo, framing="crop"):
    data = (ROOT / "assets" / "images" / photo).read_bytes()
    return network.to_batch(frame_image(read_image(data), framing))


@pytest.fixture(params=["block", "lite0"])
def job(request, lite0):
    """A network, a picture, and a class."""
    if request.param == "lite0":
        return lite0, frame_photo(lite0, "coffee.png"), 967
    return wrap(Block()), torch.randn(1, 3, 33, 29, generator=torch.Generator().manual_seed(1)), 2


def copy_for_oracle(network):
    """Other libraries hook what they get, and keep what is then written over in place."""
    module = copy.deepcopy(network.module)
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    return module


def find_paths(network):
    """Where the maps are taken, by layer."""
    return {layer.name: (layer.activation or layer).path for layer in network.layers}


def assert_equal_maps(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        scale = max(float(values.abs().max()), 1e-12)
        np.testing.assert_allclose(found[name], values, atol=2e-5 * scale, err_msg=name)
        assert found[name].dtype == np.float32


def test_gradcam_and_hirescam_are_captums(job):
    network, batch, index = job
    module, pixels = copy_for_oracle(network), batch.clone().requires_grad_()
    gradcam, hirescam = {}, {}
    for name, path in find_paths(network).items():
        part = module.get_submodule(path)
        found = LayerGradCam(module, part).attribute(pixels, target=index, relu_attributions=True)
        gradcam[name] = found[0, 0].detach()
        found = LayerGradientXActivation(module, part).attribute(pixels, target=index)
        hirescam[name] = found[0].sum(dim=0).detach()
    assert_equal_maps(class_maps(network, batch, index, "gradcam"), gradcam)
    assert_equal_maps(class_maps(network, batch, index, "hirescam"), hirescam)
    assert min(values.min() for values in hirescam.values()) < 0


def test_layercam_is_torchcams(job):
    network, batch, index = job
    module, paths = copy_for_oracle(network), find_paths(network)
    with LayerCAM(module, list(paths.values())) as extract:
        found = extract(index, module(batch.clone().requires_grad_()), normalized=False)
    expected = {name: values[0].detach() for name, values in zip(paths, found, strict=True)}
    assert_equal_maps(class_maps(network, batch, index), expected)


def test_a_contrast_is_the_difference_of_two_classes(job):
    network, batch, index = job
    other = index + 1
    there, back = (compute_class_maps(network, batch, *pair) for pair in ((index, other), (other, index)))
    for layer, path in find_paths(network).items():
        module, kept = copy_for_oracle(network), []
        module.get_submodule(path).register_forward_hook(lambda _, __, output, kept=kept: kept.append(output))
        logits = module(batch.clone().requires_grad_())[0]
        signal = kept[0]
        here, elsewhere = (
            torch.autograd.grad(logits[which], signal, retain_graph=True)[0] for which in (index, other)
        )
        (both,) = torch.autograd.grad(logits[index] - logits[other], signal)
        expected = {
            "gradcam": both.mean(dim=(2, 3), keepdim=True) * signal,
            "hirescam": both * signal,
            "layercam": (here.relu() - elsewhere.relu()) * signal,
        }
        for method in METHODS:
            values = expected[method][0].sum(dim=0).detach()
            scale = float(values.abs().max())
            np.testing.assert_allclose(
                there[layer, method], values, atol=5e-5 * scale, err_msg=f"{layer} {method}"
            )
            np.testing.assert_array_equal(there[layer, method], -back[layer, method])


def test_a_class_against_itself_is_zero(job):
    network, batch, index = job
    assert not any(values.any() for values in class_maps(network, batch, index, against=index).values())


class Colours(nn.Module):
    """Two channels, red and green; each class weighs their means."""

    def __init__(self, weights):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 2, 1, bias=False), nn.Linear(2, len(weights), bias=False)
        self.conv.weight.data, self.head.weight.data = torch.eye(3)[:2, :, None, None], torch.tensor(weights)

    def forward(self, pixels):
        return self.head(self.conv(pixels).mean(dim=(2, 3)))


def compare_colours(weights, index, batch):
    module = Colours(weights)
    network = wrap_network(module, (0.5,) * 3, (0.5,) * 3, 8, CLASSES[: len(weights)])
    return compare_class_maps(network, batch, index)


def test_a_map_is_held_against_that_of_the_least_likely_other_class(count_passes):
    batch = torch.rand(1, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    red, green = batch[0, 0].numpy(), batch[0, 1].numpy()
    weights = [[1.0, 0.0], [1.0, -5.0], [0.5, 0.0]]  # the second is the least likely, then the third
    maps, found = compare_colours(weights, 0, batch)
    expected = np.corrcoef(red.ravel(), (red - 5 * green).ravel())[0, 1]
    for method in ("gradcam", "hirescam"):
        assert found["conv", method] == pytest.approx(expected)
    assert found["conv", "layercam"] == pytest.approx(1)  # it leaves out what speaks against the second
    np.testing.assert_allclose(maps["conv", "layercam"], red / red.size, rtol=1e-5)
    _, found = compare_colours(weights, 1, batch)
    assert found["conv", "hirescam"] == pytest.approx(expected)
    _, found = compare_colours([[1.0, 0.0], [-1.0, 0.0]], 0, batch)
    assert found["conv", "gradcam"] == pytest.approx(-1)  # of which the cut maps say nothing
    assert found["conv", "layercam"] is None  # that of the other does not vary
    _, found = compare_colours([[1.0, 0.0]], 0, batch)
    assert set(found.values()) == {None}  # there is no other
    assert count_passes == [(1, 3, 8, 9)] * 4


def test_layers_that_share_their_modules_are_kept_apart():
    network, batch = wrap(Shared()), torch.randn(1, 3, 20, 24)
    assert [layer.name for layer in network.layers] == ["stem", "conv", "conv@2"]
    module = network.module
    first = module.stem(batch.clone().requires_grad_()).relu()
    second = (module.conv(first) + first).relu()
    third = module.conv(second).relu()
    logit = module.head(third.mean(dim=(2, 3)))[0, 3]
    signals = [first, second, third]
    gradients = torch.autograd.grad(logit, signals)
    expected = {
        layer.name: (signal * gradient)[0].sum(dim=0).detach()
        for layer, signal, gradient in zip(network.layers, signals, gradients, strict=True)
    }
    assert_equal_maps(class_maps(network, batch, 3, "hirescam"), expected)


def test_the_activation_that_two_layers_share_gives_both_its_map():
    class Added(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
            self.relu, self.head = nn.ReLU(inplace=True), nn.Linear(4, len(CLASSES))

        def forward(self, pixels):
            signal = self.relu(self.left(pixels) + self.right(pixels))
            return self.head(signal.add_(1).mean(dim=(2, 3)))

    network, batch = wrap(Added()), torch.randn(1, 3, 20, 24)
    module = network.module
    signal = (module.left(batch) + module.right(batch)).relu()
    # The gradient of a mean is the same everywhere.
    expected = torch.tensordot(module.head.weight[1] / signal[0, 0].numel(), signal[0], dims=1)
    found = class_maps(network, batch, 1, "gradcam")
    assert_equal_maps(found, {"left": expected.clamp(min=0), "right": expected.clamp(min=0)})


def test_a_part_without_gradients_is_a_sentence_and_the_network_stays_as_it_was():
    network = wrap(Frozen("detached"))
    before = describe_state(network.module)
    with pytest.raises(NetworkError) as caught:
        class_maps(network, torch.randn(1, 3, 32, 32), 0)
    assert (caught.value.reason, caught.value.details) == ("no_class_gradient", {"layer": "second"})
    assert describe_state(network.module) == before


@pytest.mark.parametrize("frozen", ["first", "head"])
@pytest.mark.parametrize("around", [nullcontext, torch.no_grad, torch.inference_mode])
def test_gradients_are_taken_where_the_code_around_or_within_forgoes_them(frozen, around):
    batch = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    expected = class_maps(wrap(Frozen("")), batch, 0)
    with around():
        found = class_maps(wrap(Frozen(frozen)), batch, 0)
    assert_equal_maps(found, {name: torch.from_numpy(values) for name, values in expected.items()})


def test_what_is_unknown_lists_what_is_there():
    network, batch = wrap(Block()), torch.randn(1, 3, 32, 32)
    with pytest.raises(ValueError, match="unknown method 'cam'; expected one of layercam, gradcam, hirescam"):
        class_maps(network, batch, 0, "cam")
    for pair in ((5, None), (-1, None), (0, 5)):
        with pytest.raises(ValueError, match=r"unknown class (5|-1); expected 0 to 4"):
            class_maps(network, batch, pair[0], against=pair[1])
    with pytest.raises(NetworkError, match="no classifier"):
        class_maps(wrap(Block(), None), batch, 0)


def test_all_maps_take_one_pass(count_passes, lite0):
    compute_class_maps(lite0, frame_photo(lite0, "cat.png"), 285)
    assert count_passes == [(1, 3, 224, 224)]


def test_eight_threads_give_the_serial_results_and_leave_no_trace(lite0):
    jobs = [
        (lite0, frame_photo(lite0, photo, framing), index)
        for photo in PHOTOS[:2]
        for framing in ("crop", "whole")
        for index in (285, 967)
    ]
    before = describe_state(lite0.module)
    serial = [compute_class_maps(*job) for job in jobs]
    with ThreadPoolExecutor(max_workers=8) as pool:
        threaded = list(pool.map(lambda job: compute_class_maps(*job), jobs))
    for alone, together in zip(serial, threaded, strict=True):
        assert alone.keys() == together.keys()
        assert all(np.array_equal(alone[key], together[key]) for key in alone)
    assert describe_state(lite0.module) == before
    assert not any(batch.requires_grad for _, batch, _ in jobs)
    assert all(parameter.grad is None for parameter in lite0.module.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_the_deepest_map_of_the_espresso_has_its_maximum_on_the_cup(lite0, method):
    batch = frame_photo(lite0, "coffee.png")
    best = predict(lite0, batch)[0]
    values = class_maps(lite0, batch, best.index, method)[lite0.layers[-1].name]
    row, column = np.unravel_index(values.argmax(), values.shape)
    x, y = (column + 0.5) * 224 / values.shape[1], (row + 0.5) * 224 / values.shape[0]
    left, top, right, bottom = CUP
    assert left < x < right and top < y < bottom
