"""Networks as students write them: seen rightly, or a sentence that says what to do."""

import copy
import threading
import warnings
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, prune, weight_norm
from torchvision.models import resnet18
from torchvision.models.feature_extraction import create_feature_extractor

from viz.evidence.class_maps import class_maps
from viz.evidence.predict import predict
from viz.evidence.saliency import effective_receptive_field
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.one_pass import extract_heatmaps
from viz.networks.errors import NetworkError
from viz.networks.wrap import wrap_network

HALF = (0.5, 0.5, 0.5)
SIZE = 32
CLASSES = ("a", "b", "c")


def wrap(module, size=SIZE, classes=None, **options):
    return wrap_network(module.eval(), HALF, HALF, size, classes, **options)


def make_batch(channels=3, size=SIZE):
    return torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """Two convolutions and a head, with a function of both of them: `run(x, first, second)`."""

    def __init__(self, run, channels=3, **parts):
        super().__init__()
        torch.manual_seed(0)
        self.run = run
        self.first, self.second = nn.Conv2d(channels, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.run(self, x)


def behind(change):
    """The sum of the values behind the first convolution, and a second one behind them."""
    return Net(lambda net, x: net.second(change(net.first(x))))


# Seen rightly: activations. What stands behind the first convolution, and what its values are.

ACTIVATIONS = {
    "F.relu": (F.relu, F.relu),
    "torch.relu": (torch.relu, F.relu),
    "a method in place": (lambda x: x.relu_(), F.relu),
    "F.relu in place": (lambda x: F.relu(x, inplace=True), F.relu),
    "F.silu": (F.silu, F.silu),
    "F.gelu by tanh": (lambda x: F.gelu(x, approximate="tanh"), lambda x: F.gelu(x, approximate="tanh")),
    "clamp": (lambda x: x.clamp(min=0), F.relu),
    "torch.maximum": (lambda x: torch.maximum(x, torch.zeros_like(x)), F.relu),
    "where": (lambda x: torch.where(x > 0, x, 0.1 * x), lambda x: F.leaky_relu(x, 0.1)),
    "x σ(x)": (lambda x: x * torch.sigmoid(x), F.silu),
    "x σ(x), in place": (lambda x: x.mul_(torch.sigmoid(x)), F.silu),
    "σ(x) x": (lambda x: x.sigmoid() * x, F.silu),
    "x nn.Sigmoid()(x)": (lambda x: x * nn.Sigmoid()(x), F.silu),
    "x relu6(x + 3) / 6": (lambda x: x * F.relu6(x + 3) / 6, F.hardswish),
    "timm's order": (lambda x: x.mul(F.relu6(x + 3.0).div_(6.0)), F.hardswish),
    "Mish": (lambda x: x * torch.tanh(F.softplus(x)), F.mish),
    "x / (1 + exp(-x))": (lambda x: x / (1 + torch.exp(-x)), F.silu),
    "GELU as in its paper": (
        lambda x: 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))),
        lambda x: F.gelu(x, approximate="tanh"),
    ),
    "quick GELU": (lambda x: x * torch.sigmoid(1.702 * x), lambda x: x * torch.sigmoid(1.702 * x)),
    "a normalisation between": (lambda x: F.relu(F.group_norm(x, 2)), lambda x: F.relu(F.group_norm(x, 2))),
    "an addition between": (lambda x: F.relu(x + 1), lambda x: F.relu(x + 1)),
    "the first of two": (lambda x: torch.tanh(F.relu(x)), F.relu),
}
NONE = {
    "nothing": lambda x: x,
    "CReLU": lambda x: sum(torch.cat([F.relu(x), F.relu(-x)], 1).chunk(2, 1)),
    "softmax": lambda x: F.relu(F.softmax(x, 1)),
    "attention": lambda x: F.relu((x.flatten(2).softmax(2) @ x.flatten(2).mT @ x.flatten(2)).view(x.shape)),
    "a fixed kernel between": lambda x: F.relu(F.conv2d(x, torch.ones(4, 1, 1, 1), groups=4)),
    "a linear layer between": lambda x: F.relu(F.linear(x.movedim(1, 3), torch.eye(4)).movedim(3, 1)),
    "the larger of two signals": lambda x: torch.maximum(x, x.sin()),
    "what is not known": lambda x: F.relu(x.sinh()),
    "a function of one's own": lambda x: F.relu(Curved.apply(x)),
    "a scripted function": lambda x: F.relu(scripted(x)),
    "a mask": lambda x: F.relu(x * (x > 0.5)),
    "a mask that is written to": lambda x: F.relu(zero_small(x)),
    "the sum of two functions": lambda x: F.relu(x) + torch.tanh(x),
    "the product of two functions": lambda x: F.relu(x) * torch.sigmoid(x),
    "a function taken away": lambda x: x - torch.tanh(x),
    "a PReLU in two parts": lambda x: F.relu(x) + 0.25 * (x - x.abs()) * 0.5,
    "a GELU in two parts": lambda x: 0.5 * (x + x * torch.erf(x / 2**0.5)),
    "a wave on top": lambda x: F.relu(x + x.sin() ** 2),
    "a product by einsum": lambda x: torch.einsum("bchw,bchw->bchw", x, torch.sigmoid(x)),
    "a gate without gradients": lambda x: x * torch.sigmoid(x).detach(),
    "axes in another order": lambda x: F.relu(x.transpose(2, 3)),
    "a gate by the whole map": lambda x: ((x - x.mean()) ** 2).sigmoid() * x,
}


