"""What the passes leave, once for all visitors; each cached function returns what viz returns.

torch takes seconds to import, so what needs it is imported only when it is used.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from page.work import bounds
from page.work.models import Model, load_model, load_whole
from page.work.pictures import Framed, frame_samples
from page.work.queue import hold_place
from viz.maps.heatmaps import Heatmaps
from viz.measures.curves import Curves, measure_box, measure_curves
from viz.measures.metrics import measure_edges, measure_luma
from viz.measures.table import tabulate_layers
from viz.networks.layers import Layer
from viz.pictures.frame import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viz.evidence.class_maps import ClassMaps
    from viz.evidence.deletion import Deletion
    from viz.evidence.patches import TopActivations
    from viz.maps.channels import Components
    from viz.maps.feature_maps import FeatureMaps
    from viz.measures.untrained import Untrained
    from viz.networks.network import Network


@dataclass(frozen=True)
class Cell:
    """One cell of one layer's map.

    Attributes:
        layer: Name of the layer.
        side: Of the activation.
        place: Row and column.
        aggregation: Key of `AGGREGATIONS`.
        channel: Number of the strongest channel, of which that aggregation is; elsewhere 0.
    """

    layer: str
    side: str
    place: tuple[int, int]
    aggregation: str
    channel: int


@dataclass(frozen=True, eq=False)
class Looked:
    """The maps of one pass, as they are looked at.

    Attributes:
        framed: The picture.
        model: The network.
        heatmaps: All that the pass left.
        layers: Those that are looked at.
        side: Of the activation.
        aggregation: Key of `AGGREGATIONS`.
    """

    framed: Framed
    model: Model
    heatmaps: Heatmaps
    layers: tuple[Layer, ...]
    side: str
    aggregation: str

    @property
    def maps(self) -> list[NDArray[np.float32]]:
        """One a layer, each [h, w]."""
        how = self.side, self.aggregation
        return [self.heatmaps[layer.name, layer.pick_side(how[0]), how[1]] for layer in self.layers]


def _name_looked(looked: Looked) -> tuple[object, ...]:
    names = tuple(layer.name for layer in looked.layers)
    return looked.framed.key, repr(looked.model), looked.side, looked.aggregation, names


# What names an argument of the cached functions.
NAMES: dict[str | type[Any], Callable[[Any], Any]] = {
    Model: repr,
    Framed: lambda framed: framed.key,
    Looked: _name_looked,
}


@st.cache_data(show_spinner=False, max_size=bounds.MAPS, hash_funcs=NAMES)
def compute_maps(framed: Framed, model: Model, aggregations: tuple[str, ...]) -> Heatmaps:
    """The one pass for a picture; `aggregations` are all of `AGGREGATIONS`, whose table can grow."""
    from viz.maps.one_pass import extract_heatmaps

    with hold_place():
        return extract_heatmaps(*_prepare(framed, model))


@st.cache_data(show_spinner=False, max_entries=bounds.MEASUREMENTS, hash_funcs=NAMES)
def measure_claims(looked: Looked, box: Box | None) -> Curves:
    """The metrics that claims are judged by."""
    curves = measure_curves(looked.maps, measure_edges(measure_luma(looked.framed.pixels)))
    return curves if box is None else curves | measure_box(looked.maps, box, *looked.framed.size)


@st.cache_data(show_spinner=False, max_entries=bounds.MEASUREMENTS, hash_funcs=NAMES)
def tabulate(
    looked: Looked, threshold: float, box: Box | None, grid: tuple[int, int] | None
) -> list[dict[str, Any]]:
    """All metrics, a row a finite layer; see `viz.measures.table.tabulate_layers`."""
    layers = [layer for layer in looked.layers if layer.name not in looked.heatmaps.not_finite]
    how = looked.side, looked.aggregation, threshold, box, grid
    return tabulate_layers(looked.heatmaps, layers, looked.framed.pixels, *how)


@st.cache_resource(show_spinner=False, max_entries=bounds.COMPARED_PICTURES, hash_funcs=NAMES)
def open_untrained(framed: Framed, model: Model) -> "dict[int, Untrained]":
    """Where the numbers of a photograph through untrained networks are kept, by seed, for all sessions."""
    return {}


def measure_untrained(framed: Framed, model: Model, names: Collection[str]) -> "Untrained":
    """Build one untrained network, run a picture through it, and drop all but the numbers of some layers."""
    from viz.maps.one_pass import extract_heatmaps
    from viz.measures import untrained
    from viz.networks import catalogue

    start = time.monotonic()
    network = catalogue.load(model.info, model.seed)
    heatmaps = extract_heatmaps(network, network.to_batch(Image.fromarray(framed.pixels)))
    edges = measure_edges(measure_luma(framed.pixels))
    layers = [layer for layer in network.layers if layer.name in names]
    return untrained.measure_untrained(layers, heatmaps, edges, start)


@st.cache_resource(show_spinner=False, max_entries=bounds.KEPT_PICTURES, hash_funcs=NAMES)
def keep_feature_maps(framed: Framed, model: Model, limit: int) -> "FeatureMaps":
    """The one pass for a picture whose channels the visitor looks at; not to be changed.

    Layers that do not fit into `limit` bytes are left out; they are computed when they are asked for.
    """
    from viz.maps import feature_maps

    with hold_place():
        return feature_maps.keep_feature_maps(*_prepare(framed, model), limit)


def compute_feature_map(framed: Framed, model: Model, layer: str, side: str) -> NDArray[np.float32]:
    """One layer's channels [h, w, C], of a layer that is not kept."""
    from viz.maps import feature_maps

    with hold_place():
        return feature_maps.compute_feature_map(*_prepare(framed, model), layer, side)


