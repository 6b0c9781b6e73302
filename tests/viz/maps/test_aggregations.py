import numpy as np
import pytest
import torch

from viz.maps.aggregations import AGGREGATIONS, get_aggregation, is_signed

# Two channels of a 1x3 map, small enough to reduce by hand.
FEATURES = torch.tensor([[[3.0, -1.0, 0.0]], [[4.0, 1.0, 0.0]]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [3.5, 0.0, 0.0]),
        ("max", [4.0, 1.0, 0.0]),
        ("l2", [5.0, 2**0.5, 0.0]),
        ("std", [0.5, 1.0, 0.0]),
        ("strongest", [4.0, 1.0, 0.0]),  # means 2/3 and 5/3
    ],
)
def test_aggregations_by_hand(name, expected):
    assert get_aggregation(name)(FEATURES)[0].tolist() == pytest.approx(expected)


def test_the_table_has_the_five_keys():
    assert list(AGGREGATIONS) == ["mean", "max", "l2", "std", "strongest"]
    assert [name for name in AGGREGATIONS if not is_signed(name)] == ["l2", "std"]


def test_a_plain_function_is_an_aggregation_that_counts_as_signed(monkeypatch):
    monkeypatch.setitem(AGGREGATIONS, "least", lambda feature_map: feature_map.amin(dim=0))
    assert get_aggregation("least")(FEATURES).tolist() == [[3.0, -1.0, 0.0]]
    assert is_signed("least")


def test_unknown_aggregation_lists_the_valid_ones():
    with pytest.raises(ValueError, match="unknown aggregation 'sum'; expected one of mean, max, l2"):
        get_aggregation("sum")


def test_strongest_is_the_first_of_equal_channels():
    features = torch.tensor([[[0.0, 1.0]], [[2.0, 0.0]], [[0.0, 2.0]]])
    assert AGGREGATIONS["strongest"](features).tolist() == [[2.0, 0.0]]


@pytest.mark.parametrize("channels", [1, 7, 512])
def test_aggregations_equal_numpys(channels):
    features = torch.randn(channels, 9, 5, generator=torch.Generator().manual_seed(channels))
    values = features.double().numpy()
    means_by_numpy = values.mean(axis=(1, 2))
    by_numpy = {
        "mean": values.mean(axis=0),
        "max": values.max(axis=0),
        "l2": np.linalg.norm(values, axis=0),
        "std": values.std(axis=0),
        "strongest": values[means_by_numpy.argmax()],
    }
    for name, aggregate in AGGREGATIONS.items():
        assert aggregate(features).numpy() == pytest.approx(by_numpy[name], abs=2e-5), name


def test_equal_channels_have_no_spread_and_no_nan():
    spread = AGGREGATIONS["std"](torch.full((512, 2, 2), 0.1))
    assert spread.numpy() == pytest.approx(np.zeros((2, 2)), abs=1e-4)
