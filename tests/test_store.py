import threading
import time

import numpy as np
import pytest

from views import store as module
from views.store import Line, Store, Waiter

NOBODY = Waiter()


@pytest.fixture(autouse=True)
def poll_often(monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.01)


def make_store(places=2, limit=1000):
    return Store(Line(places), limit, lambda value: len(value))


def run_all(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


class Gate:
    """Computations that run until they are let go."""

    def __init__(self):
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.started: list[str] = []
        self.running = self.most = 0

    def make(self, name):
        def make():
            with self.lock:
                self.started.append(name)
                self.running += 1
                self.most = max(self.most, self.running)
            self.open.wait(30)
            with self.lock:
                self.running -= 1
            return name * 10

        return make


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_the_same_result_is_computed_once_for_many():
    store, calls, results = make_store(), [], []

    def make():
        calls.append(1)
        time.sleep(0.1)
        return "value"

    run_all([lambda: results.append(store.fetch("key", make, NOBODY))] * 20)
    assert results == ["value"] * 20
    assert len(calls) == 1


def test_no_more_than_the_places_compute_at_once_and_in_the_order_of_asking():
    store, gate, told = make_store(places=2), Gate(), []
    threads = []
    for number in range(6):
        waiter = Waiter("", lambda ahead, number=number: told.append((number, ahead)))
        thread = threading.Thread(target=store.fetch, args=(number, gate.make(str(number)), waiter))
        thread.start()
        threads.append(thread)
        until(lambda number=number: len(gate.started) == min(number + 1, 2))
        time.sleep(0.02)
    until(lambda: {number for number, _ in told} == {2, 3, 4, 5})
    assert {ahead for number, ahead in told if number == 5} == {5}
    gate.open.set()
    for thread in threads:
        thread.join(30)
    assert gate.most == 2
    assert gate.started[:3] == ["0", "1", "2"]
    assert sorted(gate.started) == list("012345")


def test_what_is_there_is_had_without_waiting():
    store, gate = make_store(places=1), Gate()
    store.fetch("there", lambda: "value", NOBODY)
    thread = threading.Thread(target=store.fetch, args=("slow", gate.make("slow"), NOBODY))
    thread.start()
    until(lambda: gate.started)
    never = Waiter("", lambda ahead: pytest.fail("waited"))
    assert store.fetch("there", lambda: pytest.fail("computed again"), never) == "value"
    gate.open.set()
    thread.join(30)


@pytest.fixture
def poll_never(monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 60)


def test_everyone_is_woken_whose_turn_it_is(poll_never):
    store, results = make_store(places=2), []

    def ask(number):
        results.append(store.fetch(number, lambda: time.sleep(0.02) or str(number), NOBODY))

    run_all([lambda number=number: ask(number) for number in range(12)])
    assert sorted(results, key=int) == [str(number) for number in range(12)]


@pytest.mark.parametrize("limit", [1000, 3], ids=["kept", "too large to keep"])
def test_everyone_is_woken_who_waits_for_the_same(poll_never, limit):
    store, results = make_store(places=1, limit=limit), []

    def ask():
        results.append(store.fetch("key", lambda: time.sleep(0.02) or "value", NOBODY))

    run_all([ask] * 6)
    assert results == ["value"] * 6


def test_those_who_wait_for_what_failed_try_themselves(poll_never):
    store, calls = make_store(places=1), []

    def make():
        calls.append(1)
        time.sleep(0.02)
        if len(calls) < 4:
            raise Gone
        return "value"

    def ask():
        try:
            assert store.fetch("key", make, NOBODY) == "value"
        except Gone:
            assert store.fetch("key", make, NOBODY) == "value"

    run_all([ask] * 5)
    assert len(calls) == 4


def test_who_leaves_first_in_line_wakes_the_next(monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.3)
    store, gate = make_store(places=1), Gate()
    first = threading.Thread(target=store.fetch, args=("first", gate.make("first"), NOBODY))
    first.start()
    until(lambda: gate.started)
    away = threading.Event()

    def leave(_):
        away.set()
        gate.open.set()  # the place is free at the moment at which the first in line leaves
        first.join(30)
        raise Gone

    def ask_and_leave():
        with pytest.raises(Gone):
            store.fetch("left", lambda: pytest.fail("computed for nobody"), Waiter("leaver", leave))

    leaver = threading.Thread(target=ask_and_leave)
    leaver.start()
    until(lambda: store._line._waiting)
    monkeypatch.setattr(module, "POLL_S", 60)
    run_all([lambda: store.fetch("next", lambda: "value", NOBODY)])
    leaver.join(30)
    assert away.is_set() and not leaver.is_alive()


class Gone(Exception):
    pass


def test_whoever_leaves_holds_no_place():
    store, gate = make_store(places=1), Gate()
    first = threading.Thread(target=store.fetch, args=("first", gate.make("first"), NOBODY))
    first.start()
    until(lambda: gate.started)

    def leave(_):
        raise Gone

    with pytest.raises(Gone):
        store.fetch("left", lambda: pytest.fail("computed for nobody"), Waiter("leaver", leave))
    last = threading.Thread(target=store.fetch, args=("last", gate.make("last"), NOBODY))
    last.start()
    gate.open.set()
    first.join(30)
    last.join(30)
    assert gate.started == ["first", "last"]


def test_whoever_comes_back_soon_has_the_old_place():
    store, gate = make_store(places=1), Gate()
    threads = [threading.Thread(target=store.fetch, args=("first", gate.make("first"), NOBODY))]
    threads[0].start()
    until(lambda: gate.started)

    def leave(_):
        raise Gone

    with pytest.raises(Gone):
        store.fetch("mine", gate.make("mine"), Waiter("me", leave))
    told = []
    for key, owner in (("other", "you"), ("mine", "me")):
        waiter = Waiter(owner, lambda ahead, key=key: told.append((key, ahead)))
        threads.append(threading.Thread(target=store.fetch, args=(key, gate.make(key), waiter)))
        threads[-1].start()
        until(lambda key=key: any(name == key for name, _ in told))
    gate.open.set()
    for thread in threads:
        thread.join(30)
    assert gate.started == ["first", "mine", "other"]


def test_a_failed_computation_is_tried_again_by_the_next():
    store, attempts = make_store(), []

    def fail():
        attempts.append(1)
        raise OSError("disk")

    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            store.fetch("key", fail, NOBODY)
    assert len(attempts) == 2
    assert store.fetch("key", lambda: "value", NOBODY) == "value"


def test_the_bound_holds_and_what_was_used_last_stays():
    store = make_store(limit=30)
    for name in "abc":
        store.fetch(name, lambda name=name: name * 10, NOBODY)
    assert store.find("a") == "a" * 10
    store.fetch("d", lambda: "d" * 10, NOBODY)
    assert [name for name in "abcd" if name in store] == ["a", "c", "d"]
    assert store.nbytes == 30
    store.fetch("large", lambda: "x" * 31, NOBODY)
    assert "large" not in store
    assert store.nbytes == 30
    store.clear()
    assert store.nbytes == 0 and "a" not in store


def test_many_threads_and_keys_agree_with_the_serial_result():
    store = Store(Line(2), 8 * 50, lambda value: value.nbytes)
    wrong = []

    def ask(seed):
        for key in np.random.default_rng(seed).integers(0, 100, 200):
            if store.fetch(int(key), lambda key=key: np.array([int(key) ** 2]), NOBODY)[0] != key**2:
                wrong.append(key)

    run_all([lambda seed=seed: ask(seed) for seed in range(8)])
    assert wrong == []
    assert store.nbytes <= 400


def test_each_computation_is_told_how_many_places_are_wanted():
    wanted, gate = [], Gate()
    store = Store(Line(2, wanted.append), 1000, len)
    store.fetch("alone", lambda: "value", NOBODY)
    threads = []
    for name in ("first", "second", "third"):
        threads.append(threading.Thread(target=store.fetch, args=(name, gate.make(name), NOBODY)))
        threads[-1].start()
        count = min(len(threads), 2)
        until(lambda count=count: len(gate.started) == count)
    gate.open.set()
    for thread in threads:
        thread.join(30)
    assert wanted[:3] == [1, 1, 2]
    assert all(number in (1, 2) for number in wanted)
