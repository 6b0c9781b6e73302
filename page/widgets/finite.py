"""Layers that are not finite: they are named, and left out."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from page.choice.session import keep_choice
from page.choice.settle import Settled, default_layers, settle
from page.subject.network import ShownNetwork, join_names
from page.visit import Visit
from viz.maps.heatmaps import Heatmaps
from viz.networks.errors import NetworkError


def keep_finite(visit: Visit, heatmaps: Heatmaps, key: str = "") -> Visit:
    """The visit to the finite layers alone; the others are named. A NetworkError where there are none.

    The key is of a setting that names a layer, before its widget is drawn: another may take the place.
    """
    broken, choice = heatmaps.not_finite, visit.choice
    layers = tuple(layer for layer in visit.network.layers if layer.name not in broken)
    if not layers:
        raise NetworkError("not_finite", layer=broken[0])
    if broken:
        say_not_finite(visit, visit.network, visit.network.title, broken)
    if choice.values.get(key) in broken:
        choice = settle(choice.change({key: default_layers(layers)[key]}), visit.memory.settled, visit.known)
        keep_choice(Settled(choice, visit.known))
    return replace(visit, network=replace(visit.network, layers=layers), choice=choice)


def say_not_finite(visit: Visit, network: ShownNetwork, what: str, broken: Sequence[str]) -> None:
    """Name the layers that are left out, of a network that the page calls so."""
    facts = {"first": broken[0], "count": len(broken), "all": len(network.layers)}
    st.warning(visit.words("panel.not_finite", what=what, layers=join_names(broken, visit.words), **facts))
