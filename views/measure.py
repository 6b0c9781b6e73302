"""The view "Measured": is what is said about shallow and deep layers true of this photograph?"""

from typing import Any

import streamlit as st

from views.address import CONTROLS, LEAST_THRESHOLD, MOST_THRESHOLD, OWN_PHOTOS
from views.maps import make_config, name_quantity
from views.measures import FORMATS, list_rows, measure_all
from views.picture import Picture, choose_picture, is_another
from views.screen import Screen
from views.status import Status
from views.texts import Translate
from views.work import Metrics
from viz.charts import Chart
from viz.grids import arrange_panels
from viz.layers import LAYER_NAMES, STAGES
from viz.metrics import BORDER_LIMIT, Box
from viz.plots import box_figure, metrics_figure
from viz.report import write_csv
from viz.verdicts import OUTCOMES, RULES, Criterion, Finding, Outcome, Verdict, judge

LOGARITHMIC = ("region_count", "median_region_px")
NOT_DRAWN = ("cells",)
BADGES: dict[Outcome, str] = {"holds": "green", "fails": "red", "untold": "orange", "unknown": "gray"}
PHOTO_WIDTH = 400


def draw_measure(screen: Screen, status: Status, translate: Translate) -> None:
    """Draw the verdicts beside the photograph, the charts below them, then the table and the rules."""
    state = st.session_state
    side, quantity = translate(f"side.{state['side']}"), name_quantity(translate)
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
    _draw_table(found, picture, box, translate)
    _explain(translate)


def _fit_box(picture: Picture) -> Box | None:
    """The visitor's box, cut at the picture's edges; another picture has none."""
    state = st.session_state
    if is_another(picture, "_boxed"):
        state["box"] = None
    if state["box"] is None:
        return None
    height, width = picture.pixels.shape[:2]
    left, top, right, bottom = state["box"]
    state["box"] = (left, top, min(right, width), min(bottom, height))
    if left >= width or top >= height:
        state["box"] = None
    fitted: Box | None = state["box"]
    return fitted


def _draw_photo(picture: Picture, box: Box | None, screen: Screen, translate: Translate) -> None:
    width = min(screen.width, PHOTO_WIDTH)
    photo = picture.photo
    grid = arrange_panels(1, width, screen.height, photo.height / photo.width)
    alt = translate("measure.alt_box", photo=picture.alt)
    st.plotly_chart(
        box_figure(photo, box, grid),
        key="boxed",
        theme=None,
        width=int(width),
        config=make_config(translate),
        alt=alt,
        on_select=_take_box,
        selection_mode="box",
    )
    if box is None:
        st.caption(translate("measure.draw_box"))
    else:
        st.button(
            translate("measure.remove_box"),
            key="remove_box",
            on_click=lambda: st.session_state.update(box=None),
        )


def _take_box() -> None:
    """Keep what was drawn; a chart that is drawn anew reports an empty selection, which says nothing."""
    boxes = st.session_state["boxed"]["selection"]["box"]
    if boxes:
        across, down = sorted(boxes[0]["x"]), sorted(boxes[0]["y"])
        drawn = tuple(max(0, round(edge)) for edge in (across[0], down[0], across[-1], down[-1]))
        if drawn[0] < drawn[2] and drawn[1] < drawn[3]:
            st.session_state["box"] = drawn


def _draw_verdicts(found: dict[str, Metrics], translate: Translate) -> None:
    st.markdown(f"##### {translate('verdict.title')}")
    if "untrained" not in found:
        st.info(translate("verdict.needs_untrained"), icon=":material/science:")
        return
    for claim in RULES:
        st.markdown(_write_verdict(judge(claim, found["trained"], found["untrained"]), translate))


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


def _draw_controls(translate: Translate) -> None:
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    left.pills(
        translate("control.label"),
        CONTROLS,
        format_func=lambda name: translate(f"control.{name}"),
        selection_mode="multi",
        key="controls",
        help=translate("control.help"),
    )
    right.slider(
        translate("measure.threshold"),
        min_value=LEAST_THRESHOLD,
        max_value=MOST_THRESHOLD,
        step=0.05,
        key="threshold",
        help=translate("measure.threshold_help"),
    )


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
    names = {kind: translate(f"control.{kind}") for kind in found}
    stages: dict[str, str] = {stage: translate(f"stage.{stage}") for stage in STAGES}
    figure = metrics_figure(charts, names, stages, st.session_state["layers"], screen.width)
    alt = translate("measure.alt", metrics=", ".join(chart.title for chart in charts))
    st.plotly_chart(
        figure, key="metrics", theme=None, config=make_config(translate) | {"displayModeBar": False}, alt=alt
    )


def _flag_borders(metrics: Metrics, translate: Translate) -> None:
    flagged = [
        f"{name} ({format_metric('border_ratio', ratio)})"
        for name, ratio in metrics["border_ratio"].items()
        if not 1 / BORDER_LIMIT <= ratio <= BORDER_LIMIT
    ]
    if flagged:
        st.caption(f":material/border_outer: {translate('measure.border', layers=', '.join(flagged))}")


def _draw_table(found: dict[str, Metrics], picture: Picture, box: Box | None, translate: Translate) -> None:
    rows = list_rows(found, picture)
    st.markdown(f"##### {translate('measure.table')}")
    shown = {column: [row[column] for row in rows] for column in rows[0]}
    shown["network"] = [translate(f"control.{kind}") for kind in shown["network"]]
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
        file_name="vgg16-layers.csv",
        mime="text/csv",
        key="csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _list_settings(picture: Picture, box: Box | None) -> dict[str, Any]:
    """The choices that made the numbers, so that a file alone can tell."""
    state = st.session_state
    names = ("photo", "framing", "size", "weights", "aggregation", "side", "threshold")
    settings = {name: state[name] for name in names}
    if state["photo"] in OWN_PHOTOS:
        settings["photo"] = "own"
    deepest = [name for name in LAYER_NAMES if name in state["layers"]] or LAYER_NAMES
    return settings | {
        "sha256": picture.key.digest,
        "coarse_grid": deepest[-1],
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
