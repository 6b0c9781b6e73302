"""Files of weights: whole and unaltered, or a sentence that says what to do."""

import errno
import hashlib
import http.client
import os
import ssl
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from viz.networks.errors import WeightsError

if sys.platform != "win32":
    import fcntl

# For a public page: with this variable in the environment of the server, whatever its value, nothing is
# fetched.
NO_DOWNLOADS = "LAYERS_NO_DOWNLOADS"

TIMEOUT_S = 30
CHUNK_BYTES = 1 << 20
PART = ".part"  # ends the name of a file that is not whole yet

FAILURES = (  # of a download
    urllib.error.URLError,
    TimeoutError,
    ConnectionError,
    http.client.HTTPException,
    ssl.SSLError,
)
FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
Progress = Callable[[int, int], None]  # bytes so far, bytes in all


def may_download() -> bool:
    """Whether this server may fetch weights."""
    return NO_DOWNLOADS not in os.environ


def find_store() -> Path:
    """Where weights are kept once fetched: the folder of `torch.hub`, found without torch's import."""
    cache = os.getenv("XDG_CACHE_HOME", "~/.cache")
    home = os.getenv("TORCH_HOME", os.path.join(cache, "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"


def remove_leftovers(folder: Path) -> None:
    """Remove what killed downloads have left in a folder; what another process is fetching now stays.

    A download holds its file, and the system lets it go with the process.
    """
    for part in folder.glob(f"tmp*{PART}"):
        with suppress(OSError), part.open("rb+") as file:  # it is held, or somebody else's
            _hold(file)
            _free_name(file)
            part.unlink()


def check_file(path: Path, digest: str) -> None:
    """Refuse a file, with a WeightsError, that is missing or is not the one that was published.

    The digest is its SHA-256 in hexadecimal digits, or the first of them.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise WeightsError("missing", file=path.name) from error
    except OSError as error:
        raise WeightsError("unreadable", file=path.name, error=_name_error(error)) from error
    if not found.startswith(digest):
        raise WeightsError("altered", file=path.name)


def fetch_file(url: str, path: Path, digest: str, progress: Progress | None = None) -> None:
    """Fetch a file whole or not at all: it gets its name only when its digest is right.

    A WeightsError says that the network, the far end, the folder or the disk failed, or that this server may
    not fetch anything; nothing is left behind.
    """
    if not may_download():
        raise WeightsError("switched_off", variable=NO_DOWNLOADS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=PART)
        try:
            with os.fdopen(handle, "wb") as file:
                with suppress(OSError):  # where the file system knows no locks
                    _hold(file)
                _copy_url(url, file, progress)
                file.flush()
                check_file(Path(part), digest)
                _free_name(file)
                os.replace(part, path)
        finally:
            Path(part).unlink(missing_ok=True)
    except FAILURES as error:
        raise WeightsError("download", host=urlsplit(url).hostname) from error
    except WeightsError as error:  # what came is gone already, or is not what was published
        if error.reason == "missing":
            raise WeightsError("missing", file=path.name) from error
        raise WeightsError("download", host=urlsplit(url).hostname) from error
    except FileNotFoundError as error:
        raise WeightsError("missing", file=path.name) from error
    except OSError as error:
        reason = "disk" if error.errno in FULL else "folder"
        raise WeightsError(reason, folder=str(path.parent), error=_name_error(error)) from error


def _copy_url(url: str, target: IO[bytes], progress: Progress | None) -> None:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := _read(answer):
            target.write(chunk)
            if progress is not None and total:
                progress(target.tell(), total)


def _read(answer: IO[bytes]) -> bytes:
    try:
        return answer.read(CHUNK_BYTES)
    except OSError as error:  # such as that the way to the far end is gone; it is not the disk's
        raise ConnectionError from error


def _hold(file: IO[bytes]) -> None:
    """Hold a file as long as it is open; an OSError says that another process does."""
    if sys.platform != "win32":  # there nobody can remove what is open
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _free_name(file: IO[bytes]) -> None:
    """Let a file be renamed or removed, which on Windows none can be that is open."""
    if sys.platform == "win32":
        file.close()


def _name_error(error: OSError) -> str:
    """What the system says, such as "Permission denied"."""
    return error.strerror or type(error).__name__
