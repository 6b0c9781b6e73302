"""From the visitor's choice of a photograph to the pixels that the network sees."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.cache import PictureKey, frame_picture, read_sample
from page.own_files import OwnFile, find_file, name_picture, read_file, take_file
from page.settings import NO_SECOND, OWN_PHOTOS, SETTINGS
from page.texts import get_words, translate
from viz.figures.heatmaps import make_photo_panel
from viz.figures.pieces import PhotoPanel
from viz.pictures.samples import SAMPLES


@dataclass(frozen=True)
class Picture:
    """The framed photograph and what names it.

    Attributes:
        key: Of all that is computed from it.
        pixels: uint8 [H, W, 3], exactly what the network sees.
        photo: The same for a figure.
        alt: How alternative texts call it.
        data: The photograph's bytes.
    """

    key: PictureKey
    pixels: NDArray[np.uint8]
    photo: PhotoPanel
    alt: str
    data: bytes

    @property
    def size(self) -> tuple[int, int]:
        """Its height and width, in pixels."""
        return self.photo.height, self.photo.width

    @property
    def aspect(self) -> float:
        """Its height over its width."""
        return self.photo.height / self.photo.width


def choose_picture() -> Picture:
    """The picture of the visitor's choice; while there is none, the one before it.

    A box and a point that belong to another picture are forgotten.
    """
    picture = _find_picture()
    if st.session_state.setdefault("_picture", picture.key) != picture.key:
        st.session_state.update(box=None, point=None, _picture=picture.key)
    if (shorter := min(picture.size)) < picture.key.size:
        st.caption(translate("picture.narrow", got=shorter, size=picture.key.size))
    return picture


def _find_picture() -> Picture:
    state = st.session_state
    choice = state["photo"]
    if choice not in OWN_PHOTOS:
        state["_last_photo"] = choice
        return _frame_sample(choice)
    file = take_file(choice)
    if file is None:
        # Either nothing was chosen yet, or a link or a restart of the server promises what is not here.
        waiting = choice if state.get(choice) is None and "_last_photo" in state else "lost"
        st.info(translate(f"picture.waiting_{waiting}"), icon=":material/add_photo_alternate:")
        return frame_previous()
    state["_last_photo"] = choice
    return _frame_own(file)


def settle_photo() -> None:
    """Set the choice back to what is shown where it names a file that cannot be read.

    For the sidebar, before the choice is drawn.
    """
    state = st.session_state
    choice = state["photo"]
    if choice in OWN_PHOTOS and read_file(choice) is not None and take_file(choice) is None:
        state["photo"] = state.get("_last_photo", SETTINGS["photo"].default)


def choose_sample(settings: dict[str, Any]) -> Picture:
    """The bundled photograph that some settings name, framed as they say."""
    data, digest = read_sample(settings["photo"])
    key = PictureKey(digest, settings["framing"], settings["size"])
    return _make_picture(key, data, _name_sample(settings["photo"]))


def resize(picture: Picture, size: int) -> Picture:
    """The same photograph and framing at another input size, in pixels."""
    key = PictureKey(picture.key.digest, picture.key.framing, size)
    return _make_picture(key, picture.data, picture.alt)


def choose_second() -> Picture | None:
    """The photograph that is put beside the first, if one is."""
    choice = st.session_state["second"]
    return None if choice == NO_SECOND else _choose_other(choice, "second_upload")


def choose_beside() -> Picture | None:
    """The photograph that the first is compared with, if there is one."""
    choice = st.session_state["beside_photo"]
    picture = _choose_other(choice, "beside_upload")
    if picture is None or choice in SAMPLES:
        return picture
    return replace(picture, alt=translate("beside.alt_own"))


def _choose_other(choice: str, uploader: str) -> Picture | None:
    if choice in SAMPLES:
        return _frame_sample(choice)
    file = take_file(uploader) or find_file(uploader)
    return None if file is None else _frame_own(file)


def frame_previous(network: str = "") -> Picture:
    """The photograph that the page showed last, as the visitor's network or another one sees it."""
    last = st.session_state.get("_last_photo", SETTINGS["photo"].default)
    file = find_file(last)
    if file is None:
        return _frame_sample(last, network)
    return _frame_own(file, network)


def _frame_sample(name: str, network: str = "") -> Picture:
    data, digest = read_sample(name)
    return _make_picture(name_picture(digest, network), data, _name_sample(name))


def _name_sample(name: str) -> str:
    return translate("picture.alt_sample", name=translate(f"picture.{name}"))


def _frame_own(file: OwnFile, network: str = "") -> Picture:
    key = name_picture(file.digest, network)
    return _make_picture(key, file.data, translate("picture.alt_own"))


def _make_picture(key: PictureKey, data: bytes, alt: str) -> Picture:
    pixels, source = frame_picture(key, data)
    photo = make_photo_panel((pixels.shape[1], pixels.shape[0]), source, get_words())
    return Picture(key, pixels, photo, alt, data)
