import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from viz.maps.channels import RANKINGS, color_components, find_components, rank_channels


def _make_cells(*channels):
    return np.stack([np.array(channel, dtype=np.float32) for channel in channels], axis=-1)


def test_rankings_by_hand():
    cells = _make_cells([[1, 1], [1, 1]], [[0, 0], [0, 8]], [[0, 0], [0, 0]], [[0, 0], [6, 6]])
    assert [rank_channels(cells, how)[0].tolist() for how in ("mean", "peak", "sparsity", "share")] == [
        [3, 1, 0, 2],
        [1, 3, 0, 2],
        [1, 3, 0, 2],  # channel 2 never responds, which is no merit
        [3, 1, 0, 2],
    ]
    assert rank_channels(cells, "mean")[1].tolist() == [1, 2, 0, 3]
    assert rank_channels(cells, "peak")[1].tolist() == [1, 8, 0, 6]
    assert rank_channels(cells, "sparsity")[1].tolist() == [0, 0.75, 1, 0.5]
    assert rank_channels(cells, "share")[1].tolist() == pytest.approx([1 / 6, 2 / 6, 0, 3 / 6])


def test_ranking_of_nothing_keeps_the_numbers_in_order():
    for how in ("mean", "peak", "sparsity", "share"):
        order, scores = rank_channels(np.zeros((2, 2, 3), np.float32), how)
        assert order.tolist() == [0, 1, 2]
        assert np.isfinite(scores).all()


def test_unknown_ranking_is_refused():
    with pytest.raises(ValueError, match="sparsity"):
        rank_channels(np.zeros((2, 2, 3), np.float32), "beauty")


@pytest.mark.parametrize("shape", [(9, 11, 16), (3, 4, 40)])
def test_components_agree_with_svd(shape):
    rng = np.random.default_rng(0)
    cells = (rng.normal(size=shape) * np.linspace(5, 1, shape[-1])).astype(np.float32)
    found = find_components(cells)
    values = torch.from_numpy(cells.reshape(-1, shape[-1])).double()
    _, powers, directions = torch.linalg.svd(values - values.mean(dim=0), full_matrices=False)
    expected = ((values - values.mean(dim=0)) @ directions[:3].T).numpy()
    for component in range(3):
        mine, other = found.scores[..., component].ravel(), expected[:, component]
        other = other * np.sign(mine @ other)
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-4)
    shares = (powers.square() / powers.square().sum()).numpy()
    np.testing.assert_allclose(found.explained, shares[:3], rtol=1e-6)


def test_heaviest_channel_weighs_positively():
    ramp = np.linspace(-1, 1, 20, dtype=np.float32).reshape(4, 5)
    cells = np.stack([0.1 * ramp, -ramp, 0.2 * ramp], axis=-1)
    found = find_components(cells)
    assert np.corrcoef(found.scores[..., 0].ravel(), -ramp.ravel())[0, 1] == pytest.approx(1, abs=1e-5)
    assert found.explained == pytest.approx([1, 0, 0], abs=1e-6)
    again = find_components(cells[::-1])
    np.testing.assert_allclose(again.scores[::-1, :, 0], found.scores[..., 0], atol=1e-6)


def test_components_of_a_constant_map_are_zero():
    found = find_components(np.ones((4, 4, 8), np.float32))
    assert not found.scores.any() and not found.explained.any()


def test_components_of_a_single_cell_are_zero():
    found = find_components(np.ones((1, 1, 8), np.float32))
    assert found.scores.shape == (1, 1, 3) and not found.explained.any()


def test_colors_span_each_component():
    scores = np.array([[[0.0, -2.0, 7.0], [1.0, 2.0, 7.0]]], dtype=np.float32)
    assert color_components(scores).tolist() == [[[0, 0, 0], [255, 255, 0]]]


@settings(max_examples=100, deadline=None)
@given(arrays(np.float32, (2, 3, 4), elements=st.floats(-(2.0**120), 2.0**120, width=32)))
def test_any_finite_cells_have_rankings_and_components(cells):
    for how in RANKINGS:
        order, scores = rank_channels(cells, how)
        assert sorted(order.tolist()) == [0, 1, 2, 3]
        assert np.isfinite(scores).all()
    found = find_components(cells)
    assert np.isfinite(found.scores).all()
    assert np.isfinite(found.explained).all()
    assert found.explained.sum() <= 1 + 1e-6
    assert color_components(found.scores).dtype == np.uint8
