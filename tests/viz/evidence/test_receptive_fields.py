import itertools

import pytest
import torch
from conftest import find_index, naming
from torch import nn

from viz.evidence.receptive_fields import receptive_field_box
from viz.figures.heatmaps import write_hover
from viz.maps.cells import lay_cells
from viz.networks.layers import Layer, Window
from viz.networks.vgg16 import LAYERS
from viz.texts import Translate

SIZES = [(224, 224), (239, 250), (64, 333)]


@pytest.fixture(scope="module")
def positive() -> nn.Sequential:
    """VGG16's geometry with one channel and positive weights; means for maxima, so that no pixel is lost."""
    torch.manual_seed(0)
    modules: list[nn.Module] = []
    for layer, following in zip(LAYERS, [*LAYERS[1:], None], strict=True):
        convolution = nn.Conv2d(1, 1, 3, padding=1, bias=False, dtype=torch.float64)
        nn.init.uniform_(convolution.weight, 0.5, 1.0)
        modules += [convolution, nn.ReLU()]
        if following is None or following.stride > layer.stride:
            modules.append(nn.AvgPool2d(2))
    return nn.Sequential(*modules)


def find_cell(layer, x, y, height, width):
    shape = layer.map_size(height, width)
    return lay_cells(layer, shape, height, width).find(x, y, shape)


@pytest.mark.parametrize("size", SIZES)
def test_box_is_what_autograd_finds(positive, size):
    """Six cells of each layer at once: each looks at a picture of its own in one batch."""
    height, width = size
    pixels = torch.ones(6, 1, height, width, dtype=torch.float64, requires_grad=True)
    signal = pixels
    signals = [signal := part(signal) for part in positive]
    for layer in LAYERS:
        signal = signals[find_index(layer)]
        rows, columns = signal.shape[2:]
        cells = [
            (0, 0),
            (0, columns // 2),
            (rows // 2, columns // 2),
            (rows - 1, 0),
            (rows // 2, columns - 1),
            (rows - 1, columns - 1),
        ]
        chosen = sum(signal[number, 0, row, column] for number, (row, column) in enumerate(cells))
        (gradients,) = torch.autograd.grad(chosen, pixels, retain_graph=True)
        for (row, column), gradient in zip(cells, gradients[:, 0], strict=True):
            ys, xs = torch.nonzero(gradient, as_tuple=True)
            found = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
            assert receptive_field_box(layer, row, column, height, width) == found, (layer.name, row, column)


def test_box_has_the_size_of_the_field_away_from_the_edge():
    for layer in LAYERS:
        row, column = find_cell(layer, 250, 250, 500, 500)
        x0, y0, x1, y1 = receptive_field_box(layer, row, column, 500, 500)
        assert x1 - x0 == y1 - y0 == layer.receptive_field


def test_box_of_a_cell_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="14 x 14"):
        receptive_field_box(LAYERS[-1], 14, 0, 224, 224)
    with pytest.raises(ValueError, match="row -1"):
        receptive_field_box(LAYERS[-1], -1, 0, 224, 224)


def test_every_point_has_a_cell_that_covers_and_sees_it():
    height, width = 239, 250
    xs, ys = (0, 1, 17, 128, 248, 249), (0, 16, 120, 238)
    for layer, x, y in itertools.product(LAYERS, xs, ys):
        row, column = find_cell(layer, x, y, height, width)
        x0, y0, x1, y1 = receptive_field_box(layer, row, column, height, width)
        stride = layer.stride
        shape = layer.map_size(height, width)
        left, top, right, bottom = lay_cells(layer, shape, height, width).outline(row, column)
        with naming(layer.name, x, y):
            if x < width // stride * stride and y < height // stride * stride:
                assert x0 <= left <= x < right <= x1 or x1 == width
                assert y0 <= top <= y < bottom <= y1 or y1 == height
            assert row < height // stride and column < width // stride


def test_a_field_that_is_not_known_is_refused():
    layer = Layer("conv", "conv", 8, 4, "deep", None)
    with pytest.raises(ValueError, match="receptive field of conv is not known"):
        receptive_field_box(layer, 0, 0, 64, 64)
    assert layer.sides == ("pre",)


@pytest.mark.parametrize(
    ("windows", "has_gaps"),
    [
        ([Window(3, 1, 1)], False),
        ([Window(3, 1, 2, 2)], True),  # every second pixel
        ([Window(3, 1, 1), Window(3, 1, 2, 2)], False),  # three wide, two apart
        ([Window(3, 1, 1), Window(3, 1, 4, 4)], True),  # three wide, four apart
        ([Window(1, 2, 0), Window(3, 1, 1)], True),  # a stride that leaves every second pixel out
        ([Window(3, 2, 1), Window(3, 2, 1)], False),
    ],
)
def test_a_field_with_gaps_says_so(windows, has_gaps):
    layer = Layer("conv", "conv", 8, 1, "deep", None, tuple(windows))
    assert layer.has_gaps is has_gaps
    signal = pixels = torch.zeros(1, 1, 1, 99, dtype=torch.float64, requires_grad=True)
    for window in windows:
        kernel = torch.ones(1, 1, 1, window.kernel, dtype=torch.float64)
        signal = nn.functional.conv2d(
            signal, kernel, stride=(1, window.stride), dilation=(1, window.dilation)
        )
    (gradient,) = torch.autograd.grad(signal[..., 5].sum(), pixels)
    assert (int((gradient != 0).sum()) < layer.receptive_field) is has_gaps
    assert ("with gaps" in write_hover(layer, Translate("en"))) is has_gaps
