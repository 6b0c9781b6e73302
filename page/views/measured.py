"""The view "Measured": is what is said about shallow and deep layers true of this photograph?"""

from typing import Any

import streamlit as st

from page.browser.screen import Screen
from page.networks import join_names, list_layers, measured_layers, name_network, name_side
from page.numbers import FORMATS, Metrics, deepest_selected, list_rows, measure_all
from page.picture import Picture, choose_picture
from page.settings import OWN_PHOTOS, SETTINGS
from page.status import Status
from page.widgets import draw_choice, draw_figure, draw_slider
from viz.figures.charts import Chart, draw_charts
from viz.figures.heatmaps import name_aggregation
from viz.figures.layout import NARROW, arrange_panels
from viz.figures.marked import draw_selectable_photo
from viz.measures.claims import OUTCOMES, RULES, Criterion, Finding, Outcome, Verdict, judge
from viz.measures.metrics import BORDER_LIMIT
from viz.networks.layers import STAGES
from viz.pictures.frame import Box
from viz.reports.table import write_csv
from viz.texts import Translate

LOGARITHMIC = ("region_count", "median_region_px")
NOT_DRAWN = ("cells", "height", "width")
BADGES: dict[Outcome, str] = {"holds": "green", "fails": "red", "untold": "orange", "unknown": "gray"}
PHOTO_WIDTH = 400


def draw_measured(screen: Screen, status: Status, translate: Translate) -> None:
    """Draw the verdicts beside the photograph, the charts below them, then the table and the rules."""
    state = st.session_state
    side, quantity = name_side(state["side"], translate), name_aggregation(state["aggregation"], translate)
    status.say(translate("measure.line", quantity=quantity, side=side))
    picture = choose_picture(translate)
    box = _fit_box(picture)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _draw_photo(picture, box, screen, translate)
    charts = st.container()
    found = measure_all(picture, box, status, translate)
    with right:
        _draw_verdicts(found, translate)
    with charts:
        _draw_controls(translate)
        _draw_charts(found, screen, translate)
    _flag_borders(found["trained"], translate)
    if missing := len(list_layers()) - len(measured_layers()):
        side_name = name_side(st.session_state["side"], translate)
        st.caption(translate("measure.left_out", count=missing, side=side_name))
    _draw_table(found, picture, box, translate)
    _explain(translate)


def _fit_box(picture: Picture) -> Box | None:
    """The visitor's box, cut at the picture's edges."""
    state = st.session_state
    if state["box"] is None:
        return None
    height, width = picture.size
    left, top, right, bottom = state["box"]
    state["box"] = (left, top, min(right, width), min(bottom, height))
    if left >= width or top >= height:
        state["box"] = None
    fitted: Box | None = state["box"]
    return fitted


