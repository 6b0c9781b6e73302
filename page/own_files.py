"""A visitor's files: the last one of each uploader that can be read, and what is wrong with a later one."""

import hashlib
from typing import Any, NamedTuple

import streamlit as st

from page.cache import PictureKey, frame_picture
from page.networks import find_fixed_size
from page.settings import OWN_PHOTOS
from viz.pictures.decode import ImageError


class OwnFile(NamedTuple):
    """A file that can be read.

    Attributes:
        data: Its bytes.
        digest: Their SHA-256.
    """

    data: bytes
    digest: str


def read_file(key: str) -> Any:
    """The bytes of the file in an uploader or a camera; None where there is none.

    The widget's value can outlive its file, for instance when the server was started anew; it is then a
    stand-in without any content.
    """
    read = getattr(st.session_state.get(key), "getvalue", None)
    return None if read is None else read()


def take_file(key: str) -> OwnFile | None:
    """Look at what is in an uploader: keep the file, or remember what is wrong with it.

    Returns:
        The last file of this uploader that could be read; None where there is none, or it is empty.
    """
    data = read_file(key)
    if data is None:
        return None
    refused = st.session_state.setdefault("_refused", {})
    file = OwnFile(data, hashlib.sha256(data).hexdigest())
    if key in refused and refused[key][0] == file.digest:  # to find that out again takes time
        return find_file(key)
    try:
        frame_picture(name_picture(file.digest), data)
    except ImageError as error:
        refused[key] = (file.digest, error)
    else:
        refused.pop(key, None)
        st.session_state.setdefault("_files", {})[key] = file
    return find_file(key)


def find_file(key: str) -> OwnFile | None:
    """The last file of an uploader that could be read, also when the uploader is empty now."""
    file: OwnFile | None = st.session_state.get("_files", {}).get(key)
    return file


def find_refusal(key: str) -> ImageError | None:
    """What is wrong with the file in an uploader, if it was looked at and something is."""
    found = st.session_state.get("_refused", {}).get(key)
    return None if found is None or read_file(key) is None else found[1]


def forget_refusals() -> None:
    """A visitor who turns to another photograph has read what was wrong with a file."""
    for key in OWN_PHOTOS:
        st.session_state.get("_refused", {}).pop(key, None)


def name_picture(digest: str, network: str = "") -> PictureKey:
    """What names a photograph as the visitor's settings and network, or another one, frame it."""
    framing, size = st.session_state["framing"], st.session_state["size"]
    if (fixed := find_fixed_size(network)) is not None:
        framing, size = "crop" if framing == "whole" else framing, fixed
    return PictureKey(digest, framing, size)
