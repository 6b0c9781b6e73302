"""Where networks come from, what is offered to be fetched, and a classifier that takes memory."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.choice.session import take_offer
from page.subject.network import join_names
from page.subject.subject import Subject
from page.visit import Visit
from page.widgets.errors import add_notice
from page.widgets.settings import draw_preset
from page.work.models import Model, load_model, measure_input_scale
from page.work.queue import PASSES, say_nothing
from viz.networks.catalogue import NetworkInfo
from viz.networks.own import USUAL_FACTOR
from viz.texts import Translate


def describe_source(words: Translate, info: NetworkInfo) -> None:
    """Say where a network of the catalogue comes from, and how much has to be fetched."""
    if info.licence:
        kind = "fetched" if info.megabytes else "bundled"
        st.caption(words(f"network.{kind}", licence=info.licence, megabytes=info.megabytes))


def draw_offer(subject: Subject) -> None:
    """Offer the network that a link asks for and that is not there; its whole choice is shown then."""
    words, offer = subject.words, subject.memory.offer
    if offer is not None:
        info = subject.catalogue.find(offer.network)
        sentences = (
            words("network.not_there", network=info.title),
            words("network.meanwhile", network=subject.network.title),
        )
        _draw_fetch(words, info, "fetch_network", " ".join(sentences), take_offer)


def draw_offer_beside(visit: Visit, info: NetworkInfo) -> None:
    """Offer the network that a link compares with."""

    def ask() -> None:
        visit.memory.asked.add(info.key)

    _draw_fetch(visit.words, info, "fetch_beside", visit.words("beside.not_there", network=info.title), ask)


def _draw_fetch(
    words: Translate, info: NetworkInfo, key: str, sentence: str, ask: Callable[[], None]
) -> None:
    st.info(sentence, icon=":material/cloud_download:")
    facts = {"network": info.title, "megabytes": info.megabytes}
    st.button(words("network.fetch", **facts), key=key, on_click=ask, icon=":material/download:")


def describe_own(words: Translate, info: NetworkInfo) -> None:
    """Say what a trial has shown of one's own network, and what of a file of weights was taken."""
    if info.licence:
        return
    network = PASSES.run(say_nothing, load_model, Model(info))
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
    _say_scale(words, PASSES.run(say_nothing, measure_input_scale, Model(info)))


def _say_scale(words: Translate, scale: float | None) -> None:
    """Say what can be told of one's own mean and std: maps hardly change by them."""
    if scale is None:
        st.caption(words("network.scale_unknown"))
    elif 1 / USUAL_FACTOR <= scale <= USUAL_FACTOR:
        st.caption(words("network.scale_near", factor=f"{scale:.2g}", most=f"{USUAL_FACTOR:g}"))
    else:
        st.warning(words("network.scale_far", factor=f"{scale:.2g}"))


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


def learn_classes(visit: Visit, probabilities: NDArray[np.float32]) -> Visit:
    """The same where the classes are known; one that is asked about and that is not there is told."""
    count, asked = len(probabilities), {key: visit.choice.values[key] for key in ("class", "against", "true")}
    unknown = [f"`{key}`" for key, index in asked.items() if isinstance(index, int) and index >= count]
    visit = visit.learn(replace(visit.known, classes=count, best=int(np.argmax(probabilities))))
    if unknown:
        facts = {"network": visit.network.title, "count": count, "names": ", ".join(unknown)}
        add_notice(visit.words("classes.unknown", **facts), visit.choice)
    return visit


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
