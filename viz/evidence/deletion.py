"""The deletion test: does a network use what a map lights?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viz.evidence.predict import compute_probabilities
from viz.maps.cells import Cells
from viz.networks.network import Network

# Down and across, as shares of the picture's height and width: all combinations of thirds. The first leaves
# the mask where it is.
SHIFTS = tuple((down / 3, across / 3) for down in range(3) for across in range(3))

# Shares of the picture that are deleted for a curve, which is the deletion of https://arxiv.org/abs/1806.07421,
# with a blur in place of a grey area, which would be a thing of its own in the picture.
CURVE = tuple(step / 10 for step in range(11))

# Standard deviation of the blur, in pixels, at an input of 224. Fong and Vedaldi
# (https://arxiv.org/abs/1704.03296) take the same.
SIGMA = 10.0
USUAL_SIDE = 224

# By which equal pixels of a map are ordered: in reading order they would be a strip at the top.
TIES_SEED = 0


class Deletion(NamedTuple):
    """One picture of a deletion test."""

    name: str | None  # of the map; None where the share is 0 or 1, since it does not matter then
    share: float  # of the picture's pixels, the brightest in the map, that are deleted, 0..1
    shift: int = 0  # place in `SHIFTS`


@dataclass(frozen=True)
class Effect:
    """What deleting the brightest part of one map does to a class's probability, 0..1.

    If it falls, and falls more than where the same mask lies elsewhere, the network uses what was there.
    """

    before: float  # of the whole picture
    after: float  # with the brightest part deleted
    shifted: tuple[float, ...]  # with the same mask in each of the other places
    curve: tuple[float, ...]  # at each of `CURVE`

    @property
    def area(self) -> float:
        """Under the curve, 0..1, by trapezoids. The smaller, the sooner the probability falls."""
        return float(np.trapezoid(self.curve, CURVE))


def blur_picture(pixels: NDArray[np.uint8], sigma: float | None = None) -> NDArray[np.uint8]:
    """A picture [H, W, 3], blurred by a Gaussian, colour by colour; beyond its edge its last pixels go on.

    Without a standard deviation in pixels it is `SIGMA`, in proportion to the shorter side.
    """
    from scipy import ndimage  # takes a while to import

    sigma = SIGMA * min(pixels.shape[:2]) / USUAL_SIDE if sigma is None else sigma
    blurred = ndimage.gaussian_filter(pixels.astype(np.float32), (sigma, sigma, 0), mode="nearest")
    rounded: NDArray[np.uint8] = np.clip(np.rint(blurred), 0, 255).astype(np.uint8)
    return rounded


def spread_over_picture(heatmap: NDArray[Any], cells: Cells, height: int, width: int) -> NDArray[np.float64]:
    """A map's value at the middle of each pixel of the picture, [h, w] -> [height, width].

    Between the middles of the cells the values go over linearly, along both axes. Beyond the outermost
    middles the outermost values go on.
    """
    from scipy import ndimage

    values = np.asarray(heatmap, dtype=np.float64)
    rows = (np.arange(height) + 0.5 - cells.top) / cells.height - 0.5
    columns = (np.arange(width) + 0.5 - cells.left) / cells.width - 0.5
    places = np.meshgrid(rows, columns, indexing="ij")
    spread: NDArray[np.float64] = ndimage.map_coordinates(values, places, order=1, mode="nearest")
    return spread


def mask_brightest(values: NDArray[Any], share: float) -> NDArray[np.bool_]:
    """A mask [H, W] of the brightest pixels of a map that is spread over the picture, round(share * H * W).

    Among equal ones, such as those where a map has been cut at zero, an order decides that is random but
    always the same.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"expected a share from 0 to 1, got {share}")
    mask = np.zeros(values.size, dtype=bool)
    ties = np.random.default_rng(TIES_SEED).permutation(values.size)
    mask[np.lexsort((ties, -values.ravel()))[: round(share * values.size)]] = True
    return mask.reshape(values.shape)


def measure_lit(values: NDArray[Any]) -> float:
    """How much of a map lies above its lowest value, 0..1: a larger part of it cannot be its brightest."""
    return float((values > values.min()).mean())


def shift_mask(mask: NDArray[np.bool_], shift: int) -> NDArray[np.bool_]:
    """Move a mask [H, W] by one of `SHIFTS`, in whole pixels; what leaves at one edge enters at the other."""
    down, across = SHIFTS[shift]
    return np.roll(mask, (round(down * mask.shape[0]), round(across * mask.shape[1])), axis=(0, 1))


def list_deletions(name: str, share: float) -> list[Deletion]:
    """The pictures that the deletion test of a map needs, each of which takes a pass; none of them twice.

    The share is deleted in all places. First stand the two pictures that are the same for every map.
    """
    places = [_name_deletion(name, share, shift) for shift in range(len(SHIFTS))]
    steps = [_name_deletion(name, step) for step in CURVE]
    return list(dict.fromkeys([Deletion(None, 0.0), Deletion(None, 1.0), *places, *steps]))


def _name_deletion(name: str, share: float, shift: int = 0) -> Deletion:
    return Deletion(None, share) if share in (0, 1) else Deletion(name, share, shift)


def run_deletions(
    network: Network,
    pixels: NDArray[np.uint8],
    class_index: int,
    values: NDArray[Any],
    deletions: Iterable[Deletion],
) -> Iterator[tuple[Deletion, float]]:
    """Make the passes of a map's deletion test one by one, so that whoever waits can be told, and can stop.

    Yields each deletion and the class's probability with it, 0..1, for the picture as the network sees it and
    the map as it is spread over the picture, [H, W].
    """
    blurred = blur_picture(pixels)
    for deletion in deletions:
        batch = network.to_batch(Image.fromarray(delete_cells(pixels, blurred, values, deletion)))
        yield deletion, float(compute_probabilities(network, batch)[class_index])


def delete_cells(
    pixels: NDArray[np.uint8], blurred: NDArray[np.uint8], values: NDArray[Any], deletion: Deletion
) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with one deletion by a map [H, W]: blurred in its mask, elsewhere itself."""
    if deletion.name is None:
        return blurred if deletion.share else pixels
    mask = shift_mask(mask_brightest(values, deletion.share), deletion.shift)
    return np.where(mask[..., None], blurred, pixels)


def summarize(name: str, share: float, probabilities: Mapping[Deletion, float]) -> Effect:
    """Put the passes of one map together: probabilities of all that `list_deletions` names for it."""
    places = [probabilities[_name_deletion(name, share, shift)] for shift in range(len(SHIFTS))]
    return Effect(
        before=probabilities[Deletion(None, 0.0)],
        after=places[0],
        shifted=tuple(places[1:]),
        curve=tuple(probabilities[_name_deletion(name, step)] for step in CURVE),
    )
