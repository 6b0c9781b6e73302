import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import percentileofscore
from torch import nn

from viz.aggregate import AGGREGATIONS
from viz.extractor import extract_heatmaps
from viz.features import compute_features
from viz.layers import CONV_LAYERS, LAYER_NAMES, get_layer
from viz.probe import (
    compute_vector,
    effective_receptive_field,
    find_cell,
    list_strongest,
    match_vector,
    measure_half,
    rank_in_map,
    receptive_field_box,
)

SIZES = [(224, 224), (239, 250), (64, 333)]


@pytest.fixture(scope="module")
def positive() -> nn.Sequential:
    """VGG16's geometry with one channel and positive weights; means for maxima, so that no pixel is lost."""
    torch.manual_seed(0)
    modules: list[nn.Module] = []
    for layer, following in zip(CONV_LAYERS, [*CONV_LAYERS[1:], None], strict=True):
        convolution = nn.Conv2d(1, 1, 3, padding=1, bias=False, dtype=torch.float64)
        nn.init.uniform_(convolution.weight, 0.5, 1.0)
        modules += [convolution, nn.ReLU()]
        if following is None or following.stride > layer.stride:
            modules.append(nn.AvgPool2d(2))
    return nn.Sequential(*modules)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layer", CONV_LAYERS, ids=lambda layer: layer.name)
