"""A visitor in a real browser, for the tests that need one."""

import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from conftest import PATIENCE_S, ROOT
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PICTURE = ".heatmaplayer .hm image"
HEATMAP = f".stPlotlyChart {PICTURE}"
HOVER = ".hoverlayer .hovertext"
CAT = ROOT / "assets" / "images" / "cat.png"
CLAIM_CHART = ".st-key-chart_detail .scatterlayer"
CONNECTED = '[data-test-connection-state="CONNECTED"]'
IDLE = '[data-test-script-state="notRunning"]'
LAPTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SMALL_LAPTOP = {"width": 1280, "height": 720}

# Streamlit, the page's scripts and Plotly gather changes for a moment before they act on them. So what is
# about to happen can be seen in the timers that are that short; a test need not wait as long and hope.
NOTE_TIMERS = """
(() => {
  const { setTimeout: begin, clearTimeout: end } = window;
  window.soon = new Set();
  window.setTimeout = (run, delay = 0, ...given) => {
    const timer = begin(() => { soon.delete(timer); run(...given); }, delay);
    if (delay <= 250) soon.add(timer);
    return timer;
  };
  window.clearTimeout = (timer) => { soon.delete(timer); end(timer); };
})();
"""
STILL = f"""() => {{
  const busy = soon.size || document.querySelector('[data-testid="stSkeleton"]');
  const still = !busy && document.querySelector('{IDLE}');
  window.still = still ? (window.still || 0) + 1 : 0;
  return window.still > 2;
}}"""

# The seconds of what is drawn again each second pass when a test says so.
STOP_CLOCK = """
(() => {
  const { setInterval: begin, clearInterval: end } = window;
  const stopped = new Map();
  let count = 0;
  window.setInterval = (run, delay, ...given) => {
    if (delay !== 1000) return begin(run, delay, ...given);
    const timer = `stopped ${count++}`;
    stopped.set(timer, run);
    return timer;
  };
  window.clearInterval = (timer) => { if (!stopped.delete(timer)) end(timer); };
  window.passSecond = () => { for (const run of stopped.values()) run(); return stopped.size; };
})();
"""


def wait_until(tab, check):
    """Try until it is so; where it never is, its assertion fails as any other.

    Args:
        tab: Of the browser.
        check: Asserts what has to come.
    """
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
        pass_frames(tab)


def pass_frames(tab):
    """Let the browser draw twice."""
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def hover(tab, x, y, text, label=HOVER):
    """Move the pointer to a place until the figure tells this about it; all that it tells."""
    told = tab.locator(label, has_text=text)

    def move():
        tab.mouse.move(x - 3, y - 3)
        tab.mouse.move(x, y)
        pass_frames(tab)
        assert told.count(), tab.locator(label).all_text_contents()
        return told.first.text_content()

    return wait_until(tab, move)


@contextmanager
def visiting(browser, url, **options):
    """A visitor with a browser of its own, which is closed in the end."""
    context = browser.new_context(**{"viewport": LAPTOP, "locale": "en-US"} | options)
    context.set_default_timeout(1000 * PATIENCE_S)
    try:
        yield Visitor(context.new_page(), url)
    finally:
        context.close()


