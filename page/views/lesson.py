"""The view "Lesson": eight steps, each with a question first, then what the page shows, then a task."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from page.address import write_settings
from page.browser.screen import Screen
from page.lessons import Figure, Step, Words, list_steps, read_words
from page.maps import choose_look, choose_panels, describe_maps, get_heatmaps, get_untrained_heatmaps
from page.networks import find_layer, list_layers
from page.picture import Picture, choose_picture, choose_sample
from page.settings import STEPS, apply_settings
from page.status import Status
from page.texts import get_words, translate
from page.views.point_at_it import Probe, find_glow, say_glow
from page.views.side_by_side import draw_photo
from page.widgets import draw_figure, draw_neighbour
from viz.figures.heatmaps import draw_maps, draw_panels
from viz.figures.layout import MIN_PANEL_WIDTH, NARROW, Grid, arrange_panels
from viz.figures.marked import draw_marked_panels
from viz.networks.layers import choose_default_layers
from viz.texts import Translate

NETWORK = "vgg16"  # of all steps
PHOTO_SHARE = 0.4  # of the width, beside the question
# Pixels of the screen. One row where the window is wide, so that the task is near; of two figures both are on
# one screen with their captions, as long as they can be read.
FIGURE_HEIGHT = 340
LEAST_FIGURE_HEIGHT = 200
CAPTION_HEIGHT = 56
SMALL_PANEL = 160  # pixels of the screen, there
ANSWER_HEIGHT = 150  # pixels of the screen
LONGEST_ANSWER = 4000  # characters


def draw_lesson_link() -> None:
    """A button that opens the lesson."""
    st.button(
        translate("lesson.link"),
        key="open_lesson",
        icon=":material/school:",
        type="tertiary",
        on_click=apply_settings,
        args=({"view": "lesson"},),
    )


def settle_lesson() -> None:
    """Take the lesson's network while the lesson is open."""
    if st.session_state["view"] == "lesson":
        st.session_state["network"] = NETWORK


def draw_lesson(screen: Screen, status: Status) -> None:
    """Draw the step in the address: its question, and what belongs to it once that is answered."""
    status.say(translate("lesson.line"))
    number = st.session_state["step"]
    step, words = list_steps()[number - 1], read_words(get_words().language)
    _draw_steps(number)
    st.markdown(f"### {number} · {words[step.name].title}")
    if _recall(step)["shown"]:
        _draw_revealed(step, words[step.name], screen, status)
    else:
        _draw_question(step, words[step.name], screen)
    _draw_download(words)


def _recall(step: Step) -> dict[str, Any]:
    """What the student has said in a step: kept apart from the widgets, which Streamlit forgets."""
    kept = {step.name: {"prediction": None, "shown": False, "answer": ""} for step in list_steps()}
    said: dict[str, Any] = st.session_state.setdefault("_lesson", kept)[step.name]
    return said


def _name_widget(step: Step, what: str) -> str:
    """The key of a widget that shows what is recalled; another one in each language, as its options are."""
    key = f"lesson_{what}_{step.name}_{get_words().language}"
    if key not in st.session_state:
        st.session_state[key] = _recall(step)[what]
    return key


def _keep(step: Step, what: str, key: str) -> None:
    _recall(step)[what] = st.session_state[key]


