"""What is computed once for all visitors, within stated bounds.

torch takes seconds to import, so what needs it is imported only when it is used.
"""

import hashlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from page.settings import OWN_NETWORK, SETTINGS
from page.turns import hold_place
from viz.figures.heatmaps import encode_image
from viz.networks import catalogue
from viz.networks.catalogue import UNTRAINED, find_network
from viz.networks.errors import NetworkError
from viz.networks.own import OwnNetwork
from viz.pictures import samples
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viz.evidence.class_maps import ClassMaps
    from viz.evidence.deletion import Deletion
    from viz.evidence.patches import TopActivations
    from viz.maps.feature_maps import FeatureMaps
    from viz.measures.untrained import Untrained
    from viz.networks.layers import Layer
    from viz.networks.network import Network

# All bounds of what this process keeps. One photograph's maps take 8 MB at 224 px and up to 57 MB at 512.
BUNDLED_NETWORKS = 2
OWN_NETWORKS = 1  # of whoever started the server
FETCHED_NETWORKS = 2
UNTRAINED_NETWORKS = 2
REMEMBERED_LAYERS = 32  # networks, 30 KB each of 120 layers
PICTURES = "64MB"
MAPS = "256MB"
# Of the 19 untrained networks numbers alone: 7 MB a photograph and network at 224 px, 50 at 512.
COMPARED_PICTURES = 3
MEASUREMENTS = 256  # 10 KB each of 13 layers, 90 KB of 120
# Of the view "Point at it": feature maps in half precision, for the two photographs of a session together
# 60 MB. Those of the first hold 337x224 pixels without conv1_1, which is faster to compute than to read.
KEPT_BYTES = 31_100_000
SECOND_BYTES = 28_900_000
KEPT_PICTURES = 4
FIELDS = "16MB"
COMPONENTS = "16MB"
SPOTS = 4  # networks, 2 MB each and more
# Of the view "Classes", at 224 px: the class maps of a photograph and a class take 2 MB.
WHOLE_NETWORKS = 1  # with a classifier that the maps' network comes without; half a gigabyte
WHOLE_TTL = 30 * 60  # seconds, after which it is loaded anew for whoever still uses it
PREDICTIONS = 64  # 4 KB each
CLASS_MAPS = "32MB"
ERASED_MAPS = 128  # erase tests of a photograph, a class and a kind of map; 4 KB a layer and a share

Computed = tuple[
    dict[tuple[str, str, str], NDArray[np.float32]],
    dict[tuple[str, str], NDArray[np.float32]],
    dict[str, float],
    bool,
]


class PictureKey(NamedTuple):
    """What names a picture as the network sees it.

    Attributes:
        digest: SHA-256 of the photograph's bytes. Noise has a name instead, and no framing and size.
        framing: Key of `viz.pictures.frame.FRAMINGS`.
        size: Length of the shorter side in pixels.
    """

    digest: str
    framing: str
    size: int


@st.cache_data(show_spinner=False, max_entries=len(SAMPLES))
def read_sample(name: str) -> tuple[bytes, str]:
    """A bundled photograph's bytes and their SHA-256."""
    data = samples.read_sample(name)
    return data, hashlib.sha256(data).hexdigest()


@st.cache_data(show_spinner=False, max_size=PICTURES)
def frame_picture(key: PictureKey, _data: bytes) -> tuple[NDArray[np.uint8], str]:
    """The pixels that the network sees, [H, W, 3], and a data URI of the same.

    Raises:
        ImageError: The bytes are not a picture that the page reads.
    """
    framed = frame_image(read_image(_data), key.framing, key.size)
    return np.array(framed), encode_image(framed)


def load_network(key: str) -> "Network":
    """One network for all sessions.

    Args:
        key: In the catalogue, or "own" for that of whoever started the server; "untrained:" may stand before.

    Raises:
        WeightsError: The weights cannot be used.
    """
    name = key.removeprefix(UNTRAINED)
    own = st.session_state["_own"] if name == OWN_NETWORK else None
    if key != name:
        return _load_untrained(key, own)
    if own is not None:
        network = load_own(own)
        assert not isinstance(network, NetworkError)  # it is not offered then
        return network
    return _load_fetched(key) if find_network(key).megabytes else _load_bundled(key)


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_LAYERS)
def remember_layers(key: str) -> "tuple[Layer, ...]":
    """A network's layers, which are asked for at each run, also when the network has left the memory."""
    known = None if key == OWN_NETWORK else catalogue.list_known_layers(find_network(key))
    return known or load_network(key).layers


