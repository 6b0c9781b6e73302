"""A place to upload a photograph, and what is wrong with what came."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from page.choice.choice import OWN_PHOTOS, Choice
from page.choice.session import choose, remember
from page.subject.uploads import find_refusal, read_file, take_file
from page.widgets.errors import write_error
from viz.networks.catalogue import NetworkInfo
from viz.texts import Translate


def draw_uploader(words: Translate, key: str, take: Callable[..., Any], explain: bool = False) -> None:
    """A place to upload a photograph: any file, since its content tells more than its name.

    Under it stands what is wrong with a file that was looked at. `take` is called when one has come or gone.
    """
    help_text = words("picture.uploader_help") if explain else None
    st.file_uploader(words("picture.uploader"), key=key, on_change=take, help=help_text)
    say_refusal(words, key)
    if st.context.is_embedded and st.context.url:  # browsers keep the cookie back that an upload needs
        st.link_button(words("picture.own_tab"), st.context.url.partition("?")[0])


def say_refusal(words: Translate, key: str) -> None:
    """Say what is wrong with the file in an uploader, if something is."""
    error = find_refusal(key)
    if error is not None:
        kept = key in OWN_PHOTOS or key in remember().files
        sentence = write_error(words, error) + (f" {words('image_error.kept')}" if kept else "")
        st.error(sentence, icon=":material/broken_image:")


def show_upload(choice: Choice, info: NetworkInfo) -> None:
    """A file that has just come is what the visitor wants to see, if it can be read.

    An empty uploader changes nothing: the browser also empties it in passing, while one file replaces
    another.
    """
    take_file("upload", choice, info)
    if read_file("upload") is not None and find_refusal("upload") is None:
        choose({"photo": "upload"})
