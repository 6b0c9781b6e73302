"""From the visitor's choice of a photograph to the pixels that the network sees."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.cache import PictureKey, frame_picture, read_sample
from page.networks import find_fixed_size
from page.settings import NO_SECOND, OWN_PHOTOS, SAMPLES, SETTINGS
from viz.figures.heatmaps import make_photo_panel
from viz.figures.pieces import PhotoPanel
from viz.pictures.decode import ImageError
from viz.texts import Translate


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
    photo: PhotoPanel
    alt: str

    @property
    def size(self) -> tuple[int, int]:
        """Its height and width, in pixels."""
        return self.photo.height, self.photo.width

    @property
    def aspect(self) -> float:
        """Its height over its width."""
        return self.photo.height / self.photo.width


def choose_picture(translate: Translate) -> Picture:
    """The picture of the visitor's choice; while there is none, or a bad one, the one before it.

    What is wrong with a file is said above the picture that stays. A box and a point that belong to another
    picture are forgotten.
    """
    picture = _find_picture(translate)
    if st.session_state.setdefault("_picture", picture.key) != picture.key:
        st.session_state.update(box=None, point=None, _picture=picture.key)
    return picture


def _find_picture(translate: Translate) -> Picture:
    state = st.session_state
    choice = state["photo"]
    if choice not in OWN_PHOTOS:
        state["_last_photo"] = choice
        return _frame_sample(choice, translate)
    data = read_file(choice)
    if data is None:
        # Either nothing was chosen yet, or a link or a restart of the server promises what is not here.
        waiting = choice if state.get(choice) is None and "_last_photo" in state else "lost"
        st.info(translate(f"picture.waiting_{waiting}"), icon=":material/add_photo_alternate:")
        return _frame_previous(translate)
    try:
        picture = _frame_own(data, translate)
    except ImageError as error:
        _say_error(f"{translate(error.key, **error.details)} {translate('image_error.kept')}")
        return _frame_previous(translate)
    state["_last_photo"] = data
    return picture


def choose_sample(settings: dict[str, Any], translate: Translate) -> Picture:
    """The bundled photograph that some settings name, framed as they say."""
    data, digest = read_sample(settings["photo"])
    key = PictureKey(digest, settings["framing"], settings["size"])
    return _make_picture(key, data, _name_sample(settings["photo"], translate), translate)


def choose_second(translate: Translate) -> Picture | None:
    """The photograph that is put beside the first, if one is; of a bad file it says what is wrong."""
    choice = st.session_state["second"]
    if choice == NO_SECOND:
        return None
    if choice in SAMPLES:
        return _frame_sample(choice, translate)
    data = read_file("second_upload")
    try:
        return None if data is None else _frame_own(data, translate)
    except ImageError as error:
        _say_error(translate(error.key, **error.details))
        return None


def read_file(key: str) -> Any:
    """The bytes of the file in an uploader or a camera; None where there is none.

    The widget's value can outlive its file, for instance when the server was started anew; it is then a
    stand-in without any content.
    """
    read = getattr(st.session_state.get(key), "getvalue", None)
    return None if read is None else read()


def _say_error(sentence: str) -> None:
    st.error(sentence, icon=":material/broken_image:")


def _frame_previous(translate: Translate) -> Picture:
    last = st.session_state.get("_last_photo", SETTINGS["photo"].default)
    return _frame_sample(last, translate) if isinstance(last, str) else _frame_own(last, translate)


def _frame_sample(name: str, translate: Translate) -> Picture:
    data, digest = read_sample(name)
    return _frame(data, digest, _name_sample(name, translate), translate)


def _name_sample(name: str, translate: Translate) -> str:
    return translate("picture.alt_sample", name=translate(f"picture.{name}"))


def _frame_own(data: bytes, translate: Translate) -> Picture:
    return _frame(data, hashlib.sha256(data).hexdigest(), translate("picture.alt_own"), translate)


def _frame(data: bytes, digest: str, alt: str, translate: Translate) -> Picture:
    framing, size = st.session_state["framing"], st.session_state["size"]
    if (fixed := find_fixed_size()) is not None:
        framing, size = "crop" if framing == "whole" else framing, fixed
    return _make_picture(PictureKey(digest, framing, size), data, alt, translate)


def _make_picture(key: PictureKey, data: bytes, alt: str, translate: Translate) -> Picture:
    pixels, source = frame_picture(key, data)
    photo = make_photo_panel((pixels.shape[1], pixels.shape[0]), source, translate)
    return Picture(key, pixels, photo, alt)
