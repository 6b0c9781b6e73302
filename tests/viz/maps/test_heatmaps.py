import numpy as np
import own_networks
import pytest
from conftest import make_noise

from viz.maps.feature_maps import keep_feature_maps
from viz.maps.one_pass import extract_heatmaps
from viz.measures.curves import THRESHOLDS
from viz.measures.metrics import measure_edges, measure_luma
from viz.measures.untrained import measure_untrained
from viz.networks.wrap import wrap_network

NAMES = [f"convs.{place}" for place in range(6)]
HALF = (0.5, 0.5, 0.5)


@pytest.mark.parametrize(("name", "broken"), [("Chain", []), ("Burst", NAMES[3:]), ("Dip", NAMES[3:4])])
def test_the_layers_that_are_not_finite_are_named_in_the_order_of_the_pass(name, broken):
    network = wrap_network(getattr(own_networks, name)(), HALF, HALF, 32)
    image = make_noise(32, 32)
    batch = network.to_batch(image)
    heatmaps = extract_heatmaps(network, batch)
    assert list(heatmaps.not_finite) == broken
    kept = keep_feature_maps(network, batch, 10**9)
    assert ("convs.5", "post") in kept
    edges = measure_edges(measure_luma(np.array(image)))
    assert bool(measure_untrained(network.layers, heatmaps, edges, 0.0).curves) is not bool(broken)
    finite = [layer for layer in network.layers if layer.name not in broken]
    curves = measure_untrained(finite, heatmaps, edges, 0.0).curves
    assert curves["pre", "mean"]["median_region_px"].shape == (len(THRESHOLDS), len(finite))
