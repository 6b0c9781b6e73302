"""The Dockerfile's steps, taken without Docker."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, find_free_port, stop_server, wait_for_answer


def read_steps() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with what stands behind it."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


STEPS = read_steps()


def find_step(instruction: str) -> str:
    (found,) = (rest for name, rest in STEPS if name == instruction)
    return found


def is_sent(file: str) -> bool:
    """Whether Docker is sent a file: the last line of .dockerignore that fits it or its folder decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if line and not line.startswith("#") and re.fullmatch(f"{pattern}(/.*)?", file):
            sent = line.startswith("!")
    return sent


@pytest.fixture
def page(tmp_path):
    """The folder of the page as the image has it: what each COPY copies, and nothing else."""
    for rest in (rest for name, rest in STEPS if name == "COPY"):
        *sources, target = rest.split()
        assert target.endswith("/"), rest  # a folder; Docker lays a folder's content into it
        for source in (ROOT / source for source in sources):
            parts = [source] if source.is_file() else [part for part in source.rglob("*") if part.is_file()]
            sent = [part for part in parts if is_sent(part.relative_to(ROOT).as_posix())]
            assert sent, source
            for part in sent:
                inside = part.relative_to(source) if source.is_dir() else part.name
                copied = tmp_path / "page" / target / inside
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(part, copied)
    return tmp_path / "page"


def list_written(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_docker_is_sent_nothing_else():
    others = ["README.md", "cloud/app.py", "tests/conftest.py", "page/__pycache__/main.pyc", ".git/HEAD"]
    assert not [*filter(is_sent, others)]


def test_its_list_of_packages_is_community_clouds(page):
    (packages,) = (rest for name, rest in STEPS if "pip install" in rest)
    assert packages.endswith("-r cloud/requirements.txt")
    assert (page / "cloud" / "requirements.txt").is_file()
    assert (page / "requirements.txt").is_file()  # which it takes in
    steps = [f"{name} {rest}" for name, rest in STEPS]
    # A change of the code does not fetch the packages anew.
    assert steps.index("COPY app.py ./") > steps.index(f"RUN {packages}")


def test_its_user_is_not_root():
    names = [name for name, _ in STEPS]
    assert int(find_step("USER")) > 0
    assert names.index("RUN") < names.index("USER") < names.index("CMD")


def test_its_command_shows_the_page_from_what_is_copied_and_writes_nothing_there(page, tmp_path):
    (home, weights) = (tmp_path / name for name in ("home", "weights"))
    home.mkdir()
    port = str(find_free_port())
    environment = dict(part.split("=", 1) for part in find_step("ENV").split())
    environment |= {"HOME": str(home), "TORCH_HOME": str(weights), "STREAMLIT_SERVER_PORT": port}
    environment |= {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    environment |= {"STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED": "true"}  # runs the page once
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
    before, log = list_written(page), tmp_path / "log.txt"
    with log.open("wb") as file:
        server = subprocess.Popen(
            json.loads(find_step("CMD")), cwd=page, env=environment, stdout=file, stderr=file
        )
    try:
        answer = wait_for_answer(f"http://127.0.0.1:{port}/_stcore/script-health-check", server)
        check = find_step("HEALTHCHECK").partition("CMD ")[2]
        healthy = subprocess.run(["sh", "-c", check], env=environment, check=False).returncode
    finally:
        stop_server(server)
    after = subprocess.run(["sh", "-c", check], env=environment, capture_output=True, check=False).returncode
    assert answer == "ok", log.read_text(encoding="utf-8", errors="replace")
    assert (healthy, after) == (0, 1)
    assert list_written(page) == before
