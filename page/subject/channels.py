"""The channels of a picture: those that were kept, and the others as they are asked for."""

import numpy as np
from numpy.typing import NDArray

from page.subject.picture import Picture
from page.subject.subject import Subject
from page.work.bounds import KEPT_BYTES
from page.work.results import compute_feature_map, compute_vector, keep_feature_maps


class ChannelValues:
    """Of one picture and the chosen network, on the chosen side of the activation."""

    def __init__(self, subject: Subject, picture: Picture, limit: int = KEPT_BYTES) -> None:
        """Run the pass if nobody has, under a line that says what is going on."""
        self._network, self._side = subject.network, subject.choice.side
        self._framed, self._model = picture.framed, subject.network.model
        text = subject.words("page.computing", network=subject.network.title)
        with subject.status.computing((picture.key, self._model, limit), self._model, text):
            self._kept = keep_feature_maps(self._framed, self._model, limit)

    def read(self, layer: str) -> NDArray[np.float32]:
        """A layer's values, [h, w, C]."""
        side = self._network.find(layer).pick_side(self._side)
        if (layer, side) in self._kept:
            return self._kept.read(layer, side)
        return compute_feature_map(self._framed, self._model, layer, side)

    def read_vector(self, layer: str, cell: tuple[int, int]) -> NDArray[np.float32]:
        """The channels of a cell (row, column), [C]."""
        side = self._network.find(layer).pick_side(self._side)
        if (layer, side) in self._kept:
            return self._kept.read_vector(layer, *cell, side)
        return compute_vector(self._framed, self._model, layer, cell, side)
