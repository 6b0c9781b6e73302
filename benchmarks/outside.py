"""What the server asks of others on the internet while addresses are opened; see soak.py.

Each connection to a proxy is counted, which the server is told to take for everything, and which answers
nothing: a request that it makes by Python's libraries. What a visitor's browser asks for is not among them.
"""

import asyncio
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from common import Row
from servers import HOST, ROOT, serve_page
from sessions import Session, connect
from websockets.exceptions import InvalidStatus

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(ROOT))

from viz.networks.catalogue import list_networks

ADDRESSES = 60
STRANGERS = 8  # pages of other origins that try to open the page's websocket
FETCHED = tuple(info.key for info in list_networks() if info.megabytes)
LINKS = ("network={}", "beside=network&beside_network={}", "view=classes&network={}", "weights={}")
OTHERS = (
    "weights=imagenet1k_v1",
    "weights=bundled",
    "beside=untrained",
    *(f"view={view}" for view in ("compare", "depth", "measure", "probe", "classes", "lesson")),
    *(f"view=lesson&step={step}" for step in range(2, 9)),
)
SITUATIONS: dict[str, dict[str, str]] = {
    "downloads allowed": {},
    "no downloads allowed": {"LAYERS_NO_DOWNLOADS": "1"},
}


def measure_outside() -> Iterator[Row]:
    """How often the server turns to others, with and without downloads allowed."""
    links = [link.format(key) for link in LINKS for key in FETCHED]
    queries = [*links, *OTHERS][:ADDRESSES]
    for name, environment in SITUATIONS.items():
        requests = list_requests(queries, environment)
        what = f"outside requests while {len(queries)} addresses are opened, and {STRANGERS} from other sites"
        yield Row(f"{what}, {name}", "", f"{len(requests)}", "", "", "none", not requests)
        for request in sorted(set(requests)):
            print(f"{requests.count(request)} times {request}", file=sys.stderr, flush=True)


def list_requests(queries: list[str], environment: dict[str, str]) -> list[str]:
    """The first line of each request that the server makes while these addresses are opened."""
    with listen() as (proxy, requests), tempfile.TemporaryDirectory() as folder:
        variables = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy)
        variables |= {"no_proxy": "", "NO_PROXY": "", "TORCH_HOME": folder}  # there is no file of weights yet
        with serve_page(environment=variables | environment) as server:
            asyncio.run(_open_all(server.url, queries))
        return requests


async def _open_all(url: str, queries: list[str]) -> None:
    for query in queries:
        session = Session(url)
        await session.open(query)
        await session.close()
    for number in range(STRANGERS):
        with suppress(InvalidStatus):  # which is right
            await (await connect(url, f"https://stranger{number}.example")).close()


@contextmanager
def listen() -> Iterator[tuple[str, list[str]]]:
    """A proxy that answers nothing: its address, and the first line of each request to it so far."""
    requests: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            requests.append(self.rfile.readline().decode("latin-1").strip())

    with socketserver.ThreadingTCPServer((HOST, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_address[1]}", requests
        server.shutdown()