class Visitor:
    """A tab of the browser, with what the tests ask of it.

    Attributes:
        sent: What the browser has asked the server for.
    """

    def __init__(self, tab, url):
        self.tab, self.url = tab, url
        self.complaints: list[str] = []
        self.outside: list[str] = []
        self.sent: list[object] = []
        self.asked = self.answering = None
        tab.add_init_script(NOTE_TIMERS)
        tab.on("console", lambda m: m.type == "error" and self.complaints.append(f"{m.text} {m.location}"))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self._note(request.url))
        tab.on("websocket", self._listen)

    def _note(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.outside.append(url)

    def _listen(self, socket):
        self.asked = None
        socket.on("framesent", self._note_question)
        socket.on("framereceived", self._note_answer)

    def _note_question(self, frame):
        message = BackMsg.FromString(frame)
        if message.WhichOneof("type") == "rerun_script":
            self.asked, self.answering = message.rerun_script, None
            self.sent.append(self.asked)

    def _note_answer(self, frame):
        """Neither a run that began before a question answers it, nor one of another part of the page."""
        message = ForwardMsg.FromString(frame)
        kind, run = message.WhichOneof("type"), message.metadata.run
        if self.asked is None:
            return
        if kind == "new_session" and (self.asked.fragment_id or not run.fragment_ids):
            self.answering = run.script_run_id
        if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.asked = None if run.script_run_id == self.answering else self.asked

    def open(self, query="", selector=HEATMAP):
        self.tab.goto(f"{self.url}/{query}")
        self.tab.wait_for_selector(selector)
        self.settle()

    def reload(self, selector=HEATMAP):
        self.tab.reload()
        self.tab.wait_for_selector(selector)
        self.settle()

    def go_back(self):
        self.tab.go_back()
        self.settle()

    def settle(self):
        """Wait until the server has answered all that was asked, and nothing more is about to happen."""

        def look():
            sent = len(self.sent)
            self.tab.evaluate("window.still = 0")
            self.tab.wait_for_function(STILL)
            assert self.asked is None, "the server has not answered"
            assert len(self.sent) == sent

        wait_until(self.tab, look)

    def await_connection(self, connected=True):
        """Wait until the browser is connected to the server, or knows that it is not."""
        look = f"document.querySelector('{CONNECTED}') !== null"
        self.tab.wait_for_function(look if connected else f"!({look})")

    def stop_clock(self):
        """Let no second pass for the page, from the next address on, but those of `pass_second`."""
        self.tab.add_init_script(STOP_CLOCK)

    def pass_second(self):
        """Let the page do what it does each second; whether there is anything."""
        waiting = self.tab.evaluate("passSecond()")
        self.settle()
        return waiting > 0

    def await_listener(self, key):
        """Wait until the page's script listens to a figure: it looks for new ones ten times a second."""
        figure = f"document.querySelector('.st-key-{key} .js-plotly-plot')"
        self.tab.wait_for_function(f"() => {{ const gd = {figure}; return gd?.on && gd.heard === gd.on }}")

    def click_on_figure(self, key, x, y):
        """Click as soon as the figure has seen the pointer: it tells of what it saw."""
        self.await_listener(key)
        figure = f"document.querySelector('.st-key-{key} .js-plotly-plot')"
        self.tab.mouse.move(x - 3, y - 3)
        self.tab.mouse.move(x, y)
        self.tab.wait_for_function(f"{figure}._hoverdata?.length > 0")
        self.settle()
        self.tab.mouse.click(x, y)
        self.settle()

    def choose(self, label, option):
        box = self.tab.get_by_role("combobox", name=label)
        box.scroll_into_view_if_needed()
        self.settle()  # a list that is open while its sidebar scrolls closes again
        box.click()
        self.tab.get_by_role("option", name=option, exact=True).click()
        self.settle()

    def press(self, name):
        self.tab.get_by_role("radio", name=name, exact=True).click()
        self.settle()

    def parameters(self):
        return parse_qs(urlsplit(self.tab.url).query)

    def titles(self):
        """Texts above the pictures."""
        return self.tab.eval_on_selector_all(
            ".stPlotlyChart .annotation text", "texts => texts.map(text => text.textContent)"
        )

    def figure(self, script):
        """Evaluate a script with the Plotly figure as `gd`."""
        return self.tab.evaluate(
            f"() => {{ const gd = document.querySelector('.js-plotly-plot'); {script} }}"
        )

    def boxes(self):
        """Edges of all pictures on the screen, the photograph's first: left, top, right, bottom."""
        return self.figure(
            """
            const frame = gd.getBoundingClientRect(), plots = gd._fullLayout._plots;
            const pictures = gd._fullData.filter((trace) => trace.type !== "scatter");
            return pictures.map((trace) => plots[trace.xaxis + trace.yaxis]).map(({xaxis, yaxis}) => [
              frame.left + xaxis._offset, frame.top + yaxis._offset,
              frame.left + xaxis._offset + xaxis._length, frame.top + yaxis._offset + yaxis._length]);
            """
        )
