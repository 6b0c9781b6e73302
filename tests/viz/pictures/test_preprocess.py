"""The networks' own preprocessing, against timm's and torchvision's."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import PHOTOS, ROOT, make_noise
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torchvision.models import get_model_weights

from viz.evidence.predict import predict
from viz.networks.catalogue import list_networks, load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.preprocess import preprocess_image

FETCHED = [info for info in list_networks() if info.megabytes]


def list_seven():
    """The sample photographs and two views of them."""
    photos = [read_image((ROOT / "assets" / "images" / photo).read_bytes()) for photo in PHOTOS]
    return [*photos, photos[3].transpose(Image.Transpose.ROTATE_90), photos[0].crop((40, 11, 331, 288))]


def test_a_network_frames_a_photograph_as_timms_own_evaluation_does():
    lite0 = load_network("efficientnet_lite0")
    transform = create_transform(**resolve_data_config({}, model=lite0.module), is_training=False)
    for photo in list_seven():
        theirs, framed = transform(photo), lite0.frame(photo)
        ours = torch.from_numpy(np.array(framed)).permute(2, 0, 1) / 255
        assert torch.allclose(theirs * 0.5 + 0.5, ours, atol=1e-6)
        with torch.inference_mode():
            best = lite0.module(theirs[None])[0].topk(5).indices.tolist()
        assert [found.index for found in predict(lite0, lite0.to_batch(framed))] == best


@pytest.mark.parametrize("info", FETCHED, ids=lambda info: info.key)
def test_the_catalogue_knows_torchvisions_preprocessing(info):
    preset = get_model_weights(info.key.partition(":")[2])["IMAGENET1K_V1"].transforms()
    assert ([info.preprocessing.resize], [info.size]) == (preset.resize_size, preset.crop_size)
    assert info.preprocessing.interpolation == preset.interpolation.value
    noise = make_noise(301, 450)
    framed = preprocess_image(noise, info.preprocessing, info.size)
    mean, std = torch.tensor(preset.mean)[:, None, None], torch.tensor(preset.std)[:, None, None]
    theirs = (preset(noise) * std + mean) * 255
    np.testing.assert_array_equal(np.array(framed), theirs.round().permute(1, 2, 0))


def test_a_network_of_unknown_preprocessing_takes_the_middle_square():
    network = replace(load_network("untrained:vgg16"), preprocessing=None, size=96)
    noise = make_noise(301, 200)
    assert network.frame(noise).tobytes() == frame_image(noise, "crop", 96).tobytes()
