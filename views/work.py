"""What is computed for visitors, each thing once, and kept within a bound.

torch takes seconds to import, so this module imports what needs it only when it is used; `warm_up` does so
while the first visitor's browser is still loading its scripts.
"""

import base64
import ctypes
import gc
import hashlib
import io
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from views.address import SAMPLES, SETTINGS
from viz.images import frame_image, read_image, to_batch

if TYPE_CHECKING:
    from torch import nn

    from viz.channels import Spots
    from viz.features import FeatureMaps

IMAGES = Path(__file__).parent.parent / "assets" / "images"

# The bounds of this process's caches. One photograph's maps take 8 MB at 224 px and up to 57 MB at 512.
NETWORKS = 3  # two that are trained and one that is not
PICTURES_BYTES = 64 * 2**20
MAPS_BYTES = 256 * 2**20
MEASUREMENTS = 256  # of 13 layers each, 10 KB
# Of the view "Point at it": feature maps in half precision, for the two photographs of a session together
# 60 MB. Those of the first hold 337x224 pixels without conv1_1, which is faster to compute than to read.
KEPT_BYTES = 31_100_000
SECOND_BYTES = 28_900_000
KEPT_PICTURES = 4
FIELDS_BYTES = 16 * 2**20
COMPONENTS_BYTES = 16 * 2**20
SPOTS = 2  # one for each of the trained networks, 2 MB

Maps = dict[tuple[str, str, str], NDArray[np.float32]]
Means = dict[tuple[str, str], NDArray[np.float32]]
Zeros = dict[str, float]
Computed = tuple[Maps, Means, Zeros]
Metrics = dict[str, dict[str, float]]

UNTRAINED = "untrained"

_warm = threading.Event()


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
    # Without loss, as PNG would be, but a fifth smaller and ten times faster to make.
    framed.save(buffer, "WEBP", lossless=True, method=0)
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


@st.cache_data(show_spinner=False, max_size=MAPS_BYTES)
def compute_maps(
    digest: str, framing: str, size: int, weights: str, _pixels: NDArray[np.uint8], trained: bool = True
) -> Computed:
    """The one pass for a picture as the network sees it.

    Args:
        digest: Of the photograph; with what follows the cache's key.
        framing: How it was framed.
        size: Length of its shorter side in pixels.
        weights: Which weights, and so which normalisation of the pixels.
        _pixels: What the network sees, [H, W, 3].
        trained: Whether the network has these weights, or random ones.

    Returns:
        The maps, channel means and shares of zeros of `viz.extractor.Heatmaps`; as built-ins and arrays,
        which a reload of the project's modules leaves readable.
    """
    from viz import extractor

    network = load_network(weights if trained else UNTRAINED)
    heatmaps = extractor.extract_heatmaps(network, to_batch(Image.fromarray(_pixels), weights))
    _warm.set()
    return dict(heatmaps), heatmaps.channel_means, heatmaps.zero_shares


@st.cache_resource(show_spinner=False, max_entries=KEPT_PICTURES)
def keep_cells(
    digest: str, framing: str, size: int, weights: str, limit: int, _pixels: NDArray[np.uint8]
) -> "FeatureMaps":
    """The one pass for a picture whose channels the visitor looks at.

    Args:
        digest: As for `compute_maps`, and so what follows.
        framing: How it was framed.
        size: Length of its shorter side in pixels.
        weights: Which weights.
        limit: Bytes for all layers' maps; those that do not fit are computed when they are asked for.
        _pixels: What the network sees, [H, W, 3].
    """
    from viz.features import choose_kept, keep_features

    height, width = _pixels.shape[:2]
    batch = to_batch(Image.fromarray(_pixels), weights)
    kept = keep_features(load_network(weights), batch, choose_kept(height, width, limit))
    _warm.set()
    return kept


@st.cache_data(show_spinner=False, max_size=FIELDS_BYTES)
def compute_field(
    digest: str,
    framing: str,
    size: int,
    weights: str,
    layer: str,
    cell: tuple[int, int],
    side: str,
    aggregation: str,
    channel: int,
    _pixels: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """`viz.probe.effective_receptive_field` of one cell (row, column), after the picture's key."""
    from viz.probe import effective_receptive_field

    batch = to_batch(Image.fromarray(_pixels), weights)
    return effective_receptive_field(load_network(weights), batch, layer, *cell, side, aggregation, channel)


@st.cache_data(show_spinner=False, max_size=COMPONENTS_BYTES)
def compute_components(
    key: tuple[Any, ...], _cells: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Scores and explained shares of `viz.channels.find_components`; the key names the cells."""
    from viz.channels import find_components

    found = find_components(_cells)
    return found.scores, found.explained


@st.cache_resource(show_spinner=False, max_entries=SPOTS)
def find_sample_spots(weights: str) -> "dict[str, Spots]":
    """Where in the bundled photographs each channel responds most: one pass a photograph."""
    from viz.channels import find_spots

    batches = (to_batch(Image.fromarray(pixels), weights) for pixels in read_sample_pixels())
    return find_spots(load_network(weights), batches)


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


def warm_up() -> None:
    """Load everything and compute the maps that a new visitor sees first."""
    defaults: dict[str, Any] = {name: setting.default for name, setting in SETTINGS.items()}
    _load_for_good(defaults["weights"])
    data, digest = read_sample(defaults["photo"])
    view = (digest, defaults["framing"], defaults["size"])
    pixels, _ = frame_picture(*view, data)
    compute_maps(*view, defaults["weights"], pixels)
    _return_memory()


def _load_for_good(weights: str) -> None:
    """Load torch and a network, and spare Python from looking through them for garbage.

    Loading makes objects by the hundred thousand, all of which stay. Python would look through them again and
    again, a fifth of the time that loading takes, and Streamlit has it do so after each run of the script.
    """
    gc.disable()
    try:
        load_network(weights)
    finally:
        gc.freeze()
        gc.enable()


def _return_memory() -> None:
    """Hand the memory that loading used for a moment back to the system, where the C library can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
