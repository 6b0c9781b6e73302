"""The server is as closed as Streamlit allows."""

import re
import subprocess
import tomllib
import urllib.error
import urllib.request

import pytest
from conftest import PATIENCE_S, ROOT

from viz.pictures.decode import MAX_BYTES

SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|-----BEGIN [A-Z ]*PRIVATE KEY|hf_[A-Za-z0-9]{34}"
)


def test_the_settings_are_closed():
    server = SETTINGS["server"]
    assert server["enableXsrfProtection"] is True
    assert MAX_BYTES < server["maxUploadSize"] * 2**20 < 1.5 * MAX_BYTES
    assert server["enableStaticServing"] is False
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    assert SETTINGS["client"]["showErrorDetails"] == "none"
    assert SETTINGS["client"]["toolbarMode"] in ("viewer", "minimal")


@pytest.mark.browser  # for its server
def test_an_upload_without_the_token_is_refused(server_url):
    address = f"{server_url}/_stcore/upload_file/session/file"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(address, b"data", method="PUT"), timeout=PATIENCE_S)
    assert caught.value.code == 403


def test_no_secret_is_in_the_repository():
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert not any(path.name in ("secrets.toml", ".env") for path in files)
    for path in files:
        if path.suffix in (".py", ".toml", ".md", ".txt", "") and path.is_file():
            assert not SECRET.search(path.read_text(encoding="utf-8", errors="ignore")), path


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_admits_fixes(name):
    """A range with a lower and an upper end, never one version alone."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line and not line.startswith("-"):
            assert re.fullmatch(r"[A-Za-z0-9-]+>=[0-9.]+,<[0-9.]+", line)
