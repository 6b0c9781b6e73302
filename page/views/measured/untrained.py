"""The untrained networks that the claims are held against: asked for, computed one by one, remembered."""

import itertools
from typing import Any

import streamlit as st

from page.visit import Visit
from page.widgets.progress import draw_progress, take_place
from page.work.models import Model
from page.work.results import measure_untrained, open_untrained
from viz.measures.claims import SEEDS
from viz.measures.curves import Curves
from viz.measures.untrained import Untrained
from viz.pictures.frame import Box


def list_untrained(visit: Visit, box: Box | None) -> list[Curves]:
    """The metrics of all untrained networks that were measured and are finite; it costs no pass."""
    how = visit.choice.side, visit.choice.aggregation, box, visit.picture.size
    usable = [found for _, found in sorted(_open(visit).items()) if found.curves]
    return [found.find_curves(visit.measured, *how) for found in usable]


def offer_untrained(visit: Visit, box: Box | None) -> bool:
    """Draw the button that asks for the untrained networks, or say that they were measured.

    Whether it was pressed is returned. Where there is a box, its answer takes the room of an explanation.
    """
    words, done = visit.words, len(_open(visit))
    if done >= SEEDS:
        st.caption(words("verdict.compared", count=SEEDS, seconds=f"{max(_count_seconds(visit), 1):.0f}"))
        return False
    asked = st.button(
        words("verdict.go_on" if done else "verdict.compare", count=SEEDS, done=done),
        key="compare",
        icon=":material/science:",
        help=words("verdict.compare_help", count=SEEDS),
    )
    if box is None:
        st.caption(words("verdict.ask"))
    return asked


def compare_untrained(visit: Visit, place: Any) -> None:
    """Measure the untrained networks, one after another, and show how far they are.

    Whatever the visitor does meanwhile ends it: the progress is a Streamlit command, at which Streamlit stops
    the run. What is measured by then is kept, and the button goes on from there.
    """
    measured = _open(visit)
    while (done := len(measured)) < SEEDS:
        draw_progress(place, visit.words, "verdict.comparing_", done, SEEDS, _count_seconds(visit))
        with take_place(visit):
            seed = next(seed for seed in itertools.count() if seed not in measured)
            if seed < SEEDS:  # else another session was faster
                model, names = Model(visit.network.info, seed), visit.network.names
                measured[seed] = measure_untrained(visit.picture.framed, model, names)
    st.rerun()  # the claims stand above, and were drawn before their second answer was known


def _open(visit: Visit) -> dict[int, Untrained]:
    return open_untrained(visit.picture.framed, visit.network.model)


def _count_seconds(visit: Visit) -> float:
    """How long they took altogether."""
    return sum(found.seconds for found in list(_open(visit).values()))
