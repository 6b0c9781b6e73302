"""The deletion test: what a class's probability loses where a map's brightest part is deleted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viz.evidence.predict import compute_probabilities
from viz.maps.cells import Cells
from viz.networks.network import Network

# To how many other places of the picture a mask is moved, by chance but always the same. As many networks
# are the control of the page's claims.
PLACES = 19
PLACES_SEED = 0
# What such a place may share with the mask where there is room, as a share of the mask; and the share of all
# places that are drawn from where there is not: the least overlapping ones alone would be next to each other.
MOST_OVERLAP = 0.25
LEAST_DRAWN = 0.1

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

    name: str | None  # of the map; None where a disc in the middle is deleted, all, or nothing
    share: float  # of the picture's pixels that are deleted, 0..1
    place: int = (
        0  # of the map's brightest pixels: 0 where they are, from 1 on where `choose_places` moves them
    )


class Outcome(NamedTuple):
    """What came of one deletion."""

    probability: float  # of the class, 0..1
    overlap: float = 0.0  # of a moved mask with the mask where it was, as a share of the mask


@dataclass(frozen=True)
class Effect:
    """What deleting the brightest part of one map does to a class's probability, 0..1."""

    before: float  # of the whole picture
    after: float  # with the brightest part deleted
    elsewhere: tuple[float, ...]  # with the same mask in each of the other places
    disc: float  # with a disc of the same area deleted in the middle, which knows nothing of the map
    overlap: float  # the largest of a place with the mask, as a share of the mask
    curve: tuple[float, ...]  # at each of `CURVE`

    @property
    def area(self) -> float:
        """Under the curve, 0..1, by trapezoids. The smaller, the sooner the probability falls."""
        return float(np.trapezoid(self.curve, CURVE))

    @property
    def beaten(self) -> int:
        """How many of the other places lower the probability less; none where it does not fall."""
        return sum(self.after < min(other, self.before) for other in self.elsewhere)

    @property
    def beats_disc(self) -> bool:
        """Whether the disc lowers the probability less, and it falls."""
        return self.after < min(self.disc, self.before)


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
    return _mask_first(_rank(values), share)


def mask_disc(height: int, width: int, share: float) -> NDArray[np.bool_]:
    """A mask [H, W] of the pixels nearest to the picture's middle, as many as `mask_brightest` gives."""
    down, across = np.ogrid[:height, :width]
    squares = (2 * down - height + 1) ** 2 + (2 * across - width + 1) ** 2
    return mask_brightest(-squares, share)


def _rank(values: NDArray[Any]) -> NDArray[np.intp]:
    """The place of each pixel in the order of a map [H, W], from 0 for the brightest."""
    ties = np.random.default_rng(TIES_SEED).permutation(values.size)
    ranks = np.empty(values.size, dtype=np.intp)
    ranks[np.lexsort((ties, -values.ravel()))] = np.arange(values.size)
    return ranks.reshape(values.shape)


def _mask_first(ranks: NDArray[np.intp], share: float) -> NDArray[np.bool_]:
    if not 0 <= share <= 1:
        raise ValueError(f"expected a share from 0 to 1, got {share}")
    mask: NDArray[np.bool_] = ranks < round(share * ranks.size)
    return mask


def measure_lit(values: NDArray[Any]) -> float:
    """How much of a map lies above its lowest value, 0..1: a larger part of it cannot be its brightest."""
    return float((values > values.min()).mean())


def choose_places(mask: NDArray[np.bool_]) -> list[tuple[int, int, float]]:
    """Where else a mask [H, W] is put: pixels down and across, and the share of it that overlaps the mask.

    What leaves at one edge enters at the other. The places are drawn from all that overlap by at most
    `MOST_OVERLAP`, or, where these are few, from the `LEAST_DRAWN` that overlap least.
    """
    count = int(mask.sum())
    # How many pixels each move leaves on the mask, at once: the mask's circular correlation with itself.
    common = np.fft.irfft2(np.abs(np.fft.rfft2(mask)) ** 2, mask.shape)
    overlaps = np.rint(common).astype(int).ravel()  # whole numbers, so that every machine draws the same
    enough = max(round(LEAST_DRAWN * mask.size), PLACES)
    limit = max(MOST_OVERLAP * count, np.partition(overlaps, enough - 1)[enough - 1])
    free = np.flatnonzero(overlaps <= limit)
    drawn = np.random.default_rng(PLACES_SEED).choice(free, PLACES, replace=False)
    downs, acrosses = np.unravel_index(drawn, mask.shape)
    shares = overlaps[drawn] / count
    return list(zip(downs.tolist(), acrosses.tolist(), shares.tolist(), strict=True))


def list_deletions(name: str, share: float) -> list[Deletion]:
    """The pictures that the deletion test of a map needs, each of which takes a pass; none of them twice.

    First stand those that are the same for every map.
    """
    places = [_name_deletion(name, share, place) for place in range(PLACES + 1)]
    steps = [_name_deletion(name, step) for step in CURVE]
    same = [Deletion(None, 0.0), Deletion(None, 1.0), Deletion(None, share)]
    return list(dict.fromkeys([*same, *places, *steps]))


def _name_deletion(name: str, share: float, place: int = 0) -> Deletion:
    return Deletion(None, share) if share in (0, 1) else Deletion(name, share, place)


def run_deletions(
    network: Network,
    pixels: NDArray[np.uint8],
    class_index: int,
    values: NDArray[Any],
    deletions: Iterable[Deletion],
) -> Iterator[tuple[Deletion, Outcome]]:
    """Make the passes of a map's deletion test one by one, so that whoever waits can be told, and can stop.

    Yields each deletion and what came of it, for the picture as the network sees it and the map as it is
    spread over the picture, [H, W].
    """
    blurred, ranks = blur_picture(pixels), _rank(values)
    height, width = values.shape
    places: dict[float, list[tuple[int, int, float]]] = {}  # by the share that is deleted
    for deletion in deletions:
        overlap = 0.0
        if deletion.name is None:
            mask = mask_disc(height, width, deletion.share)
        else:
            mask = _mask_first(ranks, deletion.share)
        if deletion.place:
            if deletion.share not in places:
                places[deletion.share] = choose_places(mask)
            down, across, overlap = places[deletion.share][deletion.place - 1]
            mask = np.roll(mask, (down, across), axis=(0, 1))
        batch = network.to_batch(Image.fromarray(erase(pixels, blurred, mask)))
        yield deletion, Outcome(float(compute_probabilities(network, batch)[class_index]), overlap)


def erase(
    pixels: NDArray[np.uint8], blurred: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """The picture [H, W, 3], blurred within a mask [H, W], elsewhere itself."""
    return np.where(mask[..., None], blurred, pixels)


def summarize(name: str, share: float, outcomes: Mapping[Deletion, Outcome]) -> Effect:
    """Put the passes of one map together: the outcomes of all that `list_deletions` names for it."""
    first, *places = (outcomes[_name_deletion(name, share, place)] for place in range(PLACES + 1))
    return Effect(
        before=outcomes[Deletion(None, 0.0)].probability,
        after=first.probability,
        elsewhere=tuple(place.probability for place in places),
        disc=outcomes[Deletion(None, share)].probability,
        overlap=max(place.overlap for place in places),
        curve=tuple(outcomes[_name_deletion(name, step)].probability for step in CURVE),
    )
