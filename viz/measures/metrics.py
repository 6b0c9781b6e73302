"""One map to numbers: how scattered, how concentrated, how much like edges."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from math import inf, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viz.maps.cells import Cells
from viz.maps.coarsen import Array, average_over, read_finite
from viz.maps.compare import correlate_maps
from viz.maps.values import find_half
from viz.measures.box import box_auc, spread_evenly
from viz.measures.regions import find_diameter, find_largest, measure_regions
from viz.pictures.frame import Box

DEFAULT_THRESHOLD = 0.5

# Luma of ITU-R BT.601, https://www.itu.int/rec/R-REC-BT.601
LUMA_WEIGHTS = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class LayerMetrics:
    """What one map is like.

    Attributes:
        active_share: Share of the cells at or above the threshold's place in the map's range, 0..1.
        region_count: 8-connected regions of those cells.
        largest_region_share: Share of those cells that lie in the largest region, 0..1; 1 is one region.
        median_region_px: Median over the regions of the diameter of the disc with the region's area, in
            input pixels.
        half_mass_share: Smallest share of the cells that holds half of the map's total, after its minimum is
            subtracted, 0..1; 0.5 is even.
        gini: Gini coefficient of the cells (C. Gini, 1912; https://en.wikipedia.org/wiki/Gini_coefficient),
            after the minimum is subtracted; 0 is even, near 1 one cell.
        entropy: Shannon entropy of the cells as shares of their total, over its maximum
            (https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), after the minimum is subtracted; 1 is even,
            0 one cell.
        edge_correlation: Pearson correlation with the photograph's Sobel gradient magnitude, averaged to the
            map's cells, -1..1; 0 where either does not vary.
        border_ratio: Mean of the one-cell rim over the mean of the inside, 0 and more; infinite where only
            the rim responds. Of a map with negative values the minimum is subtracted first.
    """

    active_share: float
    region_count: int
    largest_region_share: float
    median_region_px: float
    half_mass_share: float
    gini: float
    entropy: float
    edge_correlation: float
    border_ratio: float


@dataclass(frozen=True)
class MeasuredMap:
    """One map and what its metrics need besides; what several of them share is computed once."""

    heatmap: ArrayLike  # finite values, [h, w]
    edges: Array  # of the photograph [H, W], as `measure_edges` gives them
    threshold: float = DEFAULT_THRESHOLD  # place in the map's range, from which on a cell counts as active
    box: Box | None = None
    # Of the layer after the activation, [C]; None where the map does not stand for these channels.
    channel_means: NDArray[np.float32] | None = None
    zero_share: float = 0.0  # of the layer's values after the activation, 0..1
    cells: Cells | None = None  # where the map lies; None spreads it evenly over the photograph

    @property
    def laid(self) -> Cells:
        """Where the map lies."""
        return self.cells or spread_evenly(self.values.shape, *self.edges.shape)

    @cached_property
    def values(self) -> Array:
        """The map scaled to at most 1: no metric depends on the scale, and so no sum can overflow."""
        values = read_finite(self.heatmap, "a map")
        largest = float(np.abs(values).max())
        return values / largest if largest else values

    @cached_property
    def cell_px(self) -> float:
        """Side of the square with a cell's area, in input pixels."""
        return sqrt(self.laid.height * self.laid.width)

    @cached_property
    def region_sizes(self) -> NDArray[np.int64]:
        """Cells in each 8-connected region of active cells; the map's maximum is always active."""
        return measure_regions(self.values, [self.threshold])[0]

    @cached_property
    def mass(self) -> Array:
        """The map's values above its minimum, ascending; ones for a constant map."""
        low, high = self.values.min(), self.values.max()
        return np.sort(self.values - low, axis=None) if high > low else np.ones(self.values.size)

    @cached_property
    def channel_shares(self) -> Array | None:
        """Each channel's share of the sum of all means, largest first; None where a mean is negative."""
        if self.channel_means is None or self.channel_means.min() < 0:
            return None
        means = np.sort(self.channel_means.astype(np.float64))[::-1]
        return means / (means.sum() or 1)


def measure_luma(pixels: NDArray[np.uint8]) -> Array:
    """Brightness of a picture, uint8 [H, W, 3] -> [H, W] in 0..255 (ITU-R BT.601)."""
    luma: Array = pixels.astype(np.float64) @ np.array(LUMA_WEIGHTS)
    return luma


def measure_edges(luma: ArrayLike) -> Array:
    """Sobel gradient magnitude, [H, W] -> [H, W]; beyond the picture's edge its last pixels go on."""
    from scipy import ndimage  # takes a while to import

    values = read_finite(luma, "a luma")
    edges: Array = np.hypot(*(ndimage.sobel(values, axis=axis, mode="nearest") for axis in (0, 1)))
    return edges


def layer_metrics(heatmap: ArrayLike, luma: ArrayLike, threshold: float = DEFAULT_THRESHOLD) -> LayerMetrics:
    """Measure one map.

    Args:
        heatmap: Finite values, [h, w].
        luma: Of the framed photograph, [H, W]; see `measure_luma`.
        threshold: Place in the map's range, 0..1, from which on a cell counts as active.

    Returns:
        The numbers; none changes when the map is multiplied by a positive factor.

    Raises:
        ValueError: A value is not finite, a shape is wrong, or the threshold is outside 0..1.

    Example:
        >>> layer_metrics(np.eye(2), np.zeros((4, 4))).region_count
        1
    """
    measured = MeasuredMap(heatmap, measure_edges(luma), threshold)
    names = [field.name for field in fields(LayerMetrics)]
    values: dict[str, Any] = {name: METRICS[name].measure(measured) for name in names}
    return LayerMetrics(**values | {"region_count": int(values["region_count"])})


def _measure_gini(ascending: Array) -> float:
    count = ascending.size
    ranks = np.arange(1 - count, count, 2, dtype=np.float64)
    return max(0.0, float(ranks @ ascending) / (count * float(ascending.sum())))


def _measure_entropy(ascending: Array) -> float:
    if ascending.size == 1:
        return 1.0
    shares = ascending[np.searchsorted(ascending, 0, side="right") :] / ascending.sum()
    shares = shares[shares > 0]  # a share can be too small for a number
    return min(1.0, max(0.0, -float(shares @ np.log(shares)) / log(ascending.size)))


def _measure_box(measured: MeasuredMap) -> float | None:
    height, width = measured.edges.shape
    if measured.box is None:
        return None
    return box_auc(measured.heatmap, measured.box, height, width, measured.cells)


def _compare_rim(values: Array) -> float:
    inside = values[1:-1, 1:-1]
    if inside.size == 0:
        return 1.0
    rim = float(values.sum() - inside.sum()) / (values.size - inside.size)
    middle = float(inside.mean())
    if middle == 0:
        return inf if rim > 0 else 1.0
    return max(0.0, rim / middle)


def _sum_first(shares: Array, part: float) -> float:
    """What the first part of the shares adds up to; the last channel counts by its fraction."""
    count = part * shares.size
    counted = np.clip(count - np.arange(shares.size), 0, 1)
    return float(counted @ shares)


def _of_channels(read: Callable[[Array], float]) -> Callable[[MeasuredMap], float | None]:
    """A metric of the channels' shares of the mean map, [C], largest first."""
    return lambda m: None if m.channel_shares is None else float(read(m.channel_shares))


@dataclass(frozen=True)
class Metric:
    """How one metric is computed, written and drawn.

    Attributes:
        measure: Gives its value of a map; None where it does not apply.
        format: How its values are written, such as ".1%"; Python and d3 read it alike.
        span: Ends of its axis, so that the axis does not exaggerate; an end that is None follows the values.
        logarithmic: Whether its axis is.
        drawn: Whether it has a chart in the view "Measured"; all are in its table.
    """

    measure: Callable[[MeasuredMap], float | None]
    format: str
    span: tuple[float, float | None] = (0, None)
    logarithmic: bool = False
    drawn: bool = True


SHARE = (0, 1)

# In the order in which the page shows them; claims, charts, tables and files take theirs from here. A metric
# is a row, and its words in the catalogues. Each takes a map at its layer's own resolution. A map without any
# spread (a constant one, or zeros) counts as perfectly even; no metric gives NaN.
METRICS: dict[str, Metric] = {
    "active_share": Metric(lambda m: float(m.region_sizes.sum() / m.values.size), ".1%", SHARE),
    "region_count": Metric(lambda m: float(m.region_sizes.size), ",.0f", logarithmic=True),
    "largest_region_share": Metric(lambda m: find_largest(m.region_sizes), ".1%", SHARE),
    "median_region_px": Metric(lambda m: find_diameter(m.region_sizes, m.cell_px), ".1f", logarithmic=True),
    "half_mass_share": Metric(lambda m: find_half(m.mass), ".1%", SHARE),
    "gini": Metric(lambda m: _measure_gini(m.mass), ".2f", SHARE),
    "entropy": Metric(lambda m: _measure_entropy(m.mass), ".3f", SHARE),
    "edge_correlation": Metric(
        lambda m: correlate_maps(m.values, average_over(m.edges, m.laid, m.values.shape)) or 0.0,
        ".2f",
        (-1, 1),
    ),
    "border_ratio": Metric(lambda m: _compare_rim(m.values - min(m.values.min(), 0)), ".2f"),
    # Share of the layer's values that are exactly zero after the activation.
    "zero_share": Metric(lambda m: None if m.channel_shares is None else m.zero_share, ".1%", SHARE),
    # Channels that are zero everywhere.
    "dead_channels": Metric(_of_channels(lambda shares: (shares == 0).sum()), ",.0f"),
    # Participation ratio (https://doi.org/10.1088/0022-3719/5/8/007, there of a state over atoms): as many
    # equal channels would share the mean map like this.
    "effective_channels": Metric(_of_channels(lambda shares: 1 / float(shares @ shares or inf)), ",.0f"),
    # Share of the mean map's total that the strongest 1, 5 and 10 % of the channels carry.
    "top_1": Metric(_of_channels(lambda shares: _sum_first(shares, 0.01)), ".1%", SHARE),
    "top_5": Metric(_of_channels(lambda shares: _sum_first(shares, 0.05)), ".1%", SHARE),
    "top_10": Metric(_of_channels(lambda shares: _sum_first(shares, 0.10)), ".1%", SHARE),
    "box_auc": Metric(_measure_box, ".2f", SHARE),
    "cells": Metric(lambda m: m.values.size, ",.0f", logarithmic=True, drawn=False),
    "width": Metric(lambda m: m.values.shape[1], ",.0f", drawn=False),
    "height": Metric(lambda m: m.values.shape[0], ",.0f", drawn=False),
}

# What claims look at besides: one of these, of maps that were averaged to the deepest layer's grid.
CLAIM_METRICS = {"coarse_region_share": METRICS["largest_region_share"]}


def find_metric(name: str) -> Metric:
    """A metric of the table or of the claims."""
    metrics = METRICS | CLAIM_METRICS
    if name not in metrics:
        raise ValueError(f"unknown metric {name!r}; expected one of {', '.join(metrics)}")
    return metrics[name]
