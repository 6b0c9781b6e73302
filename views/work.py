"""What is computed for visitors, each thing once, and kept within a bound.

torch takes seconds to import, so this module imports what needs it only when it is used; `warm_up` does so
as soon as the first visitor's figure is there.
"""

import base64
import functools
import gc
import hashlib
import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from views.address import SAMPLES, SETTINGS
from views.memory import return_memory
from views.store import Line, Store, Waiter, pack
from viz.first_maps import read_first_maps
from viz.images import frame_image, read_image, to_batch

if TYPE_CHECKING:
    from torch import nn

    from viz.channels import Spots
    from viz.features import FeatureMaps

IMAGES = Path(__file__).parent.parent / "assets" / "images"

# All bounds of what this process keeps, and of what it does at the same time. One photograph's maps take
# 8 MB at 224 px and up to 57 MB at 512. A pass besides has a workspace of up to 36 MB (`viz.convolve`).
PASSES = 2  # at the same time, which share torch's threads: `benchmarks/crowd.py --passes` compares
NETWORKS = 3  # 59 MB each: two that are trained and one that is not
PICTURES_BYTES = 64 * 2**20
MAPS_BYTES = 256 * 2**20
MEASUREMENTS = 256  # of 13 layers each, 10 KB
# Of the view "Point at it": feature maps in half precision, for the two photographs of a session together
# 60 MB. Those of the first hold 337x224 pixels without conv1_1, which is faster to compute than to read.
KEPT_BYTES = 31_100_000
SECOND_BYTES = 28_900_000
CELLS_BYTES = 128 * 2**20
FIELDS_BYTES = 16 * 2**20
COMPONENTS_BYTES = 16 * 2**20
SPOTS_BYTES = 8 * 2**20  # two networks', 2 MB each

Maps = dict[tuple[str, str, str], NDArray[np.float32]]
Strongest = dict[tuple[str, str], int]
Means = dict[tuple[str, str], NDArray[np.float32]]
Zeros = dict[str, float]
Computed = tuple[Maps, Means, Zeros]
Metrics = dict[str, dict[str, float]]


class PictureKey(NamedTuple):
    """What names a picture as the network sees it, and so all that is computed from it.

    Attributes:
        digest: SHA-256 of the photograph's bytes. Noise has a name instead, and no framing and size.
        framing: Key of `viz.images.FRAMINGS`.
        size: Length of the shorter side in pixels.
        weights: Which weights, and so which normalisation of the pixels.
    """

    digest: str
    framing: str
    size: int
    weights: str


UNTRAINED = "untrained"

PATIENCE_S = 5.0  # how long a new server leaves the processors to a browser that may come

_wanted = threading.Event()
_warm = threading.Event()
_tried = threading.Event()  # to load the network; from then on it is asked, or says what is wrong


def _weigh_maps(computed: Computed) -> int:
    maps, means, _ = computed
    return sum(array.nbytes for arrays in (maps, means) for array in arrays.values())


def _weigh_spots(spots: "dict[str, Spots]") -> int:
    return sum(layer.nbytes for layer in spots.values())


@functools.cache
def _count_threads() -> int:
    import torch

    return torch.get_num_threads()


