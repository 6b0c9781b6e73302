"""The view "Classes": what the network takes the photograph for, and which cells speak for it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.browser.screen import Screen
from page.erasing import EraseTest, draw_erase_test, write_probability
from page.evidence import (
    Asked,
    ask_for_memory,
    choose_evidence,
    get_class_maps,
    get_probabilities,
    has_classes,
    list_classes,
    settle_classes,
)
from page.maps import choose_look, choose_panels, get_heatmaps, list_notes
from page.networks import list_layers, name_network, selected_layers
from page.picture import Picture, choose_picture
from page.settings import OWN_NETWORK, apply_settings
from page.status import Status
from page.texts import get_words, translate
from page.widgets import draw_choice, draw_figure
from viz.evidence.methods import METHODS
from viz.figures.columns import arrange_columns
from viz.figures.evidence import make_class_panels, shorten_class
from viz.figures.paired import Below, draw_pairs
from viz.maps.heatmaps import Heatmaps
from viz.networks.layers import Layer

SHOWN = 5  # predictions
WITH_CLASSES = "efficientnet_lite0"


def draw_classes(screen: Screen, status: Status) -> None:
    """Draw the prediction, the class maps under the plain ones, and the erase test."""
    status.say(translate("classes.line", network=name_network()))
    picture = choose_picture()
    if not has_classes():
        _offer_classes()
        return
    if not ask_for_memory():
        return
    evidence = choose_evidence(picture)
    probabilities = get_probabilities(evidence, status)
    asked = settle_classes(probabilities)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_prediction(probabilities)
    with right:
        _draw_choices(probabilities, asked)
    layers = selected_layers() or [list_layers()[-1]]
    heatmaps = get_heatmaps(evidence, status)
    maps = get_class_maps(evidence, asked, status)
    _draw_maps(evidence, heatmaps, maps, layers, asked, screen)
    _draw_notes(picture, evidence, heatmaps, layers, asked)
    plain = {layer.name: heatmaps[layer.name, layer.pick_side("post"), "mean"] for layer in layers}
    probability = float(probabilities[asked.chosen])
    test = EraseTest(evidence, asked, probability, {"mean": plain, "class": maps}, layers)
    draw_erase_test(test, screen, status)
    with st.expander(translate("classes.explain_title"), icon=":material/help:"):
        st.markdown(translate("classes.explain_body"))


def _offer_classes() -> None:
    """Say where a classifier can be had, and switch to one on a click."""
    is_own = st.session_state["network"] == OWN_NETWORK
    key = "classes.none_own" if is_own else "classes.none"
    st.info(translate(key, network=name_network()), icon=":material/category:")
    st.button(
        translate("classes.switch"),
        key="switch_network",
        on_click=apply_settings,
        args=({"network": WITH_CLASSES},),
        type="primary",
    )


def _draw_prediction(probabilities: NDArray[np.float32]) -> None:
    st.markdown(f"##### {translate('classes.prediction', network=name_network())}")
    names = list_classes()
    with st.container(gap="xxsmall"):
        for index in _order(probabilities)[:SHOWN]:
            share = float(probabilities[index])
            st.progress(min(share, 1.0), text=f"{names[index]} · **{share:.1%}**")


def _order(probabilities: NDArray[np.float32]) -> list[int]:
    """Indices of the classes, the most probable first."""
    order: list[int] = np.argsort(-probabilities, kind="stable").tolist()
    return order


def _draw_choices(probabilities: NDArray[np.float32], asked: Asked) -> None:
    st.markdown(f"##### {translate('classes.question')}")
    order, names = _order(probabilities), _label_classes()
    others = [index for index in order if index != asked.chosen]
    for key, options, placeholder in (
        ("class", order, translate("classes.most_probable", name=names[order[0]])),
        ("against", others, translate("classes.against_none")),
    ):
        st.selectbox(
            translate(f"classes.{key}"),
            options,
            index=None,
            format_func=names.__getitem__,
            key=key,
            placeholder=placeholder,
            help=translate(f"classes.{key}_help"),
        )
    draw_choice(st.segmented_control, "method", "classes.method", "classes.method_", required=True)
    shares = [
        translate(
            "classes.probability",
            name=shorten_class(names[index]),
            share=write_probability(float(probabilities[index])),
        )
        for index in asked
        if index is not None
    ]
    st.caption(" ".join(shares))


def _label_classes() -> list[str]:
    """The names of the classes, and the index behind those that several have: browsers know labels alone."""
    names = list_classes()
    counts = Counter(names)
    return [name if counts[name] == 1 else f"{name} ({index})" for index, name in enumerate(names)]


def _draw_maps(
    evidence: Picture,
    heatmaps: Heatmaps,
    maps: dict[str, NDArray[np.float32]],
    layers: list[Layer],
    asked: Asked,
    screen: Screen,
) -> None:
    state, names = st.session_state, list_classes()
    against = None if asked.against is None else names[asked.against]
    how = state["method"], state["range"], evidence.size, (names[asked.chosen], against)
    below = Below(make_class_panels(maps, layers, *how, get_words()), None, translate("classes.how_to_read"))
    height, width = evidence.size
    photo = replace(evidence.photo, title=translate("classes.photo", width=width, height=height))
    panels = choose_panels(evidence, heatmaps, layers)
    columns = arrange_columns(len(layers), [evidence.aspect] * 2, screen.width, screen.height)
    figure = draw_pairs(photo, panels, below, choose_look(state["overlay"]), columns)
    facts = {"layers": ", ".join(layer.name for layer in layers), "photo": evidence.alt}
    method = translate(f"classes.method_{state['method']}")
    alt = translate("classes.alt", method=method, name=names[asked.chosen], **facts)
    draw_figure(figure, "class_maps", alt)


def _draw_notes(
    picture: Picture, evidence: Picture, heatmaps: Heatmaps, layers: list[Layer], asked: Asked
) -> None:
    notes = list_notes(heatmaps, layers)
    if asked.against is not None:
        names = [shorten_class(list_classes()[index]) for index in asked if index is not None]
        notes.append(translate("classes.contrast_note", name=names[0], other=names[-1]))
    elif METHODS[st.session_state["method"]].signed:
        name = shorten_class(list_classes()[asked.chosen])
        notes.append(translate("classes.signed_note", name=name))
    if picture.key.size != evidence.key.size:
        notes.append(translate("classes.size_note", size=evidence.key.size, other=picture.key.size))
    for note in notes:
        st.caption(note)
