import numpy as np
import pytest
import torch
from conftest import find_index

from viz.evidence.receptive_fields import receptive_field_box
from viz.evidence.saliency import compute_vector, effective_receptive_field
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.feature_maps import compute_feature_map
from viz.maps.one_pass import extract_heatmaps
from viz.networks.vgg16 import LAYERS


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("aggregation", list(AGGREGATIONS))
def test_effective_field_is_that_of_the_whole_picture(thin_network, aggregation, side):
    torch.manual_seed(1)
    batch = torch.randn(1, 3, 250, 239)
    for name in ("conv1_1", "conv2_2", "conv3_3", "conv4_1"):
        rows, columns = (length // thin_network.find_layer(name).stride for length in (250, 239))
        for row, column in ((0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)):
            field = effective_receptive_field(
                thin_network, batch, name, row, column, side, aggregation, channel=1
            )
            assert field.shape == (250, 239)
            expected = _differentiate(thin_network, batch, name, side, row, column, aggregation)
            np.testing.assert_allclose(field, expected, rtol=1e-3, atol=1e-6 * max(1e-6, expected.max()))
            x0, y0, x1, y1 = receptive_field_box(thin_network.find_layer(name), row, column, 250, 239)
            outside = field.copy()
            outside[y0:y1, x0:x1] = 0
            assert not outside.any()


def _differentiate(network, batch, name, side, row, column, aggregation):
    pixels = batch.clone().requires_grad_()
    features = network.module.features
    signal = features[: find_index(network.find_layer(name)) + (2 if side == "post" else 1)](pixels)
    vector = signal[0, :, row, column]
    values = {
        "mean": vector.mean,
        "max": vector.max,
        "l2": vector.norm,
        "std": lambda: vector.std(correction=0),
        "strongest": lambda: vector[1],
    }
    (gradient,) = torch.autograd.grad(values[aggregation](), pixels)
    return gradient[0].nan_to_num().norm(dim=0).numpy()


def test_effective_field_leaves_the_network_alone(thin_network):
    before = {name: value.clone() for name, value in thin_network.module.state_dict().items()}
    batch = torch.randn(1, 3, 64, 64)
    effective_receptive_field(thin_network, batch, "conv3_1", 3, 3)
    assert all(torch.equal(value, before[name]) for name, value in thin_network.module.state_dict().items())
    assert all(parameter.grad is None for parameter in thin_network.module.parameters())
    assert not batch.requires_grad
    assert extract_heatmaps(thin_network, batch)["conv3_1", "post", "mean"].shape == (16, 16)


@pytest.mark.parametrize("side", ["pre", "post"])
def test_vector_is_that_of_the_whole_picture(thin_network, side):
    torch.manual_seed(1)
    batch = torch.randn(1, 3, 250, 239)
    for name in [layer.name for layer in LAYERS]:
        whole = compute_feature_map(thin_network, batch, name, side)
        rows, columns = whole.shape[:2]
        for row, column in ((0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)):
            vector = compute_vector(thin_network, batch, name, row, column, side)
            np.testing.assert_allclose(vector, whole[row, column], rtol=1e-4, atol=1e-5)
