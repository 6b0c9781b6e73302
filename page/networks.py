"""The visitor's network: which ones there are, its layers, and which of them the visitor wants."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.cache import load_own, remember_layers, tell_once
from page.settings import OWN_NETWORK
from page.texts import translate
from viz.maps.compare import match_depth
from viz.measures.untrained import choose_measured
from viz.networks.catalogue import UNTRAINED, find_network, list_known_layers, list_networks
from viz.networks.errors import NetworkError
from viz.networks.files import may_download
from viz.networks.layers import Layer, choose_default_layers
from viz.networks.own import OwnNetwork, read_arguments

LAYER_SETTINGS = ("layers", "layer", "depth")  # their values are names of the network's layers
FEW = 6  # names of layers in a sentence


def open_own(arguments: Sequence[str]) -> None:
    """Load the network of whoever started the server, or say what is wrong with it, on each run.

    Args:
        arguments: Of the server's command line, as `viz.networks.own.read_arguments` takes them.
    """
    own: OwnNetwork | None = None
    found: object = None
    try:
        own = read_arguments(arguments)
    except NetworkError as error:
        found = error
    if own is not None:
        with st.spinner(translate("page.loading", network=own.title)):
            found = load_own(own)
    st.session_state["_own"] = None if isinstance(found, NetworkError) else own
    if isinstance(found, NetworkError):
        tell_once(str(found))
        st.error(translate(found.key, **found.details), icon=":material/error:")


def offered_networks() -> list[str]:
    """Keys of the networks that a visitor can choose; that of whoever started the server comes first."""
    own = [OWN_NETWORK] if st.session_state.get("_own") else []
    return own + [info.key for info in list_networks() if may_download() or not info.megabytes]


def settle_network() -> None:
    """Take the first network where the visitor has chosen none, or one that is not there."""
    if st.session_state["network"] not in offered_networks():
        st.session_state["network"] = offered_networks()[0]


def name_network(key: str = "") -> str:
    """The title of the visitor's network, or of another one."""
    key = (key or st.session_state["network"]).removeprefix(UNTRAINED)
    return str(st.session_state["_own"].title) if key == OWN_NETWORK else find_network(key).title


def is_known() -> bool:
    """Whether the layers of the visitor's network are known without loading it."""
    network = st.session_state["network"]
    is_first = st.session_state.get("_loaded") != network  # of this session's runs
    return not is_first or network == OWN_NETWORK or list_known_layers(find_network(network)) is not None


def list_layers(network: str = "") -> tuple[Layer, ...]:
    """The layers of a network, the visitor's if no other is given, from the input on."""
    return remember_layers((network or st.session_state["network"]).removeprefix(UNTRAINED))


def find_layer(name: str) -> Layer:
    """One of them, by its name."""
    return next(layer for layer in list_layers() if layer.name == name)


def selected_layers() -> list[Layer]:
    """Those that the visitor has selected, shallow to deep."""
    return [layer for layer in list_layers() if layer.name in st.session_state["layers"]]


def measured_layers() -> list[Layer]:
    """The layers that have the visitor's side of the activation; all of them where none has it."""
    return choose_measured(list_layers(), st.session_state["side"])


def find_fixed_size(network: str = "") -> int | None:
    """Side of the square pictures that a small network of one's own takes, in pixels; None for the others.

    Without a network it is told of the visitor's.
    """
    own: OwnNetwork | None = st.session_state["_own"]
    is_own = (network or st.session_state["network"]) == OWN_NETWORK
    return own.fixed_size if own is not None and is_own else None


def is_vgg16() -> bool:
    """Whether it is the network of the homework, on whichever weights."""
    return str(st.session_state["network"]).endswith("vgg16")


def network_defaults() -> dict[str, Any]:
    """Values of the settings whose defaults depend on the network."""
    layers = list_layers()
    first = offered_networks()[0]
    return {
        "network": first,
        "layers": choose_default_layers(layers),
        "layer": layers[-1].name,
        "depth": layers[0].name,
    }


def settle_layers() -> None:
    """Make sure that the layers that are asked for are the network's.

    What the address leaves out gets its default. After a change of the network, names are taken for places in
    the depth of the network before, unless they were chosen together with the network.
    """
    state, names, defaults = st.session_state, [layer.name for layer in list_layers()], network_defaults()
    before, defaults_before, settled = state.get("_names_before", ([], {}, {}))
    layer_before = state["layer"]
    for key in LAYER_SETTINGS:
        value = state[key]
        if value == []:  # nothing is a choice, too
            continue
        wanted = value if isinstance(value, list) else [value]
        if value == defaults_before.get(key):
            wanted = []
        elif not set(wanted) <= set(names) or (before != names and value == settled.get(key)):
            wanted = [_move(name, before, names) for name in wanted if name in (*before, *names)]
        if not wanted:
            state[key] = defaults[key]
        else:
            state[key] = [name for name in names if name in wanted] if isinstance(value, list) else wanted[0]
    if before and state["layer"] != layer_before:  # its channel of the same number is another one
        state.update(channel=None, thumb_page=1)
    state["_names_before"] = (names, defaults, {key: state[key] for key in LAYER_SETTINGS})


def _move(name: str, before: list[str], names: list[str]) -> str:
    """The name of the layer at the same place in the depth."""
    if name not in before:
        return name
    return names[match_depth(before.index(name), len(before), len(names))]


def join_names(names: list[str]) -> str:
    """Names of layers in a sentence; of many, the first few and how many there are."""
    few = ", ".join(names[:FEW])
    return few if len(names) <= FEW else translate("layers.more", names=few, count=len(names) - FEW)


def name_side(side: str) -> str:
    """A side of the activation in words, which name the activation where the network has one kind only."""
    kinds = {layer.activation.kind for layer in list_layers() if layer.activation}
    if len(kinds) == 1:
        return translate(f"side.{side}", activation=kinds.pop())
    return translate(f"side.{side}_any" if kinds else "side.output")
