"""What stands before Streamlit's server, on a stand-in for it and on a real server."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from conftest import PATIENCE_S, ROOT, find_free_port, stop_server, wait_for_answer
from starlette.requests import ClientDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import page.front
from page.front import FILES, Front, may_connect

SESSION = "/_stcore/upload_file/session"
FOREIGN = ("http://elsewhere.example", "null", "file://", "http://[", "no address%0a")


def set_options(monkeypatch, **options):
    known = {"enableCORS": True, "serverAddress": "localhost", "corsAllowedOrigins": []} | options
    monkeypatch.setattr(page.front.st, "get_option", lambda name: known[name.rpartition(".")[2]])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8501", "localhost:8501"),
        ("http://127.0.0.1:8501", "localhost:8501"),
        ("http://192.168.1.5:8501", "192.168.1.5:8501"),  # a teacher's address
        ("http://[fe80::1]:8501", "[fe80::1]:8501"),
        ("https://layers.streamlit.app", "layers.streamlit.app"),  # a proxy that ends TLS
        (None, "localhost:8501"),  # no browser
    ],
)
def test_the_page_may_connect(origin, host):
    assert may_connect(origin and origin.encode(), host.encode())


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_other_page_may(origin):
    assert not may_connect(origin.encode(), b"192.168.1.5:8501")
    assert not may_connect(origin.encode(), b"")


@pytest.mark.parametrize(
    "options",
    [
        {"serverAddress": "class.example"},
        {"corsAllowedOrigins": ["https://class.example"]},
        {"enableCORS": False},
    ],
)
def test_settings_let_a_page_in_whose_proxy_renames_the_host(monkeypatch, options):
    set_options(monkeypatch, **options)
    assert may_connect(b"https://class.example", b"127.0.0.1:8501")


class StandIn:
    """In Streamlit's place: what it was asked, and the websocket messages that it heard."""

    def __init__(self, fault=None):
        self.asked, self.heard, self.fault = [], [], fault

    async def __call__(self, scope, receive, send):
        self.asked.append((scope.get("method"), scope["path"], [name for name, _ in scope["headers"]]))
        if self.fault:
            raise self.fault
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            return
        while not self.heard or self.heard[-1]["type"] != "websocket.disconnect":
            self.heard.append(await receive())


def ask(app, kind, path, method=None, headers=(), messages=(), rest_s=0.0):
    """What a server of this app answers."""
    sent, coming = [], iter(messages)

    async def receive():
        return next(coming)

    async def send(message):
        sent.append(message)

    async def talk():
        scope = {"type": kind, "path": path, "method": method, "headers": list(headers)}
        await app(scope, receive, send)
        await asyncio.sleep(rest_s)

    with ThreadPoolExecutor(1) as thread:  # where Playwright has a loop running, none may start
        thread.submit(asyncio.run, talk()).result()
    return sent


def put(front, name, method="PUT"):
    return ask(front, "http", f"{SESSION}/{name}", method)


def test_a_session_keeps_its_last_files():
    streamlit = StandIn()
    front = Front(streamlit)
    for number in range(FILES + 2):
        put(front, number)
    dropped = [path for method, path, _ in streamlit.asked if method == "DELETE"]
    assert dropped == [f"{SESSION}/0", f"{SESSION}/1"]


def test_a_file_that_is_gone_is_not_counted():
    streamlit = StandIn()
    front = Front(streamlit)
    for number in range(3 * FILES):
        put(front, "stays")
        put(front, number)
        put(front, number, "DELETE")
    assert ("DELETE", f"{SESSION}/stays") not in [asked[:2] for asked in streamlit.asked]


def test_a_visitor_who_hangs_up_is_no_error_but_a_fault_is():
    assert put(Front(StandIn(ClientDisconnect())), "half") == []
    with pytest.raises(ZeroDivisionError):
        put(Front(StandIn(ZeroDivisionError())), "whole")


def test_a_foreign_page_does_not_reach_streamlit():
    streamlit = StandIn()
    headers = [(b"host", b"localhost:8501"), (b"origin", b"http://elsewhere.example")]
    answer = ask(Front(streamlit), "websocket", "/_stcore/stream", headers=headers)
    assert [message["type"] for message in answer] == ["websocket.close"]
    assert streamlit.asked == []


