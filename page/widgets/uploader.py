"""A place to upload a photograph, what is wrong with what came, and the way to take it back."""

from functools import partial

import streamlit as st

from page.choice.choice import OWN_PHOTOS, Choice
from page.choice.session import remember
from page.subject.uploads import (
    GRACE_S,
    find_refusal,
    hear_camera,
    hear_uploader,
    let_go,
    name_uploader,
    take_away,
)
from page.widgets.errors import write_error
from viz.networks.catalogue import NetworkInfo
from viz.texts import Translate


def draw_uploader(
    words: Translate, key: str, choice: Choice, info: NetworkInfo, explain: bool = False
) -> None:
    """A place to upload a photograph: any file, since its content tells more than its name.

    Under it stands what is wrong with a file that was looked at.
    """
    help_text = words("picture.uploader_help") if explain else None
    hear = partial(hear_uploader, key, choice, info)
    st.file_uploader(words("picture.uploader"), key=name_uploader(key), on_change=hear, help=help_text)
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


def draw_camera(words: Translate) -> None:
    """A camera."""
    st.camera_input(words("picture.camera_input"), key=name_uploader("camera"), on_change=hear_camera)


def draw_taking_away(words: Translate, choice: Choice) -> None:
    """A button that takes the visitor's own photograph away, where it is shown."""
    key = choice.photo
    if key in OWN_PHOTOS and key in remember().files:
        label, click = words("picture.take_away"), partial(take_away, key, choice)
        st.button(
            label, key="take_away", icon=":material/close:", help=label, type="tertiary", on_click=click
        )


def wait_to_forget() -> None:
    """Forget, in a moment, what has gone from an uploader, even if the visitor does nothing more."""
    if not let_go():
        st.fragment(_wait, run_every=GRACE_S)()


def _wait() -> None:
    if let_go():
        st.rerun()
