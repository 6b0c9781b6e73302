"""The channels of the picture in view, and what the page says while they are made."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from views.picture import Picture
from views.status import Status
from views.texts import Translate
from views.work import KEPT_BYTES, keep_cells, load_network
from viz.images import to_batch

if TYPE_CHECKING:
    from torch import Tensor


class Cells:
    """The feature maps of one picture: those that were kept, and the others as they are asked for."""

    def __init__(
        self, picture: Picture, status: Status, translate: Translate, limit: int = KEPT_BYTES
    ) -> None:
        self._picture = picture
        key, text = picture.key, translate("page.computing")
        with status.computing((key, limit), key.weights, text):
            self._kept = keep_cells(key, limit, picture.pixels)

    def read(self, layer: str) -> NDArray[np.float32]:
        """A layer's values on the visitor's side of the ReLU, [h, w, C]."""
        side = st.session_state["side"]
        if layer in self._kept:
            return self._kept.read(layer, side)
        from viz.features import compute_features

        network = load_network(self._picture.key.weights)
        return compute_features(network, self._make_batch(), layer, side)

    def read_vector(self, layer: str, row: int, column: int) -> NDArray[np.float32]:
        """One cell's channels on the visitor's side of the ReLU, [C]."""
        side = st.session_state["side"]
        if layer in self._kept:
            return self._kept.read_vector(layer, row, column, side)
        from viz.probe import compute_vector

        network = load_network(self._picture.key.weights)
        return compute_vector(network, self._make_batch(), layer, row, column, side)

    def _make_batch(self) -> "Tensor":
        return to_batch(Image.fromarray(self._picture.pixels), self._picture.key.weights)
