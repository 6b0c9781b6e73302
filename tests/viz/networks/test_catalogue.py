import copy
import gc
import importlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision
from conftest import PHOTOS, ROOT, describe_state
from oracles import ACTIVATIONS, count_calls
from safetensors.torch import load_file
from timm.layers import Conv2dSame
from torch import nn
from torchvision.models import feature_extraction, get_model, get_model_weights

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import (
    NetworkInfo,
    find_network,
    is_there,
    list_known_layers,
    list_networks,
    load,
    load_network,
)
from viz.networks.errors import WeightsError
from viz.networks.examine import find_layers
from viz.networks.network import Network
from viz.networks.own import read_arguments
from viz.networks.sources import torchvision as fetched
from viz.networks.sources import vgg16 as oxford
from viz.networks.sources.source import PublishedSource
from viz.networks.vgg16 import LAYERS, name_as_paper
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

FETCHED = [info for info in list_networks() if info.megabytes]

# Layers, and how many of them have an activation behind them; why the others have none.
COUNTS = {
    "vgg16": (13, 13, ""),
    "efficientnet_lite0": (49, 33, "the last convolution of a block has none"),
    "torchvision:vgg11": (8, 8, ""),
    "torchvision:vgg13": (10, 10, ""),
    "torchvision:vgg16": (13, 13, ""),
    "torchvision:vgg19": (16, 16, ""),
    "torchvision:alexnet": (5, 5, ""),
    "torchvision:resnet18": (20, 20, ""),
    "torchvision:resnet50": (53, 53, ""),
    "torchvision:mobilenet_v3_small": (34, 23, "the last convolution of a block has none; no gates"),
    "torchvision:efficientnet_b0": (49, 33, "the last convolution of a block has none; no gates"),
    "torchvision:densenet121": (120, 59, "the second convolutions and the transitions are concatenated"),
    "torchvision:convnext_tiny": (22, 0, "its activations stand behind linear modules of another shape"),
    "torchvision:squeezenet1_1": (26, 26, ""),
}


@pytest.fixture(scope="module", params=[info.key for info in list_networks()])
def untrained(request):
    """One network after the other, with random weights."""
    yield request.param, load_network(f"untrained:{request.param}")
    gc.collect()


# The short table


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import viz; viz.list_networks()", ["torch", "torchvision", "timm"]),
        (
            "from viz.networks import catalogue as c; c.list_known_layers(c.find_network('vgg16'))",
            ["torch", "timm"],
        ),
        ("import viz; viz.load_network('vgg16')", ["torchvision", "timm"]),
    ],
)
def test_nothing_is_imported_before_it_is_needed(code, absent):
    script = f"import sys; {code}; print([name for name in {absent} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("info", FETCHED, ids=lambda info: info.key)
def test_the_short_table_is_torchvisions(info):
    name = info.key.partition(":")[2]
    weights = get_model_weights(name)["IMAGENET1K_V1"]
    assert info.megabytes == round(weights.meta["_file_size"])
    assert info.has_classes
    assert bool(info.classifier_megabytes) == name.startswith("vgg")
    assert [info.size] == weights.transforms().crop_size
    assert info.is_homework == (name == "vgg16")
    assert fetched.find_file(info).name == weights.url.rsplit("/")[-1]
    assert weights.url.endswith(f"-{fetched.find_digest(info)}.pth")
    assert len(fetched.find_digest(info)) == 8


def test_what_a_network_needs_to_be_used_is_known(untrained):
    key, network = untrained
    info = find_network(key)
    assert network.size == info.size == 224
    assert info.stride == network.stride
    assert (info.fixed_size, info.only_squares) == (None, False)
    assert list_known_layers(info) in (None, network.layers)
    # An untrained classifier says nothing, and a VGG's takes half a gigabyte.
    has_classes = info.has_classes and not info.classifier_megabytes
    assert (network.classes is not None) == has_classes
    assert isinstance(getattr(network.module, "classifier", None), nn.Identity) == bool(
        info.classifier_megabytes
    )
    if info.megabytes:
        weights = get_model_weights(key.partition(":")[2])["IMAGENET1K_V1"]
        preset = weights.transforms()
        assert ([*network.mean], [*network.std], [network.size]) == (
            preset.mean,
            preset.std,
            preset.crop_size,
        )
        assert network.classes in (None, tuple(weights.meta["categories"]))
    if has_classes:
        with torch.inference_mode():
            assert network.module(torch.zeros(1, 3, 64, 64)).shape == (1, len(network.classes))


