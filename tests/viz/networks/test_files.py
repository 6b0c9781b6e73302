import contextlib
import errno
import functools
import hashlib
import http.server
import io
import os
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import ROOT

from viz.evidence.predict import predict
from viz.networks import files
from viz.networks.catalogue import fetch, find_network, is_there, load_network
from viz.networks.errors import WeightsError
from viz.networks.files import NO_DOWNLOADS, check_file, fetch_file, find_store, remove_leftovers
from viz.networks.sources import torchvision as source

DATA = bytes(range(256)) * 10_000  # some chunks
DIGEST = hashlib.sha256(DATA).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `data`, claiming its full length, but sends only the first `sent` bytes of it."""

    def __init__(self, data, sent, requests, *arguments):
        self.data, self.sent, self.requests = data, sent, requests
        super().__init__(*arguments)

    def do_GET(self):
        self.requests.append(self.path)
        if "gone" in self.path:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data[: self.sent])

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve_data(data=DATA, sent=None):
    """The address of a server, and what it has been asked for."""
    requests = []
    handler = functools.partial(Handler, data, sent, requests)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()


@pytest.fixture
def folder(tmp_path):
    """What is not there yet."""
    return tmp_path / "some" / "folder"


@pytest.fixture(autouse=True)
def may_download(monkeypatch):
    monkeypatch.delenv(NO_DOWNLOADS, raising=False)


# One file


def test_a_file_is_fetched_whole_and_each_chunk_is_told(folder):
    steps = []
    with serve_data() as (url, _):
        fetch_file(f"{url}/file", folder / "file", DIGEST, lambda *step: steps.append(step))
    assert (folder / "file").read_bytes() == DATA
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    assert len(steps) > 1
    assert steps[-1] == (len(DATA), len(DATA))
    assert {total for _, total in steps} == {len(DATA)}


@pytest.mark.parametrize(
    ("name", "sent", "digest"),
    [("file", len(DATA) // 2, DIGEST), ("file", 0, DIGEST), ("file", None, "0" * 8), ("gone", None, DIGEST)],
    ids=["cut", "nothing", "wrong digest", "404"],
)
def test_a_download_that_fails_leaves_nothing_and_can_be_repeated(folder, name, sent, digest):
    with serve_data(sent=sent) as (url, _), pytest.raises(WeightsError) as caught:
        fetch_file(f"{url}/{name}", folder / "file", digest)
    assert (caught.value.reason, caught.value.details) == ("download", {"host": "127.0.0.1"})
    assert "Check the server's network and choose the network again" in str(caught.value)
    assert list(folder.iterdir()) == []
    with serve_data() as (url, _):
        fetch_file(f"{url}/file", folder / "file", DIGEST)
    check_file(folder / "file", DIGEST)


def test_a_server_that_is_not_there_is_a_sentence(folder):
    with pytest.raises(WeightsError, match=r"could not be fetched from 127\.0\.0\.1") as caught:
        fetch_file("http://127.0.0.1:9/file", folder / "file", DIGEST)
    assert caught.value.reason == "download"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        ssl.SSLError(1, "record layer failure"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
    ],
    ids=repr,
)
def test_a_connection_that_breaks_is_the_networks_failure_not_the_disks(monkeypatch, folder, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(http.client.HTTPResponse, "read", fail)
    with serve_data() as (url, _), pytest.raises(WeightsError) as caught:
        fetch_file(f"{url}/file", folder / "file", DIGEST)
    assert caught.value.reason == "download"
    assert list(folder.iterdir()) == []


# Before the first byte, in the middle, or at the end.
PLACES = [(files.tempfile, "mkstemp"), (files, "_copy_url"), (files.os, "replace")]


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        (errno.ENOSPC, "disk", "the disk is full.*free some space"),
        (errno.EDQUOT, "disk", "the disk is full.*free some space"),
        (errno.EACCES, "folder", r"\(Permission denied\).*let the server write there"),
        (errno.EROFS, "folder", r"\(Read-only file system\).*let the server write there"),
    ],
)
def test_a_full_disk_and_a_folder_that_cannot_be_written_are_two_sentences(
    monkeypatch, folder, code, reason, sentence
):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    for owner, name in PLACES:
        with serve_data() as (url, _), monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(WeightsError, match=rf"cannot be stored in .*folder.*{sentence}") as caught:
                fetch_file(f"{url}/file", folder / "file", DIGEST)
        assert caught.value.reason == reason
        assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with serve_data() as (url, _), pytest.raises(WeightsError, match="let the server write") as caught:
        fetch_file(f"{url}/file", tmp_path / "file" / "file", DIGEST)
    assert caught.value.reason == "folder"


def test_a_part_that_somebody_removes_is_told_as_missing(folder):
    def remove(*_):
        for part in folder.iterdir():
            part.unlink()

    with serve_data() as (url, _), pytest.raises(WeightsError, match="file is missing") as caught:
        fetch_file(f"{url}/file", folder / "file", DIGEST, remove)
    assert (caught.value.reason, caught.value.details) == ("missing", {"file": "file"})


# What a killed download leaves

DOWNLOAD = """
import sys
from pathlib import Path
from viz.networks.files import fetch_file
fetch_file(sys.argv[1], Path(sys.argv[2]), "", lambda *_: (print("begun", flush=True), sys.stdin.read()))
"""


def test_what_a_killed_download_left_goes_and_one_that_runs_stays(folder):
    with serve_data() as (url, _):
        command = [sys.executable, "-c", DOWNLOAD, f"{url}/file", str(folder / "file")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as other:
            assert other.stdout.readline() == b"begun\n"
            (part,) = folder.iterdir()
            (folder / "tmpother.txt").touch()
            (folder / "weights.part").touch()
            (folder / "tmpolder.part").touch()
            remove_leftovers(folder)  # another process has `part`
            assert {path.name for path in folder.iterdir()} == {part.name, "tmpother.txt", "weights.part"}
            other.kill()
            other.wait()
            assert part.exists()
            remove_leftovers(folder)
    assert {path.name for path in folder.iterdir()} == {"tmpother.txt", "weights.part"}


def test_a_download_of_this_process_is_no_leftover(folder):
    with serve_data() as (url, _):
        fetch_file(f"{url}/file", folder / "file", DIGEST, lambda *_: remove_leftovers(folder))
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_where_there_is_no_folder_nothing_is_left(folder):
    remove_leftovers(folder)
    assert not folder.exists()


@pytest.mark.parametrize(
    "variables", [{}, {"TORCH_HOME": "~/some"}, {"XDG_CACHE_HOME": "/some/cache"}], ids=str
)
def test_the_folder_is_that_of_torch(monkeypatch, variables):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_store() == source.find_file(find_network("torchvision:alexnet")).parent


@pytest.mark.parametrize("value", ["1", "0", ""])
def test_downloads_can_be_switched_off(monkeypatch, folder, value):
    monkeypatch.setenv(NO_DOWNLOADS, value)
    with serve_data() as (url, requests):
        with pytest.raises(WeightsError, match=f"start it without {NO_DOWNLOADS}") as caught:
            fetch_file(f"{url}/file", folder / "file", DIGEST)
        assert requests == []
    assert caught.value.reason == "switched_off"
    assert not folder.exists()


def test_two_visitors_at_once_get_one_whole_file(folder):
    with serve_data() as (url, _), ThreadPoolExecutor(2) as pool:
        meet = threading.Barrier(2, timeout=10)
        once = functools.cache(lambda _: meet.wait())

        def fetch(number):
            fetch_file(f"{url}/file", folder / "file", DIGEST, lambda *_: once(number))

        list(pool.map(fetch, range(2)))  # both are in the middle at the same time
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert (folder / "file").read_bytes() == DATA


@pytest.mark.parametrize("digest", [DIGEST, DIGEST[:8]])
def test_a_file_is_checked(tmp_path, digest):
    path = tmp_path / "file"
    with pytest.raises(WeightsError) as caught:
        check_file(path, digest)
    assert caught.value.reason == "missing"
    path.mkdir()
    with pytest.raises(WeightsError, match="Is a directory") as caught:
        check_file(path, digest)
    assert caught.value.reason == "unreadable"
    path.rmdir()
    path.write_bytes(DATA)
    check_file(path, digest)
    path.write_bytes(DATA[:-1])
    with pytest.raises(WeightsError) as caught:
        check_file(path, digest)
    assert (caught.value.reason, caught.value.details) == ("altered", {"file": "file"})


# A network's weights


@pytest.fixture
def hub(tmp_path):
    """A folder in the place of torch's own."""
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path))
    yield tmp_path / "checkpoints"
    torch.hub.set_dir(before)


