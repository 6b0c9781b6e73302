"""The sidebar: every choice that the visitor has."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.networks import find_fixed_size, is_vgg16, list_layers, name_side, offered_networks
from page.own_files import find_file, find_refusal, forget_refusals, read_file, take_file
from page.picture import settle_photo
from page.presenting import offer_presenting
from page.settings import (
    HOMEWORK_LAYERS,
    HOMEWORK_NETWORK,
    HOMEWORK_VIEW,
    OWN_NETWORK,
    OWN_PHOTOS,
    SETTINGS,
    apply_settings,
    current_settings,
)
from page.texts import find_help, translate
from page.widgets import draw_choice, draw_slider
from viz.figures.heatmaps import shorten_name
from viz.networks.catalogue import find_network
from viz.networks.files import may_download
from viz.networks.layers import STAGES, Layer
from viz.pictures.frame import MIN_SIZE
from viz.texts import LANGUAGES


def draw_top() -> None:
    """Draw the language and the network, which the rest depends on."""
    with st.sidebar:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.segmented_control(
                translate("page.language"),
                list(LANGUAGES),
                format_func=lambda language: LANGUAGES[language],
                key="lang",
                required=True,
                label_visibility="collapsed",
                on_change=_relabel,
            )
            offer_presenting()
        if st.session_state["view"] != "lesson":  # which has a network of its own
            _draw_network()


def draw_sidebar() -> None:
    """Draw all other groups; what the visitor chooses is in the session's state, by the settings' names."""
    with st.sidebar:
        _draw_picture()
        if st.session_state["view"] == "lesson":
            st.caption(translate("lesson.sidebar"))
            return
        _draw_layers()
        _draw_advanced()


def _relabel() -> None:
    """After a change of language, hand every value to its widget anew.

    A browser keeps what is chosen by its label; without this it would answer the next run in the language
    before.
    """
    apply_settings(current_settings())


def _draw_network() -> None:
    labels = {key: label_network(key) for key in offered_networks()}
    st.selectbox(
        translate("network.label"),
        list(labels),
        format_func=labels.__getitem__,
        key="network",
        help=translate("network.help"),
    )
    describe_source(st.session_state["network"])


def describe_source(network: str) -> None:
    """Say where a network of the catalogue comes from, and how much has to be fetched."""
    if network != OWN_NETWORK:
        info = find_network(network)
        kind = "fetched" if info.megabytes else "bundled"
        st.caption(translate(f"network.{kind}", licence=info.licence, megabytes=info.megabytes))


def label_network(key: str) -> str:
    """How a list calls a network, with the megabytes to fetch."""
    if key == OWN_NETWORK:
        return translate("network.own", title=st.session_state["_own"].title)
    info = find_network(key)
    return (
        translate("network.option", title=info.title, megabytes=info.megabytes)
        if info.megabytes
        else info.title
    )


def _draw_picture() -> None:
    st.subheader(translate("picture.title"), anchor=False)
    settle_photo()
    draw_choice(st.selectbox, "photo", "picture.photo", "picture.", on_change=forget_refusals)
    if st.session_state["photo"] == "camera":
        st.camera_input(translate("picture.camera_input"), key="camera")
    _say_refusal("camera")
    draw_uploader("upload", help=translate("picture.uploader_help"), on_change=_show_upload)
    if st.session_state["photo"] in OWN_PHOTOS:
        st.caption(translate("picture.not_shareable"))


def draw_uploader(key: str, **more: Any) -> None:
    """A place to upload a photograph: any file, since its content tells more than its name.

    Under it stands what is wrong with a file that `page.own_files.take_file` has looked at.
    """
    st.file_uploader(translate("picture.uploader"), key=key, **more)
    _say_refusal(key)
    if st.context.is_embedded and st.context.url:  # browsers keep the cookie back that an upload needs
        st.link_button(translate("picture.own_tab"), st.context.url.partition("?")[0])


def _say_refusal(key: str) -> None:
    error = find_refusal(key)
    if error is not None:
        sentence = translate(error.key, **error.details)
        if key in OWN_PHOTOS or find_file(key):
            sentence += " " + translate("image_error.kept")
        st.error(sentence, icon=":material/broken_image:")


def _show_upload() -> None:
    """A file that has just come is what the visitor wants to see, if it can be read.

    An empty uploader changes nothing: the browser also empties it in passing, while one file replaces
    another.
    """
    take_file("upload")
    if read_file("upload") is not None and find_refusal("upload") is None:
        st.session_state["photo"] = "upload"


def _draw_layers() -> None:
    st.subheader(translate("layers.title"), anchor=False)
    state = st.session_state
    channels = state["view"] == "probe" and state["show"] == "channels"
    if state["view"] != "depth" and not channels:  # the one shows all layers, the other a single one
        _draw_selection()
    if not is_vgg16():
        st.caption(translate("layers.thirds"))
    if not channels:
        draw_choice(st.selectbox, "aggregation", "layers.aggregation", "aggregation.")
    sides = {side: name_side(side) for side in SETTINGS["side"].options}
    st.segmented_control(
        translate("layers.side"),
        list(sides),
        format_func=sides.__getitem__,
        key="side",
        help=translate("layers.side_help"),
        required=True,
    )
    st.button(
        translate("layers.preset"),
        key="preset",
        help=translate("layers.preset_help"),
        on_click=apply_settings,
        args=(HOMEWORK_VIEW,),
        width="stretch",
    )
    if may_download():
        st.button(
            translate("layers.preset_fetched", megabytes=find_network(HOMEWORK_NETWORK).megabytes),
            key="preset_fetched",
            on_click=apply_settings,
            args=(HOMEWORK_VIEW | {"network": HOMEWORK_NETWORK},),
            width="stretch",
        )
    st.caption(translate("layers.preset_note"))


def _draw_selection() -> None:
    """Draw which layers are shown, and buttons that select several at once."""
    layers = list_layers()
    labels = {layer.name: _label_layer(layer) for layer in layers}
    help_key = "layers.select_help_vgg16" if is_vgg16() else "layers.select_help"
    st.multiselect(
        translate("layers.select"),
        list(labels),
        format_func=labels.__getitem__,
        key="layers",
        help=translate(help_key, count=len(layers)),
        placeholder=translate("layers.placeholder"),
        select_all=False,
    )
    with st.container(horizontal=True, gap="small"):
        draw_layers_button("layers_all", "layers.all", list(labels))
        for stage in STAGES:
            names = [layer.name for layer in layers if layer.stage == stage]
            draw_layers_button(f"layers_{stage}", f"layers.{stage}", names)
        if is_vgg16():
            draw_layers_button("layers_homework", "layers.homework", HOMEWORK_LAYERS)


def draw_layers_button(key: str, label: str, names: Sequence[str]) -> None:
    """A button that selects layers.

    Args:
        key: Of the button.
        label: Key of its text in the catalogues.
        names: Of the layers.
    """
    values = {"layers": list(names)}
    help_text = find_help(label)
    text = translate(label, count=len(names))
    st.button(text, key=key, help=help_text, on_click=apply_settings, args=(values,))


def _label_layer(layer: Layer) -> str:
    """How the multiselect calls a layer: name, place in `features`, resolution, stage."""
    name, stage = shorten_name(layer.name), translate(f"stage.{layer.stage}")
    place = f" [{layer.path.rpartition('.')[2]}]" if is_vgg16() else ""
    return translate("layers.option", name=name, place=place, stride=layer.stride, stage=stage)


def _draw_advanced() -> None:
    names = ("framing", "size")
    changed = any(st.session_state[name] != SETTINGS[name].default for name in names)
    with st.expander(translate("advanced.title"), expanded=changed):
        draw_choice(st.radio, "framing", "advanced.framing", "advanced.framing_")
        if (fixed := find_fixed_size()) is not None:
            st.caption(translate("advanced.size_fixed", size=fixed))
            return
        draw_slider("size", "advanced.size")
        if st.session_state["size"] != MIN_SIZE:
            factor = (st.session_state["size"] / MIN_SIZE) ** 2
            st.caption(translate("advanced.size_cost", factor=f"{factor:.1f}"))
