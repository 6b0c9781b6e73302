"""What `pip install .` installs: the library, with all that it reads."""

import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from test_cloud import read_lines
from test_source import VIZ, read_code

SHIPPED = (
    "controls",
    "images",
    "locales",
    "weights",
)  # of assets/; the lesson, icon and screenshot are the page's
# What is read when it is used, read; somewhere else, without the checkout.
USE = """
import viz
from viz.pictures.samples import SAMPLES, read_sample
from viz.texts import LANGUAGES, Translate

for language in LANGUAGES:
    assert Translate(language)("picture.title")
for name in SAMPLES:
    viz.read_image(read_sample(name))
for key in ("vgg16", "efficientnet_lite0"):
    viz.load_network(key)
print(viz.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built of a copy, since building leaves folders behind; nothing is fetched for it."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "viz", copy / "viz", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "assets").symlink_to(ROOT / "assets")
    for name in ("pyproject.toml", "requirements.txt", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "--isolated", "wheel", "--no-build-isolation", "--no-deps"]
    result = subprocess.run(
        [*command, "--no-index", "."], cwd=copy, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    (path,) = copy.glob("*.whl")
    with ZipFile(path) as file:
        yield file


def test_the_wheel_holds_the_library_and_what_it_reads(wheel):
    assets = {
        f"viz/{path.relative_to(ROOT).as_posix()}"
        for name in SHIPPED
        for path in (ROOT / "assets" / name).iterdir()
    }
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == {*VIZ, *assets}


def test_whatever_viz_reads_of_the_assets_is_shipped():
    for name in VIZ:
        code = read_code(name)
        assert "'assets'" not in code or name == "viz/bundled.py", name
        folders = [part.split("'")[0] for part in code.split("ASSETS / '")[1:]]
        assert set(folders) <= set(SHIPPED), name


def test_its_dependencies_are_the_pages_list(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    needed = message_from_bytes(wheel.read(name)).get_all("Requires-Dist")
    listed = read_lines(ROOT / "requirements.txt")
    assert [*map(Requirement, needed)] == [*map(Requirement, listed)]


def test_installed_elsewhere_it_finds_its_weights_photographs_and_words(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")  # of a package without scripts, installing is no more than this
    result = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == tmp_path / "site" / "viz" / "__init__.py"
