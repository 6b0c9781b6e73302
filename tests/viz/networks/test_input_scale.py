from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from viz.networks.catalogue import load_network
from viz.networks.input_scale import measure_input_scale
from viz.networks.own import USUAL_FACTOR
from viz.networks.wrap import wrap_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample


def make_batches(network, count=3):
    pictures = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return [network.to_batch(Image.fromarray(pixels)) for pixels in pictures]


def test_the_factor_is_that_of_the_deviations():
    """The kept variances are those of the same pictures' first layer, computed at once, and a quarter."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 4, 3))
    network = wrap_network(module, (0.4,), (0.25,), 32)
    values = module[0](torch.cat(make_batches(network)))
    module[1].running_var.copy_(values.var(dim=(0, 2, 3), correction=0) / 4)
    network = wrap_network(module, (0.4,), (0.25,), 32)
    assert measure_input_scale(network, make_batches(network)) == pytest.approx(2, rel=1e-4)
    small = replace(network, std=(0.25 * 57,) * 3)
    assert measure_input_scale(small, make_batches(small)) == pytest.approx(2 / 57, rel=1e-4)


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 4, 3), nn.BatchNorm2d(4)),
        nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5)),  # not trained
    ],
)
def test_without_statistics_of_the_first_layer_nothing_is_told(module):
    network = wrap_network(module, (0.5,), (0.5,), 32)
    assert measure_input_scale(network, make_batches(network)) is None


def test_the_bundled_networks_input_has_its_scale_and_one_in_0_to_255_has_not():
    network = load_network("efficientnet_lite0")
    batches = [network.to_batch(frame_image(read_image(read_sample(name)))) for name in SAMPLES]
    scale = measure_input_scale(network, batches)
    assert scale is not None and 1 / USUAL_FACTOR < scale < USUAL_FACTOR
    assert measure_input_scale(network, [255 * batch for batch in batches]) > USUAL_FACTOR
