from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from viz import convolve
from viz.convolve import HAS_NNPACK, PIECES, WORKSPACE_BYTES, count_pieces
from viz.layers import CONV_LAYERS, LAYER_NAMES

needs_nnpack = pytest.mark.skipif(not HAS_NNPACK, reason="this torch or processor has no NNPACK")


def make_convolution(inputs=64, outputs=128, **options):
    torch.manual_seed(0)
    return nn.Conv2d(inputs, outputs, 3, **{"padding": 1} | options).requires_grad_(False)


def make_signal(channels=64, height=40, width=51):
    generator = torch.Generator().manual_seed(1)
    signal = torch.randn(1, channels, height, width, generator=generator)
    return signal.to(memory_format=torch.channels_last)


@needs_nnpack
@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "width"),
    [(64, 128, 40, 51), (64, 136, 31, 30), (128, 256, 25, 42), (512, 512, 28, 37), (256, 256, 56, 84)],
)
def test_it_equals_the_convolution_in_double_precision(inputs, outputs, height, width):
    convolution, signal = make_convolution(inputs, outputs), make_signal(inputs, height, width)
    assert count_pieces(convolution, signal) in PIECES
    found = convolve.convolve(convolution, signal)
    expected = nn.functional.conv2d(
        signal.double(), convolution.weight.double(), convolution.bias.double(), padding=1
    )
    assert found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(found, convolution(signal))  # it was another method
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=3e-5 * float(expected.abs().max()))


@needs_nnpack
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("pieces", [2, 4, 8])
def test_helpers_and_pieces_change_no_bit(monkeypatch, threads, pieces):
    convolution, signal = make_convolution(128, 128), make_signal(128)
    alone = convolve.convolve(convolution, signal)
    monkeypatch.setattr(convolve, "PIECES", (pieces,))
    every = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with ThreadPoolExecutor(2) as helpers:
            assert torch.equal(convolve.convolve(convolution, signal, helpers), alone)
    finally:
        torch.set_num_threads(every)


@pytest.mark.parametrize(
    "options", [{"stride": 2}, {"padding": 0}, {"dilation": 2}, {"groups": 2}, {"bias": False}]
)
def test_what_is_no_plain_convolution_is_done_directly(options):
    convolution, signal = make_convolution(**options), make_signal()
    assert count_pieces(convolution, signal) == 0
    assert torch.equal(convolve.convolve(convolution, signal), convolution(signal))


def test_other_numbers_are_convolved_directly():
    assert count_pieces(make_convolution().double(), make_signal().double()) == 0


def test_without_nnpack_it_is_done_directly(monkeypatch):
    monkeypatch.setattr(convolve, "HAS_NNPACK", False)
    convolution, signal = make_convolution(), make_signal()
    assert torch.equal(convolve.convolve(convolution, signal), convolution(signal))


@needs_nnpack
@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (224, 224, LAYER_NAMES[2:7]),  # conv2_1 to conv3_3
        (224, 337, LAYER_NAMES[2:10]),  # and to conv4_3
        (512, 768, (LAYER_NAMES[7], *LAYER_NAMES[10:])),  # conv4_1 and the deepest stage
    ],
)
def test_which_layers_it_serves(features, height, width, expected):
    served = []
    for layer in CONV_LAYERS:
        convolution = features[layer.index]
        signal = torch.empty(1, convolution.in_channels, height // layer.stride, width // layer.stride)
        if count_pieces(convolution, signal):
            served.append(layer.name)
    assert served == list(expected)


@needs_nnpack
def test_a_thread_takes_no_more_memory_than_is_stated():
    convolution, signal = make_convolution(512, 512), make_signal(512, 28, 42)
    # Of Lavin and Gray's method: each tile of each input and output channel, and each kernel, in 8x8 floats.
    tiles, outputs = 5 * 7, 512 // count_pieces(convolution, signal)
    assert 256 * (tiles * (512 + outputs) + 512 * outputs) <= WORKSPACE_BYTES
    assert count_pieces(convolution, make_signal(512, 280, 420)) == 0


def test_torchs_threads_are_left_as_they_were():
    threads = torch.get_num_threads()
    assert convolve._start_nnpack() == HAS_NNPACK
    assert torch.get_num_threads() == threads
