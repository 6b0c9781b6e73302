"""The script that computes a figure without this project, run in a folder of its own."""

import shutil
import subprocess
import sys

import numpy as np
import own_networks
import pytest
import torch
from conftest import ROOT
from recipes import PHOTO, make_recipe

import viz
from viz.maps.feature_maps import compute_feature_map
from viz.networks.catalogue import load
from viz.networks.own import read_arguments
from viz.pictures.preprocess import Preprocessing
from viz.reports.recipe import Asked
from viz.reports.script import write_script
from viz.reports.short_script import write_short_script

WEIGHTS = ROOT / "assets" / "weights"
BUNDLED = {
    "vgg16": (("conv1_1", "conv3_1", "conv5_3"), "vgg16_features.fp16.safetensors"),
    "efficientnet_lite0": (
        ("conv_stem", "blocks.2.0.conv_dw", "blocks.5.1.conv_pw", "conv_head"),
        "efficientnet_lite0.fp16.safetensors",
    ),
}
CASES = [
    ("vgg16", {"aggregation": "mean", "framing": "squash", "colors": "jet"}),  # the homework's
    ("vgg16", {"aggregation": "std", "side": "pre"}),
    ("vgg16", {"aggregation": "max", "side": "pre", "framing": "crop", "limits": "shared", "opacity": 0.5}),
    ("efficientnet_lite0", {"aggregation": "l2", "limits": "percentiles", "colors": "greys"}),
    ("efficientnet_lite0", {"aggregation": "strongest", "side": "pre", "limits": "percentiles"}),
]


def run(folder, code, *files):
    """Run a script in a folder of its own, where this project cannot be imported, and read its arrays."""
    for file in (PHOTO, *files):
        shutil.copy(file, folder)
    (folder / "layers.py").write_text(code, encoding="utf-8")
    environment = {"MPLBACKEND": "agg", "MPLCONFIGDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "layers.py"], cwd=folder, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "layers.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def assert_equal(found, expected):
    assert set(found) == set(expected)
    for name, heatmap in expected.items():
        assert np.abs(found[name] - heatmap).max() <= 1e-5 * np.ptp(heatmap), name


@pytest.mark.parametrize(("key", "changes"), CASES)
def test_the_script_computes_what_the_page_shows(tmp_path, key, changes):
    names, weights = BUNDLED[key]
    recipe, _, maps = make_recipe(key, names, **changes)
    code = write_script(recipe)
    assert len(code.splitlines()) <= 60 and "viz" not in code
    assert_equal(run(tmp_path, code, WEIGHTS / weights), maps)
    assert (tmp_path / "layers.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("method", "against"), [("hirescam", None), ("gradcam", None), ("layercam", None), ("layercam", 7)]
)
def test_class_maps_have_a_script_too(tmp_path, method, against):
    """With the network's own preprocessing; by default the class is one that hardly anything speaks for."""
    network, index = viz.load_network("efficientnet_lite0"), 285
    asked = Asked(method, index, "Egyptian cat", against)
    names, weights = BUNDLED["efficientnet_lite0"]
    how = {"framing": "", "preprocessing": Preprocessing(256, "bicubic"), "asked": asked}
    recipe, image, _ = make_recipe("efficientnet_lite0", names, network=network, **how)
    maps = viz.class_maps(network, network.to_batch(image), index, method, against)
    code = write_script(recipe)
    assert len(code.splitlines()) <= 60 and "viz" not in code
    assert_equal(run(tmp_path, code, WEIGHTS / weights), {name: maps[name] for name in names})
    assert (tmp_path / "layers.png").stat().st_size > 10_000


def test_channels_have_a_script_and_ten_lines(tmp_path, monkeypatch):
    names, numbers = ("conv1_1", "conv3_1", "conv5_3"), (0, 1, 2, 3, 4)
    recipe, image, _ = make_recipe("vgg16", names, side="pre", channels=numbers, heading="true: cat")
    batch = recipe.network.to_batch(image)
    values = {name: compute_feature_map(recipe.network, batch, name, "pre") for name in names}
    maps = {name: found[..., list(numbers)].transpose(2, 0, 1) for name, found in values.items()}
    code = write_script(recipe)
    assert len(code.splitlines()) <= 60 and "true: cat" in code
    assert_equal(run(tmp_path, code, WEIGHTS / BUNDLED["vgg16"][1]), maps)
    monkeypatch.chdir(tmp_path)
    exec(write_short_script(recipe), {})
    with np.load(tmp_path / "layers.npz") as arrays:
        found = {name: arrays[name].transpose(2, 0, 1) for name in names}
    assert_equal(found, maps)


def test_ten_lines_compute_class_maps(tmp_path, monkeypatch):
    how = {"framing": "", "preprocessing": Preprocessing(256, "bicubic")}
    recipe, image, _ = make_recipe(
        "efficientnet_lite0", ("conv_head",), asked=Asked("gradcam", 3, "x"), **how
    )
    shutil.copy(PHOTO, tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(write_short_script(recipe), {})
    expected = viz.class_maps(recipe.network, recipe.network.to_batch(image), 3, "gradcam")["conv_head"]
    with np.load(tmp_path / "layers.npz") as arrays:
        np.testing.assert_array_equal(arrays["conv_head"], expected)


@pytest.mark.parametrize(("name", "size"), [("LeNet", 28), ("Hand", 32)])
def test_ones_own_network_has_a_script_too(tmp_path, name, size):
    """One takes a grey picture; the other has its activations written by hand, as x · σ(x)."""
    file = tmp_path / "mine.pt"
    torch.save({"state_dict": getattr(own_networks, name)().state_dict()}, file)
    arguments = ["--network", f"own_networks:{name}", "--weights", str(file), "--size", str(size)]
    info = read_arguments(arguments)
    network = load(info)
    names = [layer.name for layer in network.layers]
    assert any("post" in layer.sides for layer in network.layers)
    recipe, _, maps = make_recipe("own", names, network=network, info=info, framing="squash", size=size)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert_equal(run(folder, write_script(recipe), own_networks.__file__, file), maps)


def test_ten_lines_with_the_project_compute_the_same(tmp_path, monkeypatch):
    recipe, _, maps = make_recipe("vgg16", ("conv1_1", "conv5_3"), framing="squash", aggregation="max")
    code = write_short_script(recipe)
    assert len(code.splitlines()) <= 10
    shutil.copy(PHOTO, tmp_path)
    monkeypatch.chdir(tmp_path)
    scope = {}
    exec(code, scope)
    for name, heatmap in maps.items():
        np.testing.assert_array_equal(scope["heatmaps"][name, "post", "max"], heatmap)
    assert "plotly" in (tmp_path / "layers.html").read_text(encoding="utf-8")
