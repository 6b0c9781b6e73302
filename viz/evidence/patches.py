"""The patches of pictures that excite a channel most."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

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
    """Where in one picture each channel of a layer responds most, the strongest first, [C, n] each."""

    values: NDArray[np.float32]
    rows: NDArray[np.uint16]
    columns: NDArray[np.uint16]


@dataclass(frozen=True)
class Patch:
    """A cell's receptive field in one of several pictures."""

    picture: int  # which one, counted from 0
    value: float  # the cell's, after the activation
    box: Box  # the field, cut at the picture's edge


def find_gap(layer: Layer) -> int:
    """How many cells lie at least between a layer's places, so that their patches are not nearly the same."""
    pixels = min(max((layer.receptive_field or 0) / 2, LEAST_GAP), MOST_GAP)
    return ceil(pixels / layer.stride)


def find_peaks(feature_map: NDArray[np.float32], gap: int, count: int = PATCHES) -> TopActivations:
    """Each channel's highest cells that lie apart: again and again the highest of those that are left.

    A cell that is found takes all cells with it that are nearer than `gap` along both axes. Cells that are
    not finite do not count, and a value of 0 stands where no positive cell is left.

    Args:
        feature_map: [C, h, w]; left as it is.
    """
    left = np.where(np.isfinite(feature_map), feature_map, 0)
    channels, _, width = left.shape
    found: list[tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]] = []
    for _ in range(count):
        places = left.reshape(channels, -1).argmax(axis=1)
        rows, columns = np.divmod(places, width)
        found.append((left[np.arange(channels), rows, columns].clip(0), rows, columns))
        for cells, row, column in zip(left, rows.tolist(), columns.tolist(), strict=True):
            cells[max(row - gap + 1, 0) : row + gap, max(column - gap + 1, 0) : column + gap] = 0
    values, down, across = (np.stack(parts, axis=1) for parts in zip(*found, strict=True))
    return TopActivations(values, down.astype(np.uint16), across.astype(np.uint16))


def choose_patches(
    tops: Sequence[TopActivations],
    layer: Layer,
    channel: int,
    sizes: Sequence[tuple[int, int]],
    count: int = PATCHES,
) -> list[Patch]:
    """The patches of several pictures that excite a channel of a layer most, the strongest first.

    The layer's receptive field is known; `sizes` are height and width of each picture. They are fewer than
    `count` where the channel responds in fewer places.
    """
    places = [
        (value, picture, row, column)
        for picture, top in enumerate(tops)
        for value, row, column in zip(
            *(part[channel].tolist() for part in (top.values, top.rows, top.columns)), strict=True
        )
        if value > 0
    ]
    places.sort(key=lambda place: -place[0])
    return [
        Patch(picture, value, receptive_field_box(layer, row, column, *sizes[picture]))
        for value, picture, row, column in places[:count]
    ]
