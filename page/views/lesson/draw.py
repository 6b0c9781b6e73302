"""A step: its question, and what belongs to it once that is answered."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st

from page.choice.choice import STEPS
from page.choice.session import choose, open_choice, read_choice
from page.choice.setting import Value
from page.choice.settle import settle
from page.subject.picture import Picture, open_sample
from page.subject.probe import Probe
from page.subject.subject import Subject
from page.views.lesson.answers import LONGEST_ANSWER, draw_keeping, keep, name_widget, recall
from page.views.lesson.steps import KEPT, Figure, Step, Words, list_steps, read_words
from page.visit import Visit
from page.widgets.figure import draw_figure, draw_photo
from page.widgets.presenting import find_factor
from page.widgets.report import draw_report
from page.widgets.settings import draw_neighbour
from page.widgets.taken import Taken, choose_columns, show_panels, show_photo
from viz.figures.heatmaps import draw_maps, draw_panels
from viz.figures.layout import MIN_PANEL_WIDTH, NARROW, Grid, arrange_panels
from viz.figures.marked import draw_marked_panels
from viz.figures.pieces import TITLE_SIZE, Look, Panel
from viz.reports.shown import Items

PHOTO_SHARE = 0.4  # of the width, beside the question
# Pixels of the screen, like all lengths here. One row where the window is wide, so that the task is near.
FIGURE_HEIGHT = 340
LEAST_FIGURE_HEIGHT = 200
SMALL_PANEL = 110  # there
# Two figures are on one screen, with the question and their captions.
PAIRED_PANEL = 80
PAIRED_GAP = 32
LEAST_PAIRED_HEIGHT = 138  # with panels of that width
CAPTION_HEIGHT = 40
TEXT_HEIGHT = 185  # of the steps' buttons, the question and what was predicted
TITLE_HEIGHT = 64  # which stands beside the buttons while presenting
SMALL_TITLES_BELOW = 110  # width of a panel
SMALL_TITLE_SIZE = 11
ANSWER_HEIGHT = 150


def draw_lesson(visit: Visit) -> None:
    """Draw the step in the address: its question, and what belongs to it once that is answered."""
    visit.status.say(visit.words("lesson.line"))
    number, texts = visit.choice.step, read_words(visit.words.language)
    step = list_steps()[number - 1]
    words = texts[step.name]
    with st.container(horizontal=visit.choice.present, vertical_alignment="center"):
        _draw_steps(visit, number)
        st.container(key="lesson_title").markdown(f"## {number} · {words.title}")
    if recall(step).shown and recall(step).prediction is not None:
        _draw_revealed(visit, step, words)
    else:
        _draw_question(visit, step, words)
    draw_keeping(visit, texts)


def _draw_steps(visit: Visit, number: int) -> None:
    width: Literal["content", "stretch"] = "content" if visit.choice.present else "stretch"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width=width):
        for step, label in ((-1, "lesson.previous"), (1, "lesson.next")):
            there = 1 <= number + step <= STEPS
            lead = partial(choose, {"step": number + step}) if there else None
            draw_neighbour(visit.words, label, step, lead)
        st.segmented_control(
            visit.words("lesson.step"),
            range(1, STEPS + 1),
            key="step",
            required=True,
            label_visibility="collapsed",
        )


def _draw_question(visit: Visit, step: Step, words: Words) -> None:
    screen, picture, said = visit.screen, _choose_picture(visit, step), recall(step)
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(border=True):
        st.markdown(_ask_question(visit, words))
        key = name_widget(visit, step, "prediction")
        st.radio(
            visit.words("lesson.predict"),
            range(len(words.choices)),
            format_func=words.choices.__getitem__,
            key=key,
            index=None,
            on_change=keep,
            args=(step, "prediction", key),
        )
        st.button(
            visit.words("lesson.show"),
            key="lesson_show",
            type="primary",
            icon=":material/visibility:",
            disabled=said.prediction is None,
            help=visit.words("lesson.show_help") if said.prediction is None else None,
            on_click=lambda: setattr(said, "shown", True),
        )
    with right:
        width = screen.width * (1 if screen.width < NARROW else PHOTO_SHARE)
        draw_photo(visit, picture, arrange_panels(1, width, screen.height, picture.aspect))


def _ask_question(visit: Visit, words: Words) -> str:
    return (visit.choice.present and words.question_presenting) or words.question


def _choose_picture(visit: Visit, step: Step) -> Picture:
    """The photograph that a step names, or else the visitor's."""
    if step.photo is None:
        return visit.picture
    return open_sample(step.photo, step.figures[0].choice, visit.network.info, visit.words)


