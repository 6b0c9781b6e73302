"""What is kept of one untrained network: numbers, and neither its weights nor all of its maps."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viz.maps.aggregations import AGGREGATIONS
from viz.maps.coarsen import Array
from viz.maps.heatmaps import Heatmaps
from viz.measures.curves import Curves, measure_box, measure_curves
from viz.networks.layers import SIDES, Layer
from viz.pictures.frame import Box

Maps = Mapping[tuple[str, str, str], NDArray[np.float32]]


@dataclass(frozen=True)
class Untrained:
    """The metrics that claims are judged by, of one photograph through one untrained network."""

    curves: Mapping[tuple[str, str], Curves]  # by side and aggregation; none where a map is not finite
    deep_maps: Maps  # of the deep layers: which box is asked for can change, and these are small
    seconds: float  # what it took to compute them

    def find_curves(
        self, layers: Sequence[Layer], side: str, aggregation: str, box: Box | None, size: tuple[int, int]
    ) -> Curves:
        """All metrics of the measured layers; those of a box only in the deep ones."""
        curves = self.curves[side, aggregation]
        if box is None:
            return curves
        maps = [self.deep_maps.get((layer.name, layer.pick_side(side), aggregation)) for layer in layers]
        return curves | measure_box(maps, box, *size)


def choose_measured(layers: Sequence[Layer], side: str) -> list[Layer]:
    """The layers that have this side of the activation; all of them where none has it.

    Numbers of outputs and of activations in one curve would say nothing about depth.
    """
    return [layer for layer in layers if side in layer.sides] or list(layers)


def measure_untrained(layers: Sequence[Layer], heatmaps: Heatmaps, edges: Array, start: float) -> Untrained:
    """Measure the maps of these layers, of a pass that began at `start`, as `time.monotonic` tells it."""
    if {layer.name for layer in layers} & set(heatmaps.not_finite):
        return Untrained({}, {}, time.monotonic() - start)
    curves = {
        (side, aggregation): measure_curves(
            [
                heatmaps[layer.name, layer.pick_side(side), aggregation]
                for layer in choose_measured(layers, side)
            ],
            edges,
        )
        for side in SIDES
        for aggregation in AGGREGATIONS
    }
    deep = {layer.name for layer in layers if layer.stage == "deep"}
    return Untrained(
        curves, {key: heatmaps[key] for key in heatmaps if key[0] in deep}, time.monotonic() - start
    )
