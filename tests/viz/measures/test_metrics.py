from collections import deque
from dataclasses import astuple
from math import inf, isfinite, log, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from viz.maps.cells import Cells
from viz.maps.coarsen import average_to, find_stride
from viz.measures.box import box_auc
from viz.measures.metrics import METRICS, MeasuredMap, find_metric, layer_metrics, measure_edges, measure_luma
from viz.measures.regions import EIGHT_CONNECTED
from viz.networks.vgg16 import LAYERS

FLAT = np.zeros((8, 8))
NOISE = np.random.default_rng(0).random((14, 21))
LUMA = np.random.default_rng(1).random((224, 336)) * 255


def make_hot_cell():
    heatmap = np.zeros((4, 4))
    heatmap[1, 2] = 3.0
    return heatmap


def make_two_discs():
    """A disc of 5 cells (a plus) and a disc of 9 (a square), far apart, in 10 x 10 cells."""
    heatmap = np.zeros((10, 10))
    heatmap[1, 2] = heatmap[2, 1:4] = heatmap[3, 2] = 1.0
    heatmap[6:9, 6:9] = 1.0
    return heatmap


def test_a_constant_is_even():
    metrics = layer_metrics(np.full((4, 4), 2.0), FLAT)
    assert astuple(metrics) == pytest.approx((1, 1, 1, 2 * sqrt(16 / pi) * 2, 0.5, 0, 1, 0, 1))


def test_zeros_are_even_too():
    assert layer_metrics(np.zeros((4, 4)), FLAT) == layer_metrics(np.full((4, 4), 7.0), FLAT)


def test_one_hot_cell():
    metrics = layer_metrics(make_hot_cell(), FLAT)
    assert metrics.active_share == 1 / 16
    assert metrics.region_count == 1
    assert metrics.largest_region_share == 1
    assert metrics.median_region_px == pytest.approx(2 / sqrt(pi) * 2)
    assert metrics.half_mass_share == 1 / 16
    assert metrics.gini == pytest.approx(15 / 16)
    assert metrics.entropy == 0
    assert metrics.border_ratio == 0


def test_two_discs():
    metrics = layer_metrics(make_two_discs(), np.zeros((40, 40)))
    assert metrics.active_share == 14 / 100
    assert metrics.region_count == 2
    assert metrics.largest_region_share == pytest.approx(9 / 14)
    assert metrics.median_region_px == pytest.approx((sqrt(5 / pi) + sqrt(9 / pi)) * 4)
    assert metrics.half_mass_share == 7 / 100
    assert metrics.gini == pytest.approx(1 - 14 / 100)
    assert metrics.entropy == pytest.approx(log(14) / log(100))
    assert metrics.border_ratio == 0


def test_a_checkerboard_is_one_region_across_corners():
    board = np.indices((6, 6)).sum(axis=0) % 2
    metrics = layer_metrics(board, np.zeros((6, 6)))
    assert metrics.active_share == 0.5
    assert metrics.region_count == 1
    assert metrics.half_mass_share == 0.25
    assert metrics.gini == pytest.approx(0.5)
    assert metrics.entropy == pytest.approx(log(18) / log(36))
    assert metrics.border_ratio == pytest.approx(1)


def test_a_ramp():
    ramp = np.tile(np.arange(4.0), (4, 1))
    metrics = layer_metrics(ramp, np.zeros((4, 4)))
    assert metrics.active_share == 0.5
    assert metrics.region_count == 1
    assert metrics.half_mass_share == 4 / 16  # the last column alone holds 12 of 24
    assert metrics.gini == pytest.approx(20 / (2 * 16 * 1.5))  # differences of 0, 1, 2, 3, both ways
    assert metrics.border_ratio == pytest.approx((24 - 6) / 12 / (6 / 4))


