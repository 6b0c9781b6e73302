"""Who comes when all places are taken waits, is told so, and comes before whoever asks later."""

import threading
import time
from statistics import median

import pytest
from apptests import read_titles
from conftest import PATIENCE_S, assert_healthy

from page.work import queue
from page.work.queue import PASSES, NoPlaceError, Queue, say_nothing
from page.work.status import Status


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(queue, "POLL_S", 0.01)


@pytest.fixture
def fill():
    """Takes both places for passes; what it gives frees them again."""
    end = threading.Event()

    def take():
        for _ in range(2):
            PASSES.take_turn(say_nothing, end.wait, PATIENCE_S)
        return end.set

    yield take
    end.set()


def test_a_visitor_who_has_to_wait_is_told_and_gets_the_maps(page, monkeypatch, fill):
    page.run()
    told, free = [], fill()
    monkeypatch.setattr(Status, "say_wait", lambda self: (told.append(True), free()))
    page.selectbox(key="aggregation").set_value("max").run()  # of what is there already
    assert not told
    page.radio(key="framing").set_value("crop").run()
    assert told
    assert_healthy(page)
    assert read_titles(page)[2].startswith("<b>conv3_1</b><br>[56×56]")


def test_who_leaves_while_waiting_leaves_the_queue(fill):
    class Left(BaseException):
        """As Streamlit ends a run."""

    def leave():
        raise Left

    free, called = fill(), []
    with pytest.raises(Left):
        PASSES.take_turn(leave, called.append, "of one who has left")
    after = threading.Event()
    free()
    PASSES.take_turn(say_nothing, after.set).result()
    assert after.is_set()
    assert not called


@pytest.mark.parametrize("places", [1, 2])
def test_two_visitors_with_many_passes_do_not_overtake_a_third(places):
    served, queue_of_three, stop = [], Queue(places), threading.Event()

    def visit(name, count):
        for _ in range(count):
            if not stop.is_set():
                queue_of_three.take_turn(
                    say_nothing, lambda: (time.sleep(0.001), served.append(name))
                ).result()

    others = [threading.Thread(target=visit, args=(name, 1000)) for name in ("first", "second")]
    for other in others:
        other.start()
    try:
        before = []
        for _ in range(20):
            start = len(served)
            visit("third", 1)
            before.append(served.index("third", start) - start)
    finally:
        stop.set()
        for other in others:
            other.join()
    # One of each is in the queue or in a place. What is served before the third has asked counts, too.
    assert median(before) <= 3
    assert len(served) > len(before)


def test_a_function_that_computes_does_so_in_a_place_alone_and_a_failure_gives_it_back():
    def compute(number):
        PASSES.require_place()
        return 1 / number, threading.current_thread()

    with pytest.raises(NoPlaceError):
        compute(1)
    for _ in range(3):  # more than there are places
        with pytest.raises(ZeroDivisionError):
            PASSES.run(say_nothing, compute, 0)
    threads = {PASSES.run(say_nothing, compute, 1)[1] for _ in range(20)}
    assert 1 <= len(threads) <= 2
    assert threading.current_thread() not in threads


def test_what_is_kept_does_not_wait(fill):
    fill()
    assert PASSES.run(pytest.fail, abs, -1) == 1
