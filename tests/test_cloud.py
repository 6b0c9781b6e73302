"""What Community Cloud needs stands in cloud/: one list of packages, and an entrypoint from the root."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import DEFAULT_LAYERS, PATIENCE_S, ROOT, find_free_port, stop_server, wait_for_answer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from streamlit.testing.v1 import AppTest

FOLDER = ROOT / "cloud"
INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"


def read_lines(path: Path) -> list[str]:
    """A list of packages with the lists that it takes in, without comments."""
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line.startswith("-r "):
            lines += read_lines(path.parent / line.removeprefix("-r "))
        elif line:
            lines.append(line)
    return lines


def test_each_package_is_listed_once_and_torch_comes_from_the_cpu_index():
    lines = read_lines(FOLDER / "requirements.txt")
    assert [line for line in lines if line.startswith("-")] == [INDEX]
    required = [Requirement(line) for line in lines if not line.startswith("-")]
    names = [canonicalize_name(requirement.name) for requirement in required]
    assert len(names) == len(set(names))
    assert {"streamlit", "torch"} < set(names)
    assert names == [Requirement(line).name for line in read_lines(ROOT / "requirements.txt")]


def test_pip_reads_the_list_and_finds_its_ranges_met_here():
    # --no-index keeps pip off the network: whatever is not installed already is an error.
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--no-index", "--quiet"]
    result = subprocess.run(
        [*command, "--report", "-", "-r", "cloud/requirements.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["install"] == []


def test_nothing_else_in_the_folder_is_taken_for_a_list_of_packages():
    # Community Cloud takes the first of these, here before the root.
    before = ("uv.lock", "Pipfile", "environment.yml")
    assert not [name for name in before if (FOLDER / name).exists()]


def test_the_entrypoint_shows_the_page():
    page = AppTest.from_file(str(FOLDER / "app.py"), default_timeout=PATIENCE_S)
    page.run()
    assert not page.exception
    assert not page.error
    spec = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert len([trace for trace in spec["data"] if trace["type"] == "heatmap"]) == len(DEFAULT_LAYERS)
    path = list(sys.path)
    page.run()
    assert sys.path == path  # it grows by nothing with each run


def test_the_entrypoint_runs_from_the_root_as_community_cloud_runs_it(tmp_path):
    streamlit = shutil.which("streamlit", path=str(Path(sys.executable).parent))
    assert streamlit is not None  # unlike `python -m streamlit`, it leaves the root out of Python's path
    port = find_free_port()
    options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(port)]
    log = tmp_path / "log.txt"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [streamlit, "run", "cloud/app.py", *options],
            cwd=ROOT,
            env=os.environ | {"STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED": "true"},
            stdout=file,
            stderr=file,
        )
    try:
        answer = wait_for_answer(f"http://127.0.0.1:{port}/_stcore/script-health-check", server)
    finally:
        stop_server(server)
    assert answer == "ok", log.read_text(encoding="utf-8", errors="replace")
