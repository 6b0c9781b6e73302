"""The view "Measured": is what is said about shallow and deep layers true of this photograph?"""

from typing import Any

import streamlit as st

from page.beside import Comparison, open_comparison
from page.boxed import draw_box_controls, draw_photo, fit_box
from page.browser.screen import Screen
from page.maps import get_heatmaps
from page.networks import join_names, list_layers, measured_layers, name_network, name_side
from page.numbers import Metrics, deepest_selected, list_rows, measure_all, measure_trained
from page.picture import Picture, choose_picture
from page.settings import NO_SECOND, OWN_PHOTOS
from page.status import Status
from page.texts import get_words, translate
from page.verdicts import (
    compare_untrained,
    draw_claims,
    format_metric,
    has_stages,
    offer_untrained,
    say_object,
    write_effect,
)
from page.widgets import draw_choice, draw_figure, draw_slider
from viz.figures.charts import Chart, draw_charts
from viz.figures.heatmaps import name_aggregation
from viz.measures.claims import LEAST_TRUE, MOST_FALSE, RULES, SEEDS
from viz.measures.metrics import BORDER_LIMIT, METRICS
from viz.networks.layers import STAGES
from viz.pictures.frame import Box
from viz.pictures.samples import SAMPLES
from viz.reports.table import write_csv

EXPANDER_PADDING = 17  # pixels of the screen


def draw_measured(screen: Screen, status: Status) -> None:
    """Draw the photograph, each claim beside its chart, and folded away below all other numbers."""
    state = st.session_state
    side, quantity = name_side(state["side"]), name_aggregation(state["aggregation"], get_words())
    status.say(translate("measure.line", quantity=quantity, side=side))
    picture = choose_picture()
    box = fit_box(picture)
    left, right = st.columns([0.34, 0.66], gap="medium")
    with left:
        draw_photo(picture, box, screen)
    with right:
        st.markdown(f"##### {translate('verdict.title')}")
        comparison = st.empty()
        with comparison.container():
            asked = has_stages() and offer_untrained(picture, box)
        draw_box_controls(picture, box)
        answer = st.container()
    claims, others = st.container(), st.container()
    trained = measure_trained(picture, box, status)
    if has_stages():
        if box is not None:
            with answer:
                say_object(trained, picture, box)
        with claims:
            draw_claims(trained, picture, box, screen, status)
    else:
        claims.info(translate("verdict.needs_layers"), icon=":material/layers:")
    with others:
        _draw_others(picture, box, screen, status)
    if asked:
        compare_untrained(picture, comparison, status)


def _draw_others(picture: Picture, box: Box | None, screen: Screen, status: Status) -> None:
    """All metrics against depth, their controls and the table, then the rules."""
    is_compared = st.session_state["beside"] != NO_SECOND
    with st.expander(translate("measure.others"), icon=":material/monitoring:", expanded=is_compared):
        draw_choice(st.pills, "controls", "control.label", "control.", selection_mode="multi")
        if not has_stages():  # else it stands in the claim about regions
            draw_slider("threshold", "measure.threshold")
        charts = st.container()
    with charts:
        comparison = open_comparison(picture, get_heatmaps(picture, status), status)
        if comparison is not None:
            _say_comparison(comparison)
    found = measure_all(picture, box, comparison, status)
    names = {kind: name_control(kind, comparison) for kind in found}
    with charts:
        _draw_charts(found, names, screen)
    _flag_borders(found["trained"])
    if missing := len(list_layers()) - len(measured_layers()):
        side_name = name_side(st.session_state["side"])
        st.caption(translate("measure.left_out", count=missing, side=side_name))
    _draw_table(found, names, picture, box, comparison)
    _explain()


def name_control(kind: str, comparison: Comparison | None) -> str:
    """What charts and table call a curve: the network's name where it is the trained one."""
    if kind == "beside" and comparison is not None:
        return comparison.what
    return name_network() if kind == "trained" else translate(f"control.{kind}")


def _say_comparison(comparison: Comparison) -> None:
    st.caption(translate("beside.measured", what=comparison.what))
    if not comparison.is_same_architecture:
        st.caption(translate("beside.measured_depth", network=name_network()))


