"""The channels of the picture in view: those that were kept, and the others as they are asked for."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.cache import KEPT_BYTES, compute_feature_map, compute_vector, keep_feature_maps
from page.networks import find_layer, name_network
from page.picture import Picture
from page.status import Status
from page.texts import translate


class ChannelValues:
    """Of one picture and the visitor's network, on the visitor's side of the activation."""

    def __init__(self, picture: Picture, status: Status, limit: int = KEPT_BYTES) -> None:
        """Run the pass if nobody has, under a line that says what is going on."""
        self._pixels = picture.pixels
        self._side = st.session_state["side"]
        self._network = st.session_state["network"]
        key = (picture.key, self._network, limit)
        with status.computing(key, self._network, translate("page.computing", network=name_network())):
            self._kept = keep_feature_maps(*key, picture.pixels)

    def read(self, layer: str) -> NDArray[np.float32]:
        """A layer's values, [h, w, C]."""
        side = find_layer(layer).pick_side(self._side)
        if (layer, side) in self._kept:
            return self._kept.read(layer, side)
        return compute_feature_map(self._network, layer, side, self._pixels)

    def read_vector(self, layer: str, cell: tuple[int, int]) -> NDArray[np.float32]:
        """The channels of a cell (row, column), [C]."""
        side = find_layer(layer).pick_side(self._side)
        if (layer, side) in self._kept:
            return self._kept.read_vector(layer, *cell, side)
        return compute_vector(self._network, layer, cell, side, self._pixels)
