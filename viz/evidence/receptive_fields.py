"""Which pixels a cell of a map can see."""

from viz.networks.layers import Layer
from viz.pictures.frame import Box


def receptive_field_box(layer: Layer, row: int, column: int, height: int, width: int) -> Box:
    """The input pixels that can influence a cell: its theoretical receptive field, cut at the edge.

    It follows from kernels, strides and paddings alone (https://distill.pub/2019/computing-receptive-fields).
    Within it a dilated layer's cell does not see all: `Layer.has_gaps`.

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
    size = layer.map_size(height, width)
    if layer.receptive_field is None or layer.offset is None or size is None:
        raise ValueError(f"the receptive field of {layer.name} is not known")
    rows, columns = size
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(
            f"expected a cell of {rows} x {columns} in {layer.name}, got row {row}, column {column}"
        )
    left, top = layer.offset + column * layer.stride, layer.offset + row * layer.stride
    right, bottom = left + layer.receptive_field, top + layer.receptive_field
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)
