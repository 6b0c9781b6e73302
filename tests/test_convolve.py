from itertools import product

import numpy as np
import pytest
import torch
from conftest import PHOTOS
from torch import nn

from viz import convolve as room
from viz.convolve import OF_INPUTS, OF_KERNELS, OF_OUTPUTS, Workspace, convolve, suits_winograd
from viz.extractor import extract_heatmaps
from viz.layers import CONV_LAYERS, LAYER_NAMES

ROW = 13 * 36 * 128  # numbers that a row of tiles takes in 128 channels of `make_signal`


def make_convolution(inputs=64, outputs=128, **options):
    torch.manual_seed(0)
    return nn.Conv2d(inputs, outputs, 3, **{"padding": 1} | options).requires_grad_(False)


def make_signal(channels=64, height=40, width=51, count=1):
    generator = torch.Generator().manual_seed(1)
    signal = torch.randn(count, channels, height, width, generator=generator)
    return signal.to(memory_format=torch.channels_last)


def convolve_exactly(convolution, signal):
    weight, bias = convolution.weight.double(), convolution.bias.double()
    return nn.functional.conv2d(signal.double(), weight, bias, padding=1)


def test_transforms_make_a_convolution_of_every_input_and_kernel():
    # A convolution is linear in both, so it is enough to look at a single one of each.
    inputs, kernels, outputs = (matrix.double() for matrix in (OF_INPUTS, OF_KERNELS, OF_OUTPUTS))
    for row, column, down, across in product(range(6), range(6), range(3), range(3)):
        cells = torch.outer(inputs[:, row], inputs[:, column])
        values = outputs @ (cells * kernels[:, 3 * down + across].view(6, 6)) @ outputs.T
        expected = torch.zeros(4, 4, dtype=torch.float64)
        if 0 <= row - down < 4 and 0 <= column - across < 4:
            expected[row - down, column - across] = 1
        torch.testing.assert_close(values, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "width"),
    [
        (64, 128, 40, 51),
        (64, 137, 31, 30),
        (128, 256, 25, 42),
        (512, 512, 28, 37),
        (256, 256, 56, 84),
        (64, 128, 3, 200),
        (64, 128, 200, 1),
    ],
)
def test_it_equals_the_convolution_in_double_precision(inputs, outputs, height, width):
    convolution, signal = make_convolution(inputs, outputs), make_signal(inputs, height, width)
    assert suits_winograd(convolution, signal)
    found, direct = convolve(convolution, signal, Workspace()), convolution(signal)
    expected = convolve_exactly(convolution, signal)
    assert found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(found, direct)  # it was another method
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=6e-6 * float(expected.abs().max()))


def test_it_rounds_about_as_finely_as_the_direct_method():
    convolution, signal = make_convolution(256, 256), make_signal(256, 56, 84)
    expected = convolve_exactly(convolution, signal)
    direct = float((convolution(signal) - expected).square().mean().sqrt())
    found = float((convolve(convolution, signal, Workspace()) - expected).square().mean().sqrt())
    assert found < 3 * direct


@pytest.mark.parametrize(("chunk", "kernels"), [(1, 1), (36 * 128 * 13, 36 * 64 * 50), (10**9, 10**9)])
def test_it_does_not_matter_how_much_is_computed_at_once(monkeypatch, chunk, kernels):
    convolution, signal = make_convolution(), make_signal()
    monkeypatch.setattr(room, "CHUNK", chunk)
    monkeypatch.setattr(room, "KERNELS", kernels)
    expected = convolve_exactly(convolution, signal)
    found = convolve(convolution, signal, Workspace()).double()
    torch.testing.assert_close(found, expected, rtol=0, atol=6e-6 * float(expected.abs().max()))


def test_a_workspace_serves_layer_after_layer():
    wide, narrow = make_convolution(64, 256), make_convolution(256, 128)
    signal, workspace = make_signal(), Workspace()
    first = convolve(wide, signal, workspace)
    kept = first.clone()
    second = convolve(narrow, first, workspace)
    assert torch.equal(first, kept)
    assert torch.equal(second, convolve(narrow, kept, Workspace()))
    assert torch.equal(convolve(wide, signal, workspace), kept)