@pytest.mark.parametrize(
    "info", [info for info in FETCHED if info.classifier_megabytes], ids=lambda info: info.key
)
def test_a_vggs_own_classifier_has_the_stated_size(info):
    with torch.device("meta"):  # it takes no memory
        module = fetched.SOURCE.build(info)
        assert repr(module) == repr(get_model(info.key.partition(":")[2]))
    numbers = sum(parameter.numel() for parameter in module.classifier.parameters())
    assert info.classifier_megabytes == round(numbers * 4 / 2**20)


def test_unknown_networks_list_the_valid_ones():
    expected = "unknown network 'vgg99'; expected one of vgg16, efficientnet_lite0, torchvision:vgg11, "
    for key in ("vgg99", "untrained:vgg99"):
        with pytest.raises(ValueError, match=expected):
            load_network(key)
    with pytest.raises(ValueError, match="unknown network 'untrained:vgg16'"):
        find_network("untrained:vgg16")


def test_one_s_own_network_is_looked_up_like_the_others():
    own = read_arguments(["--network", "package.module:build", "--size", "32"])
    assert find_network("own", (own, *list_networks())) is own
    assert (own.title, own.fixed_size, own.only_squares, own.has_classes) == ("build", 32, True, False)
    assert (own.megabytes, own.classifier_megabytes, own.is_homework) == (0, 0, False)
    assert is_there(own)
    assert list_known_layers(own) is None


class Mine(PublishedSource):
    def build(self, info):
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())

    def read_weights(self, info):
        return {"0.weight": torch.ones(4, 3, 3, 3), "0.bias": torch.zeros(4)}

    def wrap(self, info, module):
        return Network(module, find_layers(module, info.size), (0.5,) * 3, (0.5,) * 3, size=info.size)


