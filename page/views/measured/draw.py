"""The photograph, each claim beside its chart, and folded away below all other numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from page.subject.judging import Judged, has_stages, judge_all
from page.views.measured.box import draw_box_controls, draw_photo, find_box
from page.views.measured.claims import draw_claims, say_object
from page.views.measured.others import draw_others
from page.views.measured.untrained import compare_untrained, offer_untrained
from page.visit import Visit
from page.widgets.finite import keep_finite
from page.widgets.report import draw_report
from page.widgets.taken import take_maps
from page.widgets.verdicts import list_findings, sum_up
from viz.maps.aggregations import name_aggregation
from viz.reports.table import Row


def draw_measured(visit: Visit) -> None:
    """Draw the photograph, each claim beside its chart, and folded away below all other numbers."""
    words, box = visit.words, find_box(visit)
    quantity = name_aggregation(visit.choice.aggregation, words)
    visit.status.say(words("measure.line", quantity=quantity, side=visit.name_side()))
    with st.container(gap="xsmall"):
        left, right = st.columns([0.34, 0.66], gap="medium")
        total = st.container()
    with left:
        draw_photo(visit, box)
    heatmaps = visit.get_heatmaps()
    with right, st.container(gap="xsmall"):
        visit = keep_finite(visit, heatmaps)
        st.markdown(f"## {words('verdict.title')}")
        place = st.empty()
        with place.container():
            asked = has_stages(visit) and offer_untrained(visit, box)
        draw_box_controls(visit, box)
        answer = st.container()
    claims, others = st.container(), st.container()
    looked, judged, figures = visit.look_at(heatmaps), dict[str, Judged](), list[Any]()
    if has_stages(visit):
        judged = judge_all(visit, looked, box)
        if box is not None:
            with answer:
                say_object(visit, judged)
        with total:
            st.markdown(sum_up(words, [found.verdict for found in judged.values()]))
        with claims:
            figures = draw_claims(visit, judged, box)
    else:
        claims.info(words("verdict.needs_layers"), icon=":material/layers:")
    with others:
        rows = draw_others(visit, looked, box)
        tables: dict[str, Callable[[], Sequence[Row]]] = {"numbers": lambda: rows}
        if judged:
            tables["claims"] = lambda: list_findings([found.verdict for found in judged.values()])
        layers = visit.layers or [visit.network.layers[-1]]
        draw_report(take_maps(visit, heatmaps, layers, list_figures=lambda: figures, tables=tables))
    if asked:
        compare_untrained(visit, place)
