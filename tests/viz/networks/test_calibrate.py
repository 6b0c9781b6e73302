import numpy as np
import pytest
import torch
from conftest import make_noise
from torch import nn

from viz.maps.one_pass import extract_heatmaps
from viz.networks.calibrate import calibrate
from viz.networks.catalogue import load_network
from viz.networks.network import randomize
from viz.networks.wrap import wrap_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample


@pytest.mark.parametrize("key", ["efficientnet_lite0", "torchvision:resnet18", "torchvision:densenet121"])
def test_deep_maps_of_an_untrained_network_spread_like_shallow_ones(key, make_batch):
    network = load_network(f"untrained:{key}", seed=1)
    heatmaps = extract_heatmaps(network, make_batch("coffee.png"))
    spreads = [float(np.std(heatmaps[layer.name, "pre", "std"])) for layer in network.layers]
    third = len(spreads) // 3
    shallow, deep = np.median(spreads[:third]), np.median(spreads[-third:])
    assert shallow / 4 < deep < shallow * 4


def make_network():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=0.3), nn.ReLU(), nn.Dropout(0.5))
    randomize(module, 0)
    return wrap_network(module, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 64)


def test_statistics_are_those_of_the_samples():
    network = make_network()
    calibrated = calibrate(network)
    photos = [frame_image(read_image(read_sample(name)), "crop", network.size) for name in SAMPLES]
    values = network.module[0](torch.cat([network.to_batch(photo) for photo in photos]))
    torch.testing.assert_close(calibrated.module[1].running_mean, values.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(calibrated.module[1].running_var, values.var(dim=(0, 2, 3)))


def test_the_network_that_was_given_is_left_alone():
    network = make_network()
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    calibrated = calibrate(network)
    for name, value in network.module.state_dict().items():
        assert torch.equal(value, before[name])
    assert calibrated.module[0].weight is network.module[0].weight
    assert calibrated.module[1].momentum == 0.3
    assert not any(part.training for part in calibrated.module.modules())
    assert network.module[1].momentum == 0.3


def test_a_network_without_normalisations_stays_the_same():
    network = load_network("untrained:vgg16", seed=2)
    assert calibrate(network) is network
    generator = torch.Generator().manual_seed(2)
    for part in network.module.features:
        if isinstance(part, nn.Conv2d):
            expected = torch.empty(part.weight.shape)
            nn.init.kaiming_normal_(expected, nonlinearity="relu", generator=generator)
            assert torch.equal(part.weight, expected)


def test_calibration_can_be_repeated():
    first, second = (load_network("untrained:efficientnet_lite0", seed=3) for _ in range(2))
    batch = first.to_batch(make_noise(64, 64))
    torch.testing.assert_close(first.module(batch), second.module(batch), rtol=0, atol=0)