def _draw_revealed(visit: Visit, step: Step, words: Words) -> None:
    st.markdown(_ask_question(visit, words))
    st.markdown(_judge(visit, step, words))
    places, taken = _place_figures(visit, step), list[Taken]()
    for place, (column, figure) in enumerate(zip(places, step.figures, strict=True)):
        with column:
            st.markdown(f"**{words.figures[place]}**")
            taken.append(_draw_maps(visit, figure, step, place))
    left, right = st.columns(2, gap="large")
    with left:
        _draw_task(visit, step, words)
    with right, st.expander(f"**{visit.words('lesson.notice')}**", icon=":material/lightbulb:"):
        st.markdown(words.notice)
    draw_report(_join(taken))


def _join(taken: Sequence[Taken]) -> Taken:
    """What is taken away of a step: of two figures both, and no code, which would be of one alone."""
    first, *others = taken
    if not others:
        return first

    def list_items() -> Items:
        return [item for one in taken for item in one.list_items()]

    figures = [figure for one in taken for figure in one.list_figures()]
    columns = choose_columns(len(first.layers))
    return Taken(first.subject, first.layers, list_items, lambda: figures, columns=columns, has_code=False)


def _judge(visit: Visit, step: Step, words: Words) -> str:
    """What was predicted, and how it is."""
    predicted = recall(step).prediction
    choice = words.choices[predicted] if predicted is not None else visit.words("lesson.open")
    sentence = visit.words("lesson.predicted", choice=choice)
    if step.right is None:
        return sentence
    if step.right == predicted:
        return f"{sentence} :green-badge[:material/check: {visit.words('lesson.right')}]"
    badge = f":orange-badge[:material/close: {visit.words('lesson.wrong')}]"
    return f"{sentence} {badge} **{words.choices[step.right]}**"


def _draw_maps(visit: Visit, figure: Figure, step: Step, place: int) -> Taken:
    """One figure, as the other views draw it; of two, each without the photograph, to compare them."""
    kept = {key: visit.choice.values[key] for key in KEPT}
    choice = settle(figure.choice.change(kept), None, visit.known)
    seen = visit.see(choice, _choose_picture(visit, step))
    heatmaps = seen.get_untrained_heatmaps() if figure.untrained else seen.get_heatmaps()
    layers, picture = seen.layers, seen.picture
    panels, look = seen.choose_panels(heatmaps, layers), seen.choose_look(choice.overlay)
    alt = seen.describe_maps("panel.alt", layers=", ".join(layer.name for layer in layers))
    key = f"lesson_figure_{place}"
    taken = partial(_take, seen, panels, look, figure.untrained, place)
    if len(step.figures) > 1:
        grid = _arrange_pair(visit, len(panels), picture)[0]
        size = SMALL_TITLE_SIZE if grid.slots[0].width < SMALL_TITLES_BELOW else TITLE_SIZE
        drawn = draw_maps(picture.photo, panels, look, grid, size)
        draw_figure(visit, drawn, key, alt)
        return taken(drawn)
    height = min(FIGURE_HEIGHT, max(LEAST_FIGURE_HEIGHT, _measure_room(visit) - CAPTION_HEIGHT))
    grid = _arrange(visit, len(panels) + 1, picture, height)
    if not choice.field or choice.point is None:
        drawn = draw_panels(picture.photo, panels, look, grid)
        draw_figure(visit, drawn, key, alt)
        return taken(drawn)
    x, y = choice.point
    probe = Probe(seen, heatmaps, layers, (x, y))
    saliency = probe.find_saliency()
    marks = [probe.mark(layer) for layer in layers]
    drawn = draw_marked_panels(picture.photo, panels, look, grid, marks, probe.mark(probe.chosen), saliency)
    draw_figure(visit, drawn, key, alt)
    st.caption(probe.describe(saliency))
    return taken(drawn)


