"""The channels of a picture: those that were kept, and the others as they are asked for."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import numpy as np
from numpy.typing import NDArray

from page.subject.picture import Picture
from page.subject.subject import Subject
from page.work.bounds import KEPT_BYTES
from page.work.models import Model
from page.work.pictures import Framed
from page.work.results import compute_feature_map, compute_vector, keep_feature_maps

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class ChannelValues:
    """Of one picture and the chosen network, on the chosen side of the activation."""

    def __init__(self, subject: Subject, picture: Picture, limit: int = KEPT_BYTES) -> None:
        """Run the pass if nobody has, under a line that says what is going on."""
        self._network, self._side, self._status = subject.network, subject.choice.side, subject.status
        self._framed, self._model = picture.framed, subject.network.model
        self._text = subject.words("page.computing", network=subject.network.title)
        self._kept = self._compute(keep_feature_maps, limit)

    def read(self, layer: str) -> NDArray[np.float32]:
        """A layer's values, [h, w, C]."""
        side = self._network.find(layer).pick_side(self._side)
        if (layer, side) in self._kept:
            return self._kept.read(layer, side)
        return self._compute(compute_feature_map, layer, side)

    def read_vector(self, layer: str, cell: tuple[int, int]) -> NDArray[np.float32]:
        """The channels of a cell (row, column), [C]."""
        side = self._network.find(layer).pick_side(self._side)
        if (layer, side) in self._kept:
            return self._kept.read_vector(layer, *cell, side)
        return self._compute(compute_vector, layer, cell, side)

    def _compute(
        self, function: Callable[[Framed, Model, *Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """What a function of `page.work.results` gives for the picture and the network."""
        seen = self._framed, self._model
        return self._status.compute(self._text, self._model, function, *seen, *arguments)
