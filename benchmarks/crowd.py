"""What happens when a whole class opens the page: thirty sessions, each with a photograph of its own.

    python benchmarks/crowd.py                       thirty sessions, ten changes of a widget each
    python benchmarks/crowd.py --minutes 10          the same again and again: does memory stay flat?
    python benchmarks/crowd.py --photographs 1000    one session, one photograph after another
    python benchmarks/crowd.py --passes              how many passes at once this machine serves best

The sessions are websockets that speak Streamlit's protocol as its page does. What they are shown is compared
to the bit with maps that are computed here, one after the other. Run it from the project's folder, on a
machine that does nothing else; it needs Linux, for the memory.
"""

import argparse
import asyncio
import base64
import io
import json
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# As app.py does, or the reference would be slower for want of it; it is read when torch is loaded.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import numpy as np
import torch
import websockets
from numpy.typing import NDArray
from PIL import Image, ImageOps
from servers import Server, read_memory, run_server, wait_until_healthy
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.aggregate import AGGREGATIONS
from viz.extractor import Heatmaps, extract_heatmaps
from viz.images import frame_image, read_image, to_batch
from viz.model import load_features

VISITORS = 30
CHANGES = 10
LAYERS = ("conv1_1", "conv3_1", "conv5_3")
QUERY = "&".join(f"layers={name}" for name in LAYERS)
SAMPLES = ("cat.png", "coffee.png", "astronaut.png", "rocket.jpg", "brick.png")
IMAGES = Path(__file__).parent.parent / "assets" / "images"
SIZE = (640, 480)  # of the photographs

THROUGHPUT_LIMIT = 0.9
WAIT_LIMIT = 1.3
FLAT_LIMIT = 0.1
TIMEOUT_S = 300
FINISHED = 0  # Streamlit's ScriptFinishedStatus


