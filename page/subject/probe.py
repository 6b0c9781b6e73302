"""A place of the picture: the cell of each layer there, what it sees, and what in fact moves it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from page.subject.subject import Subject
from page.work.results import Cell, compute_field
from viz.evidence.receptive_fields import receptive_field_box
from viz.figures.pieces import Mark, Saliency
from viz.maps.cells import lay_cells, name_pixel
from viz.maps.heatmaps import Heatmaps
from viz.maps.values import find_half
from viz.networks.layers import Layer


@dataclass(frozen=True)
class Probe:
    """A place of the picture, and what one wants to know of it.

    Attributes:
        subject: The picture and how its maps are wanted; the layer of its choice is the chosen one.
        heatmaps: Of the picture.
        layers: Those that are shown.
        point: The place (x, y), in input pixels.
    """

    subject: Subject
    heatmaps: Heatmaps
    layers: list[Layer]
    point: tuple[int, int]

    @property
    def chosen(self) -> Layer:
        """The chosen layer."""
        return self.subject.network.find(self.subject.choice.layer)

    def read_map(self, layer: Layer) -> NDArray[np.float32]:
        """A layer's map, as it is wanted."""
        choice = self.subject.choice
        return self.heatmaps[layer.name, layer.pick_side(choice.side), choice.aggregation]

    def find_cell(self, layer: Layer) -> tuple[int, int]:
        """Row and column of a layer's cell at the place."""
        shape = self.read_map(layer).shape
        return lay_cells(layer, shape, *self.subject.picture.size).find(*self.point, shape)

    def mark(self, layer: Layer) -> Mark:
        """A layer's cell at the place and, where that is known, what it sees."""
        cell, size = self.find_cell(layer), self.subject.picture.size
        field = receptive_field_box(layer, *cell, *size) if layer.receptive_field is not None else None
        return Mark(lay_cells(layer, self.read_map(layer).shape, *size).outline(*cell), field)

    def find_saliency(self) -> Saliency:
        """The chosen layer's effective receptive field, within the theoretical one."""
        subject, layer = self.subject, self.chosen
        side, aggregation = layer.pick_side(subject.choice.side), subject.choice.aggregation
        channel = self.heatmaps.strongest_channel(layer.name, side) if aggregation == "strongest" else 0
        cell = Cell(layer.name, side, self.find_cell(layer), aggregation, channel)
        framed, model = subject.picture.framed, subject.network.model
        text = subject.words("probe.computing_field")
        field = subject.status.compute(text, model, compute_field, framed, model, cell)
        height, width = framed.size
        left, top, right, bottom = self.mark(layer).field or (0, 0, width, height)
        hover = subject.words("probe.field_hover", name=layer.name)
        return Saliency(field[top:bottom, left:right], left, top, hover)

    def describe(self, saliency: Saliency) -> str:
        """How far the gradient in fact spreads, in a sentence."""
        layer, words = self.chosen, self.subject.words
        if not saliency.values.any():
            return words("probe.field_none", name=layer.name)
        key = "probe.field_half_picture" if layer.receptive_field is None else "probe.field_half"
        return words(key, name=layer.name, share=f"{find_half(saliency.values):.0%}")


def find_strongest(subject: Subject, layer: Layer, heatmaps: Heatmaps) -> tuple[int, int]:
    """The middle (x, y) of the strongest cell of a layer's map, in input pixels."""
    height, width = subject.picture.size
    heatmap = heatmaps[layer.name, layer.pick_side(subject.choice.side), subject.choice.aggregation]
    row, column = divmod(int(np.argmax(heatmap)), heatmap.shape[1])
    left, top, right, bottom = lay_cells(layer, heatmap.shape, height, width).outline(row, column)
    x, y = name_pixel((left + right) / 2), name_pixel((top + bottom) / 2)
    return min(max(x, 0), width - 1), min(max(y, 0), height - 1)