def test_a_source_is_one_file_and_a_row(monkeypatch):
    monkeypatch.setitem(sys.modules, "viz.networks.sources.mine", SimpleNamespace(SOURCE=Mine()))
    info = NetworkInfo("mine", "Mine", 0, False, "", "mine", size=32)
    assert torch.equal(load(info).module[0].weight.cpu(), torch.ones(4, 3, 3, 3))
    first, again, other = (load(info, seed).module[0].weight for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert is_there(info)


# Layers, activations and maps of every network


def test_maps_and_activations_are_those_of_torchvisions_feature_extraction(untrained, monkeypatch):
    _, network = untrained
    batch = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    feature_maps, activations = extract_features(monkeypatch, network.module, batch)
    name_node = name_nodes(network)
    found = {name_node(layer): layer.activation and name_node(layer.activation) for layer in network.layers}
    assert list(found.items()) == list(activations.items())

    heatmaps = extract_heatmaps(network, batch)
    for layer in network.layers:
        for side in layer.sides:
            feature_map = feature_maps[name_node(layer if side == "pre" else layer.activation)][0]
            scale = float(feature_map.abs().max())
            assert 0 < scale < float("inf")
            for name in ("mean", "max"):
                expected = AGGREGATIONS[name](feature_map)
                ours = heatmaps[layer.name, side, name]
                np.testing.assert_allclose(ours, expected, atol=2e-6 * scale, err_msg=f"{layer.name} {side}")


def extract_features(monkeypatch, module, batch):
    """Every convolution's and activation's output, and which activation each convolution reaches, from the
    network's graph."""
    # torchvision would not look into its own blocks; and the graph cannot show how timm pads.
    monkeypatch.setattr(feature_extraction, "_get_leaf_modules_for_ops", lambda: [Conv2dSame])
    private = copy.deepcopy(module)
    for part in private.modules():
        if hasattr(part, "inplace"):
            part.inplace = False  # or the activation would overwrite what the graph gives
    parts = dict(private.named_modules())

    def is_a(path, kinds):
        return isinstance(parts.get(path), kinds)

    _, names = feature_extraction.get_graph_node_names(private)
    # The second call of "relu" is "relu_1".
    paths = {name: name if name in parts else name.rpartition("_")[0] for name in names}
    wanted = [name for name, path in paths.items() if is_a(path, (nn.Conv2d, *ACTIVATIONS))]
    extract = feature_extraction.create_feature_extractor(private, {name: name for name in wanted})
    with torch.inference_mode():
        feature_maps = extract(batch)

    nodes = [node for node in extract.graph.nodes if is_a(node.target, (nn.Conv2d, *ACTIVATIONS))]
    named = dict(zip(nodes, wanted, strict=True))
    activations = {}
    for node, name in named.items():
        shape = feature_maps[name].shape
        if is_a(node.target, nn.Conv2d) and shape[2:] != (1, 1):
            reached = list_reached(node, lambda user: is_a(user.target, nn.Conv2d))
            behind = [
                other
                for node, other in named.items()
                if node in reached and is_a(node.target, ACTIVATIONS) and feature_maps[other].shape == shape
            ]
            activations[name] = next(iter(behind), None)
    return feature_maps, activations


def list_reached(node, is_end):
    """The nodes of a graph that a node's output reaches, not through an end."""
    reached, open_nodes = set(), list(node.users)
    while open_nodes:
        user = open_nodes.pop()
        if user not in reached:
            reached.add(user)
            open_nodes += [] if is_end(user) else list(user.users)
    return reached


def name_nodes(network):
    """What torchvision calls a layer, or an activation."""
    names = {
        call: path if number == 1 else f"{path}_{number - 1}"
        for call, (path, number) in count_calls(network).items()
    }
    return lambda thing: names[thing.call]


def test_layers_activations_and_stages_are_counted(untrained):
    key, network = untrained
    layers = network.layers
    assert (len(layers), sum(layer.activation is not None for layer in layers)) == COUNTS[key][:2]
    stages = [layer.stage for layer in layers]
    if len(layers) == 13:  # VGG16, where the homework split
        assert stages == ["shallow"] * 3 + ["middle"] * 3 + ["deep"] * 7
    else:
        assert stages == sorted(stages, key=["shallow", "middle", "deep"].index)
        sizes = [stages.count(stage) for stage in ("shallow", "middle", "deep")]
        assert max(sizes) - min(sizes) <= 1


def test_receptive_fields_are_known_in_plain_chains_alone(untrained):
    key, network = untrained
    known = {layer.receptive_field is not None for layer in network.layers}
    assert known == {"vgg" in key or "alexnet" in key}


@pytest.mark.parametrize("key", ["torchvision:vgg11", "torchvision:alexnet"])
def test_receptive_fields_are_those_that_gradients_find(key):
    """With positive weights and no ReLU, exactly the pixels in the receptive field have a gradient."""
    network = load_network(f"untrained:{key}")
    picture = torch.zeros(1, 1, 224, 224, dtype=torch.float64, requires_grad=True)
    signal, layers = picture, {layer.path: layer for layer in network.layers}
    for index, module in enumerate(network.module.features):
        if isinstance(module, nn.Conv2d):
            kernel = torch.ones(1, 1, *module.kernel_size, dtype=torch.float64)
            signal = nn.functional.conv2d(signal, kernel, None, module.stride, module.padding)
        elif isinstance(module, nn.MaxPool2d):  # every input counts, not only the largest
            signal = nn.functional.avg_pool2d(signal, module.kernel_size, module.stride)
        if (layer := layers.get(f"features.{index}")) is not None:
            middle = signal.shape[2] // 2
            (gradient,) = torch.autograd.grad(signal[0, 0, middle, middle], picture, retain_graph=True)
            rows = gradient[0, 0].sum(dim=1).nonzero().flatten()
            assert len(rows) == layer.receptive_field, layer.name
            assert int(rows[0]) == layer.offset + middle * layer.stride, layer.name
            assert layer.map_size(224, 224) == signal.shape[2:], layer.name


class Between(nn.Module):
    """Two convolutions with something between them."""

    def __init__(self, change):
        super().__init__()
        self.change = change
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.third = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, picture):
        earlier = self.first(picture)
        return self.third(self.change(self.second(earlier), earlier))


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (lambda signal, _: signal, [3, 5, 7]),
        (lambda signal, earlier: signal.add_(earlier), [None] * 3),
        (lambda signal, _: signal.mul_(signal.mean((2, 3), keepdim=True)), [None] * 3),
        (lambda signal, _: signal.relu(), [3, 5, 7]),
        (lambda signal, _: signal.sinh(), [None] * 3),
    ],
    ids=["nothing", "an addition in place", "a gate in place", "an activation", "what is not known"],
)
def test_what_is_no_plain_chain_has_no_receptive_fields(change, fields):
    assert [layer.receptive_field for layer in find_layers(Between(change).eval(), 32)] == fields


def test_the_trial_finds_vgg16_as_it_stands_on_paper(network):
    assert name_as_paper(find_layers(network.module, 224)) == LAYERS


def test_a_smaller_trial_finds_the_same_layers_of_efficientnet_lite0(lite0):
    found = find_layers(lite0.module, lite0.size)
    assert found == tuple(replace(layer, corner=None) for layer in lite0.layers)


# Weights


def test_vgg16_has_the_values_of_its_file_and_torchvisions_structure(network):
    stored = load_file(oxford.BUNDLED_PATH)
    assert sum(value.numel() for value in stored.values()) == 14_714_688
    with torch.device("meta"):
        reference = torchvision.models.vgg16().features
    assert repr(network.module.features) == repr(reference)
    assert network.module.state_dict().keys() == stored.keys()
    for key, value in network.module.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value.cpu(), stored[key].float())


