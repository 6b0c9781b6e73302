"""What `import viz` offers."""

import importlib
import subprocess
import sys

import pytest
from conftest import ROOT

import viz

PROMISED = [
    "read_image",
    "frame_image",
    "list_networks",
    "load_network",
    "wrap_network",
    "draw_heatmaps",
    "Layer",
    "extract_heatmaps",
    "AGGREGATIONS",
    "normalize",
    "layer_metrics",
    "measure_network",
    "receptive_field_box",
    "predict",
    "class_maps",
    "Prediction",
]


def test_the_promised_names_are_there():
    assert set(PROMISED) <= set(dir(viz))
    for name in dir(viz):
        value = getattr(viz, name)
        home = getattr(value, "__module__", None)
        if home and home.startswith("viz."):
            assert getattr(importlib.import_module(home), name) is value


def test_other_names_list_the_valid_ones():
    with pytest.raises(AttributeError, match=r"has no attribute 'heatmap'; it offers .*draw_heatmaps"):
        viz.heatmap  # noqa: B018


WALK = """
from streamlit.testing.v1 import AppTest
from page.views import VIEWS
for view in VIEWS:
    page = AppTest.from_file("app.py", default_timeout=60)
    page.query_params.update({"view": view, "point": "90,40", "network": "efficientnet_lite0"})
    assert page.run().get("plotly_chart"), view
"""


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import viz; viz.list_networks()", ["torch", "plotly", "streamlit", "scipy"]),
        ("import viz; viz.read_image, viz.frame_image, viz.AGGREGATIONS", ["torch", "plotly", "streamlit"]),
        ("import page.main", ["torch", "scipy"]),
        # Whoever imports pandas while another visitor's figure is drawn breaks it: Plotly looks for it.
        (WALK, ["pandas", "pyarrow"]),
    ],
)
def test_imports_are_lazy(code, absent):
    script = f"import sys\n{code}\nprint([name for name in {absent} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["from python", "own network"])
def test_the_ten_lines_of_the_readme_run_as_they_stand(tmp_path, name):
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split(f"<!-- {name} -->")[1]
    code = readme.split("```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) <= 10
    namespace: dict[str, object] = {}
    code = code.replace('"layers.html"', repr(str(tmp_path / "layers.html")))
    exec(compile(code, "README.md", "exec"), namespace)
    assert len(namespace["figure"].data) in (4, 5)
    assert (tmp_path / "layers.html").stat().st_size > 1e6


def test_the_readmes_lines_about_classes_run_as_they_stand(capsys):
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- classes -->")[1]
    exec(compile(readme.split("```python\n")[1].split("```")[0], "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("espresso 0.95")
    assert "(7, 7)" in printed
