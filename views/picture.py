"""From the visitor's choice of a photograph to the pixels that the network sees."""

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from views.address import NO_SECOND, OWN_PHOTOS, SAMPLES, SETTINGS
from views.texts import Translate
from views.work import PictureKey, frame_picture, read_sample
from viz.images import ImageError
from viz.specs import Photo


@dataclass(frozen=True)
class Picture:
    """The framed photograph and what names it.

    Attributes:
        key: Of all that is computed from it.
        pixels: uint8 [H, W, 3], exactly what the network sees.
        photo: The same for a figure.
        alt: How alternative texts call it.
    """

    key: PictureKey
    pixels: NDArray[np.uint8]
    photo: Photo
    alt: str


def choose_picture(translate: Translate) -> Picture:
    """The picture of the visitor's choice; while there is none, or a bad one, the one before it.

    What is wrong with a file is said above the picture that stays.
    """
    state = st.session_state
    choice = state["photo"]
    if choice not in OWN_PHOTOS:
        state["_last_photo"] = choice
        return _frame_sample(choice, translate)
    file = state.get(choice)
    if file is None:
        st.info(translate(f"picture.waiting_{choice}"), icon=":material/add_photo_alternate:")
        return _frame_previous(translate)
    data = file.getvalue()
    try:
        picture = _frame(data, hashlib.sha256(data).hexdigest(), translate("picture.alt_own"), translate)
    except ImageError as error:
        sentence = translate(f"image_error.{error.reason}", **error.details)
        st.error(f"{sentence} {translate('image_error.kept')}", icon=":material/broken_image:")
        return _frame_previous(translate)
    state["_last_photo"] = data
    return picture


def choose_second(translate: Translate) -> Picture | None:
    """The photograph that is put beside the first, if one is; of a bad file it says what is wrong."""
    choice = st.session_state["second"]
    if choice == NO_SECOND:
        return None
    if choice in SAMPLES:
        return _frame_sample(choice, translate)
    file = st.session_state.get("second_upload")
    if file is None:
        return None
    data = file.getvalue()
    try:
        return _frame(data, hashlib.sha256(data).hexdigest(), translate("picture.alt_own"), translate)
    except ImageError as error:
        st.error(translate(f"image_error.{error.reason}", **error.details), icon=":material/broken_image:")
        return None


def is_another(picture: Picture, key: str) -> bool:
    """Whether the picture is not the one of the run before, as far as `key` remembers.

    What was drawn or clicked on one picture says nothing about another.
    """
    state = st.session_state
    view = picture.key[:3]
    before = state.get(key, view)
    state[key] = view
    return bool(before != view)


def _frame_previous(translate: Translate) -> Picture:
    last = st.session_state.get("_last_photo", SETTINGS["photo"].default)
    if isinstance(last, str):
        return _frame_sample(last, translate)
    return _frame(last, hashlib.sha256(last).hexdigest(), translate("picture.alt_own"), translate)


def _frame_sample(name: str, translate: Translate) -> Picture:
    data, digest = read_sample(name)
    return _frame(data, digest, translate("picture.alt_sample", name=translate(f"picture.{name}")), translate)


def _frame(data: bytes, digest: str, alt: str, translate: Translate) -> Picture:
    key = _make_key(digest)
    pixels, source = frame_picture(key.digest, key.framing, key.size, data)
    height, width = pixels.shape[:2]
    size = translate("picture.panel_size", width=width, height=height)
    photo = Photo(source, width, height, f"<b>{translate('picture.panel')}</b><br>{size}")
    return Picture(key, pixels, photo, alt)


def _make_key(digest: str) -> PictureKey:
    state = st.session_state
    return PictureKey(digest, state["framing"], state["size"], state["weights"])
