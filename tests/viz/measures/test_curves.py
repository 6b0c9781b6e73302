import numpy as np
import pytest

from viz.maps.coarsen import average_to
from viz.measures.curves import THRESHOLDS, find_lead, measure_box, measure_curves
from viz.measures.metrics import layer_metrics, measure_edges

RANDOM = np.random.default_rng(0)
LUMA = RANDOM.random((32, 48)) * 255
MAPS = [RANDOM.random((32 >> power, 48 >> power)) for power in (0, 1, 3)]


def test_curves_are_the_metrics_of_each_map_at_each_threshold():
    curves = measure_curves(MAPS, measure_edges(LUMA))
    for place, heatmap in enumerate(MAPS):
        for row, threshold in enumerate(THRESHOLDS):
            metrics = layer_metrics(heatmap, LUMA, threshold)
            coarse = layer_metrics(average_to(heatmap, 4, 6), LUMA, threshold)
            assert curves["median_region_px"][row, place] == pytest.approx(metrics.median_region_px)
            assert curves["largest_region_share"][row, place] == metrics.largest_region_share
            assert curves["coarse_region_share"][row, place] == coarse.largest_region_share
        assert curves["edge_correlation"][0, place] == pytest.approx(metrics.edge_correlation)
    assert curves["cells"].tolist() == [[32 * 48, 16 * 24, 4 * 6]]


def test_a_map_coarser_than_the_deepest_keeps_its_grid():
    curves = measure_curves([MAPS[2], MAPS[1]], measure_edges(LUMA))
    np.testing.assert_array_equal(curves["coarse_region_share"], curves["largest_region_share"])


def test_a_layer_without_a_map_has_no_area():
    (row,) = measure_box([None, np.eye(2)], (0, 0, 16, 24), 32, 48)["box_auc"]
    assert np.isnan(row[0])
    assert 0 <= row[1] <= 1


@pytest.mark.parametrize(
    ("ours", "others", "expected"),
    [
        ([1, 2, 3], [0, 3, 2], 2),
        ([1, 2, 3], [0, 0, 0], 0),
        ([9, 9, 1], [0, 0, 1], None),
        ([1, np.nan, 3, 4], [0, 0, 0, 0], 2),
    ],
)
def test_a_lead_is_one_that_lasts_to_the_end(ours, others, expected):
    assert find_lead(ours, others) == expected