class Curved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.sinh()

    @staticmethod
    def backward(ctx, slope):
        return slope


def scripted(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        return torch.jit.script(square_root)(x)


def square_root(x: torch.Tensor):
    return x.abs().sqrt()


def zero_small(x):
    x = x * 1
    x[x < 0.5] = 0
    return x


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_seen_however_it_is_called(name):
    change, same = ACTIVATIONS[name]
    network = wrap(behind(change))
    first, second = network.layers
    assert (first.sides, second.sides) == (("pre", "post"), ("pre",))
    signal = network.module.first(make_batch())
    heatmaps = extract_heatmaps(network, make_batch())
    for side, values in (("pre", signal), ("post", same(signal))):
        for key, aggregate in AGGREGATIONS.items():
            np.testing.assert_allclose(
                heatmaps["first", side, key], aggregate(values[0]), atol=2e-6, err_msg=f"{side} {key}"
            )


@pytest.mark.parametrize("name", NONE)
def test_where_it_is_not_certain_there_is_no_activation(name):
    network = wrap(behind(NONE[name]))
    assert network.find_layer("first").sides == ("pre",)
    extract_heatmaps(network, make_batch())


def add_behind(net, x):
    x = net.first(x)
    return F.relu(net.second(F.relu(x)) + x)


def gate_another(net, x):
    x = net.first(x)
    return x * torch.sigmoid(net.second(x))


def squeeze(net, x):
    x = net.first(x)
    return net.second(F.relu(x * torch.sigmoid(x.mean((2, 3), keepdim=True))))


@pytest.mark.parametrize(
    ("run", "numbers"),
    [(add_behind, (1, 3)), (gate_another, (None, 2)), (squeeze, (2, None))],
    ids=["a sum behind", "a gate for another", "squeeze and excitation"],
)
def test_each_convolution_gets_its_own_activation(run, numbers):
    found = [layer.activation and layer.activation.call.number for layer in wrap(Net(run)).layers]
    assert found == list(numbers)


def test_transposed_convolutions_are_layers_and_end_the_way():
    up = nn.ConvTranspose2d(4, 4, 2, 2)
    network = wrap(Net(lambda net, x: F.relu(net.up(net.first(x))), up=up))
    assert {layer.name: layer.sides for layer in network.layers} == {"first": ("pre",), "up": ("pre", "post")}
    expected = F.relu(network.module.up(network.module.first(make_batch())))[0].mean(0)
    np.testing.assert_allclose(
        extract_heatmaps(network, make_batch())["up", "post", "mean"], expected, atol=1e-6
    )


@pytest.mark.parametrize(
    ("run", "names"),
    [
        (lambda net, x: F.conv2d(F.conv2d(x, net.kernels[0]), net.kernels[1]), ["kernels.0", "kernels.1"]),
        (lambda net, x: net.second.forward(net.first.forward(x)), ["first", "second"]),
        (lambda net, x: F.conv2d(x, net.first.weight), ["first"]),
        (lambda net, x: net.unseen[0](net.first(x)), ["first", "conv2d"]),
    ],
    ids=["parameters", "forward", "a module's kernel", "a plain list"],
)
def test_convolutions_are_named_by_their_kernels(run, names):
    kernels = nn.ParameterList([torch.randn(3, 3, 3, 3), torch.randn(3, 3, 3, 3)])
    network = wrap(Net(run, kernels=kernels, unseen=[nn.Conv2d(4, 4, 3)]))
    assert [layer.name for layer in network.layers] == names
    extract_heatmaps(network, make_batch())


# Seen rightly: modes, contexts, copies, hooks.


def test_what_torchvision_cut_out_has_the_modes_that_it_had():
    torch.manual_seed(0)
    whole = resnet18().eval()
    for part in whole.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
    cut = create_feature_extractor(whole, ["layer4"]).eval()
    expected = extract_heatmaps(wrap(whole, 64), make_batch(size=64))
    heatmaps = extract_heatmaps(wrap(cut, 64), make_batch(size=64))
    assert set(heatmaps) == set(expected)
    assert all(np.array_equal(heatmaps[key], expected[key]) for key in expected)


def within(context):
    def run(net, x):
        with context():
            return net.head(F.relu(net.second(F.relu(net.first(x)))).mean((2, 3)))

    torch.manual_seed(1)
    return Net(run, head=nn.Linear(4, 3))


def lower():
    return torch.autocast("cpu", dtype=torch.bfloat16)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, lower])
