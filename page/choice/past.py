"""The choices that the page showed before, and the ways back to them."""

from page.choice.choice import DEFAULT, Choice
from page.choice.session import open_choice, remember

# What taking choices back leaves as it is, and how many can be taken back.
LASTING = ("lang", "present")
MOST_PAST = 50


def can_undo(choice: Choice) -> bool:
    """Whether there is a choice to go back to from this one."""
    memory = remember()
    return bool(memory.past) or _is_another(choice, memory.shown)


def undo() -> None:
    """Take the last choice back; for callbacks. The language and presenting stay as they are."""
    memory = remember()
    if memory.past:
        before = memory.past.pop()
        memory.shown, memory.playing = None, False
        open_choice(before.change({key: memory.choice.values[key] for key in LASTING}))


def reset() -> None:
    """Take all choices back, but not what `LASTING` names; for callbacks."""
    kept = {key: remember().choice.values[key] for key in (*LASTING, "view", "step")}
    remember().playing = False
    open_choice(DEFAULT.change(kept))


def remember_past() -> None:
    """At the end of a run, remember what was shown before it, unless a play or the way back has led here."""
    memory = remember()
    if memory.shown is not None and not memory.playing and _is_another(memory.choice, memory.shown):
        memory.past = [*memory.past, memory.shown][-MOST_PAST:]
    memory.shown = memory.choice


def _is_another(choice: Choice, shown: Choice | None) -> bool:
    """Whether it is worth coming back to what was shown."""
    return shown is not None and choice.change({key: shown.values[key] for key in LASTING}) != shown