def _draw_photo(picture: Picture, box: Box | None, screen: Screen, translate: Translate) -> None:
    width = min(screen.width * (1 if screen.width < NARROW else 0.37), PHOTO_WIDTH)  # of its column
    grid = arrange_panels(1, width, screen.height, picture.aspect)
    draw_figure(
        draw_selectable_photo(picture.photo, box, grid),
        "boxed",
        translate("measure.alt_box", photo=picture.alt),
        translate,
        width=int(width),
        on_select=_take_box,
        selection_mode="box",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _draw_typed_box(picture, box, translate)
        if box is not None:
            st.button(
                translate("measure.remove_box"),
                key="remove_box",
                on_click=lambda: st.session_state.update(box=None),
            )
    if box is None:  # the last, so that nothing moves and the field that was typed in keeps the focus
        st.caption(translate("measure.draw_box"))


def _take_box() -> None:
    """Keep what was drawn; a chart that is drawn anew reports an empty selection, which says nothing."""
    boxes = st.session_state["boxed"]["selection"]["box"]
    if boxes:
        across, down = sorted(boxes[0]["x"]), sorted(boxes[0]["y"])
        drawn = tuple(max(0, round(edge)) for edge in (across[0], down[0], across[-1], down[-1]))
        if drawn[0] < drawn[2] and drawn[1] < drawn[3]:
            st.session_state["box"] = drawn


def _draw_typed_box(picture: Picture, box: Box | None, translate: Translate) -> None:
    """The box in numbers, for those who cannot draw it; what is no box stays there to be mended."""
    state = st.session_state
    typed = state.pop("_typed_box", "")
    state["box_text"] = typed if box is None else ", ".join(map(str, box))
    st.text_input(
        translate("measure.type_box"),
        key="box_text",
        on_change=_take_typed_box,
        placeholder=translate("measure.type_box_example"),
        help=translate("measure.type_box_help"),
    )
    if typed and box is None:
        height, width = picture.size
        st.error(translate("measure.no_box", width=width, height=height))


def _take_typed_box() -> None:
    state = st.session_state
    text = state["_typed_box"] = state["box_text"].strip()
    try:
        state["box"] = SETTINGS["box"].read([text.replace("，", ",")])
    except ValueError:
        state["box"] = None


def _draw_verdicts(found: dict[str, Metrics], translate: Translate) -> None:
    st.markdown(f"##### {translate('verdict.title')}")
    if {layer.stage for layer in measured_layers()} != set(STAGES):
        st.info(translate("verdict.needs_layers"), icon=":material/layers:")
        return
    if "untrained" not in found:
        st.info(translate("verdict.needs_untrained"), icon=":material/science:")
        return
    for claim in RULES:
        verdict = judge(claim, measured_layers(), found["trained"], found["untrained"])
        st.markdown(_write_verdict(verdict, translate))


def _write_verdict(verdict: Verdict, translate: Translate) -> str:
    badge = f":{BADGES[verdict.outcome]}-badge[{translate(f'verdict.{verdict.outcome}')}]"
    numbers = [_write_finding(finding, translate) for finding in verdict.findings]
    sentences = numbers or [translate("verdict.needs_box")]
    return f"**{translate(f'claim.{verdict.claim}')}** {badge}  \n{' '.join(sentences)}"


def _write_finding(finding: Finding, translate: Translate) -> str:
    metric = finding.criterion.metric
    numbers = {
        name: format_metric(metric, getattr(finding, name))
        for name in ("shallow", "deep", "untrained_shallow", "untrained_deep")
    }
    return translate("verdict.finding", metric=translate(f"metric.{metric}"), **numbers)


def format_metric(metric: str, value: float) -> str:
    """A metric's value as the page writes it, such as "31.4%"."""
    return format(value, FORMATS[metric]).replace("-", "\u2212")


def name_control(kind: str, translate: Translate) -> str:
    """What charts and table call a curve: the network's name where it is the trained one."""
    return name_network() if kind == "trained" else translate(f"control.{kind}")


def _draw_controls(translate: Translate) -> None:
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with left:
        draw_choice(st.pills, "controls", "control.label", "control.", translate, selection_mode="multi")
    with right:
        draw_slider("threshold", "measure.threshold", translate)


def _draw_charts(found: dict[str, Metrics], screen: Screen, translate: Translate) -> None:
    drawn = [metric for metric in FORMATS if metric in found["trained"] and metric not in NOT_DRAWN]
    drawn.sort(key=lambda metric: metric != "box_ratio")  # what was just drawn comes first
    charts = [
        Chart(
            translate(f"metric.{metric}"),
            {kind: metrics[metric] for kind, metrics in found.items() if metric in metrics},
            FORMATS[metric],
            metric in LOGARITHMIC,
            (1 / BORDER_LIMIT, BORDER_LIMIT) if metric == "border_ratio" else (),
        )
        for metric in drawn
    ]
    names = {kind: name_control(kind, translate) for kind in found}
    stages: dict[str, str] = {stage: translate(f"stage.{stage}") for stage in STAGES}
    figure = draw_charts(charts, measured_layers(), names, stages, st.session_state["layers"], screen.width)
    alt = translate(
        "measure.alt", count=len(measured_layers()), metrics=", ".join(chart.title for chart in charts)
    )
    draw_figure(figure, "metrics", alt, translate, config={"displayModeBar": False})


def _flag_borders(metrics: Metrics, translate: Translate) -> None:
    flagged = [
        f"{name} ({format_metric('border_ratio', ratio)})"
        for name, ratio in metrics["border_ratio"].items()
        if not 1 / BORDER_LIMIT <= ratio <= BORDER_LIMIT
    ]
    if flagged:
        st.caption(
            f":material/border_outer: {translate('measure.border', layers=join_names(flagged, translate))}"
        )


def _draw_table(found: dict[str, Metrics], picture: Picture, box: Box | None, translate: Translate) -> None:
    rows = list_rows(found, picture)
    st.markdown(f"##### {translate('measure.table')}")
    shown = {column: [row[column] for row in rows] for column in rows[0]}
    shown["control"] = [name_control(kind, translate) for kind in shown["control"]]
    shown["side"] = [name_side(side, translate) for side in shown["side"]]
    shown["stage"] = [translate(f"stage.{stage}") for stage in shown["stage"]]
    st.dataframe(
        shown,
        key="table",
        hide_index=True,
        column_config={column: translate(f"metric.{column}") for column in shown},
        alt=translate("measure.table"),
    )
    st.download_button(
        translate("measure.download"),
        write_csv([_list_settings(picture, box) | row for row in rows]),
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


def _explain(translate: Translate) -> None:
    with st.expander(translate("verdict.rules_title"), icon=":material/gavel:"):
        rows = [
            f"| {translate(f'claim.{claim}')} | {translate(f'metric.{criterion.metric}')} | "
            f"{_write_demand(criterion, translate)} |"
            for claim, criteria in RULES.items()
            for criterion in criteria
        ]
        head = " | ".join(translate(f"verdict.column_{column}") for column in ("claim", "metric", "demand"))
        st.markdown("\n".join([f"| {head} |", "| --- | --- | --- |", *rows]))
        st.markdown("\n".join(f"- {translate(f'verdict.means_{outcome}')}" for outcome in OUTCOMES))
    with st.expander(translate("measure.metrics_title"), icon=":material/help:"):
        st.markdown(translate("measure.metrics_body"))


def _write_demand(criterion: Criterion, translate: Translate) -> str:
    way = "rises" if criterion.rises else "falls"
    return translate(f"verdict.{way}_{criterion.scale}", least=f"{criterion.least:g}")
