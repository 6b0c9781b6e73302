"""Where the cells of a map lie in the picture.

Drawing, hover, clicks, marks, boxes and what is erased all ask here.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from viz.networks.layers import Layer

Edges = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Cells:
    """A grid of cells over the picture: edges of the first cell, its width and height, in input pixels."""

    left: float
    top: float
    width: float
    height: float

    def find(self, x: float, y: float, shape: tuple[int, ...]) -> tuple[int, int]:
        """Row and column of a map's cell that holds a place, or of the one next to it, counted from 0."""
        row, column = int((y - self.top) // self.height), int((x - self.left) // self.width)
        return min(max(row, 0), shape[0] - 1), min(max(column, 0), shape[1] - 1)

    def outline(self, row: int, column: int) -> Edges:
        """The edges of a cell, in input pixels."""
        left, top = self.left + column * self.width, self.top + row * self.height
        return left, top, left + self.width, top + self.height

    def list_edges(
        self, shape: tuple[int, ...], height: int, width: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where rows [h + 1] and columns [w + 1] of a map begin and end, cut at the edge of the picture."""
        down = self.top + np.arange(shape[0] + 1) * self.height
        across = self.left + np.arange(shape[1] + 1) * self.width
        return np.clip(down, 0, height), np.clip(across, 0, width)

    def merge(self, down: float, across: float) -> "Cells":
        """The cells of a map that was averaged, so many of these cells making one, down and across."""
        return Cells(self.left, self.top, across * self.width, down * self.height)


def name_pixel(middle: float) -> int:
    """The number that stands for the middle of a cell or a pixel, rounded: 136 for 135.6 to 136.5.

    The middle of pixel 136 is 136.5. The hover of `viz.figures.pieces.place_cells` has the same number.
    """
    return ceil(middle - 0.5)


def read_at(
    heatmap: NDArray[np.float32], cells: Cells, places: Cells, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """The values of a map [h, w], which lie in `cells`, in the middle of each of the other grid's places."""
    down = places.top + (np.arange(shape[0]) + 0.5) * places.height
    across = places.left + (np.arange(shape[1]) + 0.5) * places.width
    rows = np.clip((down - cells.top) // cells.height, 0, heatmap.shape[0] - 1).astype(int)
    columns = np.clip((across - cells.left) // cells.width, 0, heatmap.shape[1] - 1).astype(int)
    there: NDArray[np.float32] = heatmap[rows[:, None], columns]
    return there


PIXELS = Cells(0, 0, 1, 1)  # of the picture itself


def lay_cells(layer: Layer, shape: tuple[int, ...], height: int, width: int) -> Cells:
    """The cells of a layer's map of this shape, over a picture of this height and width.

    In a plain chain each cell lies in the middle of its receptive field. Elsewhere the cells lie where they
    were found to answer when the network was loaded; where that is not known, they are spread evenly over the
    picture.
    """
    field, offset = layer.receptive_field, layer.offset
    if field is not None and offset is not None:
        start = offset + (field - layer.stride) / 2
        return Cells(start, start, layer.stride, layer.stride)
    if layer.corner is not None:
        return Cells(*layer.corner, layer.stride, layer.stride)
    return Cells(0, 0, width / shape[1], height / shape[0])
