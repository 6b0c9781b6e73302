"""A visitor of the page, for the tests that need no browser."""

import pytest
from apptests import forget_results, open_page
from conftest import PATIENCE_S
from streamlit.testing.v1 import AppTest


@pytest.fixture
def page(request):
    """A new visitor's page; of a server without any results where a test counts or replaces something."""
    if {"count_passes", "monkeypatch"} & set(request.fixturenames):
        forget_results()
    return open_page()


@pytest.fixture
def traveller():
    """A visitor who can `go_back`; the browser's report of it comes before the page is drawn, as here."""

    def draw():
        import streamlit

        from page.choice.session import open_address
        from page.main import draw_page

        if "moved" in streamlit.session_state:
            open_address(streamlit.session_state.pop("moved"))
        draw_page()

    return AppTest.from_function(draw, default_timeout=PATIENCE_S)
