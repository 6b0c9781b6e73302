"""The table of the view "Measured": one row a measured layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from viz.maps.aggregations import get_aggregation
from viz.maps.cells import lay_cells
from viz.maps.coarsen import coarsen, find_stride
from viz.maps.heatmaps import Heatmaps
from viz.measures.metrics import DEFAULT_THRESHOLD, METRICS, MeasuredMap, measure_edges, measure_luma
from viz.measures.untrained import choose_measured
from viz.networks.layers import Layer
from viz.pictures.frame import Box

if TYPE_CHECKING:
    from viz.networks.network import Network


def measure_network(
    heatmaps: Heatmaps,
    network: "Network",
    pixels: NDArray[np.uint8],
    side: str = "post",
    aggregation: str = "mean",
    threshold: float = DEFAULT_THRESHOLD,
    box: Box | None = None,
    grid: tuple[int, int] | None = None,
) -> list[dict[str, Any]]:
    """All metrics of a photograph's maps, layer by layer: the table of the view "Measured".

    Args:
        heatmaps: Of one pass of the photograph.
        network: The network of that pass.
        pixels: The framed photograph, uint8 [H, W, 3].
        side: "pre" or "post" the activation; layers without this side are left out where others have it.
        aggregation: Key of `AGGREGATIONS`.
        threshold: Place in each map's range, 0..1, from which on a cell counts as active.
        box: Left, top, right and bottom edge of an object, in input pixels; None for no object.
        grid: Height and width of a coarse grid to which finer maps are averaged first; None for none.

    Returns:
        A row a layer, from the input on: layer, module, side, stage, stride, receptive_field, field_share,
        then all of `viz.measures.metrics.METRICS`; None where a fact is not known or a metric does not apply.

    Raises:
        ValueError: The aggregation is unknown, the threshold is outside 0..1, or a map is not finite.

    Example:
        >>> rows = measure_network(heatmaps, network, np.array(image))
        >>> [row["layer"] for row in rows if row["edge_correlation"] > 0.5]
        ['conv1_2', 'conv2_1']
    """
    layers = choose_measured(network.layers, side)
    return tabulate_layers(heatmaps, layers, pixels, side, aggregation, threshold, box, grid)


def tabulate_layers(
    heatmaps: Heatmaps,
    layers: Sequence[Layer],
    pixels: NDArray[np.uint8],
    side: str = "post",
    aggregation: str = "mean",
    threshold: float = DEFAULT_THRESHOLD,
    box: Box | None = None,
    grid: tuple[int, int] | None = None,
) -> list[dict[str, Any]]:
    """`measure_network` without a network: of these layers, as `choose_measured` gives them."""
    get_aggregation(aggregation)  # or it says which there are
    edges = measure_edges(measure_luma(pixels))
    rows: list[dict[str, Any]] = []
    for layer in layers:
        at = layer.pick_side(side)
        values = heatmaps[layer.name, at, aggregation]
        means = heatmaps.channel_means.get((layer.name, "post"))
        cells = lay_cells(layer, values.shape, *edges.shape)
        if grid is not None:  # averaging its map does not change a layer's channels
            coarse = coarsen(values, grid)
            cells = cells.merge(*find_stride(values.shape, coarse.shape))
            values, means = coarse, None
        zeros = heatmaps.zero_shares.get(layer.name, 0.0)
        measured = MeasuredMap(values, edges, threshold, box, means, zeros, cells)
        facts = {
            "layer": layer.name,
            "module": layer.path,
            "side": at,
            "stage": layer.stage,
            "stride": layer.stride,
            "receptive_field": layer.receptive_field,
            "field_share": layer.field_share(*edges.shape),
        }
        rows.append(facts | {name: metric.measure(measured) for name, metric in METRICS.items()})
    return rows