@st.cache_resource(show_spinner=False, max_entries=BUNDLED_NETWORKS)
def _load_bundled(key: str) -> "Network":
    return catalogue.load_network(key)


@st.cache_resource(show_spinner=False, max_entries=FETCHED_NETWORKS)
def _load_fetched(key: str) -> "Network":
    return catalogue.load_network(key, classifier=False)  # no map needs half a gigabyte


@st.cache_resource(show_spinner=False, max_entries=UNTRAINED_NETWORKS)
def _load_untrained(key: str, own: OwnNetwork | None) -> "Network":
    return _build_untrained(key, own, seed=0)


def _build_untrained(key: str, own: OwnNetwork | None, seed: int) -> "Network":
    if own is None:
        return catalogue.load_network(key, seed)
    return catalogue.load(own, seed)


@st.cache_resource(show_spinner=False, max_entries=OWN_NETWORKS)
def load_own(own: OwnNetwork) -> "Network | NetworkError":
    """The network of whoever started the server, or what is wrong with it."""
    try:
        return catalogue.load(own)
    except NetworkError as error:
        return error


@st.cache_resource(show_spinner=False, max_entries=1)
def tell_once(sentence: str) -> None:
    """Write a sentence into the terminal, once however many visitors come."""
    logging.getLogger(__name__).error("%s", sentence)


@st.cache_resource(show_spinner=False, max_entries=COMPARED_PICTURES)
def open_untrained(key: PictureKey, network: str) -> "dict[int, Untrained]":
    """Where the numbers of a photograph through untrained networks are kept, by seed, for all sessions."""
    return {}


def measure_untrained(network: str, seed: int, pixels: NDArray[np.uint8]) -> "Untrained":
    """Build one untrained network, run a picture through it, and drop all but the numbers."""
    from viz.maps.one_pass import extract_heatmaps
    from viz.measures import untrained
    from viz.measures.metrics import measure_edges, measure_luma

    start = time.monotonic()
    own = st.session_state["_own"] if network == OWN_NETWORK else None
    loaded = _build_untrained(UNTRAINED + network, own, seed)
    heatmaps = extract_heatmaps(loaded, loaded.to_batch(Image.fromarray(pixels)))
    edges = measure_edges(measure_luma(pixels))
    return untrained.measure_untrained(loaded.layers, heatmaps.maps, edges, start)


@st.cache_data(show_spinner=False, max_size=MAPS)
def compute_maps(
    key: PictureKey, network: str, aggregations: tuple[str, ...], _pixels: NDArray[np.uint8]
) -> Computed:
    """The one pass for a picture: the parts of `viz.maps.heatmaps.Heatmaps`, of all of `AGGREGATIONS`."""
    from viz.maps import one_pass

    with hold_place():
        heatmaps = one_pass.extract_heatmaps(*_prepare(network, _pixels))
    return heatmaps.maps, heatmaps.channel_means, heatmaps.zero_shares, heatmaps.fell_back


@st.cache_resource(show_spinner=False, max_entries=KEPT_PICTURES)
def keep_feature_maps(key: PictureKey, network: str, limit: int, _pixels: NDArray[np.uint8]) -> "FeatureMaps":
    """The one pass for a picture whose channels the visitor looks at; not to be changed.

    Layers that do not fit into `limit` bytes are left out; they are computed when they are asked for.
    """
    from viz.maps import feature_maps

    with hold_place():
        return feature_maps.keep_feature_maps(*_prepare(network, _pixels), limit)


