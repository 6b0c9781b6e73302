"""A layer's channels: in which order, in which pictures, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viz.layers import get_layer
from viz.probe import PixelBox, receptive_field_box

if TYPE_CHECKING:
    from torch import Tensor, nn

RANKINGS = ("mean", "peak", "sparsity", "share")

COMPONENTS = 3
ROUNDING = 1e-10  # a component with less of the variance than this is rounding
SLICE = 8192  # rows in double precision at a time

# Of each bundled photograph and channel the largest value in each of these blocks is a candidate.
BLOCKS = 7
CANDIDATES = 48  # a channel, of all photographs; enough to find nine that lie apart
PATCHES = 9
# Two patches of one photograph are at least half a receptive field apart, within these limits, in pixels.
LEAST_GAP = 8
MOST_GAP = 32


def rank_channels(cells: NDArray[np.float32], how: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order a layer's channels.

    Args:
        cells: A feature map with its channels last, [h, w, C].
        how: "mean" of the cells, "peak" (the largest cell), "sparsity" (the share of cells that are not above
            zero; a channel without any response has the last place, not the first) or "share" (the
            channel's part of the mean map's sum, in the sum of absolute means: after the ReLU all add to 1).

    Returns:
        Channel numbers, first the first, the lower number first on a tie, [C]; and each channel's score by
        channel number, [C].

    Raises:
        ValueError: `how` is unknown; the message lists the valid ones.
    """
    if how not in RANKINGS:
        raise ValueError(f"unknown ranking {how!r}; expected one of {', '.join(RANKINGS)}")
    values = cells.reshape(-1, cells.shape[-1])
    if how == "peak":
        scores = values.max(axis=0).astype(np.float64)
    elif how == "sparsity":
        scores = np.mean(values <= 0, axis=0)
    else:
        scores = values.mean(axis=0, dtype=np.float64)
        total = np.abs(scores).sum()
        if how == "share" and total > 0:
            scores = scores / total
    keys = np.where(scores == 1, -1.0, scores) if how == "sparsity" else scores
    return np.argsort(-keys, kind="stable"), scores


@dataclass(frozen=True)
class Components:
    """The first principal components of a layer's channel vectors.

    Attributes:
        scores: Each cell's coordinates, float32 [h, w, 3].
        explained: Each component's share of the variance over the cells, float64 [3]; zeros when all cells
            are alike.
    """

    scores: NDArray[np.float32]
    explained: NDArray[np.float64]


def find_components(cells: NDArray[np.float32]) -> Components:
    """Principal component analysis over a map's cells (Pearson, 1901; https://doi.org/10.1080/14786440109462720).

    A component's sign is arbitrary. Here the channel that weighs most in it, the first on a tie, weighs
    positively, so that the picture is the same in every run.

    Args:
        cells: A feature map with its channels last, [h, w, C], C >= 3.
    """
    from scipy.linalg import eigh  # only now: the page's start need not wait for it

    height, width, channels = cells.shape
    values = cells.reshape(-1, channels)
    values = values - values.mean(axis=0, dtype=np.float64).astype(np.float32)
    # The smaller of the two products has all the components there are.
    few = len(values) < channels
    product = _multiply(values.T) if few else _multiply(values)
    count = min(COMPONENTS, len(product))
    powers, vectors = eigh(product, subset_by_index=(len(product) - count, len(product) - 1))
    powers, vectors = powers[::-1], vectors[:, ::-1]
    total = float(np.trace(product))
    powers = np.where(powers > ROUNDING * total, powers, 0.0)
    loadings = values.T @ vectors if few else vectors
    heaviest = loadings[np.abs(loadings).argmax(axis=0), np.arange(count)]
    signs = np.where(heaviest < 0, -1.0, 1.0) * (powers > 0)
    scores = np.zeros((len(values), COMPONENTS), dtype=np.float32)
    scores[:, :count] = (vectors * np.sqrt(powers) if few else values @ vectors.astype(np.float32)) * signs
    explained = np.zeros(COMPONENTS)
    if total > 0:
        explained[:count] = powers / total
    return Components(scores.reshape(height, width, COMPONENTS), explained)


def _multiply(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Products of the columns, summed in double precision, a slice of the rows at a time."""
    product = np.zeros((values.shape[1], values.shape[1]))
    for start in range(0, len(values), SLICE):
        part = values[start : start + SLICE].astype(np.float64)
        product += part.T @ part
    return product


def color_components(scores: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Each component scaled to its own smallest and largest value, as red, green and blue.

    Args:
        scores: [h, w, 3].

    Returns:
        uint8 [h, w, 3]; a component that is the same everywhere is 0.
    """
    low, high = scores.min(axis=(0, 1)), scores.max(axis=(0, 1))
    reach = np.where(high > low, high - low, 1)
    colors: NDArray[np.uint8] = np.rint((scores - low) / reach * 255).astype(np.uint8)
    return colors


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


def find_spots(features: nn.Sequential, batches: Iterable[Tensor]) -> dict[str, Spots]:
    """One pass a picture; of every channel of every layer the strongest places after the ReLU.

    Args:
        features: As for `viz.extractor.extract_heatmaps`; left as it is.
        batches: Pictures, normalised for these weights, each [1, 3, H, W].

    Returns:
        By layer name.
    """
    import torch

    from viz.extractor import walk_layers

    found: dict[str, list[list[NDArray[np.float32]]]] = {}
    with torch.inference_mode():
        for number, batch in enumerate(batches):
            for name, side, signal in walk_layers(features, batch):
                if side == "post":
                    found.setdefault(name, []).append(_find_peaks(signal, number))
    return {name: _merge(peaks) for name, peaks in found.items()}


def _find_peaks(signal: Tensor, picture: int) -> list[NDArray[np.float32]]:
    """Value, picture, row and column of the largest cell of each block, each [C, n]."""
    from torch.nn.functional import max_pool2d

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
        value: The cell's, after the ReLU.
        box: The field's edges in that picture, as `viz.probe.receptive_field_box` gives them.
    """

    picture: int
    value: float
    box: PixelBox


def choose_patches(
    spots: Spots, layer: str, channel: int, sizes: Sequence[tuple[int, int]], count: int = PATCHES
) -> list[Patch]:
    """The patches that excite a channel most, no two of them nearly the same.

    Args:
        spots: Of this layer.
        layer: Its name.
        channel: Number of the channel, counted from 0.
        sizes: Height and width of each picture, in input pixels.
        count: How many at most.

    Returns:
        The strongest first; fewer than `count` when the channel responds in fewer places.
    """
    geometry = get_layer(layer)
    gap = min(max(geometry.receptive_field / 2, LEAST_GAP), MOST_GAP) / geometry.stride
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
