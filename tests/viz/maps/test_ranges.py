import numpy as np
import pytest

from viz.maps.ranges import choose_limits, share_limits

LOW = np.array([[0.0, 1.0], [2.0, 4.0]], dtype=np.float32)
HIGH = np.array([[-2.0, 10.0]], dtype=np.float32)


@pytest.mark.parametrize(
    ("how", "diverging", "expected"),
    [
        ("own", False, [(0, 4), (-2, 10)]),
        ("own", True, [(-4, 4), (-10, 10)]),
        ("shared", False, [(-2, 10), (-2, 10)]),
        ("shared", True, [(-10, 10), (-10, 10)]),
    ],
)
def test_limits_by_hand(how, diverging, expected):
    assert choose_limits([LOW, HIGH], how, [diverging] * 2) == expected


def test_percentiles_leave_one_percent_of_the_cells_at_each_end():
    heatmap = np.arange(101, dtype=np.float32).reshape(1, -1)
    assert choose_limits([heatmap], "percentiles", [False]) == [(1.0, 99.0)]


def test_percentiles_never_draw_a_map_that_varies_as_blank():
    """Of 400 cells one alone differs, so that both percentiles are the same value."""
    heatmap = np.full((20, 20), -1.0, dtype=np.float32)
    heatmap[3, 4] = 5.0
    assert choose_limits([heatmap], "percentiles", [False]) == [(-1.0, 5.0)]
    assert choose_limits([heatmap], "percentiles", [True]) == [(-5.0, 5.0)]
    assert share_limits([heatmap], [-heatmap], "percentiles", [False]) == [(-5.0, 5.0)]


def test_a_constant_map_gets_a_range():
    assert choose_limits([np.full((2, 2), 3.0, dtype=np.float32)], "own", [False]) == [(3.0, 4.0)]
    assert choose_limits([np.zeros((2, 2), dtype=np.float32)], "own", [True]) == [(-1.0, 1.0)]


@pytest.mark.parametrize("value", [1e17, -3e38])
def test_a_constant_map_of_large_values_gets_a_range(value):
    ((low, high),) = choose_limits([np.full((2, 2), value, dtype=np.float32)], "own", [False])
    assert low < high


def test_no_maps_no_limits():
    assert choose_limits([], "shared", []) == []


def test_unknown_range_lists_the_valid_ones():
    with pytest.raises(
        ValueError, match="unknown colour range 'log'; expected one of own, shared, percentiles"
    ):
        choose_limits([LOW], "log", [False])


def test_each_map_has_a_middle_of_its_own():
    assert (
        choose_limits([LOW, LOW], "own", [False, True])[0]
        != choose_limits([LOW, LOW], "own", [True, False])[0]
    )


@pytest.mark.parametrize(
    ("how", "diverging", "expected"),
    [
        ("own", [False, False], [(-2, 10), (0, 4)]),
        ("own", [True, False], [(-10, 10), (0, 4)]),
        ("shared", [False, False], [(-2, 10), (-2, 10)]),  # each row one scale, then each column
    ],
)
def test_two_maps_of_a_column_share_the_wider_limits(how, diverging, expected):
    assert share_limits([LOW, LOW], [HIGH, LOW], how, diverging) == expected


def test_a_constant_map_does_not_widen_a_shared_range():
    small = np.array([[0.0, 0.001]], dtype=np.float32)
    ((low, high),) = share_limits([np.zeros((1, 2), dtype=np.float32)], [small], "own", [False])
    assert (low, high) == (0, pytest.approx(0.001))