def test_edges_of_a_step():
    step = np.zeros((6, 6))
    step[:, 3:] = 10
    edges = measure_edges(step)
    np.testing.assert_allclose(edges, np.tile([0, 0, 40, 40, 0, 0], (6, 1)))
    heatmap = np.tile([0.0, 0, 1, 1, 0, 0], (6, 1))
    assert layer_metrics(heatmap, step).edge_correlation == pytest.approx(1)
    assert layer_metrics(1 - heatmap, step).edge_correlation == pytest.approx(-1)


def test_the_edge_correlation_is_of_the_layers_grid():
    """The cells that the step of the photograph runs through respond, and nothing else."""
    luma = np.zeros((32, 32))
    luma[:, 20:] = 1
    heatmap = np.zeros((4, 4))
    heatmap[:, 2] = 5
    assert layer_metrics(heatmap, luma).edge_correlation == pytest.approx(1)


def test_padding_artefacts_show():
    heatmap = np.ones((5, 5))
    heatmap[1:-1, 1:-1] = 0.5
    assert layer_metrics(heatmap, np.zeros((5, 5))).border_ratio == pytest.approx(2)
    heatmap[1:-1, 1:-1] = 0
    assert layer_metrics(heatmap, np.zeros((5, 5))).border_ratio == inf
    assert layer_metrics(heatmap[:2], np.zeros((2, 5))).border_ratio == 1  # there is no inside


def test_the_threshold_counts():
    ramp = np.tile(np.arange(10.0), (10, 1))
    shares = [
        layer_metrics(ramp, np.zeros((10, 10)), threshold).active_share for threshold in (0, 0.5, 0.9, 1)
    ]
    assert shares == [1, 0.5, 0.1, 0.1]


# A second way of computing


def count_regions_by_flood(active):
    sizes, left = [], {tuple(place) for place in np.argwhere(active)}
    while left:
        queue, size = deque([left.pop()]), 0
        while queue:
            row, column = queue.popleft()
            size += 1
            for place in [(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
                if place in left:
                    left.remove(place)
                    queue.append(place)
        sizes.append(size)
    return sizes


@pytest.mark.parametrize("seed", range(5))
def test_all_metrics_agree_with_a_second_way(seed):
    heatmap = np.random.default_rng(seed).random((14, 21)) ** 3
    metrics = layer_metrics(heatmap, LUMA)
    sizes = count_regions_by_flood(heatmap >= (heatmap.min() + heatmap.max()) / 2)
    assert metrics.active_share == pytest.approx(sum(sizes) / heatmap.size)
    assert metrics.region_count == len(sizes)
    assert metrics.largest_region_share == pytest.approx(max(sizes) / sum(sizes))
    assert metrics.median_region_px == pytest.approx(16 * np.median([sqrt(4 * n / pi) for n in sizes]))
    mass = heatmap.ravel() - heatmap.min()
    count, held = 0, 0.0
    for cell in sorted(mass, reverse=True):
        count, held = count + 1, held + cell
        if held >= mass.sum() / 2:
            break
    assert metrics.half_mass_share == pytest.approx(count / mass.size)
    double_sum = np.abs(mass[:, None] - mass[None, :]).sum()
    assert metrics.gini == pytest.approx(double_sum / (2 * mass.size * mass.sum()))
    assert metrics.entropy == pytest.approx(stats.entropy(mass) / log(mass.size))
    edges = measure_edges(LUMA)
    cells = [[edges[16 * i : 16 * i + 16, 16 * j : 16 * j + 16].mean() for j in range(21)] for i in range(14)]
    assert metrics.edge_correlation == pytest.approx(np.corrcoef(heatmap.ravel(), np.ravel(cells))[0, 1])
    rim = np.concatenate([heatmap[0], heatmap[-1], heatmap[1:-1, 0], heatmap[1:-1, -1]])
    assert metrics.border_ratio == pytest.approx(rim.mean() / heatmap[1:-1, 1:-1].mean())


def test_edges_agree_with_the_kernels_written_out():
    luma = np.random.default_rng(3).random((9, 7))
    padded = np.pad(luma, 1, mode="edge")
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    for row, column in np.ndindex(9, 7):
        window = padded[row : row + 3, column : column + 3]
        expected = np.hypot((window * kernel).sum(), (window * kernel.T).sum())
        assert measure_edges(luma)[row, column] == pytest.approx(expected)


@pytest.mark.parametrize("factor", [1e-30, 0.37, 1e30])
def test_nothing_depends_on_the_scale(factor):
    heatmap = np.random.default_rng(7).random((14, 21)) ** 2
    assert astuple(layer_metrics(heatmap * factor, LUMA)) == pytest.approx(
        astuple(layer_metrics(heatmap, LUMA))
    )


@settings(max_examples=200, deadline=None)
@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.floats(0, 1),
)
def test_any_finite_map_gives_numbers(heatmap, threshold):
    metrics = layer_metrics(heatmap, np.zeros(heatmap.shape), threshold)
    values = astuple(metrics)
    assert all(isfinite(value) for value in values[:-1])
    assert values[-1] >= 0  # infinite where only the rim responds, never NaN
    for share in (
        metrics.active_share,
        metrics.largest_region_share,
        metrics.half_mass_share,
        metrics.gini,
        metrics.entropy,
    ):
        assert 0 <= share <= 1
    assert metrics.region_count >= 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="expected a map of finite values"):
        layer_metrics(np.array([[1.0, bad]]), np.zeros((1, 2)))


