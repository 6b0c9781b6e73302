"""Start a Streamlit server and a browser, and see when a heatmap is painted."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, Page, Playwright, ViewportSize

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
TIMEOUT_S = 20
POLL_S = 0.02

# Here the page's figure fits at once; on other screens it is measured and laid out a second time.
SCREEN: ViewportSize = {"width": 1440, "height": 900}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

# The picture of a heatmap trace; Plotly draws a photograph's trace into another layer.
HEATMAP = ".js-plotly-plot .heatmaplayer .hm image"

# What an animation frame's callback finds is painted when the next frame's callback runs.
_NOTE_FIRST_HEATMAP = f"""
(() => {{
  const look = () => {{
    const image = document.querySelector({HEATMAP!r});
    requestAnimationFrame(image && image.getBoundingClientRect().width > 0 ? note : look);
  }};
  const note = () => {{ window.firstHeatmap = (performance.timeOrigin + performance.now()) / 1000; }};
  requestAnimationFrame(look);
}})();
"""

# Streamlit mounts a new chart when its data changes, so the document is searched anew in each frame.
_WATCH_CHANGE = f"""
() => {{
  const read = () => {{
    const image = document.querySelector({HEATMAP!r});
    const plot = image && image.closest(".js-plotly-plot");
    const trace = plot && (plot._fullData || []).find((trace) => trace.type === "heatmap");
    return trace ? {{ z: trace.z, picture: image.href.baseVal }} : null;
  }};
  const before = read();
  before.z = Array.from(before.z, (row) => Array.from(row));
  const differs = (z) => z.length !== before.z.length
    || before.z.some((row, y) => row.some((value, x) => value !== z[y][x]));
  let start = 0;
  window.repainted = 0;
  const press = (event) => {{
    if (!event.target.closest('[role="option"]')) return;
    start = performance.now();
    document.removeEventListener("pointerdown", press, true);
  }};
  const look = () => {{
    const now = read();
    const drawn = start && now && now.picture !== before.picture && differs(now.z);
    requestAnimationFrame(drawn ? note : look);
  }};
  const note = () => {{ window.repainted = (performance.now() - start) / 1000; }};
  document.addEventListener("pointerdown", press, true);
  requestAnimationFrame(look);
}}
"""


# The answer is there when the marks on the figure and the table below it both have changed.
_WATCH_ANSWER = """
() => {
  const read = () => {
    const plot = document.querySelector(".js-plotly-plot"), table = document.querySelector("table");
    const places = (plot?._fullLayout?.shapes ?? []).map(
      (shape) => [shape.x0, shape.y0, shape.x1, shape.y1, shape.xanchor, shape.yanchor].join());
    return { shapes: places.join(";"), table: table?.textContent ?? "" };
  };
  const before = read();
  let start = 0;
  window.answered = 0;
  const press = () => { start = performance.now(); };
  document.addEventListener("pointerdown", press, { capture: true, once: true });
  const look = () => {
    const now = read();
    const both = start && now.table && now.shapes !== before.shapes && now.table !== before.table;
    requestAnimationFrame(both ? note : look);
  };
  const note = () => { window.answered = (performance.now() - start) / 1000; };
  requestAnimationFrame(look);
}
"""


@dataclass(frozen=True)
class Server:
    """A running `streamlit run`.

    Attributes:
        url: Where it answers.
        process: Itself, the leader of its own process group.
        log: What it has printed.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]


@contextmanager
def run_server(script: str) -> Iterator[Server]:
    """Start Streamlit without waiting for it, and kill it and its children at the end.

    Args:
        script: Path of the page, from the project's folder; all scripts share the project's settings.
    """
    port = find_free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    command += ["--server.address", HOST, "--server.port", str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            yield Server(f"http://{HOST}:{port}/", process, log)
        finally:
            stop_group(process)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads its own group, and the whole group with it."""
    with suppress(ProcessLookupError):  # all of it may have ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def find_free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_healthy(server: Server) -> None:
    """Return as soon as Streamlit's health check answers.

    Raises:
        RuntimeError: It has ended, or does not answer in `TIMEOUT_S`; the message has what it printed.
    """
    deadline = time.monotonic() + TIMEOUT_S
    while not _is_healthy(server):
        if server.process.poll() is not None or time.monotonic() > deadline:
            server.log.seek(0)
            raise RuntimeError(f"no answer from {server.url}; it printed:\n{server.log.read().decode()}")
        time.sleep(POLL_S)


def _is_healthy(server: Server) -> bool:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://").rstrip("/"), timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def launch_browser(playwright: Playwright) -> Browser:
    """A headless Chromium: the variable CHROMIUM's, the machine's, else Playwright's own."""
    found = (path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    path = os.environ.get("CHROMIUM") or next(found, None)
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)


@dataclass(frozen=True)
class Visit:
    """An open page.

    Attributes:
        page: The browser's tab.
        called: When its address was called, in seconds since 1970.
        shown: When its first heatmap was painted, in the same.
    """

    page: Page
    called: float
    shown: float


def visit(browser: Browser, url: str) -> Visit:
    """Open a page as a new visitor, with an empty browser cache, and wait for its first heatmap."""
    page = browser.new_context(viewport=SCREEN).new_page()
    page.set_default_timeout(TIMEOUT_S * 1000)
    page.add_init_script(_NOTE_FIRST_HEATMAP)
    called = time.time()
    page.goto(url, wait_until="commit")
    shown = float(page.wait_for_function("window.firstHeatmap").json_value())
    return Visit(page, called, shown)


def time_change(page: Page, widget: str, option: int) -> float:
    """Choose another option of a selectbox, as a visitor does.

    Args:
        page: An open page with a heatmap.
        widget: Key of the selectbox.
        option: Which of its options, counted from 0; not the one that is chosen.

    Returns:
        Seconds from the press on the option to the repainted heatmap.
    """
    page.wait_for_selector('[data-test-script-state="notRunning"]', state="attached")
    page.locator(f".st-key-{widget} input[role=combobox]").click()
    choice = page.locator("[role=option]").nth(option)
    choice.hover()  # waits until the list has unfolded
    page.evaluate(_WATCH_CHANGE)
    choice.click()
    return float(page.wait_for_function("window.repainted").json_value())


def time_click(page: Page, across: float, down: float) -> float:
    """Click on the photograph of the view "Point at it".

    Args:
        page: An open page with that view.
        across: Where, as a share of the photograph's width.
        down: Where, as a share of its height.

    Returns:
        Seconds from the press to the moved marks and the new table.
    """
    page.wait_for_selector('[data-test-script-state="notRunning"]', state="attached")
    photograph = page.locator(".js-plotly-plot .imagelayer image").first.bounding_box()
    assert photograph is not None  # it is on the screen
    x = photograph["x"] + across * photograph["width"]
    y = photograph["y"] + down * photograph["height"]
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(300)  # until Plotly has found what is below
    page.evaluate(_WATCH_ANSWER)
    page.mouse.click(x, y)
    return float(page.wait_for_function("window.answered").json_value())


def read_memory(group: int) -> float:
    """Resident memory of a process group, in MB.

    Args:
        group: Process id of its leader.
    """
    processes = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal())
    return sum(_read_resident(process) for process in processes if _read_group(process) == group)


def _read_group(process: int) -> int | None:
    try:
        return os.getpgid(process)
    except ProcessLookupError:  # it ended after the listing
        return None


def _read_resident(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), "0")
    return int(kilobytes) * 1024 / 1e6
