"""Who comes when all places are taken waits, is told so, and gets what was asked for."""

import pytest
from apptests import read_titles
from conftest import assert_healthy

from page.choice.session import Memory
from page.work import queue
from page.work.status import Status


@pytest.fixture
def full(monkeypatch):
    """All places are taken; gives what frees them again."""
    monkeypatch.setattr(queue, "POLL_S", 0.01)
    for _ in range(queue.PLACES):
        assert queue.places.acquire(blocking=False)
    taken = [queue.PLACES]

    def free():
        if taken:
            queue.places.release(taken.pop())

    yield free
    free()


def count_free():
    """Places that are free, by taking and returning them."""
    free = sum(queue.places.acquire(blocking=False) for _ in range(queue.PLACES))
    if free:
        queue.places.release(free)
    return free


def test_a_visitor_who_has_to_wait_is_told_and_gets_the_maps(page, monkeypatch, request):
    page.run()
    told, free = [], request.getfixturevalue("full")
    monkeypatch.setattr(Status, "say_wait", lambda self: (told.append(True), free()))
    page.selectbox(key="aggregation").set_value("max").run()  # of what is there already
    assert not told
    page.radio(key="framing").set_value("crop").run()
    assert told == [True]
    assert_healthy(page)
    assert read_titles(page)[2].startswith("<b>conv3_1</b><br>[56×56]")
    assert count_free() == queue.PLACES


def test_who_leaves_while_waiting_takes_no_place(full, monkeypatch):
    class Left(BaseException):
        """As Streamlit ends a run."""

    def leave():
        raise Left

    memory = Memory()
    monkeypatch.setattr(queue, "remember", lambda: memory)
    with pytest.raises(Left), queue.take_turn("maps", leave):
        pytest.fail("there was no place")
    assert not memory.had
    full()
    assert count_free() == queue.PLACES


def test_a_failed_pass_gives_its_place_back_and_is_waited_for_again(monkeypatch):
    memory = Memory()
    monkeypatch.setattr(queue, "remember", lambda: memory)
    with pytest.raises(ZeroDivisionError), queue.take_turn("maps", pytest.fail):
        assert count_free() == queue.PLACES - 1
        raise ZeroDivisionError
    assert count_free() == queue.PLACES
    assert not memory.had
    with queue.take_turn("maps", pytest.fail), queue.hold_place():  # the pass has the place already
        assert count_free() == queue.PLACES - 1
    assert list(memory.had) == ["maps"]


def test_a_result_that_was_evicted_takes_a_place_again_but_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(queue, "PATIENCE_S", 0)
    with queue.hold_place():
        assert count_free() == queue.PLACES - 1
        assert queue.places.acquire(blocking=False)
        with queue.hold_place():  # nobody gives one up
            assert count_free() == 0
        assert count_free() == 0
        queue.places.release()
    assert count_free() == queue.PLACES