@pytest.mark.parametrize("threshold", [-0.1, 1.1, np.nan])
def test_other_thresholds_are_refused(threshold):
    with pytest.raises(ValueError, match="expected a threshold from 0 to 1"):
        layer_metrics(NOISE, LUMA, threshold)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (0, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected a map \[h, w\]"):
        layer_metrics(np.zeros(shape), LUMA)


def test_an_unknown_metric_lists_the_valid_ones():
    with pytest.raises(ValueError, match="unknown metric 'size'; expected one of active_share, region_count"):
        find_metric("size")


# Grids


@pytest.mark.parametrize(
    ("fine", "coarse", "stride"),
    [
        ((224, 337), (14, 21), 16),
        ((239, 224), (14, 14), 16),
        ((238, 300), (14, 18), 16),
        ((47, 83), (2, 5), 16),
        ((30, 30), (10, 10), 3),
        ((5, 7), (5, 7), 1),
    ],
)
def test_strides(fine, coarse, stride):
    assert find_stride(fine, coarse) == (stride, stride)


def test_cells_that_do_not_divide_the_picture_are_spread_evenly():
    assert find_stride((225, 337), (113, 169)) == (225 / 113, 337 / 169)
    assert find_stride((10, 10), (3, 5)) == (10 / 3, 2)


def test_the_strides_of_all_layers():
    for height, width in ((224, 337), (255, 224), (512, 767)):
        for layer in LAYERS:
            stride = layer.stride
            assert find_stride((height, width), (height // stride, width // stride)) == (stride, stride)


@pytest.mark.parametrize("coarse", [(0, 0), (0, 5)])
def test_grids_that_do_not_fit_are_refused(coarse):
    with pytest.raises(ValueError, match="expected grids with cells"):
        find_stride((10, 10), coarse)


def test_averaging():
    fine = np.arange(24.0).reshape(4, 6)
    np.testing.assert_allclose(average_to(fine, 2, 3), [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
    np.testing.assert_allclose(average_to(np.ones((5, 7)), 2, 3), np.ones((2, 3)))
    # A third of 4 rows is a row and a third of the next.
    np.testing.assert_allclose(average_to([[0.0], [3.0], [6.0], [9.0]], 3, 1), [[0.75], [4.5], [8.25]])


@pytest.mark.parametrize("coarse", [(7, 7), (113, 84), (224, 3)])
def test_averaging_to_any_grid_keeps_the_mean_and_agrees_with_areas(coarse):
    fine = np.random.default_rng(0).normal(size=(225, 168))

    def weigh(length, count):
        edges, cells = np.linspace(0, length, count + 1), np.arange(length)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        return np.clip(overlap, 0, None) * count / length

    expected = weigh(225, coarse[0]) @ fine @ weigh(168, coarse[1]).T
    np.testing.assert_allclose(average_to(fine, *coarse), expected, atol=1e-12)
    assert average_to(fine, *coarse).mean() == pytest.approx(fine.mean())


# The box


def test_a_box():
    heatmap = np.array([[3.0, 1.0], [0.0, 0.0]])
    assert box_auc(heatmap, (0, 0, 4, 4), 8, 8) == 1  # the highest cell
    assert box_auc(heatmap, (4, 0, 8, 4), 8, 8) == pytest.approx(2 / 3)  # above two of three
    assert box_auc(heatmap, (0, 4, 4, 8), 8, 8) == pytest.approx(0.5 / 3)  # below two, and like one
    assert box_auc(heatmap, (0, 0, 8, 4), 8, 8) == 1
    assert box_auc(heatmap, (0, 4, 8, 8), 8, 8) == 0
    # Half of each upper cell. Inside the half of 3 has half of 3 to tie with and 2.5 cells below; that of 1
    # has half of 1 to tie with and 2 cells below. In all there is 1 cell inside and 3 outside.
    expected = (0.5 * (0.25 + 2.5) + 0.5 * (0.25 + 2)) / 3
    assert box_auc(heatmap, (2, 0, 6, 4), 8, 8) == pytest.approx(expected)


@pytest.mark.parametrize("cells", [Cells(0, 0, 4, 4), Cells(-3, -2, 4, 5), Cells(1, 2, 4, 4)])
def test_a_box_is_told_by_the_pixels_of_cells_where_they_lie(cells):
    """Pixel by pixel, each with the value of its cell; pixels without a cell are left out."""
    heatmap = np.round(NOISE[:3, :4], 1)
    left, top, right, bottom = box = (2, 3, 9, 8)
    values, inside = [], []
    for y, x in np.ndindex(12, 16):
        row, column = (y + 0.5 - cells.top) // cells.height, (x + 0.5 - cells.left) // cells.width
        if 0 <= row < 3 and 0 <= column < 4:
            values.append(heatmap[int(row), int(column)])
            inside.append(left <= x < right and top <= y < bottom)
    values, inside = np.array(values), np.array(inside)
    found = stats.mannwhitneyu(values[inside], values[~inside])
    expected = found.statistic / inside.sum() / (~inside).sum()
    assert box_auc(heatmap, box, 12, 16, cells) == pytest.approx(expected)
    edges = np.ones((12, 16))
    measured = MeasuredMap(heatmap, edges, box=box, cells=cells)
    assert METRICS["box_auc"].measure(measured) == pytest.approx(expected)


@pytest.mark.parametrize("box", [(3, 3, 3, 3), (0, 0, 8, 8)])
def test_a_box_that_leaves_nothing_inside_or_outside_is_chance(box):
    assert box_auc(np.array([[3.0, 1.0], [0.0, 0.0]]), box, 8, 8) == 0.5


def test_an_even_map_is_chance_and_the_scale_does_not_count():
    assert box_auc(np.full((4, 4), 7.0), (0, 0, 100, 90), 224, 224) == 0.5
    box = (37, 50, 190, 161)
    assert box_auc(3 * NOISE - 1, box, 224, 336) == pytest.approx(box_auc(NOISE, box, 224, 336))


def test_a_large_box_can_win():
    """A ratio inside over chance is at most 1.383 in the drawn box around the cat; this has no ceiling."""
    left, top, right, bottom = box = (18, 0, 273, 214)
    pixels = np.zeros((224, 337))
    pixels[top:bottom, left:right] = 1
    ceiling = 224 * 337 / ((right - left) * (bottom - top))
    assert ceiling == pytest.approx(1.383, abs=5e-4)
    assert pixels[top:bottom, left:right].mean() / pixels.mean() == pytest.approx(ceiling)
    assert box_auc(pixels, box, 224, 337) == 1


def test_a_box_agrees_with_scipy_on_whole_cells():
    left, top, right, bottom = box = (48, 32, 192, 160)
    values = np.round(NOISE, 1)  # with ties
    inside = np.zeros(values.shape, dtype=bool)
    inside[top // 16 : bottom // 16, left // 16 : right // 16] = True
    found = stats.mannwhitneyu(values[inside], values[~inside])
    expected = found.statistic / (inside.sum() * (~inside).sum())
    assert box_auc(values, box, 224, 336) == pytest.approx(expected)


def test_a_box_that_cuts_cells_agrees_with_scipy_on_pixels():
    left, top, right, bottom = box = (37, 50, 190, 161)
    pixels = np.kron(NOISE, np.ones((16, 16)))
    inside = np.zeros(pixels.shape, dtype=bool)
    inside[top:bottom, left:right] = True
    found = stats.mannwhitneyu(pixels[inside], pixels[~inside])
    expected = found.statistic / (inside.sum() * (~inside).sum())
    assert box_auc(NOISE, box, 224, 336) == pytest.approx(expected)


# Channels


@pytest.mark.parametrize(
    ("means", "dead", "effective", "top"),
    [
        ([4.0, 0, 0, 4.0], 2, 2, (0.02, 0.1, 0.2)),  # 0.04, 0.2 and 0.4 of the first channel
        ([6.0, *[2.0] * 14, 1.0, 1.0], 0, 36**2 / 94, (0.17 / 6, 0.85 / 6, (6 + 0.7 * 2) / 36)),
        (np.full(200, 1e-30), 0, 200, (0.01, 0.05, 0.1)),
        (np.full(200, 3.0), 0, 200, (0.01, 0.05, 0.1)),
        (np.zeros(64), 64, 0, (0, 0, 0)),
        ([-1.0, 1.0], None, None, (None, None, None)),
    ],
)
def test_channels(means, dead, effective, top):
    measured = MeasuredMap(NOISE, LUMA, channel_means=np.array(means, dtype=np.float32), zero_share=0.25)
    found = {name: metric.measure(measured) for name, metric in METRICS.items()}
    assert found["zero_share"] == (None if dead is None else 0.25)
    assert (found["dead_channels"], found["effective_channels"]) == (dead, pytest.approx(effective))
    assert (found["top_1"], found["top_5"], found["top_10"]) == pytest.approx(top)


def test_luma_is_the_standards():
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
    np.testing.assert_allclose(measure_luma(pixels), [[76.245, 149.685, 29.07, 255]])


def test_fields():
    assert LAYERS[0].field_share(224, 336) == pytest.approx(9 / (224 * 336))
    assert LAYERS[-1].field_share(224, 336) == pytest.approx(196 * 196 / (224 * 336))
    assert LAYERS[-1].field_share(100, 200) == pytest.approx(196 / 200)


def test_regions_touch_at_corners():
    assert EIGHT_CONNECTED.all()


def test_at_the_highest_threshold_the_maximum_is_active_whatever_rounding_does():
    rng = np.random.default_rng(0)
    maps = rng.normal(-2, 1, (2000, 1, 2))
    assert any(low + (high - low) > high for low, high in np.sort(maps[:, 0], axis=1))
    for heatmap in maps:
        assert layer_metrics(heatmap, np.zeros((1, 2)), 1.0).region_count == 1


def test_a_map_finer_than_the_picture_is_measured():
    """Padding beyond the kernel's half makes such maps."""
    even = layer_metrics(np.ones((6, 6)), np.zeros((4, 4)))
    assert even.median_region_px == pytest.approx(2 * sqrt(36 / pi) * 4 / 6)
