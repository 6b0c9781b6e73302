"""What the tests share that run the page without a browser: AppTest runs its script as a session does."""

import base64
import io
import json
import re
from html import unescape

import numpy as np
import streamlit as st
from conftest import PATIENCE_S, ROOT, assert_healthy
from streamlit.testing.v1 import AppTest

from viz.networks.vgg16 import LAYERS
from viz.texts import Translate

NAMES = [layer.name for layer in LAYERS]
ENGLISH = Translate("en")


def open_page(**parameters):
    """A new visitor's page, not yet run, at an address with these parameters."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    page.query_params.update(parameters)
    return page


def forget_results():
    """What the caches of this process hold, which all visitors share."""
    st.cache_data.clear()
    st.cache_resource.clear()


def find_chart(page, key):
    (chart,) = [chart for chart in page.get("plotly_chart") if key in chart.proto.id]
    return chart.proto


def read_chart(page, key):
    """One figure of several, as the browser gets it."""
    return json.loads(find_chart(page, key).spec)


def read_figure(page, key="heatmaps"):
    """The one figure on the page."""
    assert len(page.get("plotly_chart")) == 1
    return read_chart(page, key)


def read_alt(page, key="heatmaps"):
    return find_chart(page, key).alt


def list_maps(spec):
    return [trace for trace in spec["data"] if trace["type"] == "heatmap"]


def read_titles(page, key="heatmaps"):
    """Of the photograph, then of the maps."""
    return [note["text"] for note in read_chart(page, key)["layout"]["annotations"]]


def decode(array):
    """An array of a figure, [h, w]."""
    kinds = {"f4": np.float32, "u1": np.uint8}
    flat = np.frombuffer(base64.b64decode(array["bdata"]), kinds[array["dtype"]])
    return flat.reshape([int(side) for side in array["shape"].split(",")])


def encode(image, kind="PNG"):
    """A picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def read_numbers(page):
    """The table of the view "Measured": a dictionary of texts each row."""
    (body,) = [found.proto.body for found in page.get("html") if "<table>" in found.proto.body]
    head, *rows = [
        [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall("<tr>(.*?)</tr>", body)
    ]
    return [dict(zip(head, row, strict=True)) for row in rows]


def upload(page, data, name="mine.png", key="upload"):
    return page.file_uploader(key=key).set_value((name, data, "image/png")).run()


def choose_view(page, view):
    return page.segmented_control(key="view").set_value(view).run()


def go_back(traveller, **parameters):
    """Back or forward in the browser, to the address with these parameters."""
    traveller.query_params.clear()
    traveller.query_params.update(parameters)
    traveller.session_state["moved"] = {name: [text] for name, text in parameters.items()}
    traveller.run()
    assert_healthy(traveller)


def list_errors(page):
    return [error.value for error in page.error]


def list_captions(page):
    return [caption.value for caption in page.caption]


def list_markdown(page):
    return [markdown.value for markdown in page.markdown]


def list_buttons(page):
    """Keys of the buttons."""
    return {button.key for button in page.button}