def compute_vector(
    framed: Framed, model: Model, layer: str, cell: tuple[int, int], side: str
) -> NDArray[np.float32]:
    """One cell's channels [C], of a layer that is not kept."""
    from viz.evidence import saliency

    return saliency.compute_vector(*_prepare(framed, model), layer, *cell, side)


@st.cache_data(show_spinner=False, max_size=bounds.FIELDS, hash_funcs=NAMES)
def compute_field(framed: Framed, model: Model, cell: Cell) -> NDArray[np.float32]:
    """`viz.evidence.saliency.effective_receptive_field` of one cell."""
    from viz.evidence import saliency

    prepared = _prepare(framed, model)
    row, column = cell.place
    with hold_place():
        return saliency.effective_receptive_field(
            *prepared, cell.layer, row, column, cell.side, cell.aggregation, cell.channel
        )


@st.cache_data(show_spinner=False, max_size=bounds.COMPONENTS, hash_funcs=NAMES)
def compute_components(
    framed: Framed, model: Model, layer: str, side: str, _feature_map: NDArray[np.float32]
) -> "Components":
    """`viz.maps.channels.find_components` of a layer's channels [h, w, C]."""
    from viz.maps.channels import find_components

    return find_components(_feature_map)


@st.cache_resource(show_spinner=False, max_entries=bounds.TOP_ACTIVATIONS, hash_funcs=NAMES)
def find_sample_activations(model: Model) -> "dict[str, TopActivations]":
    """Where in the bundled photographs each channel responds most: one pass a photograph."""
    from viz.evidence.top_activations import find_top_activations

    batches = (_prepare(framed, model)[1] for framed in frame_samples(model.info))
    with hold_place():
        return find_top_activations(load_model(model), batches)


@st.cache_data(show_spinner=False, max_entries=bounds.PREDICTIONS, hash_funcs=NAMES)
def ask_classes(framed: Framed, model: Model) -> tuple[NDArray[np.float32], int]:
    """How probable the network finds each class, [classes], and how many numbers it gave: one pass."""
    from viz.evidence import predict

    with hold_place():
        return predict.ask(*_prepare(framed, model, whole=True))


@st.cache_data(show_spinner=False, max_size=bounds.CLASS_MAPS, hash_funcs=NAMES)
def compute_class_maps(framed: Framed, model: Model, class_index: int, against: int | None) -> "ClassMaps":
    """The class maps of all layers by all methods: one pass."""
    from viz.evidence import class_maps

    with hold_place():
        return class_maps.compute_class_maps(*_prepare(framed, model, whole=True), class_index, against)


@st.cache_resource(show_spinner=False, max_entries=bounds.DELETION_TESTS, hash_funcs=NAMES)
def open_deletions(
    framed: Framed, model: Model, class_index: int, kind: str, against: int | None
) -> "dict[Deletion, float]":
    """Where the probabilities of a deletion test are kept, for all sessions.

    `kind` is of the map: "mean" or a method of class maps; `against` is the second class of a contrast.
    """
    return {}


def run_deletions(
    framed: Framed, model: Model, class_index: int, values: NDArray[np.float64], deletions: "list[Deletion]"
) -> "Iterator[tuple[Deletion, float]]":
    """Make the passes of a map's deletion test one by one; its `values` are spread over the picture."""
    from viz.evidence import deletion

    return deletion.run_deletions(load_whole(model.info), framed.pixels, class_index, values, deletions)


def _prepare(framed: Framed, model: Model, whole: bool = False) -> "tuple[Network, Any]":
    """A network, with its classifier where the `whole` is wanted, and its input."""
    network = load_whole(model.info) if whole else load_model(model)
    return network, network.to_batch(Image.fromarray(framed.pixels))
