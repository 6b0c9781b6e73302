"""Passes one by one, with how far they are and how long the others will take."""

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
    seconds = f"{spent / done * (count - done):.0f}" if done else ""
    text = words(f"{key}left" if done else f"{key}start", done=done, count=count, seconds=seconds)
    place.progress(done / count, text=text)
