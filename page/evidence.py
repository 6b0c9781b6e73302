"""What the visitor's network takes the photograph for, and its class maps."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.cache import compute_class_maps, compute_probabilities, remember_classes
from page.networks import find_fixed_size, name_network
from page.picture import Picture, resize
from page.settings import OWN_NETWORK
from page.status import Status
from page.texts import translate
from viz.networks.catalogue import find_network
from viz.pictures.frame import MIN_SIZE


class Asked(NamedTuple):
    """The class that the visitor asks about, and the one that it is held against, if there is one."""

    chosen: int
    against: int | None


def has_classes() -> bool:
    """Whether the visitor's network has a classifier, loaded or not."""
    if st.session_state["network"] == OWN_NETWORK:
        return st.session_state["_own"].classes is not None
    return find_network(st.session_state["network"]).has_classes


def ask_for_memory() -> bool:
    """Before a classifier of half a gigabyte is loaded, say so and let the visitor decide.

    Returns:
        Whether it may be loaded.
    """
    state = st.session_state
    network = state["network"]
    info = None if network == OWN_NETWORK else find_network(network)
    if info is None or not info.classifier_megabytes or state.get("_whole") == network:
        return True
    facts = {"network": info.title, "megabytes": info.megabytes}
    st.info(translate("classes.memory", **facts), icon=":material/memory:")
    st.button(
        translate("classes.load", **facts),
        key="load_classifier",
        on_click=lambda: state.update(_whole=network),
        icon=":material/memory:",
    )
    return False


def choose_evidence(picture: Picture) -> Picture:
    """The photograph at the size at which class evidence is computed, with the visitor's framing."""
    size = find_fixed_size() or MIN_SIZE
    return picture if picture.key.size == size else resize(picture, size)


def list_classes() -> tuple[str, ...]:
    """The names of the classes of the visitor's network."""
    return remember_classes(st.session_state["network"])


def get_probabilities(evidence: Picture, status: Status) -> NDArray[np.float32]:
    """How probable the network finds each class: one pass, the first time."""
    network = st.session_state["network"]
    text = translate("classes.predicting", network=name_network())
    with status.computing((evidence.key, network, "classes"), network, text):
        return compute_probabilities(evidence.key, network, evidence.pixels)


def settle_classes(probabilities: NDArray[np.float32]) -> Asked:
    """The classes that the visitor asks about.

    Those that the network has not, and one against itself, are given up.
    """
    state = st.session_state
    for name in ("class", "against"):
        if state[name] is not None and state[name] >= len(probabilities):
            state[name] = None
    index = int(np.argmax(probabilities)) if state["class"] is None else state["class"]
    if state["against"] == index:
        state["against"] = None
    return Asked(index, state["against"])


def get_class_maps(evidence: Picture, asked: Asked, status: Status) -> dict[str, NDArray[np.float32]]:
    """The class maps of all layers by the visitor's method: one pass for all methods, the first time."""
    network = st.session_state["network"]
    with status.computing((evidence.key, network, asked), network, translate("classes.computing")):
        maps = compute_class_maps(evidence.key, network, *asked, evidence.pixels)
    return {layer: values for (layer, method), values in maps.items() if method == st.session_state["method"]}
