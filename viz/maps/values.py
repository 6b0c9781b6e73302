"""What the values of a map say by themselves."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

LONGEST_VALUE = 1e6  # that is written without an exponent


def normalize(heatmap: ArrayLike) -> NDArray[np.float32]:
    """Min-max scale one map to 0..1, as the homework does, with a guard for a constant map.

    Args:
        heatmap: Finite values, [h, w].

    Returns:
        float32 [h, w]; 0 at the minimum and 1 at the maximum, all zeros for a constant map.

    Raises:
        ValueError: A value is not finite.

    Example:
        >>> normalize([[2.0, 4.0], [3.0, 2.0]]).tolist()
        [[0.0, 1.0], [0.5, 0.0]]
    """
    values = np.asarray(heatmap, dtype=np.float64)  # max - min can overflow float32
    if not np.isfinite(values).all():
        raise ValueError("expected a map of finite values, got NaN or infinity")
    low, high = values.min(), values.max()
    if high == low:
        return np.zeros(values.shape, dtype=np.float32)
    scaled: NDArray[np.float32] = ((values - low) / (high - low)).astype(np.float32)
    return scaled


def rank_in_map(heatmap: NDArray[np.float32], row: int, column: int) -> float:
    """The percentile of a cell's value in its map, 0..100; of equal values half count as smaller."""
    value = heatmap[row, column]
    return float(50 * (np.mean(heatmap < value) + np.mean(heatmap <= value)))


def list_strongest(vector: NDArray[np.float32], count: int = 5) -> list[tuple[int, float]]:
    """The channels of a cell [C] with the highest values, and these; the lower number first on a tie."""
    order = np.argsort(-vector, kind="stable")[:count]
    return [(int(channel), float(vector[channel])) for channel in order]


def cosine_similarity(feature_map: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine similarity of a channel vector [C] with that of every cell of [h, w, C], -1..1.

    0 where either vector is zero, for which no angle is defined.
    """
    # Divided by their largest value first: squares of very large or small numbers leave float32's range.
    peaks, peak = np.abs(feature_map).max(axis=-1, keepdims=True), np.abs(vector).max()
    scaled = np.divide(feature_map, peaks, out=np.zeros_like(feature_map), where=peaks > 0)
    target = vector / peak if peak > 0 else vector
    lengths = np.linalg.norm(scaled, axis=-1) * np.linalg.norm(target)
    similarity = np.zeros(lengths.shape, dtype=np.float32)
    np.divide(scaled @ target, lengths, out=similarity, where=lengths > 0)
    return np.clip(similarity, -1, 1)


def find_half(values: ArrayLike) -> float:
    """The smallest share of some values that holds half of their sum, 0..1.

    None of the values is negative, and their sum is not zero.
    """
    ascending = np.sort(np.asarray(values, dtype=np.float64), axis=None)
    reached = np.cumsum(ascending[::-1])
    # In even maps rounding must not add a cell.
    half = reached[-1] / 2 * (1 - 1e-12)
    return float(np.searchsorted(reached, half) + 1) / ascending.size


def format_value(value: float) -> str:
    """Three significant digits, as on the colour bars; an exponent only where there is no room without."""
    text = f"{value:.3g}"
    if "e+" in text and abs(value) < LONGEST_VALUE:
        text = f"{float(text):.0f}"
    return text.replace("-", "\u2212")
