"""Visitors without a browser: websockets that speak Streamlit's protocol as its page does."""

import asyncio
import io
import json
import sys
import time
import urllib.request
from typing import Any

import numpy as np
import websockets
from PIL import Image, ImageOps
from servers import ROOT
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(ROOT))

from viz.pictures.samples import SAMPLES, read_sample

SIZE = (640, 480)  # of the photographs
# All but “Classes” and the lesson, as parameters of the address.
VIEWS = (
    "view=compare&aggregation=max",
    "view=depth",
    "view=measure&controls=untrained,coarse,noise",
    "view=probe&field=true",
    "view=probe&show=alike&second=coffee",
    "view=probe&show=channels",
)
TIMEOUT_S = 300
FINISHED = 0  # Streamlit's ScriptFinishedStatus
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # what a component tells at once, by the component's id


class Session:
    """One visitor's connection: what was shown last, by the key that the page gave it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._elements: dict[str, Any] = {}
        self._states: dict[str, Any] = {}
        self._events: list[Any] = []  # of the next run alone
        self._file: str = ""
        self.id = ""
        self.shown = 0.0  # when the figure with the heatmaps came last
        self.errors: list[str] = []

    async def open(self, query: str) -> None:
        """Connect, and show the page for the first time."""
        self._token = await asyncio.to_thread(_fetch_token, self._url)
        self._socket = await connect(self._url)
        self._query = query
        await self.run()

    async def go(self, query: str) -> None:
        """Go to another address, as Back and Forward in the browser do: the page's script tells of it."""
        self._query = query
        moved = WidgetStates().widgets.add()
        moved.id = EVENTS.format(self.find("screen").id)
        moved.json_trigger_value = json.dumps([{"event": "moved", "value": f"?{query}"}])
        self._events.append(moved)
        await self.run()

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()

    async def run(self) -> None:
        """Have the page run once, and wait for its end; a run that is under way ends early."""
        await self.start()
        while True:
            answer = await self.receive()
            # With any other status another run follows.
            if answer.WhichOneof("type") == "script_finished" and answer.script_finished == FINISHED:
                return

    async def start(self) -> None:
        """Have the page run once, as `run` does, without waiting for it."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        states = WidgetStates()
        for state in (*self._states.values(), *self._events):
            states.widgets.add().CopyFrom(state)
        self._events.clear()
        message.rerun_script.widget_states.CopyFrom(states)
        await self._socket.send(message.SerializeToString())

    async def receive(self) -> ForwardMsg:
        """The page's next message; what it shows is noted."""
        data = await asyncio.wait_for(self._socket.recv(), TIMEOUT_S)
        assert isinstance(data, bytes)
        message: ForwardMsg = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.id = message.new_session.initialize.session_id
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self.note(message.delta.new_element)
        return message

    def note(self, element: Any) -> None:
        """Keep what the page has sent."""
        kind = element.WhichOneof("type")
        content = getattr(element, kind)
        if kind == "exception" or (kind == "alert" and content.format == Alert.ERROR):
            self.errors.append(str(content)[:300])
        key = str(getattr(content, "id", "")).rsplit("-", 1)[-1]
        self._elements[key] = content
        if key == "heatmaps":
            self.shown = time.perf_counter()

    def find(self, key: str) -> Any:
        """What the page has shown under this key."""
        return self._elements[key]

    def choose(self, key: str, option: int) -> None:
        """Set a selectbox, from the next run on."""
        box = self.find(key)
        state = WidgetStates().widgets.add()
        state.id = box.id
        state.string_value = box.options[option]
        self._states[key] = state

    def press(self, key: str) -> None:
        """Press a button, in the next run."""
        state = WidgetStates().widgets.add()
        state.id, state.trigger_value = self.find(key).id, True
        self._events.append(state)

    async def upload(self, name: str, data: bytes) -> None:
        """Hand over a photograph, as the page's uploader does; the next run shows it."""
        message = BackMsg()
        message.file_urls_request.request_id = name
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.id
        await self._socket.send(message.SerializeToString())
        while (answer := await self.receive()).WhichOneof("type") != "file_urls_response":
            pass
        urls = answer.file_urls_response.file_urls[0]
        await asyncio.to_thread(self._put, urls.upload_url, name, data)
        if self._file:
            await asyncio.to_thread(self._send, "DELETE", self._file, None, {})
        self._file = urls.delete_url
        state = WidgetStates().widgets.add()
        state.id = self.find("upload").id
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(data), urls.file_id
        info.file_urls.CopyFrom(urls)
        self._states["upload"] = state

    def _put(self, path: str, name: str, data: bytes) -> None:
        edge = "crowd-crowd-crowd"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        head += "Content-Type: image/jpeg\r\n\r\n"
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        self._send("PUT", path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        headers |= {"X-Xsrftoken": self._token, "Cookie": f"_streamlit_xsrf={self._token}"}
        url = self._url + path.lstrip("/")
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)):
            pass


async def connect(url: str, origin: str | None = None) -> websockets.ClientConnection:
    """Open a websocket, as a page of that origin does."""
    address = url.replace("http", "ws", 1) + "_stcore/stream"
    protocol = websockets.Subprotocol("streamlit")
    site = None if origin is None else websockets.Origin(origin)
    return await websockets.connect(address, subprotocols=[protocol], origin=site, max_size=None)


def _fetch_token(url: str) -> str:
    with urllib.request.urlopen(url + "_stcore/health") as answer:
        cookie: str = answer.headers["Set-Cookie"]
        return cookie.split(";")[0].partition("=")[2]


def make_photograph(number: int) -> bytes:
    """A JPEG that nobody else has: a part of a sample photograph, with noise of its own."""
    rng = np.random.default_rng(number)
    image = Image.open(io.BytesIO(read_sample(list(SAMPLES)[number % len(SAMPLES)]))).convert("RGB")
    image = ImageOps.fit(image, SIZE, bleed=float(rng.uniform(0, 0.2)))
    noisy = np.asarray(image, np.int16) + rng.integers(-8, 9, (SIZE[1], SIZE[0], 3), np.int16)
    buffer = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
