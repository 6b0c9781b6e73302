import torch
import torchvision
from conftest import find_index
from torch import nn

from viz.networks.layers import STAGES
from viz.networks.vgg16 import LAYERS


def test_table_agrees_with_torchvisions_modules():
    modules = torchvision.models.vgg16(init_weights=False).features
    convolutions = [(i, m.out_channels) for i, m in enumerate(modules) if isinstance(m, nn.Conv2d)]
    assert len(modules) == 31
    assert [(find_index(layer), layer.channels) for layer in LAYERS] == convolutions


def test_names_and_stages_follow_the_paper_and_the_homework():
    convolutions = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
    names = [f"conv{block}_{i + 1}" for block, count in convolutions.items() for i in range(count)]
    assert [layer.name for layer in LAYERS] == names
    assert [layer.stage for layer in LAYERS] == ["shallow"] * 3 + ["middle"] * 3 + ["deep"] * 7
    assert set(STAGES) == {layer.stage for layer in LAYERS}


def test_strides_are_those_of_the_real_shapes():
    signal = torch.zeros(1, 3, 224, 224)
    heights = {}
    with torch.no_grad():
        for index, module in enumerate(torchvision.models.vgg16(init_weights=False).features):
            signal = module(signal)
            heights[index] = signal.shape[2]
    assert [224 // heights[find_index(layer)] for layer in LAYERS] == [la.stride for la in LAYERS]


def test_receptive_fields_are_those_that_gradients_find():
    """With positive weights and no ReLU, exactly the pixels in the receptive field have a gradient."""
    modules = torchvision.models.vgg16(init_weights=False).features
    layers = {find_index(layer): layer for layer in LAYERS}
    picture = torch.zeros(1, 3, 224, 224, dtype=torch.float64, requires_grad=True)
    signal = picture.sum(dim=1, keepdim=True)
    for index, module in enumerate(modules):
        if isinstance(module, nn.Conv2d):
            signal = nn.functional.conv2d(signal, torch.ones(1, 1, 3, 3, dtype=torch.float64), padding=1)
        elif isinstance(module, nn.MaxPool2d):
            signal = nn.functional.avg_pool2d(signal, 2)  # every input counts, not only the largest
        if index in layers:
            middle = signal.shape[2] // 2
            (gradient,) = torch.autograd.grad(signal[0, 0, middle, middle], picture, retain_graph=True)
            rows = gradient[0, 0].sum(dim=1).nonzero().flatten()
            layer = layers[index]
            assert len(rows) == layer.receptive_field, layer.name
            assert int(rows[0]) == layer.offset + middle * layer.stride, layer.name
            centre = (int(rows[0]) + int(rows[-1]) + 1) / 2
            assert centre == (middle + 0.5) * layer.stride, layer.name
