"""The session: what Streamlit forgets or answers wrongly, the choice keeps."""

import pytest
from streamlit.testing.v1 import AppTest

RUN = """
import streamlit as st
from dataclasses import replace
from page.choice.session import *
from page.choice.settle import Known, Settled, settle
from viz.networks.vgg16 import LAYERS

known = Known(("compare", "lesson"), ("vgg16", "efficientnet_lite0"), None, LAYERS, "cat", (224, 337))
memory = remember()
choice = settle(read_choice(), memory.settled, known)
hand_out(choice)
keep_choice(Settled(choice, known))
st.write(repr(choice.values))
close_address()
"""


@pytest.fixture
def page():
    return AppTest.from_string(RUN)


def read_values(page):
    assert not page.exception
    return eval(page.markdown[0].value, {})  # what the script above wrote


def test_the_first_run_reads_the_address_and_later_ones_do_not(page):
    page.query_params["colors"] = "greys"
    assert read_values(page.run())["colors"] == "greys"
    # A message that left the browser before the last choice carries an address of that time: it is no wish.
    page.session_state["colors"] = "turbo"
    assert read_values(page.run())["colors"] == "turbo"
    page.query_params["colors"] = "greys"
    assert read_values(page.run())["colors"] == "turbo"


@pytest.mark.parametrize(
    ("key", "value"), [("side", None), ("layers", None), ("step", None), ("size", 3), ("lang", "xx")]
)
def test_what_is_no_value_of_a_setting_changes_nothing(page, key, value):
    page.query_params["side"] = "pre"
    before = read_values(page.run())
    page.session_state[key] = value
    assert read_values(page.run()) == before
    assert page.session_state[key] == (list(before[key]) if isinstance(before[key], tuple) else before[key])


def test_a_widget_that_is_forgotten_comes_back_as_it_was(page):
    page.query_params["aggregation"] = "max"
    page.run()
    del page.session_state["aggregation"]
    assert read_values(page.run())["aggregation"] == "max"


def test_the_address_tells_what_differs_from_the_start(page):
    assert page.run().query_params == {}
    page.session_state["layers"] = ["conv1_1"]
    assert page.run().query_params["layers"] == "conv1_1"
    page.session_state["layers"] = ["conv1_2", "conv3_1", "conv4_3", "conv5_3"]
    assert page.run().query_params == {}
