"""The sidebar: network, picture and layers, and what is seldom changed; a presenter has them in a menu."""

from typing import Any

import streamlit as st

from page.choice.choice import DEFAULT, OWN_PHOTOS, SETTINGS, Choice
from page.subject.network import label_network
from page.subject.subject import Subject
from page.subject.uploads import forget_refusals
from page.widgets.networks import describe_own, describe_source
from page.widgets.presenting import offer_presenting
from page.widgets.settings import HIDDEN, draw_choice, draw_layers_button, draw_slider
from page.widgets.uploader import draw_camera, draw_taking_away, draw_uploader, say_refusal, wait_to_forget
from page.work.models import Catalogue
from page.work.pictures import list_framings
from viz.figures.heatmaps import shorten_name
from viz.networks.layers import STAGES, Layer
from viz.pictures.frame import MIN_SIZE
from viz.texts import LANGUAGES, Translate


def draw_top(words: Translate) -> None:
    """Draw the language, and the button that begins the presenting, which hides both."""
    with (
        st.sidebar,
        st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"),
    ):
        draw_choice(words, st.segmented_control, "lang", "page.language", LANGUAGES, **HIDDEN)
        offer_presenting(words)


def draw_network(words: Translate, choice: Choice, catalogue: Catalogue) -> None:
    """Draw the network, on which the rest depends."""
    labels = {key: label_network(catalogue.find(key), words) for key in catalogue.offered}
    fetched = any(catalogue.find(key).megabytes for key in catalogue.offered)
    label = "network.label" if fetched else "network.label_bundled"
    draw_choice(words, st.selectbox, "network", label, labels)
    describe_source(words, catalogue.find(str(choice.network)))


def draw_settings(subject: Subject, controls: tuple[str, ...] | None, first: Any, second: Any) -> None:
    """Draw the picture, and what acts in the visitor's view.

    Args:
        subject: What is looked at.
        controls: Keys of the settings that act; None where a view has settings of its own.
        first: The place of the picture.
        second: That of the layers.
    """
    with first:
        if controls is not None:
            describe_own(subject.words, subject.network.info)
        _draw_picture(subject)
        if controls is None:
            st.caption(subject.words("lesson.sidebar"))
            return
    with second:
        _draw_layers(subject, controls)
        _draw_advanced(subject)


def _draw_picture(subject: Subject) -> None:
    words, choice = subject.words, subject.choice
    st.subheader(words("picture.title"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        draw_choice(words, st.selectbox, "photo", "picture.photo", "picture.", on_change=forget_refusals)
        draw_taking_away(words, choice)
    if choice.photo == "camera":
        draw_camera(words)
    say_refusal(words, "camera")
    draw_uploader(words, "upload", choice, subject.network.info, explain=True)
    wait_to_forget()
    if choice.photo in OWN_PHOTOS:
        st.caption(words("picture.not_shareable"))


def _draw_layers(subject: Subject, controls: tuple[str, ...]) -> None:
    words, network = subject.words, subject.network
    st.subheader(words("layers.title"), anchor=False)
    if "layers" in controls:
        _draw_selection(subject)
    if not network.info.is_homework:
        st.caption(words("layers.thirds"))
    if "aggregation" in controls:
        draw_choice(words, st.selectbox, "aggregation", "layers.aggregation", "aggregation.")
    # Without any activation both sides are the same.
    options = SETTINGS["side"].options if network.has_sides else [subject.choice.side]
    sides = {side: network.name_side(side, words) for side in options}
    draw_choice(words, st.segmented_control, "side", "layers.side", sides, required=True)


def _draw_selection(subject: Subject) -> None:
    """Draw which layers are shown, and buttons that select several at once."""
    words, layers, is_homework = subject.words, subject.network.layers, subject.network.info.is_homework
    labels = {layer.name: _label_layer(subject, layer) for layer in layers}
    help_key = "layers.select_help_vgg16" if is_homework else "layers.select_help"
    st.multiselect(
        words("layers.select"),
        list(labels),
        format_func=labels.__getitem__,
        key="layers",
        help=words(help_key, count=len(layers)),
        placeholder=words("layers.placeholder"),
        select_all=False,
    )
    with st.container(horizontal=True, gap="small"):
        draw_layers_button(words, "layers_all", "layers.all", list(labels))
        for stage in STAGES:
            names = [layer.name for layer in layers if layer.stage == stage]
            if 0 < len(names) < len(layers):
                draw_layers_button(words, f"layers_{stage}", f"layers.{stage}", names)


def _label_layer(subject: Subject, layer: Layer) -> str:
    """How the multiselect calls a layer: name, place in `features`, resolution, stage."""
    name, stage = shorten_name(layer.name), subject.words(f"stage.{layer.stage}")
    place = f" [{layer.path.rpartition('.')[2]}]" if subject.network.info.is_homework else ""
    return subject.words("layers.option", name=name, place=place, stride=layer.stride, stage=stage)


def _draw_framing(subject: Subject) -> None:
    """Draw the framings that give pictures of their own; of a square photograph that is one."""
    words, choice, photo = subject.words, subject.choice, subject.picture.framed.photo
    assert photo is not None  # no visitor looks at noise
    cut = list_framings(choice.framing, choice.size, subject.network.info, photo)
    names = {framing: words(f"advanced.framing_{how}") for framing, how in cut.items()}
    if len(names) > 1:
        draw_choice(words, st.radio, "framing", "advanced.framing", names)
    else:
        st.caption(words("advanced.framing_one"))


def _draw_advanced(subject: Subject) -> None:
    words, choice = subject.words, subject.choice
    changed = (choice.framing, choice.size) != (DEFAULT.framing, DEFAULT.size)
    with st.expander(words("advanced.title"), expanded=changed):
        _draw_framing(subject)
        if (fixed := subject.network.info.fixed_size) is not None:
            st.caption(words("advanced.size_fixed", size=fixed))
            return
        draw_slider(words, "size", "advanced.size")
        (height, width), key = subject.picture.size, subject.picture.key
        if key.framing == "whole":
            facts = {"width": width, "height": height, "size": key.size, "stride": key.stride}
            st.caption(words("advanced.size_became", **facts))
        if choice.size != MIN_SIZE:
            st.caption(words("advanced.size_cost", factor=f"{(choice.size / MIN_SIZE) ** 2:.1f}"))
