"""Padding by reflection in a shared network, against networks that are built so."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from viz.maps.one_pass import extract_heatmaps
from viz.networks.wrap import wrap_network

SIZE = 32


class Padded(nn.Module):
    """Pads in each way that networks have: by a number, by a pair, by name, and by a call of its own."""

    def __init__(self, mode):
        super().__init__()
        self.mode = mode
        self.number = nn.Conv2d(3, 4, 5, padding=2, padding_mode=mode)
        self.pair = nn.Conv2d(4, 4, (3, 7), padding=(1, 3), padding_mode=mode)
        self.named = nn.Conv2d(4, 4, 4, padding="same", dilation=2, padding_mode=mode)
        self.called = nn.Conv2d(4, 4, 3, stride=2)
        self.bare = nn.Conv2d(4, 4, 3, padding="valid")

    def forward(self, pixels):
        signal = functional.relu(self.number(pixels))
        signal = functional.max_pool2d(functional.relu(self.pair(signal)), 2)
        signal = functional.relu(self.named(signal))
        mode = "constant" if self.mode == "zeros" else self.mode
        signal = self.called(functional.pad(signal, (0, 1, 0, 1), mode=mode))
        return functional.relu(self.bare(functional.relu(signal)))


def test_zeros_are_reflected_in_every_way_of_padding():
    torch.manual_seed(0)
    zeros = Padded("zeros")
    reflected = Padded("reflect")
    reflected.load_state_dict(copy.deepcopy(zeros.state_dict()))
    networks = [wrap_network(module, (0.5,), (0.5,), SIZE) for module in (zeros, reflected)]
    batch = torch.randn(1, 3, SIZE, SIZE)
    plain, expected = (extract_heatmaps(network, batch) for network in networks)
    found = extract_heatmaps(replace(networks[0], reflects=True), batch)
    assert set(found) == set(expected) and len({name for name, *_ in found}) == 5
    for key in expected:
        torch.testing.assert_close(
            torch.tensor(found[key]), torch.tensor(expected[key]), rtol=1e-4, atol=1e-5
        )
    assert all((found[key] != plain[key]).any() for key in expected)


def test_zeros_stay_where_nothing_can_be_reflected():
    """A map of two cells has no third to reflect; a transposed convolution has no zeros."""
    module = nn.Sequential(nn.Conv2d(3, 2, 3, stride=4), nn.ReLU(), nn.Conv2d(2, 2, 5, padding=2))
    network = wrap_network(module, (0.5,), (0.5,), 8)
    batch = torch.randn(1, 3, 8, 8)
    plain, found = (extract_heatmaps(replace(network, reflects=way), batch) for way in (False, True))
    assert found["2", "pre", "mean"] == pytest.approx(plain["2", "pre", "mean"])
