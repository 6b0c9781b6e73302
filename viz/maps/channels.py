"""A layer's channels: in which order, and what they have in common."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANKINGS = ("mean", "peak", "sparsity", "share")

COMPONENTS = 3
ROUNDING = 1e-10  # a component with less of the variance than this is rounding
SLICE = 8192  # rows in double precision at a time


def rank_channels(
    feature_map: NDArray[np.float32], how: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The order of a feature map's channels, the lower number first on a tie, and their scores.

    Args:
        feature_map: With its channels last, [h, w, C].
        how: "mean" of the cells, "peak" (the largest cell), "sparsity" (the share of cells that are not above
            zero; a channel without any response has the last place, not the first) or "share" (the
            channel's part of the mean map's sum, in the sum of absolute means: after the ReLU all add to 1).

    Returns:
        Channel numbers in their order, [C], and scores by channel number, [C].
    """
    if how not in RANKINGS:
        raise ValueError(f"unknown ranking {how!r}; expected one of {', '.join(RANKINGS)}")
    values = feature_map.reshape(-1, feature_map.shape[-1])
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
    """The first principal components of a layer's channel vectors."""

    scores: NDArray[np.float32]  # each cell's coordinates, [h, w, 3]
    explained: NDArray[np.float64]  # each one's share of the variance, [3]; zeros when all cells are alike


def find_components(feature_map: NDArray[np.float32]) -> Components:
    """Principal components of the cells of [h, w, C] (Pearson, 1901; https://doi.org/10.1080/14786440109462720).

    A component's sign is arbitrary. Here the channel that weighs most in it, the first on a tie, weighs
    positively, so that the picture is the same in every run.
    """
    from scipy.linalg import eigh  # takes a while to import

    height, width, channels = feature_map.shape
    values = feature_map.reshape(-1, channels)
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
    """Each of three components [h, w, 3] scaled to its own range of values, as red, green and blue.

    A component that is the same everywhere is 0.
    """
    low, high = scores.min(axis=(0, 1)), scores.max(axis=(0, 1))
    reach = np.where(high > low, high - low, 1)
    colors: NDArray[np.uint8] = np.rint((scores - low) / reach * 255).astype(np.uint8)
    return colors
