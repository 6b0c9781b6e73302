from dataclasses import asdict
from math import sqrt

import numpy as np
import pytest
from conftest import ROOT

import viz
from viz.maps.coarsen import coarsen
from viz.measures.box import box_auc
from viz.measures.metrics import METRICS, MeasuredMap, Metric, layer_metrics, measure_luma
from viz.measures.table import measure_network, tabulate_layers
from viz.networks.layers import Layer
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

FACTS = ["layer", "module", "side", "stage", "stride", "receptive_field", "field_share"]
CHANNELS = ["zero_share", "dead_channels", "effective_channels", "top_1", "top_5", "top_10"]
BOX = (18, 0, 273, 214)


@pytest.fixture(scope="module")
def pixels():
    return np.array(frame_image(read_image((ROOT / "assets/images/cat.png").read_bytes())))


@pytest.fixture(scope="module")
def heatmaps(network, make_batch):
    return viz.extract_heatmaps(network, make_batch())


def test_a_row_has_the_facts_and_all_metrics(network, heatmaps, pixels):
    rows = viz.measure_network(heatmaps, network, pixels, threshold=0.3, box=BOX)
    assert [row["layer"] for row in rows] == [layer.name for layer in network.layers]
    for row, layer in zip(rows, network.layers, strict=True):
        assert list(row) == FACTS + list(METRICS)
        assert (row["module"], row["side"], row["stage"]) == (layer.path, "post", layer.stage)
        assert (row["stride"], row["receptive_field"]) == (layer.stride, layer.receptive_field)
        assert row["field_share"] == layer.field_share(224, 336)
        heatmap = heatmaps[layer.name, "post", "mean"]
        expected = asdict(layer_metrics(heatmap, measure_luma(pixels), 0.3))
        means = heatmaps.channel_means[layer.name, "post"]
        expected |= {"zero_share": heatmaps.zero_shares[layer.name], "dead_channels": (means == 0).sum()}
        expected["effective_channels"] = pytest.approx(means.sum() ** 2 / np.square(means).sum(), rel=1e-4)
        order = np.sort(means.astype(float))[::-1] / means.sum(dtype=float)
        reached, steps = np.append(0, np.cumsum(order)), np.arange(order.size + 1) / order.size
        expected |= {f"top_{n}": pytest.approx(np.interp(n / 100, steps, reached)) for n in (1, 5, 10)}
        expected |= {"box_auc": box_auc(heatmap, BOX, 224, 336), "cells": heatmap.size}
        expected |= dict(zip(("height", "width"), heatmap.shape, strict=True))
        assert {name: row[name] for name in METRICS} == expected
        assert {type(row[name]) for name in ("cells", "width", "height")} == {int}
        assert {type(row[name]) for name in METRICS} == {int, float}


def test_a_coarse_grid_leaves_the_channels_out(network, heatmaps, pixels):
    rows = measure_network(heatmaps, network, pixels, "pre", "max", grid=(28, 42))
    assert {(row["width"], row["height"]) for row in rows} == {(42, 28), (21, 14)}
    coarse = coarsen(heatmaps["conv1_1", "pre", "max"], (28, 42))
    assert rows[0]["gini"] == layer_metrics(coarse, measure_luma(pixels)).gini
    assert {row[name] for row in rows for name in (*CHANNELS, "box_auc")} == {None}


def test_what_is_not_known_is_none(heatmaps, pixels):
    (row,) = tabulate_layers(heatmaps, [Layer("conv1_1", "conv1_1", 64, 1, "deep", None)], pixels)
    assert (row["side"], row["receptive_field"], row["field_share"]) == ("pre", None, None)
    measured = MeasuredMap(np.eye(2), np.eye(4), channel_means=np.array([1.0, -1.0]))
    assert {METRICS[name].measure(measured) for name in CHANNELS} == {None}


def test_what_is_unknown_says_what_there_is(network, heatmaps, pixels):
    with pytest.raises(ValueError, match="unknown aggregation 'sum'; expected one of mean"):
        measure_network(heatmaps, network, pixels, aggregation="sum")
    with pytest.raises(ValueError, match="expected a threshold from 0 to 1"):
        measure_network(heatmaps, network, pixels, threshold=2)


def test_a_metric_is_a_row(monkeypatch, network, heatmaps, pixels):
    monkeypatch.setitem(METRICS, "side_px", Metric(lambda m: sqrt(m.edges.size / m.values.size), ".1f"))
    rows = measure_network(heatmaps, network, pixels)
    assert rows[-1]["side_px"] == pytest.approx(16, rel=0.02)