def _draw_charts(found: dict[str, Metrics], names: dict[str, str], screen: Screen) -> None:
    drawn = {name: metric for name, metric in METRICS.items() if name in found["trained"] and metric.drawn}
    charts = [
        Chart(
            translate(f"metric.{name}"),
            {kind: metrics[name] for kind, metrics in found.items() if name in metrics},
            metric.format,
            metric.logarithmic,
            (1 / BORDER_LIMIT, BORDER_LIMIT) if name == "border_ratio" else (),
            metric.span,
        )
        for name, metric in drawn.items()
    ]
    stages: dict[str, str] = {stage: translate(f"stage.{stage}") for stage in STAGES}
    width = screen.width - 2 * EXPANDER_PADDING
    figure = draw_charts(charts, measured_layers(), names, stages, st.session_state["layers"], width)
    alt = translate(
        "measure.alt", count=len(measured_layers()), metrics=", ".join(chart.title for chart in charts)
    )
    draw_figure(figure, "metrics", alt, width=int(width), config={"displayModeBar": False})


def _flag_borders(metrics: Metrics) -> None:
    flagged = [
        f"{name} ({format_metric('border_ratio', ratio)})"
        for name, ratio in metrics["border_ratio"].items()
        if not 1 / BORDER_LIMIT <= ratio <= BORDER_LIMIT
    ]
    if flagged:
        st.caption(f":material/border_outer: {translate('measure.border', layers=join_names(flagged))}")


def _draw_table(
    found: dict[str, Metrics],
    names: dict[str, str],
    picture: Picture,
    box: Box | None,
    comparison: Comparison | None,
) -> None:
    rows = list_rows(found, picture, comparison)
    st.markdown(f"##### {translate('measure.table')}")
    shown = {column: [row[column] for row in rows] for column in rows[0]}
    shown["control"] = [names[kind] for kind in shown["control"]]
    sides = {side: name_side(side) for side in set(shown["side"])}
    shown["side"] = [sides[side] for side in shown["side"]]
    shown["stage"] = [translate(f"stage.{stage}") for stage in shown["stage"]]
    st.dataframe(
        shown,
        key="table",
        hide_index=True,
        column_config={
            column: st.column_config.NumberColumn(translate(f"metric.{column}"), format="percent")
            if column == "field_share" or (column in METRICS and METRICS[column].format.endswith("%"))
            else translate(f"metric.{column}")
            for column in shown
        },
        alt=translate("measure.table"),
    )
    settings = dict.fromkeys(found, _list_settings(picture, box))
    if comparison is not None:
        settings["beside"] = settings["trained"] | _list_changes(picture, comparison)
    st.download_button(
        translate("measure.download"),
        write_csv([settings[row["control"]] | row for row in rows]),
        file_name="layer-numbers.csv",
        mime="text/csv",
        key="csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _list_settings(picture: Picture, box: Box | None) -> dict[str, Any]:
    """The choices that made the numbers, so that a file alone can tell."""
    state = st.session_state
    settings = {name: state[name] for name in ("photo", "aggregation", "threshold")}
    if state["photo"] in OWN_PHOTOS:
        settings["photo"] = "own"
    return settings | {
        "network": state["network"],
        "sha256": picture.key.digest,
        "framing": picture.key.framing,
        "size": picture.key.size,
        "coarse_grid": deepest_selected(),
        "box": "" if box is None else " ".join(map(str, box)),
    }


def _list_changes(picture: Picture, comparison: Comparison) -> dict[str, Any]:
    """What is other in the settings of what is compared."""
    other, state = comparison.picture, st.session_state
    changes: dict[str, Any] = {"aggregation": comparison.aggregation, "network": comparison.network}
    changes |= {"sha256": other.key.digest, "framing": other.key.framing, "size": other.key.size}
    if state["beside"] == "photo":
        changes["photo"] = state["beside_photo"] if state["beside_photo"] in SAMPLES else "own"
    return changes | ({} if other.key == picture.key else {"box": ""})


def _explain() -> None:
    with st.expander(translate("verdict.rules_title"), icon=":material/gavel:"):
        rows = []
        for claim, rule in RULES.items():
            for demand in rule.demands:
                least = translate(f"verdict.demand_{demand.kind}", least=write_effect(demand, demand.least))
                metric = translate(f"metric.{demand.metric}")
                rows.append(f"| {translate(f'claim.{claim}')} | {metric} | {least} |")
        head = " | ".join(translate(f"verdict.column_{column}") for column in ("claim", "metric", "demand"))
        st.markdown("\n".join([f"| {head} |", "| --- | --- | --- |", *rows]))
        st.markdown(translate("verdict.rules_body", most=MOST_FALSE, least=LEAST_TRUE, count=SEEDS))
    with st.expander(translate("measure.metrics_title"), icon=":material/help:"):
        st.markdown(translate("measure.metrics_body"))
