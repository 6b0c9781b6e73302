"""All metrics against depth, their controls and the table, then the rules."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from page.choice.choice import NOTHING, OWN_PHOTOS
from page.subject.comparison import Comparison
from page.subject.judging import has_stages
from page.subject.network import show_network
from page.visit import Visit
from page.widgets.comparison import find_comparison
from page.widgets.figure import PLAIN, draw_explanation, draw_figure
from page.widgets.numbers import write_metric
from page.widgets.settings import draw_choice, draw_slider
from page.widgets.table import draw_table, draw_wide_table
from page.widgets.verdicts import write_effect
from page.work.pictures import make_noise
from page.work.results import Looked, tabulate
from viz.figures.charts import Chart, draw_charts
from viz.measures.claims import EXCEPTIONS, LEAST_WAY, RULES, SEEDS
from viz.measures.metrics import METRICS
from viz.measures.shipped import DRAWS
from viz.networks.layers import STAGES
from viz.pictures.frame import Box
from viz.pictures.samples import SAMPLES
from viz.reports.table import write_csv

EXPANDER_PADDING = 17  # pixels of the screen

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def draw_others(visit: Visit, looked: Looked, box: Box | None) -> list[Row]:
    """Draw all metrics against depth, their controls and the table, then the rules.

    The rows of the file with all digits are returned.
    """
    words, is_compared = visit.words, visit.choice.beside != NOTHING
    with st.expander(words("measure.others"), icon=":material/monitoring:", expanded=is_compared):
        draw_choice(words, st.pills, "controls", "control.label", "control.", selection_mode="multi")
        if not has_stages(visit):  # else it stands in the claim about regions
            draw_slider(words, "threshold", "measure.threshold")
        charts = st.container()
    with charts:
        comparison = find_comparison(visit, looked.heatmaps)
        if comparison is not None:
            st.caption(words("beside.measured", what=comparison.what))
            if not comparison.is_same_architecture:
                st.caption(words("beside.measured_depth", network=visit.network.title))
    tables = _measure_all(visit, looked, box, comparison)
    own = {"trained": visit.network.title, "beside": comparison.what if comparison else ""}
    names = {kind: own.get(kind) or words(f"control.{kind}") for kind in tables}
    with charts:
        _draw_charts(visit, tables, names)
    if missing := len(visit.network.layers) - len(visit.measured):
        st.caption(words("measure.left_out", count=missing, side=visit.name_side()))
    _draw_table(visit, tables, names)
    rows = _list_rows(visit, tables, box, comparison)
    _offer_csv(visit, rows)
    _explain(visit)
    return rows


def _measure_all(visit: Visit, looked: Looked, box: Box | None, comparison: Comparison | None) -> Tables:
    """The tables of the trained network, of what is compared with it, and of each control that is opened."""
    threshold = visit.choice.threshold
    tables = {"trained": tabulate(looked, threshold, box, None)}
    if comparison is not None:
        tables["beside"] = _measure_comparison(visit, box, comparison)
    for kind in visit.choice.controls:
        grid, control = None, looked
        if kind == "coarse":
            (deepest,) = (layer for layer in visit.measured if layer.name == _find_deepest(visit))
            shape = looked.maps[looked.layers.index(deepest)].shape
            grid = shape[0], shape[1]
        elif kind == "untrained":
            untrained, names = visit.network.untrained, [layer.name for layer in looked.layers]
            heatmaps = visit.get_untrained_heatmaps()
            layers = tuple(show_network(untrained).select(names))
            control = replace(looked, heatmaps=heatmaps, model=untrained, layers=layers)
        else:
            noise = make_noise(*visit.picture.size)
            text = visit.words("measure.computing_noise", network=visit.network.title)
            heatmaps = visit.compute_heatmaps(noise, visit.network.model, text)
            control = replace(looked, heatmaps=heatmaps, framed=noise)
        tables[kind] = tabulate(control, threshold, box, grid)
    return tables


def _measure_comparison(visit: Visit, box: Box | None, comparison: Comparison) -> list[Row]:
    """The table of a comparison, a row for each layer of the visitor's network at which it stands."""
    partners, picture = comparison.pair_measured(), comparison.picture
    layers = tuple(dict.fromkeys(partners.values()))
    how = comparison.side, comparison.aggregation
    looked = Looked(picture.framed, comparison.model, comparison.heatmaps, layers, *how)
    own_box = box if picture.key == visit.picture.key else None
    rows = {row["layer"]: row for row in tabulate(looked, visit.choice.threshold, own_box, None)}
    return [{**rows[other.name], "stands_at": name} for name, other in partners.items()]


def _place(row: Row) -> str:
    """Name of the visitor's layer at which a row stands."""
    return str(row.get("stands_at", row["layer"]))


def _find_deepest(visit: Visit) -> str:
    """Name of the deepest selected layer that is measured; of the deepest of all where there is none."""
    measured, selected = visit.measured, visit.choice.layers or ()
    return ([layer for layer in measured if layer.name in selected] or measured)[-1].name


