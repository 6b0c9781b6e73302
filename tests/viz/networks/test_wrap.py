"""One's own modules: all of their convolutions are captured, or a sentence says why not."""

import copy
import threading
from collections import Counter

import numpy as np
import pytest
import torch
from oracles import ACTIVATIONS, count_calls
from torch import nn

from viz.evidence.saliency import effective_receptive_field
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.one_pass import extract_heatmaps
from viz.networks.errors import NetworkError
from viz.networks.wrap import wrap_network

HALF = (0.5, 0.5, 0.5)
SIZE = 32


def wrap(module, size=SIZE):
    return wrap_network(module, HALF, HALF, size)


def make_batch(height=SIZE, width=SIZE):
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(1))


class InPlace(nn.Module):
    """Activations, a normalisation's output and an addition overwrite what came before them."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.relu, self.elu = nn.ReLU(inplace=True), nn.ELU(inplace=True)

    def forward(self, x):
        x = self.relu(self.norm(self.first(x)))
        y = self.second(x)
        y += x
        return self.elu(y)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.conv, self.act = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.SiLU(inplace=True)

    def forward(self, x):
        x = self.stem(x)
        return self.act(self.conv(self.act(self.conv(x))))


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(3, 4, 5, padding=2), nn.Conv2d(3, 2, 1)
        self.relu, self.last = nn.ReLU(inplace=True), nn.Conv2d(6, 5, 3, stride=2)

    def forward(self, x):
        return self.last(self.relu(torch.cat([self.wide(x), self.narrow(x)], 1)))


class Dictionary(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act, self.head = nn.Conv2d(3, 4, 3), nn.GELU(), nn.Conv2d(4, 2, 1)

    def forward(self, x):
        features = self.act(self.conv(x))
        return {"features": features, "heads": [self.head(features), None]}


class Keywords(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 4, 3), nn.ReLU()

    def forward(self, x):
        return self.act(input=self.conv(input=x))


class Wide(nn.Module):
    """Pools wide pictures once more."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.last, self.act = (
            nn.Conv2d(3, 4, 3),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 4, 3),
            nn.ReLU(),
        )

    def forward(self, x):
        x = self.conv(x)
        return self.act(self.last(self.pool(x) if x.shape[3] > 40 else x))


class Sometimes(nn.Module):
    """Runs its second convolution on square pictures, or on all others."""

    def __init__(self, on_squares):
        super().__init__()
        self.on_squares = on_squares
        self.conv, self.extra, self.act = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.ReLU(inplace=True)

    def forward(self, x):
        is_square = x.shape[2] == x.shape[3]
        x = self.conv(x)
        return self.act(self.extra(x) if is_square == self.on_squares else x)