def test_text_ends_a_connection_that_speaks_bytes(monkeypatch):
    set_options(monkeypatch, disconnectedSessionTTL=60)
    streamlit = StandIn()
    messages = [{"type": "websocket.receive", "text": "hello"}]
    ask(Front(streamlit), "websocket", "/_stcore/stream", messages=messages)
    assert [message["type"] for message in streamlit.heard] == ["websocket.disconnect"]


def test_streamlit_is_asked_once_more_when_a_session_is_over(monkeypatch):
    set_options(monkeypatch, disconnectedSessionTTL=-1)
    streamlit = StandIn()
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"cookie", b"mine")]
    messages = [{"type": "websocket.disconnect"}]
    ask(Front(streamlit), "websocket", "/vgg/_stcore/stream", None, headers, messages, rest_s=0.01)
    path = "/vgg/_stcore/stream"
    assert streamlit.asked == [(None, path, [b"host", b"cookie"]), (None, path, [b"host"])]


@pytest.fixture
def logged(tmp_path):
    """A server as the README starts it: its address, its log, and where it would ask outside."""
    port, log = find_free_port(), tmp_path / "log.txt"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with socket.create_server(("127.0.0.1", 0)) as outside, log.open("wb") as file:
        proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        server = subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=ROOT,
            env=os.environ | dict.fromkeys(names, proxy),
            stdout=file,
            stderr=file,
        )
        try:
            assert wait_for_answer(f"http://127.0.0.1:{port}/_stcore/health", server) == "ok"
            yield port, log, outside
        finally:
            stop_server(server)


def open_session(stream):
    """Open the page, without waiting for it; the name that Streamlit gives the session."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    stream.send(message.SerializeToString())
    while True:
        answer = ForwardMsg.FromString(stream.recv(PATIENCE_S))
        if answer.WhichOneof("type") == "new_session":
            return answer.new_session.initialize.session_id


def send_raw(port, request):
    """Send a request as it is, and hang up."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(request)


def write_upload(port, session, name, body, length=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
        token = answer.headers["Set-Cookie"].split(";")[0].partition("=")[2]
    head = (
        f"PUT /_stcore/upload_file/{session}/{name} HTTP/1.1",
        f"Host: 127.0.0.1:{port}\r\nX-Xsrftoken: {token}\r\nCookie: _streamlit_xsrf={token}",
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length or len(body)}",
        "Connection: close\r\n\r\n",
    )
    return "\r\n".join(head).encode() + body


def count_kept(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/metrics") as answer:
        return int(re.search(r"UploadedFileManager.* (\d+)", answer.read().decode())[1])


def test_a_server_asks_nobody_keeps_little_and_is_silent(logged):
    port, log, outside = logged
    started = log.read_text(encoding="utf-8")
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    for origin in FOREIGN * 10:
        with pytest.raises(InvalidStatus, match="403"), connect(address, origin=origin):
            pass
    with connect(address, origin=f"http://127.0.0.1:{port}", max_size=None) as stream:
        session = open_session(stream)
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for number in range(FILES + 3):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(write_upload(port, session, number, part + b"0" * 1000 + b"\r\n--x--\r\n"))
                assert line.recv(100).split()[1] == b"204"
        assert count_kept(port) == FILES * 1000
        send_raw(port, write_upload(port, session, "half", part, 10**6))
        send_raw(port, write_upload(port, session, "broken", b"--y\r\n"))
    for message in ("text", b"\xff\xff garbage", b""):
        with suppress(Exception), connect(address, max_size=None) as stream:
            stream.send(message)
            stream.recv(0.1)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "BREW"):
        for path in ("/../..", "/a%0ab", "//x", "/_stcore/stream", "/media/%0a", f"{SESSION}/x"):
            send_raw(port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    send_raw(port, b"\x00\x01\r\n\r\n")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=PATIENCE_S) as answer:
        assert answer.read() == b"ok"  # and all before it has been heard
    assert log.read_text(encoding="utf-8") == started
    assert started.count("\n") < 8
    outside.setblocking(False)
    with pytest.raises(BlockingIOError):  # nobody has come
        outside.accept()