@pytest.mark.parametrize("place", ["around", "inside"])
def test_what_is_around_or_inside_changes_no_map(context, place):
    plain, batch = wrap(within(nullcontext), classes=CLASSES), make_batch()
    expected, speaks = extract_heatmaps(plain, batch), class_maps(plain, batch, 1)
    with context() if place == "around" else nullcontext():
        network = wrap(within(nullcontext if place == "around" else context), classes=CLASSES)
        assert network.layers == plain.layers
        heatmaps, found = extract_heatmaps(network, batch), class_maps(network, batch, 1)
        assert predict(network, batch) == predict(plain, batch)
    assert all(np.array_equal(heatmaps[key], expected[key]) for key in expected)
    assert all(np.array_equal(found[name], speaks[name]) for name in speaks)


@pytest.mark.parametrize("mean", [1e3, 1e5])
def test_the_deviation_is_right_where_the_mean_is_large(mean):
    values = torch.randn(64, 5, 6, generator=torch.Generator().manual_seed(0)) + mean
    expected = values.double().std(dim=0, correction=0)
    np.testing.assert_allclose(AGGREGATIONS["std"](values), expected, rtol=1e-3)


@pytest.mark.parametrize("of", ["the visitor's module", "the shared one"])
def test_hooks_of_the_visitor_neither_run_nor_get_lost(of):
    module, calls = behind(F.relu), []
    plain = extract_heatmaps(wrap(module), make_batch())

    def hook(part, arguments, output):
        calls.append(1)
        return output * 0

    if of == "the shared one":
        network = wrap(module)
        module = network.module
        module.first.register_forward_hook(hook)
    else:
        module.first.register_forward_hook(hook)
        network = wrap(module)
    heatmaps = extract_heatmaps(network, make_batch())
    assert calls == [] and all(np.array_equal(heatmaps[key], plain[key]) for key in plain)
    module(make_batch())
    assert calls == [1]