class Session:
    """One visitor's connection: what was shown last, by the key that the page gave it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kinds: dict[str, Any] = {}
        self._states: dict[str, Any] = {}
        self._file: str = ""
        self.id = ""
        self.shown = 0.0  # when the figure with the heatmaps came last
        self.errors: list[str] = []

    async def open(self, query: str) -> None:
        """Connect, and show the page for the first time."""
        self._token = await asyncio.to_thread(_fetch_token, self._url)
        address = self._url.replace("http", "ws", 1) + "_stcore/stream"
        protocol = websockets.Subprotocol("streamlit")
        self._socket = await websockets.connect(address, subprotocols=[protocol], max_size=None)
        self._query = query
        await self.run()

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()

    async def run(self) -> None:
        """Have the page run once, and wait for its end."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        states = WidgetStates()
        for state in self._states.values():
            states.widgets.add().CopyFrom(state)
        message.rerun_script.widget_states.CopyFrom(states)
        await self._socket.send(message.SerializeToString())
        while True:
            answer = await self._receive()
            if answer.WhichOneof("type") == "script_finished":
                if answer.script_finished != FINISHED:
                    continue  # another run follows
                return

    async def _receive(self) -> ForwardMsg:
        data = await asyncio.wait_for(self._socket.recv(), TIMEOUT_S)
        assert isinstance(data, bytes)
        message: ForwardMsg = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.id = message.new_session.initialize.session_id
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._note(message.delta.new_element)
        return message

    def _note(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        content = getattr(element, kind)
        if kind == "exception" or (kind == "alert" and "error" in str(content.icon)):
            self.errors.append(str(content)[:300])
        key = str(getattr(content, "id", "")).split("-", 6)[-1]
        if key:
            self._kinds[key.rsplit("-", 1)[-1]] = content
            if key.endswith("heatmaps"):
                self.shown = time.perf_counter()

    def find(self, key: str) -> Any:
        """What the page has shown under this key."""
        return self._kinds[key]

    def choose(self, key: str, option: int) -> None:
        """Set a selectbox, from the next run on."""
        box = self.find(key)
        state = WidgetStates().widgets.add()
        state.id = box.id
        state.string_value = box.options[option]
        self._states[key] = state

    async def upload(self, name: str, data: bytes) -> None:
        """Hand over a photograph, as the page's uploader does; the next run shows it."""
        message = BackMsg()
        message.file_urls_request.request_id = name
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.id
        await self._socket.send(message.SerializeToString())
        while (answer := await self._receive()).WhichOneof("type") != "file_urls_response":
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


def _fetch_token(url: str) -> str:
    with urllib.request.urlopen(url + "_stcore/health") as answer:
        cookie: str = answer.headers["Set-Cookie"]
        return cookie.split(";")[0].partition("=")[2]


def read_maps(spec: str) -> list[NDArray[np.float32]]:
    """The heatmaps of a figure."""
    traces = json.loads(spec)["data"]
    return [_decode(trace["customdata"]) for trace in traces if "customdata" in trace]


def _decode(array: dict[str, str]) -> NDArray[np.float32]:
    shape = [int(side) for side in array["shape"].split(",")]
    return np.frombuffer(base64.b64decode(array["bdata"]), np.float32).reshape(shape)


def make_photograph(number: int) -> bytes:
    """A JPEG that nobody else has: a part of a sample photograph, with noise of its own."""
    rng = np.random.default_rng(number)
    image = Image.open(IMAGES / SAMPLES[number % len(SAMPLES)]).convert("RGB")
    image = ImageOps.fit(image, SIZE, bleed=float(rng.uniform(0, 0.2)))
    noisy = np.asarray(image, np.int16) + rng.integers(-8, 9, (SIZE[1], SIZE[0], 3), np.int16)
    buffer = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@dataclass
class Report:
    """What the sessions have seen.

    Attributes:
        waits: Seconds from asking for a photograph to its maps, a session each.
        total: Seconds from the first asking to the last maps.
        changes: Seconds from a widget's change to its maps.
        different: Maps that were not those computed here.
        errors: What the page showed as errors.
    """

    waits: list[float] = field(default_factory=list)
    total: float = 0.0
    changes: list[float] = field(default_factory=list)
    different: int = 0
    errors: list[str] = field(default_factory=list)


async def run_crowd(url: str, photographs: Sequence[bytes], expected: Sequence[Heatmaps] | None) -> Report:
    """All sessions ask for their photographs at once, and then change the reduction, ten times each."""
    report = Report()
    sessions = [Session(url) for _ in photographs]
    await asyncio.gather(*(session.open(QUERY) for session in sessions))
    for number, (session, data) in enumerate(zip(sessions, photographs, strict=True)):
        await session.upload(f"photograph{number}.jpg", data)
    shown: list[list[tuple[str, str]]] = [[] for _ in sessions]  # read later: it costs the server's processor
    names = list(AGGREGATIONS)

    async def ask(number: int) -> None:
        begin = time.perf_counter()
        await sessions[number].run()
        report.waits.append(sessions[number].shown - begin)
        shown[number].append((names[0], sessions[number].find("heatmaps").spec))

    async def change(number: int) -> None:
        for step in range(1, CHANGES + 1):
            option = step % len(names)
            sessions[number].choose("aggregation", option)
            begin = time.perf_counter()
            await sessions[number].run()
            report.changes.append(sessions[number].shown - begin)
            shown[number].append((names[option], sessions[number].find("heatmaps").spec))

    begin = time.perf_counter()
    await asyncio.gather(*(ask(number) for number in range(len(sessions))))
    report.total = max(session.shown for session in sessions) - begin
    await asyncio.gather(*(change(number) for number in range(len(sessions))))
    for session in sessions:
        report.errors += session.errors
        await session.close()
    if expected is not None:
        report.different = sum(
            not np.array_equal(heatmap, heatmaps[name, "post", aggregation])
            for heatmaps, seen in zip(expected, shown, strict=True)
            for aggregation, spec in seen
            for name, heatmap in zip(LAYERS, read_maps(spec), strict=True)
        )
    return report


def make_batches(photographs: Sequence[bytes]) -> list[torch.Tensor]:
    """What the network sees of them."""
    return [to_batch(frame_image(read_image(data))) for data in photographs]


def time_serial(network: torch.nn.Sequential, batches: Sequence[torch.Tensor]) -> float:
    """Seconds of a bare forward, the mean over passes one after the other, one for each batch."""
    with torch.inference_mode():
        network(batches[0])
        begin = time.perf_counter()
        for batch in batches:
            network(batch)
    return (time.perf_counter() - begin) / len(batches)


def measure_crowd(visitors: int) -> bool:
    """Print the table of one crowd, and say whether all bars are met."""
    network = load_features()
    photographs = [make_photograph(number) for number in range(visitors)]
    batches = make_batches(photographs)
    expected = [extract_heatmaps(network, batch) for batch in batches]
    bare = time_serial(network, batches)
    with run_server("app.py") as server:
        _warm_up(server)
        report = asyncio.run(run_crowd(server.url, photographs, expected))
    bare = (bare + time_serial(network, batches)) / 2
    throughput = visitors / report.total * bare
    longest = max(report.waits)
    fair = visitors * bare
    rows = [
        ("maps that differ from the serial ones", f"{report.different}", "0", report.different == 0),
        ("errors on the page", f"{len(report.errors)}", "0", not report.errors),
        (
            "passes per second, in bare forwards one after the other",
            f"{throughput:.2f} ({visitors / report.total:.2f}/s against {1 / bare:.2f}/s)",
            f"at least {THROUGHPUT_LIMIT}",
            throughput >= THROUGHPUT_LIMIT,
        ),
        (
            "longest wait, in visitors × one bare forward",
            f"{longest / fair:.2f} ({longest:.2f} s against {fair:.2f} s)",
            f"at most {WAIT_LIMIT}",
            longest <= WAIT_LIMIT * fair,
        ),
        (
            f"a widget change while all {visitors} change widgets, median",
            f"{np.median(report.changes):.2f} s",
            "none",
            True,
        ),
    ]
    print(f"| {visitors} sessions, a photograph and {CHANGES} changes each | measured | bar | met or not |")
    print("| --- | --- | --- | --- |")
    for what, measured, bar, met in rows:
        print(f"| {what} | {measured} | {bar} | {'met' if met else '**not met**'} |")
    for error in report.errors[:5]:
        print(error)
    return all(met for *_, met in rows)


def _warm_up(server: Server) -> None:
    async def look() -> None:
        session = Session(server.url)
        await session.open(QUERY)
        session.choose("aggregation", 1)  # the first maps of all need no network
        await session.run()
        await session.close()

    wait_until_healthy(server)
    asyncio.run(look())


def measure_soak(visitors: int, minutes: float) -> bool:
    """Crowd after crowd, each with new photographs; memory after each."""
    megabytes: list[float] = []
    errors = 0
    with run_server("app.py") as server:
        _warm_up(server)
        begin, number = time.monotonic(), 0
        while time.monotonic() - begin < 60 * minutes:
            photographs = [make_photograph(number + place) for place in range(visitors)]
            number += visitors
            report = asyncio.run(run_crowd(server.url, photographs, None))
            errors += len(report.errors)
            megabytes.append(read_memory(server.process.pid))
            print(f"{(time.monotonic() - begin) / 60:5.1f} min {megabytes[-1]:.0f} MB", flush=True)
    base = megabytes[max(1, len(megabytes) // 5)]
    most = max(megabytes[len(megabytes) // 5 :])
    print(f"{number} photographs, {errors} errors")
    print(f"{base:.0f} MB after the first fifth of the time, then at most {most:.0f} MB")
    return errors == 0 and most <= base * (1 + FLAT_LIMIT)


def measure_photographs(count: int) -> bool:
    """One session, one photograph after another; memory after the first tenth and at the end."""
    megabytes: dict[int, float] = {}

    async def look(server: Server) -> list[str]:
        session = Session(server.url)
        await session.open(QUERY)
        for number in range(1, count + 1):
            await session.upload(f"photograph{number}.jpg", make_photograph(number))
            await session.run()
            if number % (count // 10) == 0:
                megabytes[number] = read_memory(server.process.pid)
                print(f"{number} photographs: {megabytes[number]:.0f} MB", flush=True)
        await session.close()
        return session.errors

    with run_server("app.py") as server:
        _warm_up(server)
        errors = asyncio.run(look(server))
    first, *_, last = megabytes.values()
    print(f"{len(errors)} errors; {first:.0f} MB after the first tenth, {last:.0f} MB at the end")
    return not errors and abs(last - first) <= FLAT_LIMIT * first


def measure_passes() -> bool:
    """Passes per second by how many run at once and on how many threads each."""
    network = load_features()
    (batch,) = make_batches([make_photograph(0)])
    print("| at once | torch threads each | passes per second |\n| --- | --- | --- |")
    for threads in range(1, 2 * torch.get_num_threads() + 1):
        for at_once in range(1, 5):
            print(f"| {at_once} | {threads} | {_count_passes(network, batch, at_once, threads):.2f} |")
    return True


def _count_passes(network: torch.nn.Sequential, batch: torch.Tensor, at_once: int, threads: int) -> float:
    def work() -> None:
        torch.set_num_threads(threads)
        for _ in range(24 // at_once):
            extract_heatmaps(network, batch)

    workers = [threading.Thread(target=work) for _ in range(at_once)]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return 24 // at_once * at_once / (time.perf_counter() - begin)


def main() -> None:
    """Measure what was asked for; the exit status says whether it met its bars."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--minutes", type=float, help="soak for so long")
    parser.add_argument("--photographs", type=int, help="one after another, at least ten")
    parser.add_argument("--passes", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that servers are killed then, too
    if options.passes:
        met = measure_passes()
    elif options.photographs:
        met = measure_photographs(options.photographs)
    elif options.minutes:
        met = measure_soak(options.visitors, options.minutes)
    else:
        met = measure_crowd(options.visitors)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
