"""The numbers of the picture in view and of its controls, each by metric and layer."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.beside import Comparison
from page.cache import MEASUREMENTS, PictureKey, make_noise, measure_untrained, open_untrained
from page.maps import compute_heatmaps, get_heatmaps, get_untrained_heatmaps
from page.networks import measured_layers, name_network
from page.picture import Picture
from page.status import Status
from page.texts import translate
from page.turns import places, wait_for
from viz.maps.heatmaps import Heatmaps
from viz.measures.claims import SEEDS
from viz.measures.curves import Curves, measure_box, measure_curves
from viz.measures.metrics import METRICS, measure_edges, measure_luma
from viz.measures.table import tabulate_layers
from viz.networks.layers import Layer
from viz.pictures.frame import Box

Metrics = dict[str, dict[str, float]]


def measure_all(
    picture: Picture, box: Box | None, comparison: Comparison | None, status: Status
) -> dict[str, Metrics]:
    """The metrics of the trained network, of what is compared with it, and of each control that is opened."""
    found = {"trained": _measure("trained", get_heatmaps(picture, status), picture, box)}
    if comparison is not None:
        found["beside"] = _measure_beside(comparison, box if comparison.picture.key == picture.key else None)
    for kind in st.session_state["controls"]:
        found[kind] = _measure(kind, _get_control(kind, picture, status), picture, box)
    return found


def measure_trained(picture: Picture, box: Box | None, status: Status) -> Curves:
    """What claims are judged by, of the visitor's network: one pass, unless there was one already."""
    state = st.session_state
    heatmaps = get_heatmaps(picture, status)
    key = (picture.key, state["network"], state["side"], state["aggregation"])
    return _measure_curves(key, box, list(_choose_maps(heatmaps).values()), picture.pixels)


@st.cache_data(show_spinner=False, max_entries=MEASUREMENTS)
def _measure_curves(
    key: tuple[Any, ...], box: Box | None, _maps: list[NDArray[np.float32]], _pixels: NDArray[np.uint8]
) -> Curves:
    curves = measure_curves(_maps, measure_edges(measure_luma(_pixels)))
    return curves if box is None else curves | measure_box(_maps, box, *_pixels.shape[:2])


def list_untrained(picture: Picture, box: Box | None) -> list[Curves]:
    """The same of all untrained networks that were measured; it costs no pass."""
    state = st.session_state
    how = state["side"], state["aggregation"], box, picture.size
    measured = open_untrained(picture.key, state["network"])
    return [found.find_curves(measured_layers(), *how) for _, found in sorted(measured.items())]


def time_untrained(picture: Picture) -> float:
    """How long they took altogether, in seconds."""
    return sum(found.seconds for found in open_untrained(picture.key, st.session_state["network"]).values())


def measure_next(picture: Picture, tell: Callable[[], None]) -> None:
    """Measure one more untrained network, after a wait for a turn; the numbers stay for all sessions.

    Args:
        picture: The photograph.
        tell: As for `page.turns.wait_for`.
    """
    network = st.session_state["network"]
    measured = open_untrained(picture.key, network)
    with wait_for(places, tell):
        seed = next(seed for seed in itertools.count() if seed not in measured)
        if seed < SEEDS:  # else another session was faster
            measured[seed] = measure_untrained(network, seed, picture.pixels)


def _choose_maps(heatmaps: Heatmaps) -> dict[str, NDArray[np.float32]]:
    """The visitor's map of each layer that is measured."""
    side, aggregation = st.session_state["side"], st.session_state["aggregation"]
    return {
        layer.name: heatmaps[layer.name, layer.pick_side(side), aggregation] for layer in measured_layers()
    }


def _get_control(kind: str, picture: Picture, status: Status) -> Heatmaps:
    """What the pass over a control leaves; the coarse one needs none of its own."""
    if kind == "coarse":
        return get_heatmaps(picture, status)
    if kind == "untrained":
        return get_untrained_heatmaps(picture, status)
    key, pixels = PictureKey(f"noise {picture.size}", "", 0), make_noise(*picture.size)
    text = translate("measure.computing_noise", network=name_network())
    return compute_heatmaps(key, st.session_state["network"], pixels, status, text)


def _measure(kind: str, heatmaps: Heatmaps, picture: Picture, box: Box | None) -> Metrics:
    state = st.session_state
    side, aggregation, threshold = state["side"], state["aggregation"], state["threshold"]
    height, width = _choose_maps(heatmaps)[deepest_selected()].shape
    grid = (height, width) if kind == "coarse" else None
    pixels = make_noise(*picture.size) if kind == "noise" else picture.pixels
    key = (kind, picture.key, state["network"])
    how = side, aggregation
    return _measure_maps(key, threshold, grid, box, how, measured_layers(), heatmaps, pixels)


@st.cache_data(show_spinner=False, max_entries=MEASUREMENTS)
def _measure_maps(
    key: tuple[Any, ...],
    threshold: float,
    grid: tuple[int, int] | None,
    box: Box | None,
    how: tuple[str, str],
    _layers: Sequence[Layer],
    _heatmaps: Heatmaps,
    _pixels: NDArray[np.uint8],
) -> Metrics:
    """All metrics of some layers' maps. The key stands for the arguments that Streamlit does not hash."""
    rows = tabulate_layers(_heatmaps, _layers, _pixels, *how, threshold, box, grid)
    found = {
        metric: {row["layer"]: float(row[metric]) for row in rows if row[metric] is not None}
        for metric in METRICS
    }
    return {metric: values for metric, values in found.items() if values}


def _measure_beside(comparison: Comparison, box: Box | None) -> Metrics:
    """The metrics of a comparison, by the names of its layers' partners in the visitor's network."""
    how, picture = (comparison.side, comparison.aggregation), comparison.picture
    key, threshold = ("trained", picture.key, comparison.network), st.session_state["threshold"]
    layers, heatmaps = comparison.list_measured(), comparison.heatmaps
    found = _measure_maps(key, threshold, None, box, how, layers, heatmaps, picture.pixels)
    partners = comparison.pair_measured(measured_layers())
    return {
        metric: {name: values[other.name] for name, other in partners.items() if other.name in values}
        for metric, values in found.items()
    }


def deepest_selected() -> str:
    """Name of the deepest selected layer that is measured; of the deepest of all where there is none."""
    measured, selected = measured_layers(), st.session_state["layers"]
    return ([layer for layer in measured if layer.name in selected] or measured)[-1].name


def list_rows(
    found: dict[str, Metrics], picture: Picture, comparison: Comparison | None
) -> list[dict[str, Any]]:
    """One row a network and layer: the fixed facts, then all metrics; None where there is none."""
    rows: list[dict[str, Any]] = []
    for kind, metrics in found.items():
        layers = {layer.name: layer for layer in measured_layers()}
        side, size = st.session_state["side"], picture.size
        if kind == "beside" and comparison is not None:
            layers = comparison.pair_measured(measured_layers())
            side, size = comparison.side, comparison.picture.size
        for name, layer in layers.items():
            facts = {
                "control": kind,
                "layer": layer.name,
                "module": layer.path,
                "side": layer.pick_side(side),
                "stage": layer.stage,
                "stride": layer.stride,
                "receptive_field": layer.receptive_field,
                "field_share": layer.field_share(*size),
            }
            if comparison is not None:  # one layer may be the partner of several
                facts["stands_at"] = name
            values = {metric: metrics.get(metric, {}).get(name) for metric in METRICS}
            counts = {name: int(values[name] or 0) for name in ("width", "height", "cells")}
            rows.append(facts | values | counts)
    return rows
