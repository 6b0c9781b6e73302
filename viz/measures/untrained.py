"""What is kept of one network of a control: numbers, and neither its weights nor all of its maps."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.coarsen import Array
from viz.maps.heatmaps import Heatmaps
from viz.measures.curves import Curves, measure_box, measure_curves
from viz.networks.layers import SIDES, Layer
from viz.pictures.frame import Box


@dataclass(frozen=True)
class Untrained:
    """The metrics that claims are judged by, of one photograph through a network of a control."""

    curves: Mapping[tuple[str, str], Curves]  # by side and aggregation; none where a map is not finite
    # Of the deep layers, each cell's place in the order of its map's values: small, and all that a box needs,
    # which can change.
    deep_orders: Mapping[tuple[str, str, str], NDArray[np.unsignedinteger[Any]]]
    layers: Sequence[Layer]  # its own, whose cells need not lie where the trained network's do
    seconds: float  # what it took to compute them

    def find_curves(
        self, layers: Sequence[Layer], side: str, aggregation: str, box: Box | None, size: tuple[int, int]
    ) -> Curves:
        """All metrics of the measured layers; those of a box only in the deep ones."""
        curves = self.curves[side, aggregation]
        if box is None:
            return curves
        names = [layer.name for layer in layers]
        own = [layer for layer in self.layers if layer.name in names]
        maps = [self.deep_orders.get((layer.name, layer.pick_side(side), aggregation)) for layer in own]
        return curves | measure_box(maps, box, *size, own)


def choose_measured(layers: Sequence[Layer], side: str) -> list[Layer]:
    """The layers that have this side of the activation; all of them where none has it.

    Numbers of outputs and of activations in one curve would say nothing about depth.
    """
    return [layer for layer in layers if side in layer.sides] or list(layers)


def measure_untrained(layers: Sequence[Layer], heatmaps: Heatmaps, edges: Array, start: float) -> Untrained:
    """Measure the maps of these layers, of a pass that began at `start`, as `time.monotonic` tells it."""
    if {layer.name for layer in layers} & set(heatmaps.not_finite):
        return Untrained({}, {}, layers, time.monotonic() - start)
    curves = {
        (side, aggregation): measure_curves(
            [heatmaps[layer.name, layer.pick_side(side), aggregation] for layer in measured], edges, measured
        )
        for side in SIDES
        for measured in [choose_measured(layers, side)]
        for aggregation in AGGREGATIONS
    }
    deep = {layer.name for layer in layers if layer.stage == "deep"}
    orders = {key: _order(heatmaps[key]) for key in heatmaps if key[0] in deep}
    return Untrained(curves, orders, layers, time.monotonic() - start)


def _order(values: NDArray[np.float32]) -> NDArray[np.unsignedinteger[Any]]:
    """Numbers in the same order, ties included, in as few bytes as they fit in."""
    order = np.unique(values, return_inverse=True)[1].reshape(values.shape)
    smallest: NDArray[np.unsignedinteger[Any]] = order.astype(np.min_scalar_type(order.max()))
    return smallest
