"""The networks of this process: which ones there are, and those that are loaded.

torch takes seconds to import, so what needs it is imported only when it is used.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st
from PIL import Image

from page.work import bounds
from page.work.pictures import frame_samples
from page.work.queue import PASSES, say_nothing
from viz.networks import catalogue
from viz.networks.catalogue import UNTRAINED, NetworkInfo
from viz.networks.errors import NetworkError
from viz.networks.files import find_store, may_download, remove_leftovers
from viz.networks.own import read_arguments

if TYPE_CHECKING:
    from viz.networks.layers import Layer
    from viz.networks.network import Network


@dataclass(frozen=True)
class Model:
    """A network of the catalogue on its own weights, or on random ones.

    Attributes:
        info: Which network.
        seed: Of the random weights; None: its own.
        reflects: Whether its passes pad by reflection in place of zeros.
    """

    info: NetworkInfo
    seed: int | None = None
    reflects: bool = False

    @property
    def key(self) -> str:
        """What names it outside of this process, as `viz.load_network` takes it."""
        return self.info.key if self.seed is None else UNTRAINED + self.info.key


@dataclass(frozen=True)
class Catalogue:
    """The networks that this process can show.

    Attributes:
        networks: That of whoever started the server comes first.
        error: What is wrong with that one; it is not among them then.
    """

    networks: tuple[NetworkInfo, ...]
    error: NetworkError | None = None

    def find(self, key: str) -> NetworkInfo:
        """Look a network up by its key; raises ValueError where there is none."""
        return catalogue.find_network(key, self.networks)

    @property
    def offered(self) -> tuple[str, ...]:
        """Keys of those that a visitor can choose: where nothing may be fetched, the bundled ones."""
        return tuple(info.key for info in self.networks if may_download() or not info.megabytes)


# What names an argument of the cached functions.
NAMES: dict[str | type[Any], Callable[[Any], Any]] = {NetworkInfo: repr, Model: repr}


def open_catalogue(arguments: Sequence[str]) -> Catalogue:
    """The networks of this process; that of whoever started it is loaded, which tells whether it can be.

    The first call also removes what a download has left that was killed with the server before.

    Args:
        arguments: Of the server's command line, as `viz.networks.own.read_arguments` takes them.
    """
    return _open_catalogue(tuple(arguments))


@st.cache_resource(show_spinner=False, max_entries=1)
def _open_catalogue(arguments: tuple[str, ...]) -> Catalogue:
    remove_leftovers(find_store())
    try:
        own = read_arguments(arguments)
        if own is None:
            return Catalogue(catalogue.NETWORKS)
        own = replace(own, stride=PASSES.run(say_nothing, load_model, Model(own)).stride)
    except NetworkError as error:
        logging.getLogger(__name__).error("%s", error)
        return Catalogue(catalogue.NETWORKS, error)
    return Catalogue((own, *catalogue.NETWORKS))


def load_model(model: Model) -> "Network":
    """One network for all sessions, without a classifier that takes half a gigabyte.

    Raises:
        NoPlaceError: It is not kept, and has to be loaded in one of the places of `page.work.queue.PASSES`.
        WeightsError: The weights cannot be used.
        NetworkError: It is one's own, and does not fit.
    """
    if model.reflects:
        return replace(load_model(replace(model, reflects=False)), reflects=True)
    if model.seed is not None:
        return _load_untrained(model)
    return _load_fetched(model.info) if model.info.megabytes else _load_bundled(model.info)


@st.cache_resource(show_spinner=False, max_entries=bounds.BUNDLED_NETWORKS, hash_funcs=NAMES)
def _load_bundled(info: NetworkInfo) -> "Network":
    PASSES.require_place()
    return catalogue.load(info)


@st.cache_resource(show_spinner=False, max_entries=bounds.FETCHED_NETWORKS, hash_funcs=NAMES)
def _load_fetched(info: NetworkInfo) -> "Network":
    PASSES.require_place()
    return catalogue.load(info, classifier=False)


@st.cache_resource(show_spinner=False, max_entries=bounds.UNTRAINED_NETWORKS, hash_funcs=NAMES)
def _load_untrained(model: Model) -> "Network":
    PASSES.require_place()
    return catalogue.load(model.info, model.seed)


def load_whole(info: NetworkInfo) -> "Network":
    """A network with its classifier, where it has one; what is raised as for `load_model`."""
    return _load_whole(info) if info.classifier_megabytes else load_model(Model(info))


@st.cache_resource(show_spinner=False, max_entries=bounds.WHOLE_NETWORKS, hash_funcs=NAMES)
def _load_whole(info: NetworkInfo) -> "Network":
    PASSES.require_place()
    network = catalogue.load(info)
    # Streamlit looks at a time to live at the next use alone, which may never come.
    timer = threading.Timer(bounds.WHOLE_TTL, _load_whole.clear, args=(info,))
    timer.daemon = True
    timer.start()
    return network


@st.cache_resource(show_spinner=False, max_entries=bounds.REMEMBERED_NETWORKS, hash_funcs=NAMES)
def remember_layers(model: Model) -> "tuple[Layer, ...]":
    """A network's layers, which are asked for at each run, also when the network has left the memory.

    On random weights their cells lie elsewhere.
    """
    return catalogue.list_known_layers(model.info) or PASSES.run(say_nothing, load_model, model).layers


@st.cache_resource(show_spinner=False, max_entries=bounds.REMEMBERED_NETWORKS, hash_funcs=NAMES)
def remember_classes(info: NetworkInfo) -> tuple[str, ...]:
    """The names of a network's classes, which are asked for at each run."""
    return PASSES.run(say_nothing, load_whole, info).classes or ()


@st.cache_data(show_spinner=False, max_entries=bounds.REMEMBERED_NETWORKS, hash_funcs={Model: repr})
def measure_input_scale(model: Model) -> float | None:
    """`viz.networks.input_scale.measure_input_scale` over the bundled photographs."""
    PASSES.require_place()
    from viz.networks import input_scale

    network, samples = load_model(model), frame_samples(model.info)
    batches = (network.to_batch(Image.fromarray(framed.pixels)) for framed in samples)
    return input_scale.measure_input_scale(network, batches)
