"""What a browser tells that it keeps is handed on once it has told it."""

import pytest

from page.browser import notes
from page.choice.session import Memory


@pytest.mark.parametrize(
    ("report", "taken"),
    [
        ("kept ", [""]),
        ("kept", [""]),
        ('kept {"a b": "c d"}', ['{"a b": "c d"}']),
        ("refused", [None]),
        (None, []),
        ("", []),
        ("other text", []),
        (5, []),
        ({"kept": "x"}, []),
    ],
)
def test_reports(monkeypatch, report, taken):
    drawn, heard = {}, []
    monkeypatch.setattr(notes, "_keep", lambda **arguments: drawn.update(arguments))
    monkeypatch.setattr(notes, "remember", Memory)
    monkeypatch.setattr(notes, "read_report", lambda component, name: report)
    notes.keep_notes("lesson", None, heard.append)
    assert drawn["data"]["text"] is None and drawn["data"]["session"]
    assert heard == []
    drawn["on_kept_change"]()
    assert heard == taken
