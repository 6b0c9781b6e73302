"""Keeps what a student writes in the student's browser; the server forgets it with the session."""

from collections.abc import Callable
from pathlib import Path

from streamlit.components.v2 import component

from page.choice.session import read_report, remember

_keep = component("notes", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def keep_notes(key: str, text: str | None, take: Callable[[str | None], None]) -> None:
    """Keep a text in the browser.

    Args:
        key: Of the text, in the browser's local storage.
        text: A table in JSON to be kept, "" to forget all; None where the session knows nothing yet.
        take: Called before the next run with what the browser keeps: "" for nothing, None where it refuses to
            keep anything.
    """

    def pass_on() -> None:
        told, _, kept = str(read_report("notes", "kept")).partition(" ")
        if told in ("kept", "refused"):
            take(kept if told == "kept" else None)

    # The session's name makes the script speak again in a new session.
    data = {"key": key, "text": text, "session": remember().name}
    _keep(key="notes", data=data, on_kept_change=pass_on, height=1)
