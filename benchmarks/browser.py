"""A Chromium that is watched as little as can be, and when a page's heatmaps stand in it.

Chromium's own protocol (https://chromedevtools.github.io/devtools-protocol/) drives the browser. Playwright,
which serves the tests, has the browser copy every message of the page's websocket to it, and that slows down
a page with large messages.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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

# Streamlit shows a skeleton for an element whose script is still on its way.
FINISHED = """
document.querySelector('[data-test-script-state="notRunning"]')
&& !document.querySelector('[data-testid$="Skeleton"]')
"""

# After a change all that is shown is stale until the run has sent it again.
SENT = """
!document.querySelector('[data-stale="true"]') && !document.querySelector('[data-testid$="Skeleton"]')
"""

# The pictures that Plotly has painted of heatmaps, a trace each. A chart whose data changes is replaced by
# another element, and the two may stand in the document for a moment, so this is asked anew in each frame.
_LIST_MAPS = """
Array.from(document.querySelectorAll('.js-plotly-plot .heatmaplayer .hm image[*|href^="data:image/png"]'))
.filter((image) => image.getBoundingClientRect().width > 0).map((image) => image.href.baseVal)
"""

# A promise of the time, in milliseconds since 1970, at which a condition is seen on the screen: what an
# animation frame's callback finds is painted when the next frame's callback runs.
_AWAIT_SIGHT = """
new Promise((resolve) => {
  const look = () => requestAnimationFrame((CONDITION) ? note : look);
  const note = () => resolve(performance.timeOrigin + performance.now());
  look();
})
"""

# To be run before the press that changes the page. The change is there when every element has been sent again
# and there are as many maps as before, each with a picture that none of them had.
_WATCH_CHANGE = f"""
(() => {{
  const before = {_LIST_MAPS};
  const areNew = (maps) => maps.length === before.length && !maps.some((map) => before.includes(map));
  const press = () => {{ window.pressed = performance.timeOrigin + performance.now(); }};
  window.pressed = 0;
  document.addEventListener("pointerdown", press, {{ capture: true, once: true }});
  window.changed = {_AWAIT_SIGHT.replace("CONDITION", f"pressed && areNew({_LIST_MAPS}) && {SENT}")};
}})()
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
    if (rested >= 5) resolve([left + width / 2, top + height / 2]);
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
    """A new visitor's tab, with a cache and storage of its own; it is empty at first."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        opened = browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = browser.call("Target.attachToTarget", targetId=opened["targetId"], flatten=True)
        self._session: str = attached["sessionId"]
        self._call("Emulation.setDeviceMetricsOverride", **SCREEN, deviceScaleFactor=1, mobile=False)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def close(self) -> None:
        """Close it and forget what it stored."""
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def open(self, url: str) -> None:
        """Call an address; returns when its first bytes are there."""
        self._call("Page.navigate", url=url)

    def wait(self, condition: str) -> float:
        """Wait until a condition, in JavaScript, is seen; it is looked for in each frame.

        Returns:
            The time then, in seconds since 1970.

        Raises:
            TimeoutError: The browser has sent nothing for `TIMEOUT_S`.
        """
        return float(self._evaluate(_AWAIT_SIGHT.replace("CONDITION", condition))) / 1000

    def time_change(self, widget: str, option: int) -> float:
        """Choose another option of a selectbox, as a visitor does.

        Args:
            widget: Key of the selectbox.
            option: Which of its options, counted from 0; not the one that is chosen.

        Returns:
            Seconds from the press on the option until all heatmaps are repainted and everything else stands.
        """
        self.wait(FINISHED)
        self._press(*self._find_middle(f".st-key-{widget} input[role=combobox]"))
        choice = self._find_middle("[role=option]", option)
        self._point(*choice)
        self._evaluate(_WATCH_CHANGE)
        self._press(*choice)
        return float(self._evaluate("changed.then((time) => time - pressed)")) / 1000

    def _evaluate(self, script: str) -> Any:
        """The value of a script, awaited if it is a promise."""
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self._call("Runtime.evaluate", expression=script, **options)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", script))
        return answer["result"].get("value")

    def _find_middle(self, selector: str, place: int = 0) -> tuple[float, float]:
        """The middle of an element, once it rests, in pixels of the screen."""
        x, y = self._evaluate(_FIND.replace("SELECTOR", json.dumps(selector)).replace("PLACE", str(place)))
        return x, y

    def _point(self, x: float, y: float) -> None:
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def _press(self, x: float, y: float) -> None:
        self._point(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def stands(maps: int) -> str:
    """The condition that a page shows all its heatmaps and nothing is on its way any more.

    Args:
        maps: How many heatmaps there are.
    """
    return f"{FINISHED} && {_LIST_MAPS}.length === {maps}"


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