class Fails(nn.Module):
    """Raises an error behind its first convolution, but not on pictures of the trial's size."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.last = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3)

    def forward(self, x):
        y = self.norm(self.conv(x))
        if x.shape[2] != SIZE:
            raise ArithmeticError("in the middle")
        return self.last(y)


class Unbatched(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x[0])


class Uncopied(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.lock = nn.Conv2d(3, 4, 3), threading.Lock()

    def forward(self, x):
        return self.conv(x)


class Counting(nn.Module):
    """Writes to its buffers at each pass, also in eval mode."""

    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x):
        self.passes += 1
        return self.act(self.conv(x))


def observe(module, batch):
    """Outputs of all convolutions and activations by path and call, from plain hooks on a clone.

    Nothing in the clone overwrites what came before it, but for the additions of its own code.
    """
    clone = copy.deepcopy(module).eval()
    calls, outputs = Counter(), {}

    def watch(path, part):
        def keep(_, __, output):
            calls[path] += 1
            outputs[path, calls[path]] = output[0].clone()

        part.register_forward_hook(keep)

    for path, part in clone.named_modules():
        if hasattr(part, "inplace"):
            part.inplace = False
        if isinstance(part, (nn.Conv2d, *ACTIVATIONS)):
            watch(path, part)
    with torch.no_grad():
        clone(batch)
    return outputs


def list_convolutions(module):
    return {path for path, part in module.named_modules() if isinstance(part, nn.Conv2d)}


def take_stock(module):
    """All that must stay as it is."""
    hooks = [
        len(found)
        for part in module.modules()
        for name, found in vars(part).items()
        if "hook" in name and hasattr(found, "__len__")
    ]
    modes = [part.training for part in module.modules()]
    flags = [(value.requires_grad, value.grad) for value in module.parameters()]
    inplace = [getattr(part, "inplace", None) for part in module.modules()]
    values = {name: value.numpy().tobytes() for name, value in module.state_dict().items()}
    return hooks, modes, flags, inplace, values


CAPTURED = {
    "in place": (InPlace, {"first": "relu", "second": "elu"}),
    "one module twice": (Twice, {"stem": None, "conv": "act", "conv@2": "act"}),
    "a branch": (Branch, {"wide": None, "narrow": None, "last": None}),
    "a dictionary": (Dictionary, {"conv": "act", "head": None}),
    "keywords": (Keywords, {"conv": "act"}),
    "control flow": (Wide, {"conv": None, "last": "act"}),
    "buffers that change": (Counting, {"conv": "act"}),
}


@pytest.mark.parametrize("name", CAPTURED)
@pytest.mark.parametrize(("height", "width"), [(SIZE, SIZE), (SIZE, 48)])
@pytest.mark.parametrize("training", [True, False])
def test_maps_are_those_of_plain_hooks_and_the_module_is_left_alone(name, height, width, training):
    torch.manual_seed(0)
    build, activations = CAPTURED[name]
    module = build().train(training)
    next(module.parameters()).requires_grad_(False)
    before = take_stock(module)
    network = wrap(module)
    assert {layer.name: layer.activation and layer.activation.path for layer in network.layers} == activations
    assert {layer.path for layer in network.layers} == list_convolutions(module)

    shared = take_stock(copy.deepcopy(network.module).cpu())
    batch = make_batch(height, width)
    heatmaps = extract_heatmaps(network, batch)
    outputs, calls = observe(module, batch), count_calls(network)
    expected = {}
    for layer in network.layers:
        sides = {"pre": calls[layer.call]}
        if layer.activation is not None:
            sides["post"] = calls[layer.activation.call]
        for side, call in sides.items():
            for key, aggregate in AGGREGATIONS.items():
                expected[layer.name, side, key] = aggregate(outputs[call]).numpy()
    assert set(heatmaps) == set(expected)
    for key, heatmap in expected.items():
        np.testing.assert_allclose(heatmaps[key], heatmap, rtol=1e-4, atol=1e-5, err_msg=str(key))
    assert take_stock(module) == before
    assert take_stock(copy.deepcopy(network.module).cpu()) == shared


@pytest.mark.parametrize(
    ("build", "reason", "words"),
    [
        (lambda: "a network", "no_module", "str"),
        (lambda: torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3))), "scripted", "torch.jit.script"),
        (lambda: torch.compile(nn.Sequential(nn.Conv2d(3, 4, 3))), "compiled", "torch.compile"),
        (lambda: nn.Sequential(nn.LazyConv2d(4, 3)), "lazy", "lazy"),
        (Uncopied, "no_copy", "lock"),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3, device="meta")), "no_copy", "meta"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 2)), "no_convolution", "nn.Conv2d"),
        (Unbatched, "no_map", r"conv .*\[4, 30, 30\]"),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3)), "trial", "3×32×32: RuntimeError"),
        (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 4, 1)), "single_cells", "32×32"),
    ],
)
@pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"
)  # torch.jit's and lazy's own
def test_what_does_not_fit_is_refused_with_a_sentence(build, reason, words):
    with pytest.raises(NetworkError, match=words) as caught:
        wrap(build())
    assert caught.value.reason == reason


@pytest.mark.parametrize("build", [Unbatched, Fails])
@pytest.mark.parametrize("training", [True, False])
def test_a_module_that_is_refused_is_left_alone(build, training):
    module = build().train(training)
    before = take_stock(module)
    with pytest.raises(NetworkError):
        wrap(module, size=24)
    assert take_stock(module) == before


def test_a_layer_that_vanishes_is_named():
    network = wrap(Sometimes(on_squares=True))
    assert ("extra", "pre", "mean") in extract_heatmaps(network, make_batch())
    with pytest.raises(NetworkError, match="does not run extra") as caught:
        extract_heatmaps(network, make_batch(SIZE, 48))
    assert caught.value.reason == "varies"


@pytest.mark.parametrize("training", [True, False])
def test_a_pass_that_fails_leaves_everything_alone(training):
    module = Fails().train(training)
    network = wrap(module)
    before, shared = take_stock(module), take_stock(copy.deepcopy(network.module).cpu())
    good = extract_heatmaps(network, make_batch())
    with pytest.raises(NetworkError, match="48×48 pixels: ArithmeticError: in the middle"):
        extract_heatmaps(network, make_batch(48, 48))
    assert take_stock(module) == before
    assert take_stock(copy.deepcopy(network.module).cpu()) == shared
    again = extract_heatmaps(network, make_batch())
    assert all(np.array_equal(again[key], heatmap) for key, heatmap in good.items())


@pytest.mark.parametrize(
    ("mean", "std", "size", "words"),
    [
        ((0.5, 0.5), HALF, SIZE, "three numbers as mean, or one"),
        (HALF, (0.5, 0.5), SIZE, "three numbers as std"),
        (HALF, (0.5, 0.5, 0), SIZE, "std above zero"),
        (HALF, HALF, 0, "size in pixels"),
    ],
)
def test_wrong_values_are_named(mean, std, size, words):
    with pytest.raises(ValueError, match=words):
        wrap_network(InPlace(), mean, std, size)


def test_a_field_is_not_told_where_padding_comes_from_the_far_side():
    convolution = nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular")
    (layer,) = wrap(nn.Sequential(convolution, nn.ReLU())).layers
    assert layer.receptive_field is None and layer.map_size(SIZE, SIZE) is None


@pytest.mark.parametrize("cut", [False, True])
def test_a_part_without_gradients_is_followed_where_it_can_be(cut):
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, signal):
            with torch.no_grad():
                return self.conv(signal.detach() if cut else signal)

    network = wrap(Frozen())
    if cut:
        with pytest.raises(NetworkError, match="conv is computed without gradients"):
            effective_receptive_field(network, make_batch(), "conv", 2, 2, "pre")
    else:
        field = effective_receptive_field(network, make_batch(), "conv", 2, 2, "pre")
        assert np.argwhere(field).tolist() == [[y, x] for y in (2, 3, 4) for x in (2, 3, 4)]