def _take(seen: Subject, panels: list[Panel], look: Look, untrained: bool, place: int, figure: Any) -> Taken:
    """What is taken away of one figure; the second of a step has its number behind the layers' names."""
    seen, row = seen.see(seen.choice.change({"view": "lesson"})), str(place + 1) if place else ""

    def list_items() -> Items:
        photo = None if place else show_photo(seen.picture, seen.words("picture.panel"))
        return [photo, *show_panels(panels, seen.layers, seen.picture, look, row)]

    return Taken(seen, seen.layers, list_items, lambda: [figure], has_code=not untrained)


def _arrange(visit: Visit, count: int, picture: Picture, height: float) -> Grid:
    if visit.screen.width * find_factor(visit.choice) < NARROW:
        return arrange_panels(count, visit.screen.width, FIGURE_HEIGHT, picture.aspect, MIN_PANEL_WIDTH)
    return arrange_panels(count, visit.screen.width, height, picture.aspect, SMALL_PANEL)


def _measure_room(visit: Visit) -> float:
    """Height of the screen that is left for figures and their captions."""
    return visit.screen.height - TEXT_HEIGHT - (0 if visit.choice.present else TITLE_HEIGHT)


def _place_figures(visit: Visit, step: Step) -> Sequence[Any]:
    """Where the figures of a step stand: one under the other, or a column each."""
    count = len(step.figures)
    layers = step.figures[0].choice.layers or ()
    if count > 1 and _arrange_pair(visit, len(layers), _choose_picture(visit, step))[1]:
        return st.columns(count, gap="medium")
    return [st.container() for _ in step.figures]


def _arrange_pair(visit: Visit, count: int, picture: Picture) -> tuple[Grid, bool]:
    """How each of two figures is arranged, and whether they stand side by side: as their maps are larger."""
    screen, room = visit.screen, _measure_room(visit)
    if screen.width * find_factor(visit.choice) < NARROW:
        return arrange_panels(count, screen.width, FIGURE_HEIGHT, picture.aspect, PAIRED_PANEL), False
    below, beside = (
        arrange_panels(count, width, max(height, LEAST_PAIRED_HEIGHT), picture.aspect, PAIRED_PANEL)
        for width, height in (
            (screen.width, min(room / 2 - CAPTION_HEIGHT, FIGURE_HEIGHT)),
            ((screen.width - PAIRED_GAP) / 2, room - CAPTION_HEIGHT),
        )
    )
    if below.slots[0].width >= beside.slots[0].width:
        return below, False
    return beside, True


def _draw_task(visit: Visit, step: Step, words: Words) -> None:
    st.markdown(f"**{visit.words('lesson.task')}**: {words.task}")
    key = name_widget(visit, step, "answer")
    st.text_area(
        visit.words("lesson.answer"),
        key=key,
        height=ANSWER_HEIGHT,
        max_chars=LONGEST_ANSWER,
        placeholder=visit.words("lesson.answer_example"),
        on_change=keep,
        args=(step, "answer", key),
    )
    st.button(
        words.ask,
        key="lesson_ask",
        icon=":material/search:",
        on_click=_ask,
        args=(step.ask,),
        help=visit.words("lesson.ask_help"),
    )


def _ask(values: dict[str, Value]) -> None:
    """Open the view that answers, with the step's settings."""
    open_choice(read_choice().change(values))
