"""The lesson's steps: what each shows, from `assets/lessons/`, and what it says in the visitor's language."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from page.choice.address import read_address
from page.choice.choice import Choice
from page.choice.setting import Value

FOLDER = Path(__file__).parents[3] / "assets" / "lessons"

# The visitor's own in every step, and in the view that answers.
KEPT = ("lang", "present", "step")


@dataclass(frozen=True)
class Figure:
    """One figure of a step.

    Attributes:
        choice: All settings of the page, as the figure wants them.
        untrained: Whether it shows the network with random weights.
    """

    choice: Choice
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
    ask: dict[str, Value]
    right: int | None

    @property
    def photo(self) -> str | None:
        """Name of the sample that it is about; None: the visitor's photograph."""
        return self.figures[0].choice.photo if "photo" in self.ask else None


@dataclass(frozen=True)
class Words:
    """What a step says; `notice` is Markdown, and `figures` are captions.

    `question_presenting` takes the question's place where there is no sidebar; None: it needs none.
    """

    title: str
    question: str
    choices: list[str]
    figures: list[str]
    task: str
    notice: str
    ask: str
    question_presenting: str | None = None


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


def adapt_to_lesson(choice: Choice) -> Choice:
    """What the lesson shows at a visitor's step: its own settings, and the visitor's photograph."""
    kept = {key: choice.values[key] for key in (*KEPT, "view", "photo")}
    return list_steps()[choice.step - 1].figures[0].choice.change(kept)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _read_step(name: str, table: dict[str, Any]) -> Step:
    shared: dict[str, str] = table["settings"]
    figures = tuple(
        Figure(
            _complete(shared | {key: text for key, text in more.items() if key != "untrained"}),
            more.get("untrained", False),
        )
        for more in table["figures"]
    )
    kept = {*KEPT, *({"photo"} - set(shared))}
    asked = _complete(shared | table["ask"]).values
    return Step(name, figures, {key: asked[key] for key in asked if key not in kept}, table.get("right"))


def _complete(parameters: dict[str, str]) -> Choice:
    """All settings: these, and the defaults of the others."""
    choice, unreadable = read_address({key: [text] for key, text in parameters.items()})
    if unreadable:
        raise ValueError(f"unknown values of {', '.join(unreadable)} in {FOLDER.name}/steps.toml")
    return choice