def test_eight_threads_on_a_network_that_changes_itself_give_the_serial_maps():
    class Remembers(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.kept = nn.Conv2d(3, 4, 3), None

        def forward(self, x):
            self.kept = self.conv(x)
            return F.relu(self.kept)

    network = wrap(Remembers())
    assert network.behaviour.changes_itself
    batches = [make_batch() * number for number in range(1, 9)]
    expected = [extract_heatmaps(network, batch) for batch in batches]
    found = [None] * 8

    def run(place):
        found[place] = extract_heatmaps(network, batches[place])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert network.module.kept is None
    for alone, together in zip(expected, found, strict=True):
        assert all(np.array_equal(alone[key], together[key]) for key in alone)


def test_a_network_that_puts_its_buffer_back_changes_itself_all_the_same():
    def run(net, x):
        net.scratch.copy_(x.mean())
        y = net.first(x) * net.scratch
        net.scratch.zero_()
        return y

    net = Net(run)
    net.register_buffer("scratch", torch.zeros(()))
    assert wrap(net).behaviour.changes_itself
    assert not wrap(behind(F.relu)).behaviour.changes_itself


def test_a_hook_that_is_the_networks_own_is_kept():
    class Halved(Net):
        def __init__(self):
            super().__init__(lambda net, x: net.first(x))
            self.first.register_forward_pre_hook(self.halve)

        def halve(self, part, arguments):
            return (arguments[0] / 2,)

    network = wrap(Halved())
    found = extract_heatmaps(network, make_batch())["first", "pre", "mean"]
    np.testing.assert_allclose(found, network.module.first(make_batch())[0].mean(0), atol=1e-6)


# Accepted.


class LeNet(nn.Module):
    def __init__(self, channels=1):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(400, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.view(-1, 400))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_tutorials_lenet_runs_with_its_view(channels):
    module = LeNet(channels).eval()
    network = wrap(module, 28)
    assert (network.behaviour.channels, network.behaviour.channels_last) == (channels, False)
    assert [layer.receptive_field for layer in network.layers] == [5, 14]
    heatmaps = extract_heatmaps(network, make_batch(channels, 28))
    expected = F.relu(module.conv1(make_batch(channels, 28)))[0].detach()
    for key, aggregate in AGGREGATIONS.items():
        np.testing.assert_allclose(heatmaps["conv1", "post", key], aggregate(expected), atol=2e-6)


def cut_up(net, x):
    return net.second(net.first(F.pixel_unshuffle(x, 2)))


def grey(net, x):
    return net.second(net.first(x.mean(1, keepdim=True)))


def add_coordinates(net, x):
    rows = torch.linspace(-1, 1, x.shape[2], device=x.device).view(1, 1, -1, 1).expand(1, 1, *x.shape[2:])
    return net.second(net.first(torch.cat([x, rows, rows.mT], 1)))


@pytest.mark.parametrize(
    ("run", "takes", "channels"),
    [(cut_up, 12, 3), (cut_up, 4, 1), (grey, 1, 3), (add_coordinates, 5, 3), (add_coordinates, 3, 1)],
)
def test_the_trial_decides_what_the_input_is(run, takes, channels):
    network = wrap(Net(run, takes))
    assert network.behaviour.channels == channels
    assert len(network.layers) == 2
    extract_heatmaps(network, make_batch(channels))


def test_a_convolution_that_is_registered_first_and_runs_last_decides_nothing():
    class Late(nn.Module):
        def __init__(self):
            super().__init__()
            self.out, self.first = nn.Conv2d(4, 1, 1), nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.out(self.first(x))

    assert [layer.name for layer in wrap(Late()).layers] == ["first", "out"]


def run_crops(net, x):
    x = net.first(x)
    return net.second(torch.cat([x, x]))


@pytest.mark.parametrize(
    "run", [run_crops, lambda net, x: net.first(x), lambda net, x: net.second(net.first(x)[0])]
)
def test_layers_without_a_map_of_the_picture_are_left_out(run):
    network = wrap(Net(run))
    assert [layer.name for layer in network.layers] == ["first"]
    assert network.behaviour.left_out == ("second",)
    assert {layer for layer, _, _ in extract_heatmaps(network, make_batch())} == {"first"}


def keep_features(net, x):
    net.kept = net.first(x)
    return net.second(net.kept)


class ReadOnly(nn.ReLU):
    @property
    def inplace(self):
        return True

    @inplace.setter
    def inplace(self, value):
        if value is not False:
            raise AttributeError("read-only")


def make_pruned():
    net = behind(F.relu)
    prune.l1_unstructured(net.first, "weight", 0.5)
    return net


def make_normalised(wrap_weight):
    net = behind(F.relu)
    wrap_weight(net.first)
    return net


def make_kept():
    net = Net(keep_features)
    net(make_batch())
    return net


ODD = {
    "pruned": make_pruned,
    "pruned, after a pass": lambda: (net := make_pruned(), net(make_batch()))[0],
    "weight_norm": lambda: make_normalised(parametrizations.weight_norm),
    "the older weight_norm": lambda: make_normalised(weight_norm),
    "spectral_norm": lambda: make_normalised(parametrizations.spectral_norm),
    "kept features": make_kept,
    "a parameter of five dimensions": lambda: Net(
        lambda net, x: net.second(net.first(x) * net.scale[0]), scale=nn.Parameter(torch.ones(1, 1, 4, 1, 1))
    ),
    "a read-only inplace": lambda: Net(lambda net, x: net.act(net.first(x)), act=ReadOnly()),
    "no parameters": lambda: Net(lambda net, x: F.conv2d(x, torch.ones(2, 3, 3, 3)), first=None, second=None),
    "a double": lambda: behind(F.relu).double(),
    "half a network": lambda: behind(F.relu).half(),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch's own, of the older weight_norm
@pytest.mark.parametrize("name", ODD)
def test_odd_networks_are_accepted_and_their_maps_are_right(name):
    module = ODD[name]().eval()
    reference = copy.deepcopy(module) if name in ("a double", "half a network") else module
    network = wrap(module)
    heatmaps = extract_heatmaps(network, make_batch())
    layer = network.layers[0]
    with torch.no_grad():
        if layer.name == "conv2d":
            expected = F.conv2d(make_batch(), torch.ones(2, 3, 3, 3))
        else:
            expected = reference.float().first(make_batch())
    np.testing.assert_allclose(heatmaps[layer.name, "pre", "mean"], expected[0].mean(0), rtol=1e-5, atol=2e-6)


class Standardised(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return F.conv2d(x, weight, self.bias, padding=self.padding)


class Named(nn.Module):
    """A kernel that is not called so, beside a weight that is none."""

    def __init__(self):
        super().__init__()
        self.weight, self.kernel = nn.Parameter(torch.ones(1, 4, 1, 1)), nn.Parameter(torch.randn(4, 3, 3, 3))

    def forward(self, x):
        return F.conv2d(x, self.kernel, padding=1) * self.weight


@pytest.mark.parametrize("part", [lambda: Standardised(3, 4, 3, padding=1), Named])
def test_a_kernel_may_be_computed_and_have_any_name(part):
    module = behind(F.relu)
    module.first = part()
    network = wrap(module)
    expected = network.module.first(make_batch())[0]
    heatmaps = extract_heatmaps(network, make_batch())
    np.testing.assert_allclose(heatmaps[network.layers[0].name, "pre", "mean"], expected.mean(0), atol=1e-6)


@pytest.mark.parametrize("change", [parametrizations.weight_norm, lambda part: None])
def test_another_convolution_on_a_larger_picture_is_never_taken_for_one_of_the_trial(change):
    def run(net, x):
        y = F.relu(net.first(x))
        return net.second(F.relu(net.extra(y)) if x.shape[-1] > SIZE else y)

    module = Net(run, extra=nn.Conv2d(4, 4, 3, padding=1))
    for part in (module.first, module.second, module.extra):
        change(part)
    network = wrap(module)
    with pytest.raises(NetworkError) as caught:
        extract_heatmaps(network, make_batch(size=SIZE + 8))
    assert caught.value.reason == "varies"


def test_a_train_that_gives_nothing_back_is_no_obstacle():
    class Frozen(Net):
        def train(self, mode=True):
            super().train(mode)

    module = Frozen(lambda net, x: net.second(net.first(x)))
    module.eval()
    assert len(wrap_network(module, HALF, HALF, SIZE).layers) == 2


@pytest.mark.parametrize(
    "norm",
    [
        nn.GroupNorm(2, 4),
        nn.InstanceNorm2d(4),
        nn.LayerNorm(SIZE),
        nn.BatchNorm2d(4, track_running_stats=False),
    ],
    ids=lambda norm: type(norm).__name__,
)
def test_behind_statistics_of_the_whole_map_a_cell_sees_more_than_its_windows(norm):
    module = Net(lambda net, x: net.second(F.relu(net.norm(net.first(x)))), norm=norm)
    network, pixels = wrap(module), make_batch().requires_grad_()
    assert network.find_layer("second").receptive_field is None
    found = effective_receptive_field(network, make_batch(), "second", 9, 9, "pre")
    network.module(pixels)[0, :, 9, 9].mean().backward()
    np.testing.assert_allclose(found, pixels.grad[0].norm(dim=0), atol=1e-6)


def test_a_network_that_answers_differently_twice_is_told():
    assert wrap(behind(F.relu)).behaviour.answers_alike
    left_on = Net(lambda net, x: F.dropout(net.second(net.first(x)), training=True))
    assert not wrap(left_on).behaviour.answers_alike


@pytest.mark.parametrize(
    ("build", "reason", "words"),
    [
        (lambda: Net(lambda net, x: net.second(net.first(x)), 4), "channels", "first takes 4 channels"),
        (lambda: nn.Sequential(nn.Conv3d(3, 4, 3)), "volumes", "nn.Conv3d"),
        (lambda: Net(lambda net, x: net.no_such_part(x)), "trial", "no_such_part"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 2)), "no_convolution", "no two-dimensional"),
        (lambda: Net(lambda net, x: x), "unseen", "first"),
    ],
)
def test_what_cannot_be_shown_gets_a_sentence(build, reason, words):
    with pytest.raises(NetworkError, match=words) as caught:
        wrap(build())
    assert caught.value.reason == reason


def test_a_long_message_is_not_cut_within_a_word():
    def fail(net, x):
        raise RuntimeError(" ".join(["abcdefghi"] * 100))

    with pytest.raises(NetworkError) as caught:
        wrap(Net(fail))
    told = caught.value.details["error"].removesuffix(" …")
    assert set(told.split()[1:]) == {"abcdefghi"} and len(told) <= 200


def test_torch_stays_usable_after_a_network_was_loaded():
    wrap(behind(F.relu))
    assert torch.backends.cudnn.allow_tf32 is False
    with torch.backends.cudnn.flags(enabled=True):
        pass
    torch.export.export(behind(F.relu), (make_batch(),))


# What a network's output means.


def head(end, count=3):
    torch.manual_seed(1)

    def run(net, x):
        return end(net.head(net.second(F.relu(net.first(x))).mean((2, 3))))

    return Net(run, head=nn.Linear(4, count))


OUTPUTS = {
    "logits": (lambda z: z, 3, lambda z: z.softmax(1)),
    "softmax": (lambda z: F.softmax(z, 1), 3, lambda z: z.softmax(1)),
    "nn.Softmax": (lambda z: nn.Softmax(1)(z), 3, lambda z: z.softmax(1)),
    "log_softmax": (lambda z: F.log_softmax(z, 1), 3, lambda z: z.softmax(1)),
    "a sigmoid each": (torch.sigmoid, 3, torch.sigmoid),
    "one logit": (lambda z: z, 1, lambda z: torch.cat([1 - z.sigmoid(), z.sigmoid()], 1)),
    "one sigmoid": (torch.sigmoid, 1, lambda z: torch.cat([1 - z.sigmoid(), z.sigmoid()], 1)),
    "one sigmoid without a class axis": (
        lambda z: torch.sigmoid(z).squeeze(1),
        1,
        lambda z: torch.cat([1 - z.sigmoid(), z.sigmoid()], 1),
    ),
    "an object": (lambda z: SimpleNamespace(logits=z), 3, lambda z: z.softmax(1)),
    "a dictionary": (lambda z: {"loss": None, "logits": z}, 3, lambda z: z.softmax(1)),
    "a tuple": (lambda z: (z, z * 2), 3, lambda z: z.softmax(1)),
    "clamped probabilities": (lambda z: z.softmax(1).clamp(1e-6, 1), 3, lambda z: z.softmax(1)),
    "a mean of probabilities": (lambda z: (z.softmax(1) + z.softmax(1)) / 2, 3, lambda z: z.softmax(1)),
    "a softmax and features": (lambda z: (z.softmax(1), z * 2), 3, lambda z: z.softmax(1)),
    "two softmaxes": (lambda z: (z.softmax(1), (z * 2).softmax(1)), 3, lambda z: z.softmax(1)),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_probability_is_the_modules_own(name):
    end, count, same = OUTPUTS[name]
    network = wrap(head(end, count), classes=CLASSES[: max(2, count)])
    module, batch = network.module, make_batch()
    logits = module.head(module.second(F.relu(module.first(batch))).mean((2, 3)))
    found = {prediction.index: prediction.probability for prediction in predict(network, batch)}
    assert [found[index] for index in sorted(found)] == pytest.approx(same(logits)[0].tolist(), abs=1e-6)
    # Class maps are those of the logits, whatever is made of them.
    plain = wrap(head(lambda z: z, count), classes=network.classes)
    expected = class_maps(plain, batch, 1, "hirescam")
    for layer, values in class_maps(network, batch, 1, "hirescam").items():
        np.testing.assert_allclose(values, expected[layer], atol=1e-6)


def test_what_an_output_is_taken_for_can_be_set():
    module = head(lambda z: z.abs() / 10)
    guessed, told = (wrap(module, classes=CLASSES, output=kind) for kind in (None, "probabilities"))
    assert (guessed.behaviour.answer, told.behaviour.answer) == ("logits", "probabilities")
    own = guessed.module(make_batch())[0]
    assert predict(told, make_batch())[0].probability == pytest.approx(float(own.max()))
    assert predict(guessed, make_batch())[0].probability == pytest.approx(float(own.softmax(0).max()))
