"""The photograph, each claim beside its chart, and folded away below all other numbers."""

import streamlit as st

from page.subject.judging import has_stages, judge_all
from page.views.measured.box import draw_box_controls, draw_photo, find_box
from page.views.measured.claims import draw_claims, say_object
from page.views.measured.others import draw_others
from page.views.measured.untrained import compare_untrained, offer_untrained
from page.visit import Visit
from page.widgets.finite import keep_finite
from page.widgets.verdicts import sum_up
from viz.figures.heatmaps import name_aggregation


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
    looked = visit.look_at(heatmaps)
    if has_stages(visit):
        judged = judge_all(visit, looked, box)
        if box is not None:
            with answer:
                say_object(visit, judged)
        with total:
            st.markdown(sum_up(words, [found.verdict for found in judged.values()]))
        with claims:
            draw_claims(visit, judged, box)
    else:
        claims.info(words("verdict.needs_layers"), icon=":material/layers:")
    with others:
        draw_others(visit, looked, box)
    if asked:
        compare_untrained(visit, place)
