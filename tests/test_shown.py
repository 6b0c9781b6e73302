"""The browser's word that a figure is painted."""

import gc
import threading
import time
from types import SimpleNamespace

import pytest

from views import shown


@pytest.fixture
def state(monkeypatch):
    state: dict[str, object] = {}
    monkeypatch.setattr(shown, "st", SimpleNamespace(session_state=state))
    return state


def test_the_wait_ends_when_the_browser_says_so(state):
    token = shown.expect_figure()
    threading.Timer(0.2, shown.note_shown, [token]).start()
    start = time.monotonic()
    shown.wait_for_figure(20)
    assert 0.1 < time.monotonic() - start < 5


def test_without_a_word_it_ends_at_the_limit(state):
    token = shown.expect_figure()
    shown.note_shown(token + "x")
    shown.note_shown("")
    start = time.monotonic()
    shown.wait_for_figure(0.3)
    assert 0.3 <= time.monotonic() - start < 5


def test_a_visitors_choice_ends_it(state, monkeypatch):
    class Rerun(Exception):
        pass

    class State(dict):
        def get(self, key, default=None):
            raise Rerun

    monkeypatch.setattr(shown, "st", SimpleNamespace(session_state=State()))
    shown.expect_figure()
    start = time.monotonic()
    with pytest.raises(Rerun):
        shown.wait_for_figure(20)
    assert time.monotonic() - start < 5


def test_only_a_sessions_first_run_expects_it(state):
    assert shown.expect_figure() != shown.expect_figure() != ""
    state["_settings"] = {}
    assert shown.expect_figure() == ""


def test_nothing_is_kept_of_sessions_that_are_gone(state):
    tokens = [shown.expect_figure() for _ in range(50)]
    gc.collect()
    assert [token in shown._expected for token in tokens] == [False] * 49 + [True]
    assert shown._expected.get(tokens[-1]) is state["_figure"]
    state.clear()
    gc.collect()
    assert not any(token in shown._expected for token in tokens)
