import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import PHOTOS
from torch import nn

from viz import convolve
from viz.convolve import HAS_NNPACK, suits_winograd
from viz.extractor import extract_heatmaps
from viz.layers import CONV_LAYERS, LAYER_NAMES

needs_nnpack = pytest.mark.skipif(not HAS_NNPACK, reason="this torch or processor has no NNPACK")


@pytest.fixture(autouse=True)
def let_it_pay(monkeypatch):
    """Winograd's method wherever it is possible, whichever is faster on this processor."""
    monkeypatch.setattr(convolve, "PAYS", HAS_NNPACK)


COUNT_THREADS = """
import os, torch
tensors = torch.zeros(1, 64, 60, 60), torch.zeros(64, 64, 3, 3), torch.zeros(64)
before = len(os.listdir("/proc/self/task"))
import viz.convolve
viz.convolve._run_nnpack(*tensors)
print(len(os.listdir("/proc/self/task")) - before)
"""


class CountingExecutor(ThreadPoolExecutor):
    def __init__(self):
        super().__init__(2)
        self.submitted = 0

    def submit(self, *arguments, **options):
        self.submitted += 1
        return super().submit(*arguments, **options)


def make_convolution(inputs=64, outputs=128, **options):
    torch.manual_seed(0)
    return nn.Conv2d(inputs, outputs, 3, **{"padding": 1} | options).requires_grad_(False)


def make_signal(channels=64, height=40, width=51, count=1):
    generator = torch.Generator().manual_seed(1)
    signal = torch.randn(count, channels, height, width, generator=generator)
    return signal.to(memory_format=torch.channels_last)


@needs_nnpack
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
    found = convolve.convolve(convolution, signal)
    expected = nn.functional.conv2d(
        signal.double(), convolution.weight.double(), convolution.bias.double(), padding=1
    )
    assert found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(found, convolution(signal))  # it was another method
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=3e-5 * float(expected.abs().max()))


@needs_nnpack
@pytest.mark.parametrize(("threads", "helped"), [(1, 0), (2, 1), (3, 1)])
def test_a_helper_does_half_of_it_and_changes_no_bit(threads, helped):
    convolution, signal = make_convolution(128, 128), make_signal(128)
    alone = convolve.convolve(convolution, signal)
    every = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with CountingExecutor() as helpers:
            assert torch.equal(convolve.convolve(convolution, signal, helpers), alone)
    finally:
        torch.set_num_threads(every)
    assert helpers.submitted == helped


@needs_nnpack
def test_what_goes_wrong_in_a_helper_is_raised(monkeypatch):
    def fail(signal, kernels, bias):
        raise RuntimeError("no memory")

    monkeypatch.setattr(convolve, "_run_nnpack", fail)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    with ThreadPoolExecutor(1) as helpers, pytest.raises(RuntimeError, match="no memory"):
        convolve.convolve(make_convolution(), make_signal(), helpers)


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
    assert torch.equal(convolve.convolve(convolution, signal), convolution(signal))


def test_other_numbers_and_batches_are_convolved_directly():
    assert not suits_winograd(make_convolution().double(), make_signal().double())
    assert not suits_winograd(make_convolution(), make_signal(count=2))


def test_where_it_does_not_pay_it_is_done_directly(monkeypatch):
    monkeypatch.setattr(convolve, "PAYS", False)
    convolution, signal = make_convolution(), make_signal()
    assert torch.equal(convolve.convolve(convolution, signal), convolution(signal))


@pytest.mark.parametrize("error", [AttributeError, TypeError, RuntimeError])
def test_a_torch_that_has_it_no_more_is_no_error(monkeypatch, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(torch, "_nnpack_spatial_convolution", fail)
    threads = torch.get_num_threads()
    assert convolve._start_nnpack() is False
    assert torch.get_num_threads() == threads


@needs_nnpack
@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (224, 224, LAYER_NAMES[2:7]),  # conv2_1 to conv3_3
        (224, 337, LAYER_NAMES[2:10]),  # and to conv4_3
        (512, 768, LAYER_NAMES[7:]),  # conv4_1 to conv5_3: the others would take too much memory
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


@needs_nnpack
@pytest.mark.parametrize("photo", PHOTOS)
def test_a_pass_has_the_direct_methods_values(features, make_batch, photo, monkeypatch):
    batch = make_batch(photo)
    found = extract_heatmaps(features, batch)
    monkeypatch.setattr(convolve, "PAYS", False)
    direct = extract_heatmaps(features, batch)
    assert any(not np.array_equal(found[key], direct[key]) for key in found)  # it was another method
    for key, heatmap in direct.items():
        assert np.abs(found[key] - heatmap).max() <= 1e-5 * np.abs(heatmap).max() or key[2] == "strongest"


@pytest.mark.parametrize(("capability", "pays"), [("AVX512", False), ("AVX2", HAS_NNPACK)])
def test_it_pays_without_avx_512(capability, pays):
    code = f"import torch; torch.backends.cpu.get_cpu_capability = lambda: {capability!r}\n"
    code += "from viz import convolve; print(convolve.PAYS)"
    folder = Path(__file__).parent.parent
    answer = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert answer.stdout.strip() == str(pays), answer.stderr


@needs_nnpack
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not list threads in this way")
def test_nnpack_makes_no_threads_of_its_own():
    folder = Path(__file__).parent.parent
    answer = subprocess.run([sys.executable, "-c", COUNT_THREADS], cwd=folder, capture_output=True, text=True)
    assert answer.stdout.strip() == "0", answer.stderr


def test_torchs_threads_are_left_as_they_were():
    threads = torch.get_num_threads()
    assert convolve._start_nnpack() == HAS_NNPACK
    assert torch.get_num_threads() == threads
