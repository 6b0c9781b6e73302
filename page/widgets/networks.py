"""Where networks come from, and a classifier that takes memory."""

import streamlit as st

from page.subject.network import join_names
from page.visit import Visit
from page.widgets.settings import draw_preset
from page.work.models import Model, load_model
from viz.networks.catalogue import NetworkInfo
from viz.texts import Translate


def describe_source(words: Translate, info: NetworkInfo) -> None:
    """Say where a network of the catalogue comes from, and how much has to be fetched."""
    if info.licence:
        kind = "fetched" if info.megabytes else "bundled"
        st.caption(words(f"network.{kind}", licence=info.licence, megabytes=info.megabytes))


def describe_own(words: Translate, info: NetworkInfo) -> None:
    """Say what a trial has shown of one's own network, and what of a file of weights was taken."""
    if info.licence:
        return
    network = load_model(Model(info))
    behaviour, taken, whole = network.behaviour, network.taken, words("network.whole_file")
    notes = {
        "grey": behaviour.channels == 1,
        "varies": not behaviour.answers_alike,
        "left_out": behaviour.left_out,
        "key": taken and taken.others,
        "surplus": taken and taken.surplus,
    }
    for key, found in notes.items():
        if found:
            names = [name or whole for name in found] if isinstance(found, tuple) else []
            told = {"names": join_names(names, words, most=3), "taken": (taken and taken.key) or whole}
            st.caption(words(f"network.{key}", **told))


def ask_for_memory(visit: Visit) -> bool:
    """Before a classifier of half a gigabyte is loaded, say so and let the visitor decide.

    Returns:
        Whether it may be loaded.
    """
    info, memory = visit.network.info, visit.memory
    if not info.classifier_megabytes or memory.whole == info.key:
        return True
    facts = {"network": info.title, "megabytes": info.megabytes}
    st.info(visit.words("classes.memory", **facts), icon=":material/memory:")

    def load() -> None:
        memory.whole = info.key

    st.button(
        visit.words("classes.load", **facts), key="load_classifier", on_click=load, icon=":material/memory:"
    )
    return False


def offer_classes(visit: Visit) -> None:
    """Say where a classifier can be had, and switch to one on a click."""
    words, info, catalogue = visit.words, visit.network.info, visit.catalogue
    offered = [catalogue.find(key) for key in catalogue.offered]
    usable = [other for other in offered if other.has_classes]
    bundled = next(other for other in usable if other.licence and not other.megabytes)  # not one's own
    fetched = [other for other in usable if other.is_homework and other != info]
    key = "classes.none_own" if info.only_squares else "classes.none_fetched" if fetched else "classes.none"
    facts: dict[str, object] = {"network": info.title, "other": bundled.title}
    if fetched:
        facts |= {"fetched": fetched[0].title, "megabytes": fetched[0].megabytes}
    st.info(words(key, **facts), icon=":material/category:")
    draw_preset(
        words,
        "switch_network",
        "classes.switch",
        {"network": bundled.key},
        network=bundled.title,
        type="primary",
    )
