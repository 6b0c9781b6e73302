"""Two downloads at a time, in the order in which they were asked for; each serves all who want it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from page.work import downloads
from page.work.downloads import AT_ONCE, list_ahead, wait_for_weights
from viz.networks.catalogue import NETWORKS
from viz.networks.errors import WeightsError

SEVERAL = [info for info in NETWORKS if info.megabytes][:5]


class Left(BaseException):
    """As Streamlit ends a run."""


class FarEnd:
    """Fetches a network when it is told to; `begun` are the networks in their order."""

    def __init__(self):
        self.begun, self.errors = [], {}
        self.gates = {info.key: threading.Event() for info in SEVERAL}

    def fetch(self, info, progress):
        self.begun.append(info)
        progress(len(self.begun), 100)
        assert self.gates[info.key].wait(60)
        if info.key in self.errors:
            raise self.errors[info.key]

    def end(self, *infos):
        for info in infos:
            self.gates[info.key].set()


@pytest.fixture
def far_end(monkeypatch):
    far_end = FarEnd()
    monkeypatch.setattr(downloads, "fetch", far_end.fetch)
    monkeypatch.setattr(downloads, "POLL_S", 0.01)
    yield far_end
    far_end.end(*SEVERAL)


class Visitor:
    """Waits for a network in a thread of its own; `told` is what it is told."""

    def __init__(self, pool, info):
        self.info, self.told = info, []
        self.asked, self.leaves = threading.Event(), threading.Event()
        self.result = pool.submit(wait_for_weights, info, self.tell)
        assert self.asked.wait(60)

    def tell(self, download):
        before = None if download.is_running else list_ahead(download)
        self.told.append((download.is_running, download.done, before))
        self.asked.set()
        if self.leaves.is_set():
            raise Left

    def leave(self):
        self.leaves.set()
        assert isinstance(self.result.exception(60), Left)


@pytest.fixture
def come(far_end):
    """Lets a visitor come who wants a network, and gives it when it has been told something."""
    with ThreadPoolExecutor(12) as pool:
        yield lambda info: Visitor(pool, info)
        far_end.end(*SEVERAL)


def wait_until(is_so):
    for _ in range(6000):
        if is_so():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not come to that")


def test_two_at_a_time_and_who_waits_is_told_for_which(far_end, come):
    visitors = [come(info) for info in SEVERAL]
    assert far_end.begun == SEVERAL[:AT_ONCE]
    assert visitors[0].told[0][0] and visitors[1].told[0][0]
    for place in (2, 3, 4):
        assert visitors[place].told[0] == (False, 0, SEVERAL[:place])
    far_end.end(SEVERAL[1])  # the second is done before the first
    visitors[1].result.result(60)
    wait_until(lambda: visitors[3].told[-1] == (False, 0, [SEVERAL[0], SEVERAL[2]]))
    assert far_end.begun == SEVERAL[:3]  # who came first is first
    far_end.end(*SEVERAL)
    for visitor in visitors:
        visitor.result.result(60)
    assert far_end.begun == SEVERAL


def test_two_who_want_the_same_share_one_download_and_its_progress(far_end, come):
    one, other = come(SEVERAL[0]), come(SEVERAL[0])
    assert one.told[-1] == other.told[-1] == (True, 1, None)
    far_end.end(SEVERAL[0])
    assert one.result.result(60) is other.result.result(60) is None
    assert far_end.begun == SEVERAL[:1]


def test_who_leaves_breaks_nothing_and_what_runs_is_finished(far_end, come):
    one, other = come(SEVERAL[0]), come(SEVERAL[0])
    one.leave()
    far_end.end(SEVERAL[0])
    other.result.result(60)
    alone = come(SEVERAL[1])
    alone.leave()
    again = come(SEVERAL[1])  # it goes on, and is joined
    far_end.end(SEVERAL[1])
    again.result.result(60)
    assert far_end.begun == SEVERAL[:2]
    assert not downloads._lock.locked() and not downloads._downloads


def test_what_nobody_waits_for_any_more_gives_its_turn_to_the_next(far_end, come):
    first, _, third, fourth = (come(info) for info in SEVERAL[:4])
    third.leave()
    wait_until(lambda: fourth.told[-1] == (False, 0, SEVERAL[:2]))
    far_end.end(SEVERAL[0])
    first.result.result(60)
    wait_until(lambda: len(far_end.begun) == 3)
    assert far_end.begun[2] == SEVERAL[3]


def test_who_changes_something_keeps_the_turn(far_end, come):
    first, _, third, _ = (come(info) for info in SEVERAL[:4])
    third.leave()
    again = come(SEVERAL[2])  # the next run of the same visitor
    assert again.told[0][2] == SEVERAL[:2]
    far_end.end(SEVERAL[0])
    first.result.result(60)
    wait_until(lambda: again.told[-1][0])
    assert far_end.begun[2] == SEVERAL[2]


@pytest.mark.parametrize("error", [WeightsError("download", host="somewhere"), ZeroDivisionError()], ids=repr)
def test_all_who_wait_are_told_what_failed_and_it_can_be_asked_for_again(far_end, come, error):
    far_end.errors[SEVERAL[0].key] = error
    one, other, next_one = come(SEVERAL[0]), come(SEVERAL[0]), come(SEVERAL[1])
    far_end.end(SEVERAL[0])
    assert one.result.exception(60) is other.result.exception(60) is error
    del far_end.errors[SEVERAL[0].key]
    wait_for_weights(SEVERAL[0], lambda _: None)
    assert not next_one.result.done()
