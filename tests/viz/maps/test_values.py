import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import percentileofscore

from viz.maps.values import cosine_similarity, find_half, list_strongest, normalize, rank_in_map


def test_normalize_by_hand():
    scaled = normalize(np.array([[2.0, 4.0], [3.0, 2.0]]))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [[0.0, 1.0], [0.5, 0.0]]


@pytest.mark.parametrize("value", [0.0, -3.5, 1e30])
def test_a_constant_map_gives_zeros(value):
    assert normalize(np.full((3, 2), value, dtype=np.float32)).tolist() == [[0.0, 0.0]] * 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_normalize_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="finite"):
        normalize(np.array([[0.0, value]]))


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_normalize_stays_between_0_and_1_for_any_values(heatmap):
    scaled = normalize(heatmap)
    assert scaled.min() == 0
    assert scaled.max() == (0 if heatmap.min() == heatmap.max() else 1)


def test_half_of_the_sum_by_hand():
    assert find_half([[8, 4, 2, 2], [0, 0, 0, 0]]) == 1 / 8
    assert find_half([[4, 4, 2, 2], [0, 0, 0, 0]]) == 2 / 8
    assert find_half(np.ones((3, 4))) == 1 / 2


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


def test_cosine_similarity_agrees_with_torch_and_with_itself():
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(5, 7, 16)).astype(np.float32)
    similarity = cosine_similarity(cells, cells[2, 3])
    assert similarity[2, 3] == pytest.approx(1, abs=1e-6)
    assert similarity.dtype == np.float32
    expected = torch.cosine_similarity(torch.from_numpy(cells), torch.from_numpy(cells[2, 3]), dim=-1)
    np.testing.assert_allclose(similarity, expected.numpy(), atol=1e-6)
    assert cosine_similarity(-cells, cells[2, 3])[2, 3] == pytest.approx(-1, abs=1e-6)


def test_cosine_similarity_by_hand_and_with_zeros():
    cells = np.array([[[3.0, 4.0], [0.0, 0.0], [-4.0, 3.0]]], dtype=np.float32)
    assert cosine_similarity(cells, np.array([3.0, 4.0], np.float32)).tolist() == [[1.0, 0.0, 0.0]]
    assert cosine_similarity(cells, np.zeros(2, np.float32)).tolist() == [[0.0, 0.0, 0.0]]


@settings(max_examples=100, deadline=None)
@given(arrays(np.float32, (2, 3, 4), elements=st.floats(-(2.0**127), 2.0**127, width=32)))
def test_any_finite_cells_have_similarities_and_ranks(cells):
    similarity = cosine_similarity(cells, cells[0, 0])
    assert np.isfinite(similarity).all()
    assert (np.abs(similarity) <= 1).all()
    assert 0 <= rank_in_map(cells[..., 0], 1, 2) <= 100
    if np.abs(cells[0, 0]).max() > 0:
        assert similarity[0, 0] == pytest.approx(1, abs=1e-5)