def _draw_steps(number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for step, label in ((-1, "lesson.previous"), (1, "lesson.next")):
            lead = partial(apply_settings, {"step": number + step})
            draw_neighbour(label, step, 1 <= number + step <= STEPS, lead)
        st.segmented_control(
            translate("lesson.step"),
            range(1, STEPS + 1),
            key="step",
            required=True,
            label_visibility="collapsed",
        )


def _draw_question(step: Step, words: Words, screen: Screen) -> None:
    picture = _choose_picture(step.figures[0], step)
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(border=True):
        st.markdown(words.question)
        key = _name_widget(step, "prediction")
        st.radio(
            translate("lesson.predict"),
            range(len(words.choices)),
            format_func=words.choices.__getitem__,
            key=key,
            index=None,
            on_change=_keep,
            args=(step, "prediction", key),
        )
        st.button(
            translate("lesson.show"),
            key="lesson_show",
            type="primary",
            icon=":material/visibility:",
            disabled=st.session_state[key] is None,
            help=translate("lesson.show_help") if st.session_state[key] is None else None,
            on_click=lambda: _recall(step).update(shown=True),
        )
    with right:
        width = screen.width * (1 if screen.width < NARROW else PHOTO_SHARE)
        draw_photo(picture, arrange_panels(1, width, screen.height, picture.aspect))


def _choose_picture(figure: Figure, step: Step) -> Picture:
    """The photograph that a step names, or else the visitor's."""
    return choose_sample(figure.settings) if "photo" in step.ask else choose_picture()


def _draw_revealed(step: Step, words: Words, screen: Screen, status: Status) -> None:
    st.markdown(words.question)
    st.markdown(_judge(step, words))
    for place, figure in enumerate(step.figures):
        st.markdown(f"**{words.figures[place]}**")
        _draw_maps(figure, step, place, screen, status)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_task(step, words)
    with right, st.expander(f"**{translate('lesson.notice')}**", icon=":material/lightbulb:"):
        st.markdown(words.notice)


def _judge(step: Step, words: Words) -> str:
    """What was predicted, and how it is."""
    predicted = _recall(step)["prediction"]
    sentence = translate("lesson.predicted", choice=words.choices[predicted])
    if step.right is None:
        return sentence
    if step.right == predicted:
        return f"{sentence} :green-badge[:material/check: {translate('lesson.right')}]"
    badge = f":orange-badge[:material/close: {translate('lesson.wrong')}]"
    return f"{sentence} {badge} **{words.choices[step.right]}**"


def _draw_maps(figure: Figure, step: Step, place: int, screen: Screen, status: Status) -> None:
    """One figure, as the other views draw it; of two, each without the photograph, to compare them."""
    settings, picture = figure.settings, _choose_picture(figure, step)
    get = get_untrained_heatmaps if figure.untrained else get_heatmaps
    heatmaps = get(picture, status)
    names = settings["layers"] or choose_default_layers(list_layers())
    layers = [find_layer(name) for name in names]
    panels = choose_panels(picture, heatmaps, layers, settings)
    look = choose_look(settings["overlay"], settings)
    alt = describe_maps("panel.alt", settings, layers=", ".join(names), photo=picture.alt)
    key = f"lesson_figure_{place}"
    if len(step.figures) > 1:
        room = screen.height / len(step.figures) - CAPTION_HEIGHT
        height = min(FIGURE_HEIGHT, max(LEAST_FIGURE_HEIGHT, room))
        grid = _arrange(len(panels), picture, screen, height)
        draw_figure(draw_maps(picture.photo, panels, look, grid), key, alt)
        return
    grid = _arrange(len(panels) + 1, picture, screen)
    if not settings["field"]:
        draw_figure(draw_panels(picture.photo, panels, look, grid), key, alt)
        return
    probe = Probe(picture, heatmaps, layers, settings["point"], settings | {"network": NETWORK})
    glow = find_glow(probe, status)
    marks = [probe.mark(layer) for layer in layers]
    chosen = probe.mark(find_layer(settings["layer"]))
    drawn = draw_marked_panels(picture.photo, panels, look, grid, marks, chosen, glow)
    draw_figure(drawn, key, alt)
    say_glow(probe, glow)


def _arrange(count: int, picture: Picture, screen: Screen, height: float = FIGURE_HEIGHT) -> Grid:
    least = MIN_PANEL_WIDTH if screen.width < NARROW else SMALL_PANEL
    return arrange_panels(count, screen.width, height, picture.aspect, least)


def _draw_task(step: Step, words: Words) -> None:
    st.markdown(f"**{translate('lesson.task')}**: {words.task}")
    key = _name_widget(step, "answer")
    st.text_area(
        translate("lesson.answer"),
        key=key,
        height=ANSWER_HEIGHT,
        max_chars=LONGEST_ANSWER,
        placeholder=translate("lesson.answer_example"),
        on_change=_keep,
        args=(step, "answer", key),
    )
    st.button(
        words.ask,
        key="lesson_ask",
        icon=":material/search:",
        on_click=_ask,
        args=(step.ask,),
        help=translate("lesson.ask_help"),
    )


def _ask(settings: dict[str, Any]) -> None:
    """Open the view that answers, with the step's settings; a point in them belongs to their photograph."""
    apply_settings(settings)
    st.session_state.pop("_picture", None)


def _draw_download(words: dict[str, Words]) -> None:
    """A button that writes the report when it is pressed: a sentence typed just before is in it."""
    said, page = st.session_state["_lesson"], (st.context.url or "").partition("?")[0]
    translate = get_words()  # the report is written outside a run of the page
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.download_button(
            translate("lesson.download"),
            lambda: write_report(words, said, page, translate),
            file_name="my-lesson.md",
            mime="text/markdown",
            key="lesson_download",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption(translate("lesson.kept"))


def write_report(
    words: dict[str, Words], said: dict[str, dict[str, Any]], page: str, translate: Translate
) -> str:
    """All that the student has said, with each step's link, as Markdown.

    Args:
        words: Of the steps.
        said: Predictions and answers, by the steps' names.
        page: Its address, without parameters.
        translate: Words of the visitor's language.
    """
    parts = [f"# {translate('lesson.report')}"]
    for number, step in enumerate(list_steps(), start=1):
        text, predicted = words[step.name], said[step.name]["prediction"]
        choice = translate("lesson.open") if predicted is None else text.choices[predicted]
        parts += [
            f"## {number} · {text.title}",
            f"<{page}{write_link(number, translate.language)}>",
            f"**{translate('lesson.question')}**: {text.question}",
            translate("lesson.predicted", choice=choice),
            f"**{translate('lesson.task')}**: {text.task}",
            f"**{translate('lesson.answer')}**",
            said[step.name]["answer"].strip() or translate("lesson.open"),
        ]
    return "\n\n".join(parts) + "\n"


def write_link(number: int, language: str) -> str:
    """The address of a step, relative to the page's."""
    return f"?{urlencode(write_settings({'view': 'lesson', 'step': number, 'lang': language}), doseq=True)}"
