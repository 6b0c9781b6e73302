"""The patches of pictures that excite a channel most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viz.evidence.receptive_fields import receptive_field_box
from viz.networks.layers import Layer
from viz.pictures.frame import Box

PATCHES = 9
# Two patches of one picture are at least half a receptive field apart, within these limits, in pixels.
LEAST_GAP = 8
MOST_GAP = 32


@dataclass(frozen=True)
class TopActivations:
    """Where in several pictures each channel of one layer responds most, the strongest first, [C, n] each."""

    values: NDArray[np.float32]
    pictures: NDArray[np.uint8]
    rows: NDArray[np.uint16]
    columns: NDArray[np.uint16]


@dataclass(frozen=True)
class Patch:
    """A cell's receptive field in one of several pictures."""

    picture: int  # which one, counted from 0
    value: float  # the cell's, after the activation
    box: Box  # the field, cut at the picture's edge


def choose_patches(
    top: TopActivations, layer: Layer, channel: int, sizes: Sequence[tuple[int, int]], count: int = PATCHES
) -> list[Patch]:
    """The patches that excite a channel of a layer most, the strongest first, no two of them nearly the same.

    The layer's receptive field is known; `sizes` are height and width of each picture. They are fewer than
    `count` where the channel responds in fewer places.
    """
    field = layer.receptive_field or 0
    gap = min(max(field / 2, LEAST_GAP), MOST_GAP) / layer.stride
    chosen: list[tuple[int, int, int]] = []
    patches: list[Patch] = []
    places = (part[channel].tolist() for part in (top.values, top.pictures, top.rows, top.columns))
    for value, picture, row, column in zip(*places, strict=True):
        near = any(
            picture == other and max(abs(row - there), abs(column - here)) < gap
            for other, there, here in chosen
        )
        if 0 < value < np.inf and not near and len(patches) < count:
            chosen.append((picture, row, column))
            patches.append(Patch(picture, value, receptive_field_box(layer, row, column, *sizes[picture])))
    return patches