def test_a_workspace_stays_small_whatever_the_picture():
    workspace = Workspace()
    for convolution, signal in [
        (make_convolution(64, 128), make_signal(64, 256, 512)),  # of a picture of 1024x512
        (make_convolution(512, 512), make_signal(512, 64, 128)),
        (make_convolution(128, 128), make_signal(128, 144, 144)),  # of one of 288x288
        (make_convolution(128, 128), make_signal(128, 81, 1619)),  # of the longest panorama, 3238x162
        (make_convolution(256, 256), make_signal(256, 40, 809)),
    ]:
        convolve(convolution, signal, workspace)
    numbers = sum(len(memory) for memory in workspace._memory.values())
    assert 4 * numbers <= 36e6  # as the README says


def test_nothing_is_left_over_from_what_was_computed_before(monkeypatch):
    monkeypatch.setattr(room, "CHUNK", ROW * 4)  # three times, the last time with fewer rows
    monkeypatch.setattr(room, "KERNELS", 36 * 128 * 50)
    convolution, signal, workspace = make_convolution(128, 128), make_signal(128), Workspace()
    expected = convolve(convolution, signal, workspace)
    for memory in workspace._memory.values():
        memory.fill_(torch.nan)
    assert torch.equal(convolve(convolution, signal, workspace), expected)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_layout_of_kernels_does_not_matter_and_they_stay_as_they_are(layout):
    convolution, signal = make_convolution(), make_signal()
    before = convolution.weight.clone()
    expected = convolve(convolution, signal, Workspace())
    convolution = convolution.to(memory_format=layout)
    assert torch.equal(convolve(convolution, signal, Workspace()), expected)
    assert torch.equal(convolution.weight, before)


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("rows", [1, 3, 100])  # of tiles at once; there are ten
def test_the_number_of_threads_changes_no_bit(monkeypatch, rows, threads):
    monkeypatch.setattr(room, "CHUNK", ROW * rows)
    monkeypatch.setattr(room, "KERNELS", 36 * 128 * 50)
    convolution, signal = make_convolution(128, 128), make_signal(128)
    expected = convolve(convolution, signal, Workspace())
    every = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(convolve(convolution, signal, Workspace()), expected)
    finally:
        torch.set_num_threads(every)


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"padding": 0},
        {"dilation": 2},
        {"groups": 2},
        {"bias": False},
        {"padding_mode": "reflect"},
    ],
)
def test_what_is_no_plain_convolution_is_done_directly(options):
    convolution, signal = make_convolution(**options), make_signal()
    assert not suits_winograd(convolution, signal)
    assert torch.equal(convolve(convolution, signal, Workspace()), convolution(signal))


def test_other_numbers_and_batches_are_convolved_directly():
    assert not suits_winograd(make_convolution().double(), make_signal().double())
    assert not suits_winograd(make_convolution(), make_signal(count=2))


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (224, 224, LAYER_NAMES[2:10]),  # conv2_1 to conv4_3
        (224, 337, LAYER_NAMES[2:10]),
        (512, 768, LAYER_NAMES[2:]),
        (224, 32, LAYER_NAMES[2:4]),
    ],
)
def test_which_layers_it_serves(features, height, width, expected):
    served = []
    for layer in CONV_LAYERS:
        convolution = features[layer.index]
        signal = torch.empty(1, convolution.in_channels, height // layer.stride, width // layer.stride)
        if suits_winograd(convolution, signal):
            served.append(layer.name)
    assert served == list(expected)


@pytest.mark.parametrize("photo", PHOTOS)
def test_a_pass_has_the_direct_methods_values(features, make_batch, photo, monkeypatch):
    batch = make_batch(photo)
    found = extract_heatmaps(features, batch)
    monkeypatch.setattr(room, "suits_winograd", lambda convolution, signal: False)
    direct = extract_heatmaps(features, batch)
    assert any(not np.array_equal(found[key], direct[key]) for key in found)  # it was another method
    for key, heatmap in direct.items():
        assert np.abs(found[key] - heatmap).max() <= 5e-6 * np.abs(heatmap).max()
