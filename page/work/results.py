"""What the passes leave, once for all visitors; each cached function returns what viz returns.

torch takes seconds to import, so what needs it is imported only when it is used.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from page.work import bounds
from page.work.models import Model, load_model, load_whole
from page.work.pictures import Framed
from page.work.queue import PASSES
from viz.maps.heatmaps import Heatmaps
from viz.measures import shipped
from viz.measures.curves import Curves, measure_box, measure_curves
from viz.measures.filters import apply_filters
from viz.measures.metrics import measure_edges, measure_luma
from viz.measures.table import tabulate_layers
from viz.networks.layers import Layer
from viz.pictures.frame import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viz.evidence.class_maps import Agreements, ClassMaps
    from viz.evidence.deletion import Deletion, Outcome
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
    PASSES.require_place()
    from viz.maps.one_pass import extract_heatmaps

    return extract_heatmaps(*_prepare(framed, model))


@st.cache_data(show_spinner=False, max_entries=bounds.MEASUREMENTS, hash_funcs=NAMES)
def measure_claims(looked: Looked, box: Box | None) -> Curves:
    """The metrics that claims are judged by."""
    maps, layers = looked.maps, looked.layers
    curves = measure_curves(maps, measure_edges(measure_luma(looked.framed.pixels)), layers)
    return curves if box is None else curves | measure_box(maps, box, *looked.framed.size, layers)


@st.cache_data(show_spinner=False, max_entries=bounds.MEASUREMENTS, hash_funcs=NAMES)
def tabulate(
    looked: Looked, threshold: float, box: Box | None, grid: tuple[int, int] | None
) -> list[dict[str, Any]]:
    """All metrics, a row a finite layer; see `viz.measures.table.tabulate_layers`."""
    layers = [layer for layer in looked.layers if layer.name not in looked.heatmaps.not_finite]
    how = looked.side, looked.aggregation, threshold, box, grid
    return tabulate_layers(looked.heatmaps, layers, looked.framed.pixels, *how)


@st.cache_data(show_spinner=False, max_entries=bounds.MEASUREMENTS, hash_funcs=NAMES)
def measure_filters(looked: Looked, box: Box | None) -> dict[str, Curves]:
    """The same of what plain filters make of the photograph, on the grids of the layers' maps."""
    luma, layers = measure_luma(looked.framed.pixels), looked.layers
    maps = apply_filters(luma, layers, [(len(values), len(values[0])) for values in looked.maps])
    curves = {name: measure_curves(found, measure_edges(luma), layers) for name, found in maps.items()}
    if box is not None:
        return {
            name: curves[name] | measure_box(maps[name], box, *looked.framed.size, layers) for name in maps
        }
    return curves


@dataclass(frozen=True, eq=False)
class Compared:
    """The networks of the controls through which a photograph went, each by its control and seed.

    Attributes:
        measured: What is kept of each.
        begun: Those that are being measured.
    """

    measured: "dict[tuple[str, int], Untrained]" = field(default_factory=dict)
    begun: set[tuple[str, int]] = field(default_factory=set)


@st.cache_resource(show_spinner=False, max_entries=bounds.COMPARED_PICTURES, hash_funcs=NAMES)
def open_compared(framed: Framed, model: Model) -> Compared:
    """Where the numbers of the controls are kept, for all sessions."""
    return Compared()


@st.cache_data(show_spinner=False, max_entries=bounds.COMPARED_PICTURES, hash_funcs=NAMES)
def read_shipped(framed: Framed, model: Model) -> dict[str, list[Curves]]:
    """`viz.measures.shipped.read_shipped` of a photograph."""
    return shipped.read_shipped(model.key, framed.pixels)


def measure_control(
    framed: Framed, model: Model, control: str, seed: int, layers: Sequence[Layer]
) -> "Untrained":
    """Make one network of a control, run a picture through it, and keep the numbers of some layers alone.

    The layers are those of an untrained network, whose cells lie elsewhere than those of the trained one.
    """
    PASSES.require_place()
    from viz.maps.one_pass import extract_heatmaps
    from viz.measures import untrained
    from viz.networks.controls import make_control

    start = time.monotonic()
    network = make_control(load_model(model), control, seed)
    heatmaps = extract_heatmaps(network, network.to_batch(Image.fromarray(framed.pixels)))
    edges = measure_edges(measure_luma(framed.pixels))
    return untrained.measure_untrained(layers, heatmaps, edges, start)


