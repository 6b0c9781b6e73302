"""Start a Streamlit server as the README does, and see what it holds."""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
PAGE = "app.py"
BEFORE_NAME = "the state before"
BEFORE_HELP = "a worktree of the state before"
HOST = "127.0.0.1"
TIMEOUT_S = 20
POLL_S = 0.02


@dataclass(frozen=True)
class Server:
    """A running `streamlit run`.

    Attributes:
        url: Where it answers.
        process: Itself, the leader of its own process group.
        log: What it has printed.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]


@contextmanager
def run_server(
    script: str, *settings: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start Streamlit without waiting for it, and kill it and its children at the end.

    Args:
        script: Path of the page, from the folder; all scripts share the settings that stand there.
        settings: More arguments of `streamlit run`, which outdo these.
        folder: The project's, or another state of it, which runs on the same Python.
        environment: Variables that it has besides those of this process.
    """
    port = find_free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    command += ["--server.address", HOST, "--server.port", str(port), *settings]
    with tempfile.TemporaryFile() as log:
        variables = os.environ | (environment or {})
        process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield Server(f"http://{HOST}:{port}/", process, log)
        finally:
            stop_group(process)


@contextmanager
def serve_page(folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The project's page, or that of another state of it, as `run_server` starts it; it answers."""
    with run_server(PAGE, folder=folder, environment=environment) as server:
        wait_until_healthy(server)
        yield server


def read_folder(text: str) -> Path:
    """The folder of `--before`, for argparse; it has a page."""
    if not (Path(text) / PAGE).is_file():
        raise argparse.ArgumentTypeError(f"{text} has no {PAGE}")
    return Path(text).resolve()


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads its own group, and the whole group with it."""
    with suppress(ProcessLookupError):  # all of it may have ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def find_free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_healthy(server: Server) -> None:
    """Return as soon as Streamlit's health check answers.

    Raises:
        RuntimeError: It has ended, or does not answer in `TIMEOUT_S`; the message has what it printed.
    """
    deadline = time.monotonic() + TIMEOUT_S
    while not _is_healthy(server):
        if server.process.poll() is not None or time.monotonic() > deadline:
            server.log.seek(0)
            raise RuntimeError(f"no answer from {server.url}; it printed:\n{server.log.read().decode()}")
        time.sleep(POLL_S)


def _is_healthy(server: Server) -> bool:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://").rstrip("/"), timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def read_memory(group: int) -> float:
    """Resident memory of a process group, in MB.

    Args:
        group: Process id of its leader.
    """
    processes = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal())
    return sum(read_resident(process) for process in processes if _read_group(process) == group)


def _read_group(process: int) -> int | None:
    try:
        return os.getpgid(process)
    except ProcessLookupError:  # it ended after the listing
        return None


def read_peak(process: int) -> float:
    """The most that a process has held in memory so far, in MB."""
    return _read_status(process, "VmHWM")


def read_resident(process: int) -> float:
    """What a process holds in memory now, in MB."""
    return _read_status(process, "VmRSS")


def _read_status(process: int, name: str) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith(name)), "0")
    return int(kilobytes) * 1024 / 1e6
