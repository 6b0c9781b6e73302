"""The class map beside the plain maps in the claim that deep layers focus on the whole object."""

import numpy as np
import streamlit as st

from page.evidence import (
    ask_for_memory,
    choose_evidence,
    get_class_maps,
    get_probabilities,
    list_classes,
    settle_classes,
)
from page.networks import measured_layers
from page.picture import Picture
from page.status import Status
from page.texts import get_words, translate
from page.widgets import draw_switch
from viz.figures.evidence import shorten_class
from viz.figures.heatmaps import name_aggregation
from viz.maps.coarsen import Array
from viz.measures.curves import Curves, find_lead, measure_box
from viz.measures.metrics import find_metric
from viz.networks.errors import NetworkError
from viz.pictures.frame import Box


def compare_class_map(trained: Curves, picture: Picture, box: Box, status: Status) -> dict[str, float]:
    """Draw the switch for the class map and, where it is on, say whether it tells the box better.

    Args:
        trained: Of the plain maps.
        picture: The photograph.
        box: In its pixels. The class maps lie over the same photograph, whatever the size they are made at.
        status: The line in which work is told.

    Returns:
        How well each layer's class map tells the box from the rest, by the layer's name; nothing without the
        switch.
    """
    draw_switch("class_box", "verdict.class_box")
    if not st.session_state["class_box"] or not ask_for_memory():
        return {}
    evidence = choose_evidence(picture)
    try:
        asked = settle_classes(get_probabilities(evidence, status))
        maps = get_class_maps(evidence, asked, status)
    except NetworkError as error:  # all else of the view does not need them
        st.error(translate(error.key, **error.details), icon=":material/error:")
        return {}
    layers = measured_layers()
    (areas,) = measure_box([maps[layer.name] for layer in layers], box, *picture.size)["box_auc"]
    st.markdown(_say(areas, trained["box_auc"][0], asked.chosen))
    if picture.key.size != evidence.key.size or st.session_state["side"] == "pre":
        st.caption(translate("verdict.class_note", size=evidence.key.size))
    return dict(zip((layer.name for layer in layers), map(float, areas), strict=True))


def _say(areas: Array, plain: Array, chosen: int) -> str:
    layers, lead = measured_layers(), find_lead(areas, plain)
    deep = [layer.stage == "deep" for layer in layers]
    spec = find_metric("box_auc").format
    facts = {
        "method": translate(f"classes.method_{st.session_state['method']}"),
        "name": shorten_class(list_classes()[chosen]),
        "quantity": name_aggregation(st.session_state["aggregation"], get_words()),
        "area": format(float(np.mean(areas[deep])), spec),
        "plain": format(float(np.mean(plain[deep])), spec),
        "layer": layers[-1 if lead is None else lead].name,
    }
    key = "never" if lead is None else "always" if lead == 0 else "from"
    return translate(f"verdict.class_{key}", **facts)


def name_class_curve() -> str:
    """What the legend calls the class map's curve."""
    method = translate(f"classes.method_{st.session_state['method']}")
    return translate("verdict.class_curve", method=method)