def publish(monkeypatch, data, url="http://127.0.0.1:9"):
    """Let torchvision's table name such a file at another address."""
    find = source.find_weights

    def stand_in(info):
        weights = find(info)
        address = f"{url}/{info.key.partition(':')[2]}-{hashlib.sha256(data).hexdigest()[:8]}.pth"
        return SimpleNamespace(url=address, transforms=weights.transforms, meta=weights.meta)

    monkeypatch.setattr(source, "find_weights", stand_in)


def pack(state, zipped=True):
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


def make_state(key):
    return dict(load_network(f"untrained:{key}", seed=3).module.state_dict())


def assert_equal_states(network, state):
    found = network.module.state_dict()
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name].cpu(), value.cpu()) for name, value in state.items())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip format", "older format"])
def test_a_networks_weights_are_fetched_once(monkeypatch, hub, zipped):
    key, state, steps = "torchvision:squeezenet1_1", make_state("torchvision:squeezenet1_1"), []
    data = pack(state, zipped)
    with serve_data(data) as (url, requests):
        publish(monkeypatch, data, url)
        assert not is_there(find_network(key))
        for _ in range(2):
            fetch(find_network(key), lambda *step: steps.append(step))
            assert is_there(find_network(key))
        assert len(requests) == 1
    assert steps[-1] == (len(data), len(data))
    (path,) = hub.iterdir()
    assert path.read_bytes() == data
    monkeypatch.setenv(NO_DOWNLOADS, "1")  # what is there already may be used
    assert_equal_states(load_network(key), state)


