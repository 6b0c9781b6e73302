"""Plain filters against values that can be computed by hand."""

import numpy as np
import pytest

from viz.maps.coarsen import average_to
from viz.measures.filters import apply_filters
from viz.measures.metrics import measure_edges
from viz.networks.layers import Layer

EVEN = Layer("even", "even", 1, 1, "deep", None)  # its cells are spread evenly over the picture


def test_an_edge_and_a_slope():
    step = np.repeat([[0.0, 0, 1, 1]], 4, axis=0)
    maps = apply_filters(step, [EVEN, EVEN], [(4, 4), (1, 2)])
    assert maps["sobel"][0][1].tolist() == [0, 4, 4, 0]
    assert maps["laplacian"][0][1].tolist() == [0, 1, 1, 0]
    assert maps["sobel"][1].tolist() == [[2, 2]]
    slope = np.tile(np.arange(5.0), (5, 1))
    found = apply_filters(slope, [EVEN], [(5, 5)])
    assert not found["laplacian"][0][1:-1, 1:-1].any()
    assert (found["sobel"][0][1:-1, 1:-1] == 8).all()


def test_sobel_is_what_edges_are_measured_by():
    luma = np.random.default_rng(0).random((32, 48)) * 255
    (found,) = apply_filters(luma, [EVEN], [(8, 12)])["sobel"]
    assert found == pytest.approx(average_to(measure_edges(luma), 8, 12))