def test_box_is_what_autograd_finds(positive, layer, size):
    height, width = size
    pixels = torch.ones(1, 1, height, width, dtype=torch.float64, requires_grad=True)
    signal = positive[: layer.index + 1](pixels)
    rows, columns = signal.shape[2:]
    cells = [
        (0, 0),
        (0, columns // 2),
        (rows // 2, columns // 2),
        (rows - 1, 0),
        (rows // 2, columns - 1),
        (rows - 1, columns - 1),
    ]
    for row, column in cells:
        (gradient,) = torch.autograd.grad(signal[0, 0, row, column], pixels, retain_graph=True)
        ys, xs = torch.nonzero(gradient[0, 0], as_tuple=True)
        found = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
        assert receptive_field_box(layer.name, row, column, height, width) == found


def test_box_has_the_size_of_the_field_away_from_the_edge():
    for layer in CONV_LAYERS:
        row, column = find_cell(layer.name, 250, 250, 500, 500)
        x0, y0, x1, y1 = receptive_field_box(layer.name, row, column, 500, 500)
        assert x1 - x0 == y1 - y0 == layer.receptive_field


def test_box_of_a_cell_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="14 x 14"):
        receptive_field_box("conv5_3", 14, 0, 224, 224)
    with pytest.raises(ValueError, match="row -1"):
        receptive_field_box("conv5_3", -1, 0, 224, 224)


@pytest.mark.parametrize("name", LAYER_NAMES)
def test_every_point_has_a_cell_and_the_cell_sees_the_point(name):
    height, width = 239, 250
    for x in (0, 1, 17, 128, 248, 249):
        for y in (0, 16, 120, 238):
            row, column = find_cell(name, x, y, height, width)
            x0, y0, x1, y1 = receptive_field_box(name, row, column, height, width)
            stride = get_layer(name).stride
            if x < width // stride * stride and y < height // stride * stride:
                assert x0 <= x < x1 and y0 <= y < y1
            assert row < height // stride and column < width // stride


def test_point_outside_is_refused():
    with pytest.raises(ValueError, match="within 224 x 224"):
        find_cell("conv1_1", 224, 0, 224, 224)


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("aggregation", list(AGGREGATIONS))
def test_effective_field_is_that_of_the_whole_picture(thin_features, aggregation, side):
    torch.manual_seed(1)
    batch = torch.randn(1, 3, 250, 239)
    for name in ("conv1_1", "conv2_2", "conv3_3", "conv4_1"):
        rows, columns = (length // get_layer(name).stride for length in (250, 239))
        for row, column in ((0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)):
            field = effective_receptive_field(
                thin_features, batch, name, row, column, side, aggregation, channel=1
            )
            assert field.shape == (250, 239)
            expected = _differentiate(thin_features, batch, name, side, row, column, aggregation)
            np.testing.assert_allclose(field, expected, rtol=1e-3, atol=1e-6 * max(1e-6, expected.max()))
            x0, y0, x1, y1 = receptive_field_box(name, row, column, 250, 239)
            outside = field.copy()
            outside[y0:y1, x0:x1] = 0
            assert not outside.any()


def _differentiate(features, batch, name, side, row, column, aggregation):
    pixels = batch.clone().requires_grad_()
    signal = features[: get_layer(name).index + (2 if side == "post" else 1)](pixels)
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


def test_effective_field_leaves_the_network_alone(thin_features):
    before = {name: value.clone() for name, value in thin_features.state_dict().items()}
    batch = torch.randn(1, 3, 64, 64)
    effective_receptive_field(thin_features, batch, "conv3_1", 3, 3)
    assert all(torch.equal(value, before[name]) for name, value in thin_features.state_dict().items())
    assert all(parameter.grad is None for parameter in thin_features.parameters())
    assert not batch.requires_grad
    assert extract_heatmaps(thin_features, batch)["conv3_1", "post", "mean"].shape == (16, 16)


@pytest.mark.parametrize("side", ["pre", "post"])
def test_vector_is_that_of_the_whole_picture(thin_features, side):
    torch.manual_seed(1)
    batch = torch.randn(1, 3, 250, 239)
    for name in LAYER_NAMES:
        whole = compute_features(thin_features, batch, name, side)
        rows, columns = whole.shape[:2]
        for row, column in ((0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)):
            vector = compute_vector(thin_features, batch, name, row, column, side)
            np.testing.assert_allclose(vector, whole[row, column], rtol=1e-4, atol=1e-5)


def test_measure_half_by_hand():
    field = np.zeros((4, 6), np.float32)
    field[1, 1:5] = [8, 4, 2, 2]
    assert measure_half(field, (1, 1, 5, 3)) == 1 / 8
    field[1, 1] = 4
    assert measure_half(field, (1, 1, 5, 3)) == 2 / 8


def test_rank_in_map():
    heatmap = np.array([[1.0, 2.0, 2.0], [3.0, 4.0, 5.0]], dtype=np.float32)
    assert rank_in_map(heatmap, 0, 0) == pytest.approx(100 / 12)
    assert rank_in_map(heatmap, 0, 1) == pytest.approx(100 * 2 / 6)
    assert rank_in_map(np.ones((2, 2), np.float32), 0, 0) == 50
    assert rank_in_map(heatmap, 1, 1) == pytest.approx(percentileofscore(heatmap.ravel(), 4.0, kind="mean"))


def test_list_strongest_prefers_the_lower_number():
    vector = np.array([1.0, 5.0, 5.0, -2.0], dtype=np.float32)
    assert list_strongest(vector, 3) == [(1, 5.0), (2, 5.0), (0, 1.0)]
    assert len(list_strongest(vector)) == 4


def test_match_vector_agrees_with_torch_and_with_itself():
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(5, 7, 16)).astype(np.float32)
    similarity = match_vector(cells, cells[2, 3])
    assert similarity[2, 3] == pytest.approx(1, abs=1e-6)
    assert similarity.dtype == np.float32
    expected = torch.cosine_similarity(torch.from_numpy(cells), torch.from_numpy(cells[2, 3]), dim=-1)
    np.testing.assert_allclose(similarity, expected.numpy(), atol=1e-6)
    assert match_vector(-cells, cells[2, 3])[2, 3] == pytest.approx(-1, abs=1e-6)


def test_match_vector_by_hand_and_with_zeros():
    cells = np.array([[[3.0, 4.0], [0.0, 0.0], [-4.0, 3.0]]], dtype=np.float32)
    assert match_vector(cells, np.array([3.0, 4.0], np.float32)).tolist() == [[1.0, 0.0, 0.0]]
    assert match_vector(cells, np.zeros(2, np.float32)).tolist() == [[0.0, 0.0, 0.0]]


@settings(max_examples=100, deadline=None)
@given(arrays(np.float32, (2, 3, 4), elements=st.floats(-(2.0**127), 2.0**127, width=32)))
def test_any_finite_cells_have_similarities_and_ranks(cells):
    similarity = match_vector(cells, cells[0, 0])
    assert np.isfinite(similarity).all()
    assert (np.abs(similarity) <= 1).all()
    assert 0 <= rank_in_map(cells[..., 0], 1, 2) <= 100
    if np.abs(cells[0, 0]).max() > 0:
        assert similarity[0, 0] == pytest.approx(1, abs=1e-5)
