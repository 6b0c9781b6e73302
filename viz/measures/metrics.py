"""One map to numbers: how scattered, how concentrated, how much like edges.

Every function here takes a map at its layer's own resolution. A map without any spread (a constant one, or
zeros) counts as perfectly even; no function gives NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viz.maps.coarsen import Array, average_to, find_stride, read_finite
from viz.maps.compare import correlate_maps
from viz.maps.values import find_half
from viz.pictures.frame import Box

DEFAULT_THRESHOLD = 0.5

# A rim this much stronger or weaker than the inside is most likely the padding's doing.
BORDER_LIMIT = 1.5

# Shares of a layer's channels whose part in the mean map is told.
TOP_SHARES = (0.01, 0.05, 0.10)

# Luma of ITU-R BT.601, https://www.itu.int/rec/R-REC-BT.601
LUMA_WEIGHTS = (0.299, 0.587, 0.114)

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)


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
class ChannelMetrics:
    """What a layer's channels are like after the activation.

    Attributes:
        zero_share: Share of the layer's values that are exactly zero, 0..1.
        dead_channels: Channels that are zero everywhere.
        effective_channels: Participation ratio (sum m)^2 / sum m^2 of the channels' means m: as many equal
            channels would share the mean map like this (https://doi.org/10.1088/0022-3719/5/8/007, there of
            a state over atoms).
        top_shares: Parts of the mean map's total that the strongest channels carry, one for each of
            `TOP_SHARES`, 0..1.
    """

    zero_share: float
    dead_channels: int
    effective_channels: float
    top_shares: tuple[float, ...]


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
    return _measure(_read_map(heatmap), measure_edges(luma), threshold)


def measure_layers(
    heatmaps: Mapping[str, ArrayLike], luma: ArrayLike, threshold: float = DEFAULT_THRESHOLD
) -> dict[str, LayerMetrics]:
    """Measure many maps of one photograph as `layer_metrics` does, and look for its edges only once."""
    edges = measure_edges(luma)
    return {name: _measure(_read_map(heatmap), edges, threshold) for name, heatmap in heatmaps.items()}


def measure_regions(heatmap: ArrayLike, threshold: float) -> tuple[float, float]:
    """Median diameter of the active regions, in cells, and the largest one's share of the active cells.

    Both as in `LayerMetrics`, of a map [h, w], without what takes longer.
    """
    sizes, _ = _find_regions(_find_active(_read_map(heatmap), threshold))
    return _measure_diameter(sizes), float(sizes.max() / sizes.sum())


def correlate_edges(heatmap: ArrayLike, edges: Array) -> float:
    """`LayerMetrics.edge_correlation` of a map [h, w], with what `measure_edges` gives."""
    values = _read_map(heatmap)
    return correlate_maps(values, average_to(edges, *values.shape)) or 0.0


def channel_metrics(channel_means: ArrayLike, zero_share: float) -> ChannelMetrics:
    """Measure a layer's channels.

    Args:
        channel_means: Mean of each channel after the activation, [C].
        zero_share: Share of exact zeros, as the pass counted it.

    Raises:
        ValueError: A mean is negative or not finite, or there is none.
    """
    means = np.asarray(channel_means, dtype=np.float64)
    if means.ndim != 1 or means.size == 0 or not np.isfinite(means).all() or (means < 0).any():
        raise ValueError("expected the means [C] of channels after an activation: finite and not negative")
    shares = np.sort(means / (means.max() or 1))[::-1]
    total = float(shares.sum())
    counts = [ceil(share * means.size) for share in TOP_SHARES]
    return ChannelMetrics(
        zero_share=zero_share,
        dead_channels=int((means == 0).sum()),
        effective_channels=total**2 / float(np.square(shares).sum()) if total else 0.0,
        top_shares=tuple(float(shares[:count].sum()) / total if total else 0.0 for count in counts),
    )


def box_auc(heatmap: ArrayLike, box: Box, height: int, width: int) -> float:
    """How well a map tells a box from the rest: the area under the ROC curve of its cells.

    It is the share of pairs of a place inside and a place outside the box in which the one inside has the
    higher value, ties counted half (Mann and Whitney, https://doi.org/10.1214/aoms/1177730491; Hanley and
    McNeil, https://doi.org/10.1148/radiology.143.1.7063747). A cell that the box cuts belongs to both sides,
    by its shares. Other than a ratio of means it has no ceiling that depends on the size of the box.

    Args:
        heatmap: Finite values, [h, w].
        box: Left, top, right and bottom edge, in input pixels.
        height: Of the framed photograph, in pixels.
        width: The same across.

    Returns:
        0..1; 0.5 is chance, also where the box leaves nothing inside or outside.

    Raises:
        ValueError: A value is not finite, or the map's cells do not fit the photograph.
    """
    values = read_finite(heatmap, "a map")
    rows, columns = find_stride((height, width), values.shape)
    left, top, right, bottom = box
    inside = np.outer(
        _cover_cells(top, bottom, rows, values.shape[0]), _cover_cells(left, right, columns, values.shape[1])
    ).ravel()
    _, order = np.unique(values, return_inverse=True)
    here = np.bincount(order.ravel(), inside)
    there = np.bincount(order.ravel(), 1 - inside)
    pairs = float(here.sum()) * float(there.sum())
    return float(here @ (np.cumsum(there) - there / 2)) / pairs if pairs else 0.5


def _read_map(heatmap: ArrayLike) -> Array:
    """A map scaled to at most 1: no metric depends on the scale, and so no sum or difference can overflow."""
    values = read_finite(heatmap, "a map")
    largest = float(np.abs(values).max())
    return values / largest if largest else values


def _measure(heatmap: Array, edges: Array, threshold: float) -> LayerMetrics:
    down, across = find_stride(edges.shape, heatmap.shape)
    low, high = float(heatmap.min()), float(heatmap.max())
    sizes, active_share = _find_regions(_find_active(heatmap, threshold))
    mass = np.sort(heatmap - low, axis=None) if high > low else np.ones(heatmap.size)
    return LayerMetrics(
        active_share=active_share,
        region_count=len(sizes),
        largest_region_share=float(sizes.max() / sizes.sum()),
        median_region_px=_measure_diameter(sizes) * sqrt(down * across),
        half_mass_share=find_half(mass),
        gini=_measure_gini(mass),
        entropy=_measure_entropy(mass),
        edge_correlation=correlate_edges(heatmap, edges),
        border_ratio=_compare_rim(heatmap - min(low, 0)),
    )


def _find_active(heatmap: Array, threshold: float) -> NDArray[np.bool_]:
    if not 0 <= threshold <= 1:
        raise ValueError(f"expected a threshold from 0 to 1, got {threshold}")
    low, high = float(heatmap.min()), float(heatmap.max())
    # By rounding the sum can pass the maximum, and then no cell would be active.
    active: NDArray[np.bool_] = heatmap >= min(low + threshold * (high - low), high)
    return active


def _measure_diameter(sizes: NDArray[np.int64]) -> float:
    return float(np.median(2 * np.sqrt(sizes / pi)))


def _find_regions(active: NDArray[np.bool_]) -> tuple[NDArray[np.int64], float]:
    """Cells in each region, and the share of all cells that they are; the maximum is always active."""
    from scipy import ndimage

    labels, _ = ndimage.label(active, structure=EIGHT_CONNECTED)
    sizes = np.bincount(labels.ravel())[1:]
    return sizes, float(sizes.sum() / active.size)


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


def _compare_rim(values: Array) -> float:
    inside = values[1:-1, 1:-1]
    if inside.size == 0:
        return 1.0
    rim = float(values.sum() - inside.sum()) / (values.size - inside.size)
    middle = float(inside.mean())
    if middle == 0:
        return inf if rim > 0 else 1.0
    return max(0.0, rim / middle)


def _cover_cells(start: float, end: float, stride: float, count: int) -> Array:
    """Share of each of `count` cells along one axis that lies between two places in input pixels."""
    edges = np.arange(count) * stride
    cover: Array = np.clip(np.minimum(end, edges + stride) - np.maximum(start, edges), 0, stride) / stride
    return cover
