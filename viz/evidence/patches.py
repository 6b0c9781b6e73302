"""The patches of pictures that excite a channel most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool2d

from viz.evidence.receptive_fields import receptive_field_box
from viz.maps.one_pass import run_pass
from viz.networks.layers import Layer
from viz.networks.network import Network
from viz.pictures.frame import Box

# Of each picture and channel the largest value in each of these blocks is a candidate.
BLOCKS = 7
CANDIDATES = 48  # a channel, of all pictures; enough to find nine that lie apart
PATCHES = 9
# Two patches of one picture are at least half a receptive field apart, within these limits, in pixels.
LEAST_GAP = 8
MOST_GAP = 32


@dataclass(frozen=True)
class Spots:
    """The places of several pictures where each channel of a layer responds most.

    Attributes:
        values: Largest first, float32 [C, n].
        pictures: Which picture, counted from 0, uint8 [C, n].
        rows: Of the cell, uint16 [C, n].
        columns: Of the cell, uint16 [C, n].
    """

    values: NDArray[np.float32]
    pictures: NDArray[np.uint8]
    rows: NDArray[np.uint16]
    columns: NDArray[np.uint16]

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return sum(part.nbytes for part in (self.values, self.pictures, self.rows, self.columns))


def find_spots(network: Network, batches: Iterable[Tensor]) -> dict[str, Spots]:
    """One pass a picture; of every channel of every layer the strongest places after the activation.

    Args:
        network: Left as it is.
        batches: Pictures, as `network.to_batch` gives them, each [1, 3, H, W].

    Returns:
        By layer name.
    """
    found: dict[str, list[list[NDArray[np.float32]]]] = {}
    with torch.inference_mode():
        for number, batch in enumerate(batches):

            def keep(layer: Layer, side: str, signal: Tensor, number: int = number) -> None:
                if side == "post":
                    found.setdefault(layer.name, []).append(_find_peaks(signal, number))

            run_pass(network, batch, keep)
    return {name: _merge(peaks) for name, peaks in found.items()}


def _find_peaks(signal: Tensor, picture: int) -> list[NDArray[np.float32]]:
    """Value, picture, row and column of the largest cell of each block, each [C, n]."""
    block = -(-max(signal.shape[2:]) // BLOCKS)
    values, places = max_pool2d(signal, block, ceil_mode=True, return_indices=True)
    flat = values[0].flatten(1).cpu().numpy()
    rows, columns = np.divmod(places[0].flatten(1).cpu().numpy(), signal.shape[3])
    return [flat, np.full_like(rows, picture), rows, columns]


def _merge(peaks: Sequence[Sequence[NDArray[np.float32]]]) -> Spots:
    values, pictures, rows, columns = (np.concatenate(parts, axis=1) for parts in zip(*peaks, strict=True))
    order = np.argsort(-values, axis=1, kind="stable")[:, :CANDIDATES]
    values, pictures, rows, columns = (
        np.take_along_axis(part, order, axis=1) for part in (values, pictures, rows, columns)
    )
    return Spots(values, pictures.astype(np.uint8), rows.astype(np.uint16), columns.astype(np.uint16))


@dataclass(frozen=True)
class Patch:
    """A cell's receptive field in one of several pictures.

    Attributes:
        picture: Which one, counted from 0.
        value: The cell's, after the activation.
        box: The field in that picture, cut at its edge.
    """

    picture: int
    value: float
    box: Box


def choose_patches(
    spots: Spots, layer: Layer, channel: int, sizes: Sequence[tuple[int, int]], count: int = PATCHES
) -> list[Patch]:
    """The patches that excite a channel most, no two of them nearly the same.

    Args:
        spots: Of this layer.
        layer: Which one; its receptive field is known.
        channel: Number of the channel, counted from 0.
        sizes: Height and width of each picture, in input pixels.
        count: How many at most.

    Returns:
        The strongest first; fewer than `count` when the channel responds in fewer places.
    """
    field = layer.receptive_field or 0
    gap = min(max(field / 2, LEAST_GAP), MOST_GAP) / layer.stride
    chosen: list[tuple[int, int, int]] = []
    patches: list[Patch] = []
    for value, picture, row, column in zip(
        spots.values[channel].tolist(),
        spots.pictures[channel].tolist(),
        spots.rows[channel].tolist(),
        spots.columns[channel].tolist(),
        strict=True,
    ):
        near = any(
            picture == other and max(abs(row - there), abs(column - here)) < gap
            for other, there, here in chosen
        )
        if value > 0 and not near and len(patches) < count:
            chosen.append((picture, row, column))
            box = receptive_field_box(layer, row, column, *sizes[picture])
            patches.append(Patch(picture, value, box))
    return patches
