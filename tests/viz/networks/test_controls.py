"""The controls: each network is its own, seeded, and other than the trained one as its name says."""

from dataclasses import replace

import pytest
import torch
from conftest import describe_state
from torch import nn

from viz.networks.calibrate import calibrate
from viz.networks.catalogue import load_network
from viz.networks.controls import CONTROLS, make_control
from viz.networks.wrap import wrap_network


@pytest.fixture(scope="module", params=["vgg16", "efficientnet_lite0"])
def trained(request):
    return load_network(request.param)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_is_seeded_and_leaves_the_trained_network_alone(trained, control):
    before, random = describe_state(trained.module), torch.random.get_rng_state()
    first, again, other = (make_control(trained, control, seed) for seed in (0, 0, 1))
    assert describe_state(trained.module) == before
    assert torch.equal(torch.random.get_rng_state(), random)
    assert first.layers == trained.layers
    for name, value in first.module.state_dict().items():
        assert torch.equal(value, again.module.state_dict()[name]), name
        if value.ndim == 4:
            assert not torch.equal(value, other.module.state_dict()[name]), name
            assert not torch.equal(value, trained.module.state_dict()[name]), name
    assert not any(part.training for part in first.module.modules())


def test_he_is_the_untrained_network_of_the_catalogue(trained):
    key = "vgg16" if len(trained.layers) == 13 else "efficientnet_lite0"
    expected = load_network(f"untrained:{key}", seed=3).module.state_dict()
    for name, value in make_control(trained, "he", 3).module.state_dict().items():
        torch.testing.assert_close(value, expected[name], msg=name)


def test_zero_mean_centres_the_filters_of_the_first_layer_alone(trained):
    he, centred = (
        dict(make_control(trained, name, 2).module.named_parameters()) for name in ("he", "zero_mean")
    )
    first, *others = he
    assert centred[first].sum(dim=(2, 3)).abs().max() < 1e-5
    expected = he[first] - he[first].mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(centred[first], expected)
    assert all(torch.equal(he[name], centred[name]) for name in others)


def test_a_first_layer_of_single_pixels_is_not_silenced():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    network = wrap_network(module, (0.5,) * 3, (0.5,) * 3, 32)
    he, centred = (make_control(network, name, 0).module[0].weight for name in ("he", "zero_mean"))
    assert torch.equal(he, centred) and he.any()


def test_shuffled_keeps_every_value_of_every_parameter(trained):
    shuffled = dict(make_control(trained, "shuffled", 0).module.named_parameters())
    for name, values in trained.module.named_parameters():
        assert torch.equal(shuffled[name].flatten().sort().values, values.flatten().sort().values), name
        assert values.numel() < 9 or not torch.equal(shuffled[name], values), name


@pytest.mark.parametrize("control", CONTROLS)
def test_normalisations_get_statistics_that_fit(control):
    network = load_network("efficientnet_lite0")
    made = make_control(network, control, 0)
    again = calibrate(replace(network, module=made.module)).module.state_dict()
    for name, value in made.module.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(value, again[name], msg=name)
            assert not torch.allclose(value, network.module.state_dict()[name]), name


def test_a_network_that_takes_one_picture_at_a_time_has_controls():
    class One(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

        def forward(self, batch):
            (picture,) = batch
            return self.norm(self.convolution(picture[None]))

    network = wrap_network(One(), (0.5,) * 3, (0.5,) * 3, 32)
    assert not torch.equal(
        make_control(network, "he", 0).module.convolution.weight, network.module.convolution.weight
    )


def test_unknown_controls_list_the_valid_ones(network):
    with pytest.raises(ValueError, match="unknown control 'zero'; expected one of he, zero_mean, shuffled"):
        make_control(network, "zero", 0)
