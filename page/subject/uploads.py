"""A visitor's files: the last one of each uploader that can be read, and what is wrong with a later one."""

import hashlib
from typing import Any

from page.choice.choice import OWN_PHOTOS, Choice
from page.choice.session import OwnFile, read_widget, remember
from page.work.pictures import PictureKey, choose_frame, frame_picture
from viz.networks.catalogue import NetworkInfo
from viz.pictures.decode import ImageError


def read_file(key: str) -> Any:
    """The bytes of the file in an uploader or a camera; None where there is none.

    The widget's value can outlive its file, for instance when the server was started anew; it is then a
    stand-in without any content.
    """
    read = getattr(read_widget(key), "getvalue", None)
    return None if read is None else read()


def take_file(key: str, choice: Choice, info: NetworkInfo) -> OwnFile | None:
    """Look at what is in an uploader: keep the file, or remember what is wrong with it.

    Returns:
        The last file of this uploader that could be read; None where there is none, or it is empty.
    """
    data, memory = read_file(key), remember()
    if data is None:
        return None
    file = OwnFile(data, hashlib.sha256(data).hexdigest())
    if key in memory.refused and memory.refused[key][0] == file.digest:  # to find that out again takes time
        return memory.files.get(key)
    try:
        frame_picture(name_picture(file.digest, choice, info), data)
    except ImageError as error:
        memory.refused[key] = (file.digest, error)
    else:
        memory.refused.pop(key, None)
        memory.files[key] = file
    return memory.files.get(key)


def name_picture(digest: str, choice: Choice, info: NetworkInfo) -> PictureKey:
    """What names a photograph as a choice and a network frame it."""
    return PictureKey(digest, *choose_frame(choice.framing, choice.size, info))


def find_refusal(key: str) -> ImageError | None:
    """What is wrong with the file in an uploader, if it was looked at and something is."""
    found = remember().refused.get(key)
    return None if found is None or read_file(key) is None else found[1]


def forget_refusals() -> None:
    """A visitor who turns to another photograph has read what was wrong with a file."""
    for key in OWN_PHOTOS:
        remember().refused.pop(key, None)
