"""The networks of a process: which there are, and which of them stay in its memory."""

import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
from opened import LITE0

from page.work import bounds, models
from page.work.models import Catalogue, Model, load_model, load_whole, open_catalogue
from page.work.queue import PASSES, say_nothing
from viz.networks import catalogue
from viz.networks.catalogue import NETWORKS, find_network
from viz.networks.errors import NetworkError
from viz.networks.files import NO_DOWNLOADS

VGG = find_network("torchvision:vgg11")


class Loaded:
    """Stands for a network: it can be watched leaving the memory."""

    stride = 4


@pytest.fixture
def asked(new_server, monkeypatch):
    """What was loaded, each as the arguments of `catalogue.load`; nothing is built."""
    loaded = []
    monkeypatch.setattr(catalogue, "load", lambda *how, **more: loaded.append((how, more)) or Loaded())
    return loaded


@pytest.fixture
def timers(monkeypatch):
    """The timers that were started, each with what it calls and when; a test calls that itself."""
    started = []

    class Timer(SimpleNamespace):
        def __init__(self, interval, function, args):
            super().__init__(interval=interval, ring=lambda: function(*args), daemon=False)

        def start(self):
            started.append(self)

    monkeypatch.setattr(models.threading, "Timer", Timer)
    return started


def is_gone(kept):
    gc.collect()
    return kept() is None


@pytest.mark.parametrize(
    ("make", "bound"),
    [
        (lambda number: Model(replace(VGG, key=str(number))), bounds.FETCHED_NETWORKS),
        (lambda number: Model(replace(VGG, key=str(number), megabytes=0)), bounds.BUNDLED_NETWORKS),
        (lambda number: Model(VGG, seed=number), bounds.UNTRAINED_NETWORKS),
    ],
    ids=["fetched", "bundled", "untrained"],
)
def test_a_few_networks_are_kept_and_the_one_used_last_longest(asked, make, bound):
    kept = [PASSES.run(say_nothing, load_model, make(number)) for number in range(bound)]
    assert PASSES.run(say_nothing, load_model, make(0)) is kept[0]
    PASSES.run(say_nothing, load_model, make(bound))
    assert PASSES.run(say_nothing, load_model, make(0)) is kept[0]
    assert len(asked) == bound + 1
    PASSES.run(say_nothing, load_model, make(1))
    assert len(asked) == bound + 2


def test_maps_need_no_classifier_of_half_a_gigabyte(asked):
    light, whole = PASSES.run(say_nothing, load_model, Model(VGG)), PASSES.run(say_nothing, load_whole, VGG)
    assert asked == [((VGG,), {"classifier": False}), ((VGG,), {})]
    assert (
        PASSES.run(say_nothing, load_model, Model(VGG)) is light
        and PASSES.run(say_nothing, load_whole, VGG) is whole
    )
    # Elsewhere there is one network for both.
    other = find_network(LITE0)
    assert PASSES.run(say_nothing, load_whole, other) is PASSES.run(say_nothing, load_model, Model(other))
    assert len(asked) == 3


def test_a_classifier_leaves_the_memory_when_its_time_is_over(asked, timers):
    kept = weakref.ref(PASSES.run(say_nothing, load_whole, VGG))
    (timer,) = timers
    assert (timer.interval, timer.daemon) == (bounds.WHOLE_TTL, True)
    assert not is_gone(kept)
    timer.ring()
    assert is_gone(kept)
    other = weakref.ref(PASSES.run(say_nothing, load_whole, find_network("torchvision:vgg13")))
    timer.ring()
    assert not is_gone(other)  # the time of one that has left is not its successor's


def test_without_downloads_only_bundled_networks_are_offered(monkeypatch):
    found = Catalogue(NETWORKS)
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)
    assert found.offered == tuple(info.key for info in NETWORKS)
    monkeypatch.setenv(NO_DOWNLOADS, "1")
    assert found.offered == ("vgg16", LITE0)


def test_ones_own_network_comes_first_and_is_loaded_once(asked):
    found = open_catalogue(["--network", "own_networks:Bare"])
    assert [info.key for info in found.networks] == ["own", *(info.key for info in NETWORKS)]
    assert (found.find("own").title, found.error, found.offered[0]) == ("Bare", None, "own")
    assert found.find("own").stride == Loaded.stride
    assert open_catalogue(("--network", "own_networks:Bare")) is found
    assert len(asked) == 1
    assert open_catalogue([]) == Catalogue(NETWORKS)


WRONG = {
    "builder": (["own_networks:Nothing"], "no_builder", {"module": "own_networks", "attribute": "Nothing"}),
    "arguments": (
        ["own_networks:Bare", "--size", "big"],
        "size_value",
        {"got": "big", "low": 8, "high": 512},
    ),
}


@pytest.mark.parametrize(("arguments", "reason", "details"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_ones_own_network_stands_once_in_the_log(
    new_server, caplog, arguments, reason, details
):
    for _ in range(2):
        found = open_catalogue(["--network", *arguments])
        assert found.networks == NETWORKS
        assert (found.error.reason, found.error.details) == (reason, details)
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("page")]
    assert logged == [str(NetworkError(reason, **details))]


def test_a_model_is_named_as_viz_names_it():
    assert [Model(VGG).key, Model(VGG, seed=0).key] == ["torchvision:vgg11", "untrained:torchvision:vgg11"]