def test_vgg16s_first_numbers_are_the_published_ones(network):
    """As printed from the original imagenet-vgg-verydeep-16, to half precision; see PROVENANCE.md."""
    features = network.module.features
    assert float(features[0].bias[0]) == pytest.approx(0.73429835, rel=1e-3)
    assert float(features[28].bias[0]) == pytest.approx(0.18837857, rel=1e-3)
    assert float(features[28].weight[0, 0, 0, 0]) == pytest.approx(0.00040788297, rel=1e-3)


def test_vgg16s_preprocessing_is_that_of_the_original_weights(network):
    transforms = torchvision.models.VGG16_Weights.IMAGENET1K_FEATURES.transforms()
    # torchvision rounds the original means, 123.68, 116.779 and 103.939, to whole grey levels.
    assert network.mean == pytest.approx(transforms.mean, abs=1 / 255)
    assert network.std == pytest.approx(transforms.std, abs=1e-4)


@pytest.mark.parametrize("key", ["vgg16", "efficientnet_lite0"])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: b"",
        lambda data: b"not weights at all",
    ],
    ids=["truncated", "one bit", "empty", "text"],
)
def test_altered_weights_are_refused(monkeypatch, tmp_path, key, change):
    source = importlib.import_module(f"viz.networks.sources.{key}")
    path = tmp_path / "some.safetensors"
    path.write_bytes(change(source.BUNDLED_PATH.read_bytes()))
    monkeypatch.setattr(source, "BUNDLED_PATH", path)
    with pytest.raises(WeightsError, match=r"some\.safetensors is not the published") as caught:
        load_network(key)
    assert (caught.value.reason, caught.value.details) == ("altered", {"file": "some.safetensors"})


def test_missing_weights_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(oxford, "BUNDLED_PATH", tmp_path / "gone.safetensors")
    with pytest.raises(WeightsError, match=r"gone\.safetensors is missing.*restore assets/weights") as caught:
        load_network()
    assert caught.value.reason == "missing"


@pytest.mark.parametrize(
    ("photo", "names", "places", "least"),
    [("coffee.png", ("espresso",), 1, 0.9), ("cat.png", ("cat", "tabby"), 3, 0)],
)
def test_efficientnet_lite0_names_what_it_sees(lite0, photo, names, places, least):
    with torch.inference_mode():
        logits = lite0.module(frame_photo(lite0, photo, "crop"))[0]
    shares, indices = logits.softmax(dim=0).topk(places)
    found = {
        lite0.classes[index]: share for share, index in zip(shares.tolist(), indices.tolist(), strict=True)
    }
    shares = [share for label, share in found.items() if any(name in label.split() for name in names)]
    assert max(shares, default=0) > least, found


@pytest.fixture(scope="module")
def lite0():
    return load_network("efficientnet_lite0")


def frame_photo(network, photo, framing):
    data = (ROOT / "assets" / "images" / photo).read_bytes()
    return network.to_batch(frame_image(read_image(data), framing))


@pytest.mark.parametrize(
    "key", ["vgg16", "efficientnet_lite0", "torchvision:densenet121", "torchvision:convnext_tiny"]
)
def test_random_weights_are_seeded_and_leave_the_worlds_random_numbers_alone(key):
    before = torch.random.get_rng_state()
    modules = [load_network(f"untrained:{key}", seed).module for seed in (0, 0, 1)]
    assert torch.equal(torch.random.get_rng_state(), before)
    first, again, other = (module.state_dict() for module in modules)
    for name, value in first.items():
        assert torch.equal(value, again[name]), name
        assert value.ndim != 4 or not torch.equal(value, other[name]), name
    assert not any(parameter.requires_grad for parameter in modules[0].parameters())
    assert not any(part.training for part in modules[0].modules())


def test_random_weights_keep_the_scale_of_values(make_batch):
    features = load_network("untrained:vgg16").module.features
    for module in features:
        if isinstance(module, nn.Conv2d):
            assert float(module.weight.var()) == pytest.approx(2 / (module.in_channels * 9), rel=0.1)
            assert not module.bias.any()
    signal = make_batch()
    before = float(signal.square().mean())
    assert before / 30 < float(features[:30](signal).square().mean()) < before * 30


# Many visitors


def test_eight_threads_and_two_networks_give_the_serial_results(lite0):
    networks = [lite0, load_network("untrained:torchvision:resnet18")]
    jobs = [(network, frame_photo(network, photo, "whole")) for photo in PHOTOS[:4] for network in networks]
    before = [describe_state(network.module) for network in networks]
    serial = [extract_heatmaps(*job) for job in jobs]
    with ThreadPoolExecutor(max_workers=8) as pool:
        threaded = list(pool.map(lambda job: extract_heatmaps(*job), jobs))
    for alone, together in zip(serial, threaded, strict=True):
        assert all(np.array_equal(alone[key], together[key]) for key in alone)
    assert [describe_state(network.module) for network in networks] == before