def _share_threads(busy: int) -> None:
    """Give this pass its part of torch's threads.

    Threads of one pass wait for each other after each layer, in vain whenever another pass has the processor.
    The values are the same to the bit with any number of threads.
    """
    every = _count_threads()  # before any of them is taken away

    import torch

    torch.set_num_threads(max(1, every // busy))


NOBODY = Waiter()
LINE = Line(PASSES, _share_threads)
MAPS: Store[Computed] = Store(LINE, MAPS_BYTES, _weigh_maps)
CELLS: "Store[FeatureMaps]" = Store(LINE, CELLS_BYTES, lambda kept: kept.nbytes)
FIELDS: Store[NDArray[np.float32]] = Store(LINE, FIELDS_BYTES, lambda field: field.nbytes)
SPOTS: "Store[dict[str, Spots]]" = Store(LINE, SPOTS_BYTES, _weigh_spots)


@st.cache_data(show_spinner=False, max_entries=len(SAMPLES))
def read_sample(name: str) -> tuple[bytes, str]:
    """A bundled photograph's bytes and their SHA-256."""
    data = (IMAGES / SAMPLES[name]).read_bytes()
    return data, hashlib.sha256(data).hexdigest()


@st.cache_data(show_spinner=False, max_size=PICTURES_BYTES)
def frame_picture(digest: str, framing: str, size: int, _data: bytes) -> tuple[NDArray[np.uint8], str]:
    """The pixels that the network sees, [H, W, 3], and a data URI of the same.

    Args:
        digest: SHA-256 of the photograph's bytes; the cache's key, with the framing and the size.
        framing: Key of `viz.images.FRAMINGS`.
        size: Length of the shorter side in pixels.

    Raises:
        ImageError: The bytes are not a picture that the page reads.
    """
    framed = frame_image(read_image(_data), framing, size)
    buffer = io.BytesIO()
    # Without loss, as PNG would be, but a fifth smaller and ten times faster to make; here quality is effort.
    framed.save(buffer, "WEBP", lossless=True, method=0, quality=0)
    source = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return np.array(framed), source


@st.cache_resource(show_spinner=False, max_entries=NETWORKS)
def load_network(weights: str) -> "nn.Sequential":
    """One network for all sessions.

    Args:
        weights: As `viz.model.load_features`, or "untrained" for `viz.model.build_untrained`.
    """
    from viz import model

    return model.build_untrained() if weights == UNTRAINED else model.load_features(weights)


def compute_maps(
    key: PictureKey, pixels: NDArray[np.uint8], waiter: Waiter = NOBODY, trained: bool = True
) -> Computed:
    """The one pass for a picture as the network sees it; whoever asks for the same one gets the same result.

    Args:
        key: Of the picture.
        pixels: What the network sees, [H, W, 3].
        waiter: Who asks, to be told when others come first.
        trained: Whether the network has these weights, or random ones.

    Returns:
        The maps, channel means and shares of zeros of `viz.extractor.Heatmaps`; not to be changed.
    """

    def make() -> Computed:
        from viz import extractor

        network = load_network(key.weights if trained else UNTRAINED)
        heatmaps = extractor.extract_heatmaps(network, to_batch(Image.fromarray(pixels), key.weights))
        _warm.set()
        return pack(heatmaps), pack(heatmaps.channel_means), heatmaps.zero_shares

    return MAPS.fetch((key, trained), make, waiter)


def has_maps(key: PictureKey) -> bool:
    """Whether a picture's maps are there already."""
    return (key, True) in MAPS


@functools.cache
def _read_first() -> tuple[tuple[object, ...], Maps, Strongest] | None:
    if (first := read_first_maps()) is None:
        return None
    facts = first.facts
    side, aggregation = facts["side"], facts["aggregation"]
    key = PictureKey(facts["photo"], facts["framing"], int(facts["size"]), facts["weights"])
    maps = {(name, side, aggregation): heatmap for name, heatmap in first.heatmaps.items()}
    strongest = {(name, side): channel for name, channel in first.strongest.items()}
    return (key, side, aggregation), maps, strongest


def find_first_maps(key: PictureKey, side: str, aggregation: str) -> tuple[Maps, Strongest] | None:
    """The maps of `viz.first_maps` and the strongest channels, until `warm_up` has come to its end.

    Args:
        key: Of the picture.
        side: Of the ReLU.
        aggregation: Key of `viz.aggregate.AGGREGATIONS`.

    Returns:
        The maps of that side and aggregation, and channels by (layer, side); None when the file has others,
        or its time is over.
    """
    if _tried.is_set() or (first := _read_first()) is None or first[0] != (key, side, aggregation):
        return None
    return first[1:]


def keep_cells(
    key: PictureKey, limit: int, pixels: NDArray[np.uint8], waiter: Waiter = NOBODY
) -> "FeatureMaps":
    """The one pass for a picture whose channels the visitor looks at; not to be changed.

    Args:
        key: Of the picture.
        limit: Bytes for all layers' maps; those that do not fit are computed when they are asked for.
        pixels: What the network sees, [H, W, 3].
        waiter: Who asks.
    """

    def make() -> "FeatureMaps":
        from viz.features import choose_kept, keep_features

        height, width = pixels.shape[:2]
        batch = to_batch(Image.fromarray(pixels), key.weights)
        kept = keep_features(load_network(key.weights), batch, choose_kept(height, width, limit))
        _warm.set()
        return replace(kept, cells=pack(kept.cells))

    return CELLS.fetch((key, limit), make, waiter)


def compute_field(
    key: PictureKey,
    layer: str,
    cell: tuple[int, int],
    side: str,
    aggregation: str,
    channel: int,
    pixels: NDArray[np.uint8],
    waiter: Waiter = NOBODY,
) -> NDArray[np.float32]:
    """`viz.probe.effective_receptive_field` of one cell (row, column); not to be changed.

    Args:
        key: Of the picture.
        layer: Of the cell.
        cell: Row and column.
        side: Of the ReLU.
        aggregation: Whose value is followed back.
        channel: The one that stands for "strongest".
        pixels: What the network sees, [H, W, 3].
        waiter: Who asks.
    """

    def make() -> NDArray[np.float32]:
        from viz.probe import effective_receptive_field

        batch = to_batch(Image.fromarray(pixels), key.weights)
        network = load_network(key.weights)
        return effective_receptive_field(network, batch, layer, *cell, side, aggregation, channel)

    return FIELDS.fetch((key, layer, cell, side, aggregation, channel), make, waiter)


@st.cache_data(show_spinner=False, max_size=COMPONENTS_BYTES)
def compute_components(
    key: tuple[Any, ...], _cells: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Scores and explained shares of `viz.channels.find_components`; the key names the cells."""
    from viz.channels import find_components

    found = find_components(_cells)
    return found.scores, found.explained


def find_sample_spots(weights: str, waiter: Waiter = NOBODY) -> "dict[str, Spots]":
    """Where in the bundled photographs each channel responds most: one pass a photograph."""

    def make() -> "dict[str, Spots]":
        from viz.channels import find_spots

        batches = (to_batch(Image.fromarray(pixels), weights) for pixels in read_sample_pixels())
        return find_spots(load_network(weights), batches)

    return SPOTS.fetch(weights, make, waiter)


def read_sample_pixels() -> list[NDArray[np.uint8]]:
    """The bundled photographs as the network sees them by default, each [H, W, 3]."""
    framing, size = SETTINGS["framing"].default, SETTINGS["size"].default
    samples = (read_sample(name) for name in SAMPLES)
    return [frame_picture(digest, framing, size, data)[0] for data, digest in samples]


def make_noise(height: int, width: int) -> NDArray[np.uint8]:
    """A picture of uniform noise, [height, width, 3], always the same one."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def is_warm() -> bool:
    """Whether torch and a network have been used in this process."""
    return _warm.is_set()


def want_network() -> None:
    """Have `warm_up` load torch and the network now: a figure needs them, or is there without them."""
    _wanted.set()


def warm_up() -> None:
    """Load everything and compute the maps of the picture that a new visitor sees first.

    Until somebody wants the network it waits: the first figure needs none, and torch would take a processor
    from the browser that is loading the page.
    """
    _wanted.wait(PATIENCE_S)
    try:
        _load_for_good(SETTINGS["weights"].default)
        _compute_first()
    finally:
        _tried.set()
    return_memory()


def _compute_first() -> None:
    defaults: dict[str, Any] = {name: setting.default for name, setting in SETTINGS.items()}
    data, digest = read_sample(defaults["photo"])
    key = PictureKey(digest, defaults["framing"], defaults["size"], defaults["weights"])
    pixels, _ = frame_picture(key.digest, key.framing, key.size, data)
    compute_maps(key, pixels)


def _load_for_good(weights: str) -> None:
    """Load torch and a network, and spare Python from looking through them for garbage.

    Loading makes objects by the hundred thousand, all of which stay. Python would look through them again and
    again, a fifth of the time that loading takes.
    """
    gc.disable()
    try:
        load_network(weights)
    finally:
        gc.freeze()
        gc.enable()
