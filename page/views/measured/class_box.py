"""The class map beside the plain maps in the claim that deep layers focus on the whole object."""

import numpy as np
import streamlit as st

from page.subject.classes import Classes, frame_as_chosen, get_class_maps, get_probabilities, open_classes
from page.subject.network import join_names
from page.visit import Visit
from page.widgets.errors import say_error
from page.widgets.networks import ask_for_memory, learn_classes
from page.widgets.numbers import write_metric
from page.widgets.settings import draw_switch
from viz.figures.evidence import shorten_class
from viz.maps.aggregations import name_aggregation
from viz.maps.coarsen import Array
from viz.measures.curves import Curves, find_lead, measure_box
from viz.networks.errors import NetworkError
from viz.pictures.frame import Box


def compare_class_map(visit: Visit, trained: Curves, box: Box) -> dict[str, float]:
    """Draw the switch for the class map and, where it is on, say whether it tells the box better.

    The class maps lie over the same photograph, whatever the size they are made at.

    Returns:
        How well each layer's class map tells the box from the rest, by the layer's name; nothing without the
        switch.
    """
    draw_switch(visit.words, "class_box", "verdict.class_box")
    if not visit.choice.class_box or not ask_for_memory(visit):
        return {}
    try:
        picture = frame_as_chosen(visit)  # the box is drawn in it
        probabilities = get_probabilities(visit, picture)
        visit = learn_classes(visit, probabilities)
        classes = open_classes(visit, picture, probabilities)
        maps, _ = get_class_maps(visit, classes)
    except NetworkError as error:  # all else of the view does not need them
        say_error(visit.words, error)
        return {}
    layers, sized = visit.measured, classes.picture.size
    left, top, right, bottom = box
    down, across = (new / old for new, old in zip(sized, visit.picture.size, strict=True))
    scaled = left * across, top * down, right * across, bottom * down
    (areas,) = measure_box([maps.get(layer.name) for layer in layers], scaled, *sized, layers)["box_auc"]
    if missing := [layer.name for layer in layers if layer.name not in maps]:
        st.caption(visit.words("verdict.class_not_finite", layers=join_names(missing, visit.words)))
    else:
        st.markdown(_say(visit, classes, areas, trained["box_auc"][0]))
    if visit.picture.key.size != classes.picture.key.size or visit.choice.side == "pre":
        st.caption(visit.words("verdict.class_note", size=classes.picture.key.size))
    return dict(zip((layer.name for layer in layers), map(float, areas), strict=True))


def _say(visit: Visit, classes: Classes, areas: Array, plain: Array) -> str:
    layers, lead, words = visit.measured, find_lead(areas, plain), visit.words
    deep = [layer.stage == "deep" for layer in layers]
    facts = {
        "method": words(f"classes.method_{visit.choice.method}"),
        "name": shorten_class(classes.names[classes.chosen]),
        "quantity": name_aggregation(visit.choice.aggregation, words),
        "area": write_metric("box_auc", float(np.mean(areas[deep]))),
        "plain": write_metric("box_auc", float(np.mean(plain[deep]))),
        "layer": layers[-1 if lead is None else lead].name,
    }
    key = "never" if lead is None else "always" if lead == 0 else "from"
    return words(f"verdict.class_{key}", **facts)


def name_class_curve(visit: Visit) -> str:
    """What the legend calls the class map's curve."""
    return visit.words("verdict.class_curve", method=visit.words(f"classes.method_{visit.choice.method}"))
