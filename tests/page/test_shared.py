"""The page as others serve it: under a base path, behind a proxy that ends TLS, in another site's frame."""

import asyncio
import io
import re
import shutil
import ssl
import subprocess
import sys
import threading
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import PATIENCE_S, ROOT, find_free_port, stop_server, wait_for_answer
from PIL import Image

pytestmark = pytest.mark.browser

IDLE = '[data-test-script-state="notRunning"]'
UPLOADER = '[data-testid="stFileUploaderDropzoneInput"]'
# The server knows how much room there is, and painted are one map and the photograph, so many pixels wide.
PAINTED = """(width) => {
  const room = document.querySelector('[data-testid="stMain"] [data-testid="stVerticalBlock"]')?.clientWidth;
  const told = Number(getComputedStyle(document.documentElement).getPropertyValue("--figure-width"));
  const count = (selector) => document.querySelectorAll(`.stPlotlyChart ${selector}`).length;
  const axis = document.querySelector(".js-plotly-plot")?._fullLayout?.xaxis;
  return (
    Math.abs(room - told) <= 0.015 * told &&
    count(".heatmaplayer .hm image") === 1 &&
    count(":is(.imagelayer, .layer-below) image") === 1 &&
    axis?.range[1] === width
  );
}"""
QUERY = "?view=probe&layers=conv5_3"


@pytest.fixture
def tab(browser):
    """A tab that accepts any certificate and notes what it was refused and which websockets it opened."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-US", ignore_https_errors=True
    )
    context.set_default_timeout(1000 * PATIENCE_S)
    tab = context.new_page()
    tab.refused, tab.sockets = [], []
    tab.on("response", lambda answer: answer.status >= 400 and tab.refused.append(answer.url))
    tab.on("websocket", lambda socket: tab.sockets.append(socket.url))
    yield tab
    context.close()


def expect_pictures(frame, width=336):
    """The photograph and a map are painted; a frame is also a tab's own."""
    frame.wait_for_function(PAINTED, arg=width)
    frame.wait_for_selector(IDLE, state="attached")
    assert frame.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0


def expect_an_answer(frame):
    """A click on the photograph marks the cells there and tells their values."""
    words = frame.locator("table tbody").inner_text()
    photograph = frame.locator(".js-plotly-plot .nsewdrag").first
    scale = 336 / photograph.bounding_box()["width"]
    place = {"x": 60 / scale, "y": 150 / scale}
    photograph.hover(position=place)
    # Plotly finds what is below the mouse in its own time.
    frame.wait_for_function("() => document.querySelector('.js-plotly-plot')._hoverdata?.length > 0")
    photograph.click(position=place)
    frame.wait_for_function("() => location.search.includes('point=')")
    x, y = map(int, re.findall(r"point=(\d+)(?:,|%2C)(\d+)", frame.evaluate("location.search"))[0])
    assert (x, y) == pytest.approx((60, 150), abs=2)
    frame.wait_for_function("(words) => document.querySelector('table tbody').innerText !== words", arg=words)
    expect_pictures(frame)


def expect_an_upload(frame):
    """A photograph of one's own takes the sample's place."""
    buffer = io.BytesIO()
    Image.new("RGB", (288, 224), "navy").save(buffer, "PNG")
    file = {"name": "navy.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    frame.locator(UPLOADER).first.set_input_files(file)
    expect_pictures(frame, 288)


@pytest.fixture
def based_url():
    """A server whose page stands under /vgg."""
    port = find_free_port()
    url = f"http://127.0.0.1:{port}/vgg"
    options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options, "--server.baseUrlPath", "vgg"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_for_answer(f"{url}/_stcore/health", server) == "ok"
        yield url
    finally:
        stop_server(server)


def test_the_page_works_under_a_base_path(tab, based_url):
    tab.goto(f"{based_url}/{QUERY}")
    expect_pictures(tab.main_frame)
    expect_an_answer(tab.main_frame)
    expect_an_upload(tab.main_frame)
    assert tab.url.startswith(f"{based_url}/?")
    assert tab.sockets == [f"{based_url.replace('http', 'ws')}/_stcore/stream"]
    assert tab.refused == []


@pytest.fixture
def tls_url(server_url, tmp_path):
    """A reverse proxy: it ends TLS and passes bytes both ways, so that a websocket passes, too."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the certificate is made with openssl")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command = [openssl, "req", "-x509", *options, "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    behind = int(server_url.rpartition(":")[2])
    port, ready, stop = find_free_port(), threading.Event(), threading.Event()

    async def pass_on(reader, writer):
        with closing(writer), suppress(OSError):  # either end hangs up when it pleases
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    async def answer(reader, writer):
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", behind)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(pass_on(reader, other_writer), pass_on(other_reader, writer))

    async def run():
        server = await asyncio.start_server(answer, "127.0.0.1", port, ssl=context)
        ready.set()
        await asyncio.to_thread(stop.wait)
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield f"https://vgg.localhost:{port}"  # a name that Streamlit does not know
    stop.set()
    thread.join(PATIENCE_S)


def test_the_page_works_behind_a_proxy_that_ends_tls(tls_url, tab):
    tab.goto(f"{tls_url}/{QUERY}")
    expect_pictures(tab.main_frame)
    expect_an_answer(tab.main_frame)
    expect_an_upload(tab.main_frame)
    assert tab.sockets == [f"{tls_url.replace('http', 'ws')}/_stcore/stream"]
    assert tab.refused == []


@pytest.fixture
def frame_url(server_url):
    """Another site, `localhost`, whose one page holds the page of `127.0.0.1` in a frame."""
    source = f"{server_url}/{QUERY}&embed=true"
    page = f'<iframe src="{source}" width="1200" height="800" frameborder="0"></iframe>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_the_page_but_for_its_uploads_works_in_a_frame_of_another_site(tab, server_url, frame_url):
    # Browsers keep the cookie of an upload's token back there: the server answers 403.
    tab.goto(frame_url)
    frame = tab.frame(url=f"{server_url}/**")
    expect_pictures(frame)
    expect_an_answer(frame)
    assert tab.sockets == [f"{server_url.replace('http', 'ws')}/_stcore/stream"]
    assert tab.refused == []
