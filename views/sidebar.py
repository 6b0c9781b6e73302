"""The sidebar: every choice that the visitor has."""

from typing import Any

import streamlit as st

from views.address import (
    HOMEWORK_LAYERS,
    HOMEWORK_VIEW,
    OWN_PHOTOS,
    SAMPLES,
    SETTINGS,
    SIZE_STEP,
    current_settings,
)
from views.texts import LANGUAGES, Translate
from viz.aggregate import AGGREGATIONS
from viz.images import FRAMINGS, MAX_BYTES, MAX_SIZE, MIN_SIZE, NORMALIZATION
from viz.layers import CONV_LAYERS, LAYER_NAMES, STAGES, Stage, get_layer
from viz.scales import RANGES
from viz.specs import COLOR_SCALES

EXTENSIONS = ("jpg", "jpeg", "png", "webp")


def draw_sidebar(translate: Translate) -> None:
    """Draw all groups; what the visitor chooses is in the session's state, under the settings' names."""
    with st.sidebar:
        st.segmented_control(
            translate("page.language"),
            list(LANGUAGES),
            format_func=lambda language: LANGUAGES[language],
            key="lang",
            required=True,
            label_visibility="collapsed",
            on_change=_relabel,
        )
        _draw_picture(translate)
        _draw_layers(translate)
        _draw_look(translate)
        _draw_advanced(translate)


def _relabel() -> None:
    """After a change of language, hand every value to its widget anew.

    A browser keeps what is chosen by its label; without this it would answer the next run in the language
    before.
    """
    apply_settings(current_settings())


def apply_settings(values: dict[str, Any]) -> None:
    """Set several choices at once; for callbacks, which run before the widgets are drawn."""
    for name, value in values.items():
        st.session_state[name] = value


def _draw_picture(translate: Translate) -> None:
    st.subheader(translate("picture.title"), anchor=False)
    st.selectbox(
        translate("picture.photo"),
        [*SAMPLES, *OWN_PHOTOS],
        format_func=lambda name: translate(f"picture.{name}"),
        key="photo",
        help=translate("picture.photo_help"),
    )
    if st.session_state["photo"] == "camera":
        st.camera_input(translate("picture.camera_input"), key="camera")
    st.file_uploader(
        translate("picture.uploader"),
        type=EXTENSIONS,
        key="upload",
        help=translate("picture.uploader_help"),
        max_upload_size=MAX_BYTES // 2**20,
        on_change=_show_upload,
    )
    if st.session_state["photo"] in OWN_PHOTOS:
        st.caption(translate("picture.not_shareable"))


def _show_upload() -> None:
    """A file that has just come is what the visitor wants to see.

    An empty uploader changes nothing: the browser also empties it in passing, while one file replaces
    another.
    """
    state = st.session_state
    if state["upload"] is not None:
        state["photo"] = "upload"


def _draw_layers(translate: Translate) -> None:
    st.subheader(translate("layers.title"), anchor=False)
    st.multiselect(
        translate("layers.select"),
        LAYER_NAMES,
        format_func=lambda name: label_layer(name, translate),
        key="layers",
        help=translate("layers.select_help"),
        placeholder=translate("layers.placeholder"),
        select_all=False,
    )
    with st.container(horizontal=True, gap="small"):
        _draw_layers_button("all", translate("layers.all"), LAYER_NAMES, translate("layers.all_help"))
        for stage in STAGES:
            text = translate(f"stage.{stage}").capitalize()
            _draw_layers_button(stage, text, list_stage(stage), translate("layers.stage_help"))
        _draw_layers_button(
            "homework", translate("layers.homework"), HOMEWORK_LAYERS, translate("layers.homework_help")
        )
    st.selectbox(
        translate("layers.aggregation"),
        list(AGGREGATIONS),
        format_func=lambda name: translate(f"aggregation.{name}"),
        key="aggregation",
        help=translate("layers.aggregation_help"),
    )
    st.segmented_control(
        translate("layers.side"),
        ["post", "pre"],
        format_func=lambda side: translate(f"side.{side}"),
        key="side",
        required=True,
        help=translate("layers.side_help"),
    )
    st.button(
        translate("layers.preset"),
        key="preset",
        help=translate("layers.preset_help"),
        on_click=apply_settings,
        args=(HOMEWORK_VIEW,),
        width="stretch",
    )


def _draw_layers_button(key: str, text: str, names: tuple[str, ...], help_text: str) -> None:
    st.button(
        text, key=f"layers_{key}", help=help_text, on_click=apply_settings, args=({"layers": list(names)},)
    )


def list_stage(stage: Stage) -> tuple[str, ...]:
    """Names of the layers of one stage."""
    return tuple(layer.name for layer in CONV_LAYERS if layer.stage == stage)


def label_layer(name: str, translate: Translate) -> str:
    """How the multiselect calls a layer: name, index, resolution, stage."""
    layer = get_layer(name)
    return translate(
        "layers.option",
        name=name,
        index=layer.index,
        stride=layer.stride,
        stage=translate(f"stage.{layer.stage}"),
    )


def _draw_look(translate: Translate) -> None:
    st.subheader(translate("look.title"), anchor=False)
    st.selectbox(
        translate("look.colors"),
        list(COLOR_SCALES),
        format_func=lambda name: translate(f"look.{name}"),
        key="colors",
        help=translate("look.colors_help"),
    )
    st.selectbox(
        translate("look.range"),
        RANGES,
        format_func=lambda name: translate(f"look.range_{name}"),
        key="range",
        help=translate("look.range_help"),
    )
    st.toggle(translate("look.overlay"), key="overlay", help=translate("look.overlay_help"))
    st.slider(
        translate("look.opacity"),
        min_value=0.0,
        max_value=1.0,
        step=0.05,
        key="opacity",
        help=translate("look.opacity_help"),
        disabled=not st.session_state["overlay"] and st.session_state["view"] not in ("depth", "probe"),
    )
    st.toggle(translate("look.smooth"), key="smooth", help=translate("look.smooth_help"))


def _draw_advanced(translate: Translate) -> None:
    names = ("framing", "size", "weights")
    changed = any(st.session_state[name] != SETTINGS[name].default for name in names)
    with st.expander(translate("advanced.title"), expanded=changed):
        st.radio(
            translate("advanced.framing"),
            FRAMINGS,
            format_func=lambda name: translate(f"advanced.framing_{name}"),
            key="framing",
            help=translate("advanced.framing_help"),
        )
        st.slider(
            translate("advanced.size"),
            min_value=MIN_SIZE,
            max_value=MAX_SIZE,
            step=SIZE_STEP,
            key="size",
            help=translate("advanced.size_help"),
        )
        factor = (st.session_state["size"] / MIN_SIZE) ** 2
        st.caption(translate("advanced.size_cost", factor=f"{factor:.1f}"))
        st.radio(
            translate("advanced.weights"),
            list(NORMALIZATION),
            format_func=lambda name: translate(f"advanced.weights_{name}"),
            key="weights",
            help=translate("advanced.weights_help"),
        )