def compute_feature_map(
    network: str, layer: str, side: str, pixels: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """One layer's channels [h, w, C], of a layer that is not kept."""
    from viz.maps import feature_maps

    with hold_place():
        return feature_maps.compute_feature_map(*_prepare(network, pixels), layer, side)


def compute_vector(
    network: str, layer: str, cell: tuple[int, int], side: str, pixels: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """One cell's channels [C], of a layer that is not kept."""
    from viz.evidence import saliency

    return saliency.compute_vector(*_prepare(network, pixels), layer, *cell, side)


@st.cache_data(show_spinner=False, max_size=FIELDS)
def compute_field(
    key: PictureKey,
    network: str,
    layer: str,
    cell: tuple[int, int],
    side: str,
    aggregation: str,
    channel: int,
    _pixels: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """`viz.evidence.saliency.effective_receptive_field` of one cell (row, column)."""
    from viz.evidence import saliency

    prepared = _prepare(network, _pixels)
    with hold_place():
        return saliency.effective_receptive_field(*prepared, layer, *cell, side, aggregation, channel)


def load_whole(key: str) -> "Network":
    """A network with its classifier, where it has one; arguments and what is raised as for `load_network`."""
    left_out = key != OWN_NETWORK and find_network(key).classifier_megabytes
    return _load_whole(key) if left_out else load_network(key)


@st.cache_resource(show_spinner=False, max_entries=WHOLE_NETWORKS)
def _load_whole(key: str) -> "Network":
    network = catalogue.load_network(key)
    # Streamlit looks at a time to live at the next use alone, which may never come.
    timer = threading.Timer(WHOLE_TTL, _load_whole.clear, args=(key,))
    timer.daemon = True
    timer.start()
    return network


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_LAYERS)
def remember_classes(key: str) -> tuple[str, ...]:
    """The names of a network's classes, which are asked for at each run."""
    return load_whole(key).classes or ()


@st.cache_data(show_spinner=False, max_entries=PREDICTIONS)
def compute_probabilities(key: PictureKey, network: str, _pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How probable the network finds each class, [classes]: one pass."""
    from viz.evidence import predict

    with hold_place():
        return predict.compute_probabilities(*_prepare(network, _pixels, whole=True))


@st.cache_data(show_spinner=False, max_size=CLASS_MAPS)
def compute_class_maps(
    key: PictureKey, network: str, class_index: int, against: int | None, _pixels: NDArray[np.uint8]
) -> "ClassMaps":
    """The class maps of all layers by all methods: one pass."""
    from viz.evidence import class_maps

    with hold_place():
        prepared = _prepare(network, _pixels, whole=True)
        return class_maps.compute_class_maps(*prepared, class_index, against)


@st.cache_resource(show_spinner=False, max_entries=ERASED_MAPS)
def open_erasures(
    key: PictureKey, network: str, class_index: int, kind: str, against: int | None
) -> "dict[Deletion, float]":
    """Where the probabilities of an erase test are kept, for all sessions; see `viz.evidence.deletion`.

    Args:
        kind: Of map, "mean" or a method of class maps.
        against: The second class of a contrast.
    """
    return {}


def run_erasures(
    network: str,
    class_index: int,
    pixels: NDArray[np.uint8],
    values: NDArray[np.float64],
    erasures: "list[Deletion]",
) -> "Iterator[tuple[Deletion, float]]":
    """Make the passes of a map's erase test one by one; its `values` are spread over the picture."""
    from viz.evidence import deletion

    return deletion.run_deletions(load_whole(network), pixels, class_index, values, erasures)


@st.cache_data(show_spinner=False, max_size=COMPONENTS)
def compute_components(
    key: tuple[Any, ...], _feature_map: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Scores and explained shares of `viz.maps.channels.find_components`; the key names the feature map."""
    from viz.maps.channels import find_components

    found = find_components(_feature_map)
    return found.scores, found.explained


@st.cache_resource(show_spinner=False, max_entries=SPOTS)
def find_sample_spots(network: str) -> "dict[str, TopActivations]":
    """Where in the bundled photographs each channel responds most: one pass a photograph."""
    from viz.evidence.top_activations import find_top_activations

    batches = (_prepare(network, pixels)[1] for pixels in read_sample_pixels(network))
    with hold_place():
        return find_top_activations(load_network(network), batches)


def read_sample_pixels(network: str) -> list[NDArray[np.uint8]]:
    """The bundled photographs as a network sees them by default, each [H, W, 3].

    A network of one's own gets the squares that it was made for: it may take no others.
    """
    framing, size = SETTINGS["framing"].default, SETTINGS["size"].default
    if network == OWN_NETWORK:
        framing, size = "crop", st.session_state["_own"].size
    samples = (read_sample(name) for name in SAMPLES)
    return [frame_picture(PictureKey(digest, framing, size), data)[0] for data, digest in samples]


def make_noise(height: int, width: int) -> NDArray[np.uint8]:
    """A picture of uniform noise, [height, width, 3], always the same one."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _prepare(network: str, pixels: NDArray[np.uint8], whole: bool = False) -> "tuple[Network, Any]":
    """A network, with its classifier where the `whole` is wanted, and its input."""
    loaded = load_whole(network) if whole else load_network(network)
    return loaded, loaded.to_batch(Image.fromarray(pixels))