@st.cache_resource(show_spinner=False, max_entries=bounds.KEPT_PICTURES, hash_funcs=NAMES)
def keep_feature_maps(framed: Framed, model: Model, limit: int) -> "FeatureMaps":
    """The one pass for a picture whose channels the visitor looks at; not to be changed.

    Layers that do not fit into `limit` bytes are left out; they are computed when they are asked for.
    """
    PASSES.require_place()
    from viz.maps import feature_maps

    return feature_maps.keep_feature_maps(*_prepare(framed, model), limit)


def compute_feature_map(framed: Framed, model: Model, layer: str, side: str) -> NDArray[np.float32]:
    """One layer's channels [h, w, C], of a layer that is not kept."""
    PASSES.require_place()
    from viz.maps import feature_maps

    return feature_maps.compute_feature_map(*_prepare(framed, model), layer, side)


def compute_vector(
    framed: Framed, model: Model, layer: str, cell: tuple[int, int], side: str
) -> NDArray[np.float32]:
    """One cell's channels [C], of a layer that is not kept."""
    PASSES.require_place()
    from viz.evidence import saliency

    return saliency.compute_vector(*_prepare(framed, model), layer, *cell, side)


@st.cache_data(show_spinner=False, max_size=bounds.FIELDS, hash_funcs=NAMES)
def compute_field(framed: Framed, model: Model, cell: Cell) -> NDArray[np.float32]:
    """`viz.evidence.saliency.effective_receptive_field` of one cell."""
    PASSES.require_place()
    from viz.evidence import saliency

    prepared = _prepare(framed, model)
    row, column = cell.place
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
def find_sample_activations(framed: Framed, model: Model) -> "dict[str, TopActivations]":
    """Where in a bundled photograph each channel responds most: one pass."""
    PASSES.require_place()
    from viz.evidence.top_activations import find_top_activations

    return find_top_activations(*_prepare(framed, model))


@st.cache_data(show_spinner=False, max_entries=bounds.PREDICTIONS, hash_funcs=NAMES)
def ask_classes(framed: Framed, model: Model) -> tuple[NDArray[np.float32], int]:
    """How probable the network finds each class, [classes], and how many numbers it gave: one pass."""
    PASSES.require_place()
    from viz.evidence import predict

    return predict.ask(*_prepare(framed, model, whole=True))


@st.cache_data(show_spinner=False, max_size=bounds.CLASS_MAPS, hash_funcs=NAMES)
def compute_class_maps(
    framed: Framed, model: Model, class_index: int, against: int | None
) -> "tuple[ClassMaps, Agreements]":
    """The class maps of all layers by all methods, and what they have of the least likely class: one pass."""
    PASSES.require_place()
    from viz.evidence import class_maps

    prepared = _prepare(framed, model, whole=True)
    if against is None:
        return class_maps.compare_class_maps(*prepared, class_index)
    return class_maps.compute_class_maps(*prepared, class_index, against), {}


@st.cache_resource(show_spinner=False, max_entries=bounds.DELETION_TESTS, hash_funcs=NAMES)
def open_deletions(
    framed: Framed, model: Model, class_index: int, kind: str, against: int | None
) -> "dict[Deletion, Outcome]":
    """Where the outcomes of a deletion test are kept, for all sessions.

    `kind` is of the map: "mean" or a method of class maps; `against` is the second class of a contrast.
    """
    return {}


def run_deletions(
    framed: Framed, model: Model, class_index: int, values: NDArray[np.float64], deletions: "list[Deletion]"
) -> "Iterator[tuple[Deletion, Outcome]]":
    """Make the passes of a map's deletion test one by one, each in its turn.

    The map's `values` are spread over the picture.
    """
    from viz.evidence import deletion

    network = load_whole(model.info)
    yield from deletion.run_deletions(network, framed.pixels, class_index, values, deletions)


def _prepare(framed: Framed, model: Model, whole: bool = False) -> "tuple[Network, Any]":
    """A network, with its classifier where the `whole` is wanted, and its input."""
    network = load_whole(model.info) if whole else load_model(model)
    return network, network.to_batch(Image.fromarray(framed.pixels))
