"""What a student says: kept in the student's browser, and written into a file on demand."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import urlencode

import streamlit as st

from page.browser.notes import keep_notes
from page.choice.address import write_address
from page.choice.session import Said, read_widget, remember, write_widget
from page.views.lesson.steps import Step, Words, list_steps, read_words
from page.visit import Visit
from viz.texts import Translate

KEY = "layers-lesson"  # in the browser's local storage
LONGEST_ANSWER = 4000  # characters
LONGEST_TEXT = 200_000  # characters that a browser may send


def recall(step: Step) -> Said:
    """What the student has said in a step."""
    return remember().said.setdefault(step.name, Said())


def name_widget(visit: Visit, step: Step, what: str) -> str:
    """The key of a widget that shows what is recalled; another one in each language, as its options are."""
    key, said = f"lesson_{what}_{step.name}_{visit.words.language}", getattr(recall(step), what)
    if read_widget(key) != said:  # else what is being typed would be lost
        write_widget(key, said)
    return key


def keep(step: Step, what: str, key: str) -> None:
    """Take over what a widget says."""
    setattr(recall(step), what, read_widget(key))


def keep_in_browser(visit: Visit) -> None:
    """Hand what is said to the browser; a new session first asks what is there.

    For all views: the click that leaves the lesson can end the run that would have handed the last word over.
    """
    memory = visit.memory
    if memory.heard == "yes" or (memory.heard == "no" and memory.said):
        keep_notes(KEY, write_said(memory.said) if memory.heard == "yes" else None, _hear)


def _hear(text: str | None) -> None:
    memory = remember()
    memory.heard = "refused" if text is None else "yes"
    for name, said in read_said(text or "").items():
        if memory.said.get(name, Said()) == Said():  # what was said meanwhile counts
            memory.said[name] = said


def write_said(said: Mapping[str, Said]) -> str:
    """As a text for the browser; "" where nothing was said."""
    told = {name: asdict(words) for name, words in said.items() if words != Said()}
    return json.dumps(told) if told else ""


def read_said(text: str) -> dict[str, Said]:
    """From what a browser sends, which is not trusted, to what was said; what is none of it is left out."""
    try:
        told = json.loads(text) if len(text) <= LONGEST_TEXT else None
    except (ValueError, RecursionError):
        told = None
    found: dict[str, Said] = {}
    tables = told if isinstance(told, dict) else {}
    for step in list_steps():
        table, choices = tables.get(step.name), read_words("en")[step.name].choices
        if not isinstance(table, dict):
            continue
        prediction = table.get("prediction")
        known = type(prediction) is int and 0 <= prediction < len(choices)
        found[step.name] = Said(
            prediction if known else None,
            table.get("shown") is True and known,
            _read_answer(table.get("answer")),
        )
    return found


def _read_answer(value: object) -> str:
    """A text that can be sent to the browser again: half of a surrogate pair cannot."""
    return value[:LONGEST_ANSWER].encode(errors="replace").decode() if isinstance(value, str) else ""


def draw_keeping(visit: Visit, texts: dict[str, Words]) -> None:
    """Draw the button that writes a file, the one that clears all, and where it is kept till then."""
    said, page, words = visit.memory.said, (st.context.url or "").partition("?")[0], visit.words
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.download_button(
            words("lesson.download"),
            lambda: write_report(texts, said, page, words),  # a sentence typed just before is in it
            file_name="my-lesson.md",
            mime="text/markdown",
            key="lesson_download",
            on_click="ignore",
            icon=":material/download:",
        )
        st.button(
            words("lesson.clear"),
            key="lesson_clear",
            on_click=said.clear,
            disabled=not write_said(said),
            icon=":material/delete:",
        )
    st.caption(words("lesson.not_kept" if visit.memory.heard == "refused" else "lesson.kept"))


def write_report(texts: dict[str, Words], said: Mapping[str, Said], page: str, words: Translate) -> str:
    """All that the student has said, with each step's link, as Markdown.

    Args:
        texts: Of the steps.
        said: By the steps' names.
        page: Its address, without parameters.
        words: Of the visitor's language.
    """
    parts = [f"# {words('lesson.report')}"]
    for number, step in enumerate(list_steps(), start=1):
        text, told = texts[step.name], said.get(step.name, Said())
        choice = words("lesson.open") if told.prediction is None else text.choices[told.prediction]
        parts += [
            f"## {number} · {text.title}",
            f"<{page}{write_link(number, words.language)}>",
            f"**{words('lesson.question')}**: {text.question}",
            words("lesson.predicted", choice=choice),
            f"**{words('lesson.task')}**: {text.task}",
            f"**{words('lesson.answer')}**",
            told.answer.strip() or words("lesson.open"),
        ]
    return "\n\n".join(parts) + "\n"


def write_link(number: int, language: str) -> str:
    """The address of a step, relative to the page's."""
    return (
        f"?{urlencode(write_address({'view': 'lesson', 'step': number, 'lang': language}, {}), doseq=True)}"
    )
