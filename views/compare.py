"""The view "Side by side": the photograph beside a panel a layer."""

import streamlit as st

from views.address import DEFAULT_LAYERS
from views.maps import (
    get_maps,
    is_diverging,
    list_notes,
    make_config,
    make_look,
    make_panels,
    must_wait,
    name_quantity,
)
from views.picture import Picture, choose_picture
from views.screen import Screen
from views.sidebar import apply_settings
from views.status import Status
from views.texts import Translate
from views.work import Maps, Strongest
from viz.grids import Grid, arrange_panels
from viz.layers import LAYER_NAMES, STAGES, get_layer
from viz.plots import compare_figure
from viz.specs import Look


def draw_compare(screen: Screen, status: Status, translate: Translate) -> None:
    """Draw the figure, then what the layers in it are said to respond to."""
    names = [name for name in LAYER_NAMES if name in st.session_state["layers"]]
    status.say(_describe(len(names), translate))
    picture = choose_picture(translate)
    if not names:
        _draw_nothing(picture, screen, translate)
        return
    aspect = picture.photo.height / picture.photo.width
    grid = arrange_panels(len(names) + 1, screen.width, screen.height, aspect)
    slot = st.container()
    if must_wait(picture):
        slot = slot.empty()
        _draw_photo(slot, picture, grid, translate)
    maps, strongest = get_maps(picture, status, translate)
    with slot:
        _draw_figure(names, maps, strongest, picture, grid, translate)
    for note in list_notes(translate):
        st.caption(note)
    _explain_layers(names, maps, strongest, translate)
    explain_numbers(translate)


def _describe(count: int, translate: Translate) -> str:
    if count == 0:
        return translate("page.nothing_selected")
    kind = "greys" if st.session_state["colors"] == "greys" else "sequential"
    colours = translate(f"page.colours_{'diverging' if is_diverging() else kind}")
    return translate("page.line_one" if count == 1 else "page.line", count=count, colours=colours)


def _draw_nothing(picture: Picture, screen: Screen, translate: Translate) -> None:
    left, right = st.columns(2, vertical_alignment="center")
    aspect = picture.photo.height / picture.photo.width
    _draw_photo(left, picture, arrange_panels(1, screen.width / 2, screen.height, aspect), translate)
    for key, names in (("take_default", DEFAULT_LAYERS), ("take_all", LAYER_NAMES)):
        right.button(
            translate(f"page.{key}"), key=key, on_click=apply_settings, args=({"layers": list(names)},)
        )


def _draw_photo(
    slot: "st.delta_generator.DeltaGenerator", picture: Picture, grid: Grid, translate: Translate
) -> None:
    alt = translate("panel.alt_photo", photo=picture.alt)
    slot.plotly_chart(
        compare_figure(picture.photo, [], Look(), grid),
        key="photograph",
        theme=None,
        config=make_config(translate),
        alt=alt,
    )


def _draw_figure(
    names: list[str], maps: Maps, strongest: Strongest, picture: Picture, grid: Grid, translate: Translate
) -> None:
    panels = make_panels(names, maps, strongest, translate)
    look = make_look(translate, overlay=st.session_state["overlay"], shared_bar=True)
    alt = translate(
        "panel.alt",
        layers=", ".join(names),
        photo=picture.alt,
        quantity=name_quantity(translate),
        side=translate(f"side.{st.session_state['side']}"),
    )
    note = translate("panel.how_to_read_shared" if look.shared_bar else "panel.how_to_read")
    figure = compare_figure(picture.photo, panels, look, grid, note)
    st.plotly_chart(figure, key="heatmaps", theme=None, config=make_config(translate), alt=alt)


def _explain_layers(names: list[str], maps: Maps, strongest: Strongest, translate: Translate) -> None:
    st.markdown(f"##### {translate('explain.title')}")
    for stage in STAGES:
        lines = [
            _state_facts(name, maps, strongest, translate) for name in names if get_layer(name).stage == stage
        ]
        if lines:
            st.markdown("\n".join([translate(f"explain.{stage}"), "", *lines]))


def _state_facts(name: str, maps: Maps, strongest: Strongest, translate: Translate) -> str:
    layer = get_layer(name)
    side = st.session_state["side"]
    height, width = maps[name, side, st.session_state["aggregation"]].shape
    facts = translate(
        "explain.layer",
        name=name,
        index=layer.index,
        channels=layer.channels,
        height=height,
        width=width,
        stride=layer.stride,
        field=layer.receptive_field,
    )
    return f"- {facts}{translate('explain.layer_strongest', channel=strongest[name, side])}"


def explain_numbers(translate: Translate) -> None:
    """Two folded texts: how to read the figure, and where the homework errs."""
    with st.expander(translate("explain.numbers_title"), icon=":material/help:"):
        st.markdown(translate("explain.numbers"))
    with st.expander(translate("wrong.title"), icon=":material/edit_note:"):
        st.markdown(translate("wrong.body"))
