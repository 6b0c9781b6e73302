"""Which pixels a cell of a map covers, and which it can see."""

from viz.networks.layers import Layer
from viz.pictures.frame import Box


def find_cell(layer: Layer, x: float, y: float, height: int, width: int) -> tuple[int, int]:
    """The cell of a layer's map that covers a point of the picture.

    Pooling leaves out the last pixels of a side that it cannot halve; they belong to the last cell.

    Args:
        layer: Of any network.
        x: Input pixels from the left edge.
        y: Input pixels from the upper edge.
        height: Of the picture, in input pixels.
        width: Of the picture, in input pixels.

    Returns:
        Row and column, counted from 0.

    Raises:
        ValueError: The point is outside the picture.
    """
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"expected a point within {width} x {height} pixels, got x {x}, y {y}")
    rows, columns = layer.map_size(height, width)
    return min(int(y) // layer.stride, rows - 1), min(int(x) // layer.stride, columns - 1)


def cell_box(layer: Layer, row: int, column: int) -> Box:
    """The input pixels that a cell covers."""
    stride = layer.stride
    return column * stride, row * stride, (column + 1) * stride, (row + 1) * stride


def receptive_field_box(layer: Layer, row: int, column: int, height: int, width: int) -> Box:
    """The input pixels that can influence a cell: its theoretical receptive field, cut at the edge.

    It follows from kernels, strides and paddings alone (https://distill.pub/2019/computing-receptive-fields).

    Args:
        layer: One whose receptive field is known.
        row: Of the cell, counted from 0.
        column: Of the cell, counted from 0.
        height: Of the picture, in input pixels.
        width: Of the picture, in input pixels.

    Returns:
        Left, top, right and bottom edge in input pixels (x0, y0, x1, y1); the right and the bottom one are
        not part of it.

    Raises:
        ValueError: The layer's receptive field is not known, or its map has no such cell.

    Example:
        >>> receptive_field_box(network.find_layer("conv2_1"), 10, 0, 224, 224)
        (0, 16, 6, 26)
    """
    if layer.receptive_field is None or layer.offset is None:
        raise ValueError(f"the receptive field of {layer.name} is not known")
    rows, columns = layer.map_size(height, width)
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(
            f"expected a cell of {rows} x {columns} in {layer.name}, got row {row}, column {column}"
        )
    left, top = layer.offset + column * layer.stride, layer.offset + row * layer.stride
    right, bottom = left + layer.receptive_field, top + layer.receptive_field
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)
