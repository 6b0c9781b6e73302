import numpy as np
import pytest

from viz.figures.charts import CURVE_STYLES
from viz.figures.evidence import DeletionChart, draw_deletion, make_class_panels, shorten_class
from viz.networks.vgg16 import LAYERS
from viz.texts import Translate

ENGLISH = Translate("en")
MAPS = {"conv1_1": np.array([[0, 3], [1, 2]], np.float32), "conv5_3": np.array([[-1, 4], [0, 2]], np.float32)}
SHOWN = [LAYERS[0], LAYERS[-1]]


@pytest.mark.parametrize(
    ("method", "against", "ends"),
    [
        ("layercam", None, [(0, 3), (-1, 4)]),
        ("hirescam", None, [(-3, 3), (-4, 4)]),
        ("gradcam", "cup", [(-3, 3), (-4, 4)]),
    ],
)
def test_a_map_with_a_sign_has_zero_in_the_middle(method, against, ends):
    names = ("espresso, a small coffee", against)
    panels = make_class_panels(MAPS, SHOWN, method, "own", (224, 224), names, ENGLISH)
    assert [(panel.low, panel.high) for panel in panels] == ends
    assert {panel.diverging for panel in panels} == {method == "hirescam" or against is not None}
    for panel, layer in zip(panels, SHOWN, strict=True):
        assert panel.heatmap is MAPS[layer.name]
        assert panel.title.startswith("<b>espresso</b>") and ("− cup" in panel.title) == bool(against)
        assert layer.name in panel.hover


def test_long_names_of_classes_are_cut():
    assert shorten_class("tabby, tabby cat") == "tabby"
    assert shorten_class("black-and-tan coonhound") == "black-and-tan coonh…"


def test_each_layer_has_its_own_chart_of_both_curves():
    charts = [DeletionChart(f"<b>{name}</b>", {"mean": [1, 0.5, 0], "class": [1, 0.2, 0]}) for name in "ab"]
    figure = draw_deletion(charts, [0, 0.5, 1], {"mean": "Mean map", "class": "LayerCAM"}, 1000)
    assert [(trace.name, trace.xaxis, trace.showlegend) for trace in figure.data] == [
        ("Mean map", "x", True),
        ("LayerCAM", "x", True),
        ("Mean map", "x2", False),
        ("LayerCAM", "x2", False),
    ]
    assert [list(trace.y) for trace in figure.data[:2]] == [[1, 0.5, 0], [1, 0.2, 0]]
    assert figure.data[1].line.color == CURVE_STYLES["trained"]["color"]
    assert [note.text for note in figure.layout.annotations] == ["<b>a</b>", "<b>b</b>"]
