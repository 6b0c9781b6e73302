"""What several test files share: the network, photographs, and a real browser."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from hypothesis import settings
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from viz.networks.catalogue import load_network
from viz.networks.layers import Layer
from viz.networks.network import Network
from viz.networks.sources.vgg16 import MEAN, STD
from viz.networks.vgg16 import CONFIGURATION, LAYERS
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

ROOT = Path(__file__).parent.parent
DEFAULT_LAYERS = ["conv1_2", "conv3_1", "conv4_3", "conv5_3"]
PHOTOS = ("cat.png", "coffee.png", "astronaut.png", "rocket.jpg", "brick.png")

# For what has to come: reached on failure alone, also where many share the machine.
PATIENCE_S = 600.0

# Hypothesis gives an example 200 ms, which such a machine may not have. All else stays as it was.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NO_BROWSER = (
    "The browser tests need a browser: install Chromium or Chrome so that it is on the PATH, or let "
    "`python -m playwright install --with-deps chromium` fetch one. `pytest --no-browser` leaves them out."
)


def make_noise(width: int = 24, height: int = 20, seed: int = 0) -> Image.Image:
    """A picture of noise, the same for the same seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@contextmanager
def naming(*case: object) -> Iterator[None]:
    """Tell which case of a loop failed, whatever fails in it."""
    try:
        yield
    except BaseException as error:  # what `pytest.raises` and `pytest.fail` raise is no Exception
        error.add_note(f"The case: {', '.join(map(repr, case))}")
        raise


def find_index(layer: Layer) -> int:
    """The place of a convolution of VGG16 in `features`."""
    return int(layer.path.rsplit(".", 1)[1])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-browser", action="store_true", help="leave out the tests that need a browser")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--no-browser") and os.environ.get("CI") == "true":
        raise pytest.UsageError(
            "--no-browser is not for CI: a run without the browser tests proves too little"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--no-browser"):
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="--no-browser"))


@pytest.fixture(scope="session", autouse=True)
def stay_on_the_cpu() -> Iterator[None]:
    """Many tests compare to the bit with a second way of computing, which runs on the CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: None)
        yield


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network()


@pytest.fixture(scope="session")
def make_batch(network: Network) -> Callable[..., Tensor]:
    def make(photo: str = "cat.png", framing: str = "whole") -> Tensor:
        data = (ROOT / "assets" / "images" / photo).read_bytes()
        return network.to_batch(frame_image(read_image(data), framing))

    return make


@pytest.fixture
def thin_network() -> Network:
    """VGG16's structure with few channels and seeded random weights."""
    torch.manual_seed(0)
    modules: list[nn.Module] = []
    channels = 3
    for entry in CONFIGURATION:
        if isinstance(entry, int):
            modules += [nn.Conv2d(channels, entry // 32, 3, padding=1), nn.ReLU(inplace=True)]
            channels = entry // 32
        else:
            modules.append(nn.MaxPool2d(2))
    module = nn.Sequential(OrderedDict(features=nn.Sequential(*modules)))
    layers = tuple(replace(layer, channels=layer.channels // 32) for layer in LAYERS)
    return Network(module.eval().requires_grad_(False), layers, MEAN, STD)


@pytest.fixture
def count_passes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """A list that grows by the batch's shape with every pass through a network."""
    passes: list[tuple[int, ...]] = []
    arrange = Network.arrange

    def count(network: Network, batch: torch.Tensor) -> torch.Tensor:
        passes.append(tuple(batch.shape))
        return arrange(network, batch)

    monkeypatch.setattr(Network, "arrange", count)
    return passes


@pytest.fixture
def new_server() -> Iterator[None]:
    """A server that has computed nothing; what a test lets it compute goes with the test."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


def describe_state(module):
    """What a pass has to leave alone: hooks, modes, what needs gradients, and all bytes."""
    parts = [
        (
            name,
            part.training,
            len(part._forward_hooks),
            len(part._forward_pre_hooks),
            len(part._backward_hooks),
        )
        for name, part in module.named_modules()
    ]
    flags = [(name, parameter.requires_grad) for name, parameter in module.named_parameters()]
    values = [value.cpu().contiguous().numpy().tobytes() for value in module.state_dict().values()]
    return parts, flags, hashlib.sha256(b"".join(values)).hexdigest()


def assert_healthy(page: AppTest) -> None:
    """Neither an exception nor an error sentence on the page."""
    assert not page.exception
    assert [error.value for error in page.error] == []


class Served(str):
    """A server's address, and its process."""

    process: "subprocess.Popen[bytes]"


@contextmanager
def serve(port: int, *arguments: str, **environment: str) -> Iterator[Served]:
    """The page on a server of its own, as the README starts it, with these arguments behind `--`."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port), "--server.address", "127.0.0.1", "--", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = Served(f"http://127.0.0.1:{port}")
        url.process = server
        assert wait_for_answer(f"{url}/_stcore/health", server) == "ok"
        yield url
    finally:
        stop_server(server)


def wait_for_answer(url: str, server: "subprocess.Popen[bytes]") -> str:
    """What a server that is starting answers as soon as it answers anything but that it is not ready."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert server.poll() is None, "the server did not start"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            said = str(error.read().decode())
            if said not in ("unavailable", "timeout"):  # Streamlit waits a minute for its script
                return said
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not answer within {PATIENCE_S:.0f} s")


def stop_server(server: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and end it if it does not."""
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    with serve(find_free_port()) as url:
        yield url


def find_free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """An installed Chromium or Chrome, else Playwright's own, else Debian's, else a failure that says so."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        for find in (_find_installed, _download_browser, _install_package):
            path = find(playwright.chromium.executable_path)
            if path is None:
                continue
            try:
                found = playwright.chromium.launch(
                    executable_path=path, args=BROWSER_FLAGS, timeout=1000 * PATIENCE_S
                )
            except Error:
                continue  # for instance Playwright's download on a system without its libraries
            yield found
            found.close()
            return
        pytest.fail(NO_BROWSER, pytrace=False)


def _find_installed(_: str) -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _download_browser(path: str) -> str | None:
    if not Path(path).exists():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=900)
    return path if Path(path).exists() else None


def _install_package(_: str) -> str | None:
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *arguments], check=False, timeout=900, env=environment)
    return _find_installed("")


@pytest.fixture
def visit(browser, server_url):
    from visitor import visiting

    visitors = []
    with ExitStack() as stack:

        def start(**options):
            visitors.append(stack.enter_context(visiting(browser, server_url, **options)))
            return visitors[-1]

        yield start
        for visitor in visitors:
            assert visitor.tab.locator('[data-testid="stException"]').count() == 0
            assert visitor.complaints == []
            assert visitor.outside == []
