"""The controls that the claims are held against: asked for, computed one by one, remembered."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.choice.session import remember
from page.subject import controls
from page.subject.controls import list_complete, open_controls, read_along
from page.subject.network import show_network
from page.visit import Visit
from page.widgets.progress import draw_progress
from page.work.queue import PASSES
from page.work.results import Compared, measure_control
from viz.measures.claims import SEEDS
from viz.networks.layers import Layer
from viz.pictures.frame import Box

PAUSE_S = 0.1
AT_ONCE = 2  # as many as `page.work.queue.PASSES` has places


def offer_untrained(visit: Visit, box: Box | None) -> bool:
    """Draw the button that asks for the controls, or say that they were measured.

    Whether it was pressed, or was before the page showed those that are complete, is returned. Where there is
    a box, its answer takes the room of an explanation.
    """
    words, memory, done = visit.words, remember(), len(open_controls(visit).measured)
    goes_on, memory.compares = memory.compares, False
    described = words("verdict.controls", seeds=SEEDS)
    comes_along = box is None and bool(read_along(visit))
    if done >= len(controls.KEYS) or (comes_along and not done):
        told, seconds = "compared" if done else "shipped", max(_count_seconds(visit), 1)
        st.caption(
            words(f"verdict.{told}", count=len(controls.KEYS), seconds=f"{seconds:.0f}"), help=described
        )
        return False
    asked = st.button(
        words("verdict.go_on" if done else "verdict.compare", count=len(controls.KEYS), done=done),
        key="compare",
        icon=":material/science:",
        help=f"{described} {words('verdict.compare_help')}",
    )
    if box is None:
        st.caption(words("verdict.ask"))
    return asked or goes_on


def compare_untrained(visit: Visit, place: Any) -> None:
    """Measure the networks of the controls, two at a time, and show how far they are.

    Each time that a control is complete the page is drawn anew: the claims stand above. Whatever the visitor
    does meanwhile ends it: the progress is a Streamlit command, at which Streamlit stops the run. What is
    measured by then is kept, and the button goes on from there.
    """
    compared = open_controls(visit)
    before, ahead = list_complete(compared), None
    layers = show_network(visit.network.untrained).select(visit.network.names)
    while list_complete(compared) == before:
        done, spent = len(compared.measured), _count_seconds(visit)
        draw_progress(place, visit.words, "verdict.comparing_", done, len(controls.KEYS), spent)
        behind, ahead = ahead, PASSES.take_turn(visit.status.say_wait, _measure_next, visit, compared, layers)
        if behind is not None:
            behind.result()
    remember().compares = len(compared.measured) < len(controls.KEYS)
    st.rerun()


def _measure_next(visit: Visit, compared: Compared, layers: Sequence[Layer]) -> None:
    """Measure one that no session has begun by now, if there is any."""
    key = next(
        (key for key in controls.KEYS if key not in compared.measured and key not in compared.begun), None
    )
    if key is None:  # another visitor's run measures what is left
        time.sleep(PAUSE_S)
        return
    compared.begun.add(key)
    try:
        how = visit.picture.framed, visit.network.model, *key, layers
        compared.measured[key] = measure_control(*how)
    finally:
        compared.begun.discard(key)


def _count_seconds(visit: Visit) -> float:
    """How long they took altogether."""
    return sum(found.seconds for found in list(open_controls(visit).measured.values())) / AT_ONCE
