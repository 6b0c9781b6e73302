"""Each claim beside its own chart."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from page.subject.judging import Judged
from page.views.measured.claim_chart import CHART_SHARE, draw_chart
from page.views.measured.class_box import compare_class_map
from page.visit import Visit
from page.widgets.settings import draw_slider
from page.widgets.verdicts import write_badges, write_verdict
from viz.pictures.frame import Box


def draw_claims(visit: Visit, judged: Mapping[str, Judged], box: Box | None) -> list[Any]:
    """Draw each claim with its two answers and its numbers, and beside it, on a phone below, its chart.

    The charts are returned.
    """
    figures = []
    for claim, found in judged.items():
        verdict = found.verdict
        with st.container(border=True, key=f"claim_{claim}"):
            text, chart = st.columns([1 - CHART_SHARE, CHART_SHARE], gap="medium")
            text.markdown(write_verdict(visit, verdict))
            if len(verdict.met) > 1:
                with text:
                    draw_slider(visit.words, "threshold", "measure.threshold")
            beside: dict[str, float] = {}
            if claim == "object" and box is not None and visit.network.info.has_classes:
                with text:
                    beside = compare_class_map(visit, found.trained, box)
            with chart:
                if verdict.findings:
                    figures.append(draw_chart(visit, found, beside))
                else:
                    st.caption(visit.words("verdict.needs_box"))
    return figures


def say_object(visit: Visit, judged: Mapping[str, Judged]) -> None:
    """Say in a line what a box has answered: its claim may lie below the screen."""
    badges = write_badges(visit.words, judged["object"].verdict)
    st.markdown(f"{visit.words('claim.object')} {badges}")
