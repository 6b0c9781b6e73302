"""One place of the photograph: the cell that covers it, what the cell sees, and what looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viz.layers import get_layer
from viz.metrics import find_half

if TYPE_CHECKING:
    from torch import Tensor, nn

PixelBox = tuple[int, int, int, int]


def find_cell(layer: str, x: float, y: float, height: int, width: int) -> tuple[int, int]:
    """The cell of a layer's map that covers a point of the picture.

    Pooling leaves out the last pixels of a side that it cannot halve; they belong to the last cell.

    Args:
        layer: One of conv1_1 ... conv5_3.
        x: Input pixels from the left edge.
        y: Input pixels from the upper edge.
        height: Of the picture, in input pixels.
        width: Of the picture, in input pixels.

    Returns:
        Row and column, counted from 0.

    Raises:
        ValueError: The layer is unknown, or the point is outside the picture.

    Example:
        >>> find_cell("conv5_3", 100, 223, 224, 224)
        (13, 6)
    """
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"expected a point within {width} x {height} pixels, got x {x}, y {y}")
    stride = get_layer(layer).stride
    return min(int(y) // stride, height // stride - 1), min(int(x) // stride, width // stride - 1)


def receptive_field_box(layer: str, row: int, column: int, height: int, width: int) -> PixelBox:
    """The input pixels that can influence a cell: its theoretical receptive field, cut at the edge.

    All of VGG16's kernels are centred and its poolings do not overlap, so the field lies centred on the
    square of pixels that the cell covers (the arithmetic of https://distill.pub/2019/computing-receptive-fields).

    Args:
        layer: One of conv1_1 ... conv5_3.
        row: Of the cell, counted from 0.
        column: Of the cell, counted from 0.
        height: Of the picture, in input pixels.
        width: Of the picture, in input pixels.

    Returns:
        Left, top, right and bottom edge in input pixels (x0, y0, x1, y1); the right and the bottom one are
        not part of it.

    Raises:
        ValueError: The layer is unknown, or its map has no such cell.

    Example:
        >>> receptive_field_box("conv2_1", 10, 0, 224, 224)
        (0, 16, 6, 26)
    """
    geometry = get_layer(layer)
    rows, columns = height // geometry.stride, width // geometry.stride
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(f"expected a cell of {rows} x {columns} in {layer}, got row {row}, column {column}")
    margin = (geometry.receptive_field - geometry.stride) // 2
    left, top = column * geometry.stride - margin, row * geometry.stride - margin
    right, bottom = left + geometry.receptive_field, top + geometry.receptive_field
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def effective_receptive_field(
    features: nn.Sequential,
    batch: Tensor,
    layer: str,
    row: int,
    column: int,
    side: str = "post",
    aggregation: str = "mean",
    channel: int = 0,
) -> NDArray[np.float32]:
    """How strongly each input pixel in fact moves a cell's value: the size of the input gradient there.

    This is the effective receptive field of Luo et al., https://arxiv.org/abs/1701.04128, of one picture and
    not of an average over many. Only the pixels that the cell sees go through the network: all cells that
    influence it are computed from these alone, so the result is that of the whole picture.

    Args:
        features: VGG16's `features`, as for `viz.extractor.extract_heatmaps`; left as it is.
        batch: One picture, normalised for these weights, [1, 3, H, W].
        layer: One of conv1_1 ... conv5_3.
        row: Of the cell, counted from 0.
        column: Of the cell, counted from 0.
        side: "pre" or "post" the ReLU.
        aggregation: Key of `viz.aggregate.AGGREGATIONS`: the value is what it makes of the cell's channels.
        channel: The channel that stands for "strongest"; which one that is only the whole map can tell.

    Returns:
        float32 [H, W]: Euclidean length of the gradient over the three colours, in units of the value per
        unit of the network's normalised input. Zero outside of `receptive_field_box`.

    Raises:
        ValueError: The layer or the aggregation is unknown, or the layer's map has no such cell.
    """
    import torch

    from viz.aggregate import get_aggregation

    height, width = batch.shape[2:]
    left, top, right, bottom = _cut_out(layer, row, column, height, width)
    pixels = batch[:, :, top:bottom, left:right].detach().clone().requires_grad_()
    with torch.enable_grad():
        vector = _run_cut(features, pixels, layer, row, column, side, left, top)
        if aggregation == "strongest":
            value = vector[channel]
        else:
            value = get_aggregation(aggregation)(vector[:, None, None]).sum()
        (gradient,) = torch.autograd.grad(value, pixels)
    field = np.zeros((height, width), dtype=np.float32)
    # The slope of a standard deviation of equal numbers is not defined; there is no response to move.
    field[top:bottom, left:right] = torch.nan_to_num(gradient[0].norm(dim=0), nan=0.0).cpu().numpy()
    return field


def compute_vector(
    features: nn.Sequential, batch: Tensor, layer: str, row: int, column: int, side: str
) -> NDArray[np.float32]:
    """The channels of one cell, float32 [C], from the pixels that it sees alone.

    Args:
        features: As for `effective_receptive_field`.
        batch: One picture, normalised for these weights, [1, 3, H, W].
        layer: One of conv1_1 ... conv5_3.
        row: Of the cell, counted from 0.
        column: Of the cell, counted from 0.
        side: "pre" or "post" the ReLU.

    Raises:
        ValueError: The layer is unknown, or its map has no such cell.
    """
    import torch

    left, top, right, bottom = _cut_out(layer, row, column, *batch.shape[2:])
    with torch.inference_mode():
        pixels = batch[:, :, top:bottom, left:right]
        vector = _run_cut(features, pixels, layer, row, column, side, left, top)
    values: NDArray[np.float32] = vector.cpu().numpy()
    return values


def _cut_out(layer: str, row: int, column: int, height: int, width: int) -> PixelBox:
    """The cell's receptive field, begun where pooling's pairs begin, which it counts from the edge."""
    left, top, right, bottom = receptive_field_box(layer, row, column, height, width)
    stride = get_layer(layer).stride
    return left // stride * stride, top // stride * stride, right, bottom


def _run_cut(
    features: nn.Sequential, pixels: Tensor, layer: str, row: int, column: int, side: str, left: int, top: int
) -> Tensor:
    from viz.extractor import run_to

    stride = get_layer(layer).stride
    return run_to(features, pixels, layer, side)[0, :, row - top // stride, column - left // stride]


def measure_half(field: NDArray[np.float32], box: PixelBox) -> float:
    """The smallest share of a receptive field's area that holds half of the effective one's sum, 0..1.

    Args:
        field: As `effective_receptive_field` gives it, [H, W]; not zero everywhere.
        box: As `receptive_field_box` gives it for the same cell.
    """
    left, top, right, bottom = box
    return find_half(np.sort(field[top:bottom, left:right].astype(np.float64), axis=None))


def rank_in_map(heatmap: NDArray[np.float32], row: int, column: int) -> float:
    """The percentile of a cell's value in its map, 0..100; of equal values half count as smaller.

    Example:
        >>> rank_in_map(np.array([[1.0, 2.0], [3.0, 4.0]]), 1, 1)
        87.5
    """
    value = heatmap[row, column]
    return float(50 * (np.mean(heatmap < value) + np.mean(heatmap <= value)))


def list_strongest(vector: NDArray[np.float32], count: int = 5) -> list[tuple[int, float]]:
    """The channels with the highest values and these values; the lower number first on a tie.

    Args:
        vector: A cell's channels, [C].
        count: How many at most.
    """
    order = np.argsort(-vector, kind="stable")[:count]
    return [(int(channel), float(vector[channel])) for channel in order]


def match_vector(cells: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine similarity of a channel vector with that of every cell.

    Args:
        cells: A feature map with its channels last, [h, w, C].
        vector: The channels of the cell that is looked for, [C].

    Returns:
        float32 [h, w], -1..1; 0 where either vector is zero, for which no angle is defined.

    Example:
        >>> match_vector(np.array([[[2.0, 0.0], [0.0, 0.0]]]), np.array([1.0, 1.0])).round(3).tolist()
        [[0.707, 0.0]]
    """
    # Divided by their largest value first: squares of very large or small numbers leave float32's range.
    peaks, peak = np.abs(cells).max(axis=-1, keepdims=True), np.abs(vector).max()
    scaled = np.divide(cells, peaks, out=np.zeros_like(cells), where=peaks > 0)
    target = vector / peak if peak > 0 else vector
    lengths = np.linalg.norm(scaled, axis=-1) * np.linalg.norm(target)
    similarity = np.zeros(lengths.shape, dtype=np.float32)
    np.divide(scaled @ target, lengths, out=similarity, where=lengths > 0)
    clipped: NDArray[np.float32] = np.clip(similarity, -1, 1)
    return clipped
