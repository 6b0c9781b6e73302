import numpy as np
import pytest
import torch
from conftest import ROOT
from torch import nn

from viz.evidence.predict import predict
from viz.networks.catalogue import load_network
from viz.networks.errors import NetworkError
from viz.networks.wrap import wrap_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

LOGITS = (0.0, 2.0, 1.0, 2.0)


class Constant(nn.Module):
    """Gives the same logits for each picture."""

    def __init__(self, output):
        super().__init__()
        self.convolution = nn.Conv2d(3, 2, 3)
        self.output = output

    def forward(self, pixels):
        self.convolution(pixels)
        return self.output


def wrap(output, classes=("a", "b", "c", "d")):
    return wrap_network(Constant(output), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 32, classes)


def test_probabilities_are_the_softmax_and_ties_go_by_index():
    predictions = predict(wrap(torch.tensor([LOGITS])), torch.zeros(1, 3, 32, 32), count=3)
    assert [(found.index, found.name) for found in predictions] == [(1, "b"), (3, "d"), (2, "c")]
    total = 1 + np.e + 2 * np.e**2
    expected = [np.e**2 / total, np.e**2 / total, np.e / total]
    assert [found.probability for found in predictions] == pytest.approx(expected)


def test_no_more_classes_are_named_than_there_are():
    network = wrap(torch.tensor([LOGITS]))
    assert len(predict(network, torch.zeros(1, 3, 32, 32))) == 4
    with pytest.raises(ValueError, match="count of at least 1, got 0"):
        predict(network, torch.zeros(1, 3, 32, 32), count=0)


@pytest.mark.parametrize(
    ("output", "classes", "reason"),
    [
        (torch.zeros(1, 4), None, "no_classifier"),
        (torch.zeros(1, 4), ("a", "b"), "no_logits"),
        (torch.zeros(1, 2, 2), ("a", "b", "c", "d"), "no_logits"),
        ("four", ("a", "b", "c", "d"), "no_logits"),
        (torch.full((1, 4), torch.inf), ("a", "b", "c", "d"), "no_answer"),
    ],
)
def test_what_is_no_classifier_says_so(output, classes, reason):
    with pytest.raises(NetworkError) as caught:
        predict(wrap(output, classes), torch.zeros(1, 3, 32, 32))
    assert caught.value.reason == reason


def test_vgg16_as_it_is_bundled_has_no_classes(network):
    with pytest.raises(NetworkError, match=r"no classifier.*such as EfficientNet-Lite0"):
        predict(network, torch.zeros(1, 3, 32, 32))


def test_efficientnet_lite0_sees_an_espresso():
    lite0 = load_network("efficientnet_lite0")
    photo = read_image((ROOT / "assets" / "images" / "coffee.png").read_bytes())
    batch = lite0.to_batch(frame_image(photo, "crop"))
    best = predict(lite0, batch)[0]
    assert (best.index, best.name) == (967, "espresso")
    assert best.probability > 0.9
    with torch.inference_mode():
        expected = lite0.module(batch)[0].softmax(dim=0)[967]
    assert best.probability == pytest.approx(float(expected), abs=1e-5)
