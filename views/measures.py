"""The numbers of the picture in view and of its controls, each by metric and layer."""

from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from views.maps import get_computed
from views.picture import Picture
from views.status import Status
from views.texts import Translate
from views.work import MEASUREMENTS, UNTRAINED, Computed, Metrics, PictureKey, compute_maps, make_noise
from viz.layers import CONV_LAYERS, LAYER_NAMES
from viz.metrics import (
    Box,
    average_to,
    box_ratio,
    channel_metrics,
    describe_field,
    measure_layers,
    measure_luma,
)

# Metrics in the order in which the page shows them, and how their values are written.
FORMATS = {
    "active_share": ".1%",
    "region_count": ",.0f",
    "largest_region_share": ".1%",
    "median_region_px": ".1f",
    "half_mass_share": ".1%",
    "gini": ".2f",
    "entropy": ".3f",
    "edge_correlation": ".2f",
    "border_ratio": ".2f",
    "zero_share": ".1%",
    "dead_channels": ",.0f",
    "effective_channels": ",.0f",
    "top_1": ".1%",
    "top_5": ".1%",
    "top_10": ".1%",
    "box_ratio": ".2f",
    "cells": ",.0f",
}


def measure_all(
    picture: Picture, box: Box | None, status: Status, translate: Translate
) -> dict[str, Metrics]:
    """The metrics of the trained network and of each control that the visitor has opened."""
    state = st.session_state
    computed = get_computed(picture, status, translate)
    found = {"trained": _measure(computed, "trained", picture.key, picture.pixels, box)}
    for kind in state["controls"]:
        pixels = make_noise(*picture.pixels.shape[:2]) if kind == "noise" else picture.pixels
        computed = _get_control(kind, picture, pixels, status, translate)
        found[kind] = _measure(computed, kind, picture.key, pixels, box)
    return found


def _get_control(
    kind: str, picture: Picture, pixels: NDArray[np.uint8], status: Status, translate: Translate
) -> Computed:
    """What the pass over a control leaves; the coarse one needs none of its own."""
    if kind == "coarse":
        return get_computed(picture, status, translate)
    key = picture.key
    if kind == "noise":
        key = PictureKey(f"noise {pixels.shape}", "", 0, key.weights)
    network = key.weights if kind == "noise" else UNTRAINED
    with status.computing((key, network), network, translate(f"measure.computing_{kind}")):
        return compute_maps(key, network, pixels)


def _measure(
    computed: Computed, kind: str, of: PictureKey, pixels: NDArray[np.uint8], box: Box | None
) -> Metrics:
    state = st.session_state
    maps, means, zeros = computed
    chosen = {name: maps[name, state["side"], state["aggregation"]] for name in LAYER_NAMES}
    grid = _find_deepest_grid(chosen) if kind == "coarse" else None
    key = (kind, of, state["side"], state["aggregation"], state["threshold"], grid, box)
    return _measure_maps(key, state["threshold"], grid, box, chosen, means, zeros, pixels)


@st.cache_data(show_spinner=False, max_entries=MEASUREMENTS)
def _measure_maps(
    key: tuple[Any, ...],
    threshold: float,
    grid: tuple[int, int] | None,
    box: Box | None,
    _heatmaps: dict[str, NDArray[np.float32]],
    _means: dict[tuple[str, str], NDArray[np.float32]],
    _zeros: dict[str, float],
    _pixels: NDArray[np.uint8],
) -> Metrics:
    heatmaps = {name: _coarsen(heatmap, grid) for name, heatmap in _heatmaps.items()}
    rows = {
        name: asdict(metrics)
        for name, metrics in measure_layers(heatmaps, measure_luma(_pixels), threshold).items()
    }
    for name, row in rows.items():
        row["cells"] = heatmaps[name].size
        if box is not None:
            row["box_ratio"] = box_ratio(heatmaps[name], box, *_pixels.shape[:2])
        if grid is None:  # averaging its map does not change a layer's channels
            channels = asdict(channel_metrics(_means[name, "post"], _zeros[name]))
            row["top_1"], row["top_5"], row["top_10"] = channels.pop("top_shares")
            row |= channels
    return {metric: {name: float(rows[name][metric]) for name in rows} for metric in rows[LAYER_NAMES[0]]}


def _find_deepest_grid(heatmaps: dict[str, NDArray[np.float32]]) -> tuple[int, int]:
    selected = [name for name in LAYER_NAMES if name in st.session_state["layers"]] or LAYER_NAMES
    height, width = heatmaps[selected[-1]].shape
    return height, width


def _coarsen(heatmap: NDArray[np.float32], grid: tuple[int, int] | None) -> NDArray[Any]:
    if grid is None or heatmap.shape[0] <= grid[0]:
        return heatmap
    return average_to(heatmap, *grid)


def list_rows(found: dict[str, Metrics], picture: Picture) -> list[dict[str, Any]]:
    """One row a network and layer: the fixed facts, then all metrics; None where there is none."""
    height, width = picture.pixels.shape[:2]
    rows: list[dict[str, Any]] = []
    for kind, metrics in found.items():
        for layer in CONV_LAYERS:
            facts = {
                "network": kind,
                "layer": layer.name,
                "index": layer.index,
                "stage": layer.stage,
                "height": height // layer.stride,
                "width": width // layer.stride,
                "stride": layer.stride,
                "receptive_field": layer.receptive_field,
                "field_share": describe_field(layer, height, width),
            }
            rows.append(
                facts | {metric: metrics.get(metric, {}).get(layer.name) for metric in found["trained"]}
            )
    return rows
