"""Passes one by one, with how far they are and how long the others will take."""

import time
from collections.abc import Iterator
from typing import Any

from viz.texts import Translate


def draw_progress(place: Any, words: Translate, key: str, done: int, count: int, spent: float) -> None:
    """Show how far the passes are; the first one tells how long the others will take.

    Args:
        place: Where it stands: `st.empty`.
        words: Of the visitor's language.
        key: What the sentences' keys begin with: "start" follows, or "left" for the seconds that are left.
        done: Passes that are done, of `count`, in `spent` seconds.
    """
    seconds = _estimate(done, count, spent)
    text = words(f"{key}left" if done else f"{key}start", done=done, count=count, seconds=seconds)
    place.progress(done / count, text=text)


def tell_left(words: Translate, key: str, count: int, **more: object) -> Iterator[str]:
    """A text before each of some passes; from the second on it tells how long the others will take.

    Args:
        words: Of the visitor's language.
        key: What the texts' keys begin with: "start" follows for the first, "left" for the others.
        count: Passes.
        more: For the text.
    """
    start = time.monotonic()
    yield words(f"{key}start", **more)
    for done in range(1, count):
        seconds = _estimate(done, count, time.monotonic() - start)
        yield words(f"{key}left", done=done, count=count, seconds=seconds, **more)


def _estimate(done: int, count: int, spent: float) -> str:
    """Seconds that are left; nothing before the first pass is done."""
    return f"{spent / done * (count - done):.0f}" if done else ""
