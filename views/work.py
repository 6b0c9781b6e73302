"""What is computed for visitors, each thing once, and kept within a bound.

torch takes seconds to import, so this module imports what needs it only when it is used.
"""

import base64
import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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

# All bounds of what this process keeps. One photograph's maps take 8 MB at 224 px and up to 57 MB at 512.
NETWORKS = 3  # 59 MB each: two that are trained and one that is not
PICTURES = "64MB"
MAPS = "256MB"
MEASUREMENTS = 256  # of 13 layers each, 10 KB
# Of the view "Point at it": feature maps in half precision, for the two photographs of a session together
# 60 MB. Those of the first hold 337x224 pixels without conv1_1, which is faster to compute than to read.
KEPT_BYTES = 31_100_000
SECOND_BYTES = 28_900_000
KEPT_PICTURES = 4
FIELDS = "16MB"
COMPONENTS = "16MB"
SPOTS = 2  # networks, 2 MB each

Maps = dict[tuple[str, str, str], NDArray[np.float32]]
Strongest = dict[tuple[str, str], int]
Means = dict[tuple[str, str], NDArray[np.float32]]
Zeros = dict[str, float]
Computed = tuple[Maps, Means, Zeros]
Metrics = dict[str, dict[str, float]]

UNTRAINED = "untrained"


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


@st.cache_data(show_spinner=False, max_entries=len(SAMPLES))
def read_sample(name: str) -> tuple[bytes, str]:
    """A bundled photograph's bytes and their SHA-256."""
    data = (IMAGES / SAMPLES[name]).read_bytes()
    return data, hashlib.sha256(data).hexdigest()


@st.cache_data(show_spinner=False, max_size=PICTURES)
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


@st.cache_data(show_spinner=False, max_size=MAPS)
def compute_maps(key: PictureKey, network: str, _pixels: NDArray[np.uint8]) -> Computed:
    """The one pass for a picture as the network sees it.

    Args:
        key: Of the picture.
        network: As for `load_network`.

    Returns:
        The maps, channel means and shares of zeros of `viz.extractor.Heatmaps`.
    """
    from viz import extractor

    heatmaps = extractor.extract_heatmaps(
        load_network(network), to_batch(Image.fromarray(_pixels), key.weights)
    )
    return heatmaps.maps, heatmaps.channel_means, heatmaps.zero_shares


@st.cache_resource(show_spinner=False, max_entries=KEPT_PICTURES)
def keep_cells(key: PictureKey, limit: int, _pixels: NDArray[np.uint8]) -> "FeatureMaps":
    """The one pass for a picture whose channels the visitor looks at; not to be changed.

    Args:
        key: Of the picture.
        limit: Bytes for all layers' maps; those that do not fit are computed when they are asked for.
    """
    from viz import features

    height, width = _pixels.shape[:2]
    batch = to_batch(Image.fromarray(_pixels), key.weights)
    kept = features.choose_kept(height, width, limit)
    return features.keep_features(load_network(key.weights), batch, kept)


@st.cache_data(show_spinner=False, max_size=FIELDS)
def compute_field(
    key: PictureKey,
    layer: str,
    cell: tuple[int, int],
    side: str,
    aggregation: str,
    channel: int,
    _pixels: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """`viz.probe.effective_receptive_field` of one cell (row, column).

    Args:
        key: Of the picture.
        layer: Of the cell.
        cell: Row and column.
        side: Of the ReLU.
        aggregation: Whose value is followed back.
        channel: The one that stands for "strongest".
    """
    from viz.probe import effective_receptive_field

    batch = to_batch(Image.fromarray(_pixels), key.weights)
    network = load_network(key.weights)
    return effective_receptive_field(network, batch, layer, *cell, side, aggregation, channel)


@st.cache_data(show_spinner=False, max_size=COMPONENTS)
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
