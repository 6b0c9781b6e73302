"""Pages that are opened at an address, some with a network of one's own: as `apptests`, and run already."""

import csv
import io
import json
import re

from conftest import PATIENCE_S
from google.protobuf.text_format import MessageToString
from streamlit.testing.v1 import AppTest

from page.views.measured import others
from viz.texts import Translate

CHINESE = Translate("zh")
LITE0 = "efficientnet_lite0"


def draw(arguments):
    from page.main import draw_page

    draw_page(arguments)


def open_page(*arguments, **parameters):
    """A new visitor's page at an address; `arguments` stand behind the server's `--`."""
    page = AppTest.from_function(draw, args=(arguments,), default_timeout=PATIENCE_S)
    page.query_params.update(parameters)
    return page.run()


def choose(page, network):
    return page.selectbox(key="network").set_value(network).run()


def show(page, view):
    return page.segmented_control(key="view").set_value(view).run()


def walk(page):
    """Run all views and all of "Point at it", with its switches on; gives the page after each."""
    for view in ("compare", "depth", "measure", "classes", "probe"):
        yield view, show(page, view)
    page.segmented_control(key="show").set_value("maps").run()
    page.toggle(key="field").set_value(True)
    for what in ("maps", "alike", "channels"):
        yield what, page.segmented_control(key="show").set_value(what).run()


def read_chart(page, key="heatmaps"):
    (chart,) = [chart for chart in page.get("plotly_chart") if key in chart.proto.id]
    return chart.proto


def read_figure(page, key="heatmaps"):
    return json.loads(read_chart(page, key).spec)


def list_maps(page, key="heatmaps"):
    return [trace for trace in read_figure(page, key)["data"] if trace["type"] == "heatmap"]


def list_annotations(page, key="heatmaps"):
    return [note["text"] for note in read_figure(page, key)["layout"]["annotations"]]


def read_titles(page):
    """Titles of the maps."""
    return list_annotations(page)[1 : 1 + len(list_maps(page))]


def read_names(page):
    """Names of the layers that the figure shows."""
    return [title.partition("</b>")[0].removeprefix("<b>") for title in read_titles(page)]


def list_curves(page):
    """Values of the folded charts in "Measured", by curve and title of the chart, in the order of layers."""
    spec = read_figure(page, "metrics")
    titles = [note["text"] for note in spec["layout"]["annotations"] if note.get("xanchor") == "left"]
    found = {}
    for trace in spec["data"]:
        place = int(trace.get("xaxis", "x")[1:] or 1) - 1
        found[trace["name"], titles[place]] = dict(zip(trace["x"], trace["y"], strict=True))
    return found


def read_address(page):
    """The address's parameters; one that a test has set and the page has not is no list there."""
    found = page.query_params
    return {name: [texts] if isinstance(texts, str) else texts for name, texts in found.items()}


def read_infos(page):
    return [info.value for info in page.info]


def list_said(page):
    """All that the last run sent to the browser, without pictures and values."""
    protos = [proto for element in page._tree if (proto := getattr(element, "proto", None)) is not None]
    said = "\n".join(MessageToString(proto, as_utf8=True) for proto in protos)
    return re.sub(r"[\w+/]{40,}", "", said)


def watch_csv(monkeypatch):
    """Gives what reads the rows of the file that the page has offered last."""
    texts, write = [], others.write_csv
    monkeypatch.setattr(others, "write_csv", lambda rows: texts.append(write(rows)) or texts[-1])
    return lambda: list(csv.DictReader(io.StringIO(texts[-1].removeprefix("\ufeff"))))