def _draw_charts(visit: Visit, tables: Tables, names: Mapping[str, str]) -> None:
    words, charts = visit.words, []
    for metric, how in METRICS.items():
        if not how.drawn or all(row[metric] is None for row in tables["trained"]):
            continue
        curves: dict[str, dict[str, float]] = {
            kind: {_place(row): row[metric] for row in rows if row[metric] is not None}
            for kind, rows in tables.items()
        }
        curves = {kind: curve for kind, curve in curves.items() if curve}
        charts.append(Chart(words(f"metric.{metric}"), curves, how.format, how.logarithmic, span=how.span))
    width = visit.screen.width - 2 * EXPANDER_PADDING
    stages: dict[str, str] = {stage: words(f"stage.{stage}") for stage in STAGES}
    figure = draw_charts(charts, visit.measured, dict(names), stages, visit.choice.layers or (), width)
    titles = ", ".join(chart.title for chart in charts)
    alt = words("measure.alt", count=len(visit.measured), metrics=titles)
    draw_figure(visit, figure, "metrics", alt, width=width, config=PLAIN)


def _complete(tables: Tables) -> list[Row]:
    """One table of all, in which each row tells whose it is and, beside a comparison, where it stands."""
    rows = []
    for kind, table in tables.items():
        for row in table:
            stands = {"stands_at": _place(row)} if "beside" in tables else {}
            facts = {name: value for name, value in row.items() if name != "stands_at"}
            rows.append({"control": kind, **facts, **stands})
    return rows


def _draw_table(visit: Visit, tables: Tables, names: Mapping[str, str]) -> None:
    words, rows = visit.words, _complete(tables)
    write: dict[str, Callable[[Any], str]] = {
        "control": lambda kind: names[kind],
        "side": lambda side: visit.network.name_side(side, words),
        "stage": lambda stage: words(f"stage.{stage}"),
        "field_share": "{:.1%}".format,
        **{metric: partial(write_metric, metric) for metric in METRICS},
    }
    columns, title = list(rows[0]), words("measure.table")
    cells = [
        ["" if row[column] is None else write.get(column, str)(row[column]) for column in columns]
        for row in rows
    ]
    numbers = [place for place, column in enumerate(columns) if isinstance(rows[0][column], (int, float))]
    st.markdown(f"## {title}")
    draw_wide_table("numbers", title, [words(f"metric.{column}") for column in columns], cells, numbers)


def _list_rows(visit: Visit, tables: Tables, box: Box | None, comparison: Comparison | None) -> list[Row]:
    """The same table with the choices that made the numbers, so that it alone can tell."""
    choice, key = visit.choice, visit.picture.key
    settings = {
        "photo": "own" if choice.photo in OWN_PHOTOS else choice.photo,
        "aggregation": choice.aggregation,
        "threshold": choice.threshold,
        "network": visit.network.info.key,
        "padding": "zeros",
        "sha256": key.digest,
        "framing": key.framing,
        "size": key.size,
        "coarse_grid": _find_deepest(visit),
        "box": "" if box is None else " ".join(map(str, box)),
    }
    told = dict.fromkeys(tables, settings)
    if comparison is not None:
        told["beside"] = settings | _list_changes(visit, comparison)
    return [told[row["control"]] | row for row in _complete(tables)]


def _offer_csv(visit: Visit, rows: list[Row]) -> None:
    st.download_button(
        visit.words("measure.download"),
        write_csv(rows),
        file_name="layer-numbers.csv",
        mime="text/csv",
        key="csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _list_changes(visit: Visit, comparison: Comparison) -> Row:
    """What is other in the settings of what is compared."""
    key, choice = comparison.picture.key, visit.choice
    changes: Row = {"aggregation": comparison.aggregation, "network": comparison.model.key}
    changes |= {"padding": "reflect" if comparison.model.reflects else "zeros"}
    changes |= {"sha256": key.digest, "framing": key.framing, "size": key.size}
    if choice.beside == "photo":
        changes["photo"] = choice.beside_photo if choice.beside_photo in SAMPLES else "own"
    return changes | ({} if key == visit.picture.key else {"box": ""})


def _explain(visit: Visit) -> None:
    words = visit.words
    with st.expander(words("verdict.rules_title"), icon=":material/gavel:"):
        rows = []
        for claim, rule in RULES.items():
            for demand in rule.demands:
                least = write_effect(words, demand, demand.least)
                told = words(f"verdict.demand_{demand.kind}", least=least)
                if not (demand.is_ranked or rule.constructed):
                    told = words("verdict.demand_contrast", demand=told)
                rows.append([words(f"claim.{claim}"), words(f"metric.{demand.metric}"), told])
        columns = [words(f"verdict.column_{column}") for column in ("claim", "metric", "demand")]
        draw_table("rules", columns, rows)
        facts = {"exceptions": EXCEPTIONS, "way": f"{LEAST_WAY:g}", "count": SEEDS, "draws": f"{DRAWS:,}"}
        st.markdown(words("verdict.rules_body", **facts))
    draw_explanation(visit, "measure.metrics_")
