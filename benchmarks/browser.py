"""A Chromium that is watched as little as can be, and when a heatmap is painted in it.

It is driven by Chromium's own protocol (https://chromedevtools.github.io/devtools-protocol/). Playwright,
which serves the tests, has the browser copy every message of the page's websocket to it: with all 13 layers
that is 1.6 MB a change, and on two cores a sixth of its time.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from servers import HOST, POLL_S, TIMEOUT_S, stop_group
from websockets.sync.client import ClientConnection, connect

# Here the page's figure fits at once; on other screens it is measured and laid out a second time.
SCREEN = {"width": 1440, "height": 900}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
# Streamlit shows a skeleton for a widget whose script is still on its way.
FINISHED = """
document.querySelector('[data-test-script-state="notRunning"]')
&& !document.querySelector('[data-testid="stSkeleton"]')
"""

# The picture of a map, which Plotly has painted or which comes painted; a photograph is no PNG.
HEATMAP = '.js-plotly-plot :is(.heatmaplayer .hm, .imagelayer .im) image[*|href^="data:image/png"]'

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

# Streamlit mounts a new chart when its data changes, and the old one may stand below it for a moment, so the
# document is searched anew in each frame. The change is there when all maps of the first chart have pictures,
# and then values, that none of them had before.
_WATCH_CHANGE = f"""
() => {{
  const find = () => document.querySelector({HEATMAP!r})?.closest(".js-plotly-plot");
  const list = () => Array.from(find()?.querySelectorAll({HEATMAP!r}) ?? [], (image) => image.href.baseVal);
  const read = () => {{
    const values = find()._fullData.map((trace) => trace.z ?? trace.customdata).filter((rows) => rows);
    return values.map((rows) => String(rows[rows.length >> 1]));
  }};
  const pictures = list(), values = read();
  const differ = (now, then) => now.length === then.length && now.every((one) => !then.includes(one));
  let start = 0;
  window.repainted = 0;
  const press = (event) => {{
    if (!event.target.closest('[role="option"]')) return;
    start = performance.now();
    document.removeEventListener("pointerdown", press, true);
  }};
  const look = () => {{
    const drawn = start && differ(list(), pictures) && differ(read(), values);
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


_WAIT = """
new Promise((resolve) => {
  const look = () => {
    const value = EXPRESSION;
    if (value) resolve(value);
    else requestAnimationFrame(look);
  };
  look();
})
"""
# Where an element is, once it has been in the same place for some frames.
_FIND = """
new Promise((resolve) => {
  let before = "", rested = 0;
  const look = () => {
    const element = document.querySelectorAll(SELECTOR)[PLACE];
    element?.scrollIntoViewIfNeeded();
    const { left, top, width, height } = element?.getBoundingClientRect() ?? {};
    const now = [left, top, width, height].join();
    rested = width > 0 && now === before ? rested + 1 : 0;
    before = now;
    if (rested >= 5) resolve([left, top, width, height]);
    else requestAnimationFrame(look);
  };
  look();
})
"""


class Browser:
    """A running Chromium."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._calls = 0

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One call of Chromium's protocol; events that come in between are dropped.

        Raises:
            RuntimeError: The browser refuses.
            TimeoutError: It has sent nothing for `TIMEOUT_S`.
        """
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(timeout=TIMEOUT_S))
            if answer.get("id") == self._calls:
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result


class Tab:
    """A new visitor's tab, with a cache and storage of its own."""

    def __init__(self, browser: Browser, script: str = "") -> None:
        """Open it, empty; `script` will run in each page before its own."""
        self._browser = browser
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        opened = browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = browser.call("Target.attachToTarget", targetId=opened["targetId"], flatten=True)
        self._session: str = attached["sessionId"]
        self._call("Emulation.setDeviceMetricsOverride", **SCREEN, deviceScaleFactor=1, mobile=False)
        self._call("Page.enable")  # without it no script is added
        self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def close(self) -> None:
        """Close it and forget what it stored."""
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def open(self, url: str) -> None:
        """Call an address; returns when its first bytes are there."""
        self._call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """The value of a script's expression, awaited if it is a promise.

        Raises:
            RuntimeError: The script fails.
        """
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self._call("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    def wait(self, expression: str) -> Any:
        """The first value of an expression that is true; it is looked for in each frame.

        Raises:
            TimeoutError: The browser has sent nothing for `TIMEOUT_S`.
        """
        return self.evaluate(_WAIT.replace("EXPRESSION", expression))

    def find(self, selector: str, place: int = 0) -> tuple[float, float, float, float]:
        """Left and top edge, width and height of an element, once it rests; in pixels of the screen."""
        script = _FIND.replace("SELECTOR", json.dumps(selector)).replace("PLACE", str(place))
        left, top, width, height = self.evaluate(script)
        return left, top, width, height

    def point(self, x: float, y: float) -> None:
        """Move the mouse."""
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, x: float, y: float) -> None:
        """Move the mouse and press its button."""
        self.point(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """Start a Chromium, and kill it at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [_find_chromium(), *CHROMIUM_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        silent = subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=silent, stderr=silent, start_new_session=True)
        try:
            address = _read_address(Path(profile) / "DevToolsActivePort")
            with connect(address, max_size=None, ping_interval=None) as socket:
                yield Browser(socket)
        finally:
            stop_group(process)


def _find_chromium() -> str:
    """The variable CHROMIUM's, the machine's, else Playwright's own."""
    found = (path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    if path := os.environ.get("CHROMIUM") or next(found, None):
        return path
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _read_address(file: Path) -> str:
    """The address that a starting Chromium writes into its profile."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) == 2:
            port, path = lines
            return f"ws://{HOST}:{port}{path}"
        if time.monotonic() > deadline:
            raise TimeoutError("Chromium does not start")
        time.sleep(POLL_S)


@dataclass(frozen=True)
class Visit:
    """An open page.

    Attributes:
        tab: The browser's tab.
        called: When its address was called, in seconds since 1970.
        shown: When its first heatmap was painted, in the same.
    """

    tab: Tab
    called: float
    shown: float


def visit(browser: Browser, url: str) -> Visit:
    """Open a page as a new visitor, with an empty browser cache, and wait for its first heatmap."""
    tab = Tab(browser, _NOTE_FIRST_HEATMAP)
    called = time.time()
    tab.open(url)
    return Visit(tab, called, float(tab.wait("window.firstHeatmap")))


def time_change(tab: Tab, widget: str, option: int) -> float:
    """Choose another option of a selectbox, as a visitor does.

    Args:
        tab: An open page with a heatmap.
        widget: Key of the selectbox.
        option: Which of its options, counted from 0; not the one that is chosen.

    Returns:
        Seconds from the press on the option to the repainted heatmap.
    """
    tab.wait(FINISHED)
    tab.click(*_find_middle(tab, f".st-key-{widget} input[role=combobox]"))
    choice = _find_middle(tab, "[role=option]", option)
    tab.point(*choice)
    tab.evaluate(f"({_WATCH_CHANGE})()")
    tab.click(*choice)
    return float(tab.wait("window.repainted"))


def _find_middle(tab: Tab, selector: str, place: int = 0) -> tuple[float, float]:
    left, top, width, height = tab.find(selector, place)
    return left + width / 2, top + height / 2


def time_click(tab: Tab, across: float, down: float) -> float:
    """Click on the photograph of the view "Point at it".

    Args:
        tab: An open page with that view.
        across: Where, as a share of the photograph's width.
        down: Where, as a share of its height.

    Returns:
        Seconds from the press to the moved marks and the new table.
    """
    tab.wait(FINISHED)
    left, top, width, height = tab.find(".js-plotly-plot .imagelayer image")
    x, y = left + across * width, top + down * height
    for step in (8, 4, 0):
        tab.point(x - step, y - step)
    time.sleep(0.3)  # until Plotly has found what is below
    tab.evaluate(f"({_WATCH_ANSWER})()")
    tab.click(x, y)
    return float(tab.wait("window.answered"))
