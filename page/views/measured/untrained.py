"""The controls that the claims are held against: asked for, computed one by one, remembered."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.choice.session import remember
from page.subject.network import show_network
from page.visit import Visit
from page.widgets.progress import draw_progress
from page.work.queue import PASSES
from page.work.results import Compared, measure_control, open_compared, read_shipped
from viz.measures import shipped
from viz.measures.claims import SEEDS
from viz.measures.curves import Curves
from viz.networks.controls import CONTROLS
from viz.networks.layers import Layer
from viz.pictures.frame import Box

PAUSE_S = 0.1
AT_ONCE = 2  # as many as `page.work.queue.PASSES` has places
KEYS = [(control, seed) for control in CONTROLS for seed in range(SEEDS)]


def list_controls(visit: Visit, box: Box | None) -> dict[str, list[Curves]]:
    """The metrics of the networks of each control that is measured; it costs no pass.

    Those of a sample photograph come with the page, for the maps that it opens with. A network whose maps are
    not finite has none.
    """
    compared = _open(visit)
    how = visit.choice.side, visit.choice.aggregation, box, visit.picture.size
    return _read_shipped(visit) | {
        control: [
            found.find_curves(visit.measured, *how)
            for key in KEYS
            if key[0] == control and (found := compared.measured[key]).curves
        ]
        for control in _list_complete(compared)
    }


def offer_untrained(visit: Visit, box: Box | None) -> bool:
    """Draw the button that asks for the controls, or say that they were measured.

    Whether it was pressed, or was before the page showed those that are complete, is returned. Where there is
    a box, its answer takes the room of an explanation.
    """
    words, memory, done = visit.words, remember(), len(_open(visit).measured)
    goes_on, memory.compares = memory.compares, False
    controls = words("verdict.controls", seeds=SEEDS)
    comes_along = box is None and bool(_read_shipped(visit))
    if done >= len(KEYS) or (comes_along and not done):
        told, seconds = "compared" if done else "shipped", max(_count_seconds(visit), 1)
        st.caption(words(f"verdict.{told}", count=len(KEYS), seconds=f"{seconds:.0f}"), help=controls)
        return False
    asked = st.button(
        words("verdict.go_on" if done else "verdict.compare", count=len(KEYS), done=done),
        key="compare",
        icon=":material/science:",
        help=f"{controls} {words('verdict.compare_help')}",
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
    compared = _open(visit)
    before, ahead = _list_complete(compared), None
    layers = show_network(visit.network.untrained).select(visit.network.names)
    while _list_complete(compared) == before:
        done, spent = len(compared.measured), _count_seconds(visit)
        draw_progress(place, visit.words, "verdict.comparing_", done, len(KEYS), spent)
        behind, ahead = ahead, PASSES.take_turn(visit.status.say_wait, _measure_next, visit, compared, layers)
        if behind is not None:
            behind.result()
    remember().compares = len(compared.measured) < len(KEYS)
    st.rerun()


def _measure_next(visit: Visit, compared: Compared, layers: Sequence[Layer]) -> None:
    """Measure one that no session has begun by now, if there is any."""
    key = next((key for key in KEYS if key not in compared.measured and key not in compared.begun), None)
    if key is None:  # another visitor's run measures what is left
        time.sleep(PAUSE_S)
        return
    compared.begun.add(key)
    try:
        how = visit.picture.framed, visit.network.model, *key, layers
        compared.measured[key] = measure_control(*how)
    finally:
        compared.begun.discard(key)


def _open(visit: Visit) -> Compared:
    return open_compared(visit.picture.framed, visit.network.model)


def _read_shipped(visit: Visit) -> dict[str, list[Curves]]:
    if (visit.choice.side, visit.choice.aggregation) != (shipped.SIDE, shipped.AGGREGATION):
        return {}
    return read_shipped(visit.picture.framed, visit.network.model)


def _list_complete(compared: Compared) -> list[str]:
    return [
        control for control in CONTROLS if all((control, seed) in compared.measured for seed in range(SEEDS))
    ]


def _count_seconds(visit: Visit) -> float:
    """How long they took altogether."""
    return sum(found.seconds for found in list(_open(visit).measured.values())) / AT_ONCE