def test_loading_fetches_too_and_says_why_it_cannot(monkeypatch, hub):
    key, state = "torchvision:squeezenet1_1", make_state("torchvision:squeezenet1_1")
    data = pack(state)
    with serve_data(data, sent=1000) as (url, _), monkeypatch.context() as patch:
        publish(patch, data, url)
        with pytest.raises(WeightsError) as caught:
            load_network(key)
    assert caught.value.reason == "download"
    with serve_data(data) as (url, _):
        publish(monkeypatch, data, url)
        assert_equal_states(load_network(key), state)


def test_a_kept_file_that_was_altered_is_refused(monkeypatch, hub):
    data = pack({})
    publish(monkeypatch, data)
    hub.mkdir()
    source.find_file(find_network("torchvision:alexnet")).write_bytes(data[:-1])
    with pytest.raises(WeightsError, match=r"alexnet-\w{8}\.pth is not the published") as caught:
        load_network("torchvision:alexnet")
    assert caught.value.reason == "altered"


@pytest.mark.parametrize("key", ["vgg16", "efficientnet_lite0"])
def test_what_is_bundled_is_not_fetched(monkeypatch, key):
    monkeypatch.setenv(NO_DOWNLOADS, "1")
    fetch(find_network(key), lambda *_: pytest.fail("something was fetched"))
    assert is_there(find_network(key))


@pytest.mark.parametrize("classifier", [True, False])
def test_a_vggs_classifier_stays_in_the_file_where_it_is_not_wanted(monkeypatch, hub, classifier):
    key, build = "torchvision:vgg11", source.get_model

    def build_small(name, weights):  # without the 472 MB
        module = build(name, weights=weights)
        module.avgpool, module.classifier = torch.nn.AdaptiveAvgPool2d(1), torch.nn.Linear(512, 1000)
        return module

    monkeypatch.setattr(source, "get_model", build_small)
    state = make_state(key)
    head = {"classifier.weight": torch.rand(1000, 512), "classifier.bias": torch.rand(1000)}
    store(monkeypatch, hub, key, state | head)
    network = load_network(key, classifier=classifier)
    assert_equal_states(network, state | head if classifier else state)
    assert (network.classes is not None) == classifier
    assert [layer.name for layer in network.layers[:3]] == ["conv1_1", "conv2_1", "conv3_1"]
    if classifier:
        assert network.classes[0] == "tench"
        assert predict(network, torch.zeros(1, 3, 64, 64), count=2000)[999].probability >= 0


def test_densenets_file_has_older_names(monkeypatch, hub):
    """As torchvision's has them: dots within the names, and nothing that only training uses."""
    state = make_state("torchvision:densenet121")
    older = {}
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            for part in ("norm1", "norm2", "conv1", "conv2") if "denselayer" in name else ():
                name = name.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
            older[name] = value
        else:
            state[name] = torch.zeros_like(value)
    assert "features.denseblock1.denselayer1.norm.1.running_mean" in older
    store(monkeypatch, hub, "torchvision:densenet121", older)
    assert_equal_states(load_network("torchvision:densenet121"), state)


def store(monkeypatch, hub, key, state):
    """Put a file of weights where torchvision would have put it."""
    data = pack(state)
    publish(monkeypatch, data)
    hub.mkdir()
    source.find_file(find_network(key)).write_bytes(data)


def test_a_file_of_weights_runs_no_code(monkeypatch, hub, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    store(monkeypatch, hub, "torchvision:resnet18", {"conv1.weight": Trap()})
    with pytest.raises(Exception, match="Weights only load failed"):
        load_network("torchvision:resnet18")
    assert not (tmp_path / "ran").exists()
