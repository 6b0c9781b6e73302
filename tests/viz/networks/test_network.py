import numpy as np
import pytest
import torch
from conftest import make_noise
from PIL import Image
from torch import nn
from torchvision import transforms

from viz.networks.network import Network
from viz.networks.sources.vgg16 import MEAN, STD
from viz.networks.vgg16 import LAYERS

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
COLORS = {"vgg16": (MEAN, STD), "torchvision": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}


def to_batch(image, key="vgg16"):
    return Network(nn.Identity(), LAYERS, *COLORS[key]).to_batch(image)


@pytest.mark.parametrize(
    ("key", "color", "expected"),
    [
        ("vgg16", (124, 117, 104), (0.32, 0.221, 0.061)),  # 124 - 123.68 and so on
        ("vgg16", (0, 0, 255), (-123.68, -116.779, 151.061)),
        ("torchvision", BLACK, (-2.117904, -2.035714, -1.804444)),  # -0.485 / 0.229 and so on
        ("torchvision", WHITE, (2.248908, 2.428571, 2.64)),  # (1 - 0.485) / 0.229 and so on
    ],
)
def test_batch_values_by_hand(key, color, expected):
    batch = to_batch(Image.new("RGB", (3, 2), color), key)
    for channel in range(3):
        np.testing.assert_allclose(batch[0, channel].numpy(), expected[channel], atol=5e-5)


@pytest.mark.parametrize("key", COLORS)
def test_batch_is_torchvision_s(key):
    photo = make_noise(45, 32)
    mean, std = COLORS[key]
    expected = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])(photo)
    torch.testing.assert_close(to_batch(photo, key), expected[None])


def test_batch_layout():
    batch = to_batch(make_noise(45, 32))
    assert batch.shape == (1, 3, 32, 45)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert not batch.is_contiguous()


def test_batch_leaves_the_picture_alone():
    photo = make_noise()
    to_batch(photo).zero_()
    np.testing.assert_array_equal(np.asarray(photo), np.asarray(make_noise()))


def test_layers_are_found_by_name_and_unknown_ones_list_the_valid_ones():
    network = Network(nn.Identity(), LAYERS, MEAN, STD)
    assert [network.find_layer(layer.name) for layer in LAYERS] == list(LAYERS)
    with pytest.raises(ValueError, match=r"unknown layer 'conv6_1'; expected one of conv1_1, .*conv5_3"):
        network.find_layer("conv6_1")
