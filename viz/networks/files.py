"""Files of weights: whole and unaltered, or a sentence that says what to do."""

import hashlib
import http.client
import os
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from viz.networks.errors import WeightsError

# For a public page: with this variable in the environment of the server, whatever its value, nothing is
# fetched.
NO_DOWNLOADS = "LAYERS_NO_DOWNLOADS"

TIMEOUT_S = 30
CHUNK_BYTES = 1 << 20

FAILURES = (  # of a download
    urllib.error.URLError,
    TimeoutError,
    ConnectionError,
    http.client.HTTPException,
    ssl.SSLError,
    WeightsError,  # of `check_file`: what came is not what was published
)
Progress = Callable[[int, int], None]  # bytes so far, bytes in all


def may_download() -> bool:
    """Whether this server may fetch weights."""
    return NO_DOWNLOADS not in os.environ


def check_file(path: Path, digest: str) -> None:
    """Refuse a file, with a WeightsError, that is missing or is not the one that was published.

    The digest is its SHA-256 in hexadecimal digits, or the first of them.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError("missing", file=path.name) from error
    if not found.startswith(digest):
        raise WeightsError("altered", file=path.name)


def fetch_file(url: str, path: Path, digest: str, progress: Progress | None = None) -> None:
    """Fetch a file whole or not at all: it gets its name only when its digest is right.

    A WeightsError says that the network, the far end or the disk failed, or that this server may not fetch
    anything; nothing is left behind.
    """
    if not may_download():
        raise WeightsError("switched_off", variable=NO_DOWNLOADS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                _copy_url(url, file, progress)
            check_file(Path(part), digest)
            os.replace(part, path)
        finally:
            Path(part).unlink(missing_ok=True)
    except FAILURES as error:
        raise WeightsError("download", host=urlsplit(url).hostname) from error
    except OSError as error:
        raise WeightsError("disk", folder=str(path.parent)) from error


def _copy_url(url: str, target: BinaryIO, progress: Progress | None) -> None:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read(CHUNK_BYTES):
            target.write(chunk)
            if progress is not None and total:
                progress(target.tell(), total)
