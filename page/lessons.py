"""The lesson's steps: what each shows, from `assets/lessons/`, and what it says in the visitor's language."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from page.settings import SETTINGS

FOLDER = Path(__file__).parent.parent / "assets" / "lessons"


@dataclass(frozen=True)
class Figure:
    """One figure of a step.

    Attributes:
        settings: All settings of the page, as the figure wants them.
        untrained: Whether it shows the network with random weights.
    """

    settings: dict[str, Any]
    untrained: bool


@dataclass(frozen=True)
class Step:
    """One step of the lesson.

    Attributes:
        name: Of its texts.
        figures: What is revealed.
        ask: Settings of the view that answers. A photograph that the step does not name is not among them.
        right: Place of the right choice, counted from 0; None where there is none.
    """

    name: str
    figures: tuple[Figure, ...]
    ask: dict[str, Any]
    right: int | None


@dataclass(frozen=True)
class Words:
    """What a step says; `notice` is Markdown, and `figures` are captions."""

    title: str
    question: str
    choices: list[str]
    figures: list[str]
    task: str
    notice: str
    ask: str


@cache
def list_steps() -> tuple[Step, ...]:
    """All steps in their order.

    Raises:
        ValueError: A setting of the file is none of the page's.
    """
    return tuple(_read_step(name, table) for name, table in _read("steps").items())


@cache
def read_words(language: str) -> dict[str, Words]:
    """What the steps say, by their names."""
    return {name: Words(**table) for name, table in _read(language).items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _read_step(name: str, table: dict[str, Any]) -> Step:
    shared = table["settings"]
    figures = tuple(
        Figure(
            _complete(shared | {key: text for key, text in more.items() if key != "untrained"}),
            more.get("untrained", False),
        )
        for more in table["figures"]
    )
    # Whoever asks keeps the language, the step, presenting, and a photograph that the step leaves open.
    kept = {"lang", "step", "present"} | ({"photo"} - set(shared))
    ask = {key: value for key, value in _complete(shared | table["ask"]).items() if key not in kept}
    return Step(name, figures, ask, table.get("right"))


def _complete(parameters: dict[str, str]) -> dict[str, Any]:
    """All settings: these, and the defaults of the others."""
    values = {name: SETTINGS[name].read([text]) for name, text in parameters.items()}
    return {name: setting.default for name, setting in SETTINGS.items()} | values
