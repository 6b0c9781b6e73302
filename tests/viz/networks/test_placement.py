"""Cells lie where they answer: by theory in networks made for it, by patches in those of the catalogue."""

import pytest
from torch import nn

from tests.pasted import SIZES, find_distances, paste
from viz.maps.cells import lay_cells
from viz.networks.catalogue import NETWORKS, UNTRAINED, load_network
from viz.networks.wrap import wrap_network

LARGEST_PX = 8.0
# All twelve sizes of what is quick, and one of the others; benchmarks/placement.py takes all of all.
SLOW = ("vgg", "resnet50", "densenet", "convnext")
KEYS = [info.key if not info.megabytes else UNTRAINED + info.key for info in NETWORKS]
KEYS += [f"{UNTRAINED}efficientnet_lite0"]


class Strided(nn.Module):
    """Even kernels whose paddings are given, left and right alike; the addition makes it no plain chain."""

    def __init__(self, kernel, stride, paddings, depth=3):
        super().__init__()
        self.paddings = paddings
        self.convolutions = nn.ModuleList(
            nn.Conv2d(3, 3, kernel, stride=stride, bias=False, groups=3) for _ in range(depth)
        )
        for convolution in self.convolutions:
            nn.init.ones_(convolution.weight)

    def forward(self, signal):
        before, after = self.paddings
        for convolution in self.convolutions:
            signal = convolution(nn.functional.pad(signal + signal, (before, after, before, after)))
        return signal


@pytest.mark.parametrize(
    ("paddings", "starts"),
    [
        ((1, 1), (-0.5, -1.5, -3.5)),  # the first cell's middle is that of the first pixel
        ((0, 1), (0.5, 1.5, 3.5)),  # that of the second, then of the fourth, then of the eighth
        ((0, 0), (0.5, 1.5, 3.5)),  # the same, and the last cell is lost
    ],
    ids=["alike on both sides", "at the end", "none"],
)
def test_cells_lie_in_the_middle_of_what_they_see(paddings, starts):
    """Within a pixel, which patches of noise leave open."""
    network = wrap_network(Strided(3, 2, paddings), (0.5,), (0.5,), 128)
    for layer, start, stride in zip(network.layers, starts, (2, 4, 8), strict=True):
        assert layer.corner == pytest.approx((start, start), abs=1), layer.name
        assert lay_cells(layer, (9, 9), 128, 128).width == stride


def test_cells_that_are_not_a_power_of_two_apart_are_spread_evenly():
    network = wrap_network(Strided(3, 3, (1, 1), depth=1), (0.5,), (0.5,), 63)
    (layer,) = network.layers
    assert (layer.stride, layer.corner) == (4, None)
    assert lay_cells(layer, (21, 21), 63, 63).width == 3


def test_a_network_that_takes_no_grey_picture_has_even_cells():
    class Picky(Strided):
        def forward(self, signal):
            if signal.std() == 0:
                raise ValueError("expected a picture")
            return super().forward(signal)

    network = wrap_network(Picky(3, 2, (1, 1)), (0.5,), (0.5,), 64)
    assert {layer.corner for layer in network.layers} == {None}


@pytest.mark.parametrize("key", KEYS)
def test_patches_are_answered_where_cells_are_drawn(key):
    network = load_network(key)
    for height, width in SIZES[8:9] if any(name in key for name in SLOW) else SIZES:
        for name, distance in find_distances(network.layers, paste(network, height, width)).items():
            half = network.find_layer(name).stride / 2
            assert distance <= min(half, LARGEST_PX), (height, width, name)
