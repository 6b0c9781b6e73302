"""A visitor's files: the last one of each uploader that can be read, and what is wrong with a later one."""

import hashlib
import time
from typing import Any

from page.choice.choice import OWN_PHOTOS, Choice
from page.choice.files import Left, OwnFile
from page.choice.session import choose, read_widget, remember
from page.work.pictures import PictureKey, choose_frame, frame_picture
from viz.networks.catalogue import NetworkInfo
from viz.pictures.decode import ImageError

GRACE_S = 3.0  # in which a file that has gone can be found to have been replaced


def name_uploader(key: str) -> str:
    """The key of an uploader's widget; Streamlit lets nobody empty one, so another takes its place."""
    count = remember().renewed.get(key, 0)
    return f"{key}_{count}" if count else key


def read_file(key: str) -> Any:
    """The bytes of the file in an uploader or a camera; None where there is none.

    The widget's value can outlive its file, for instance when the server was started anew; it is then a
    stand-in without any content.
    """
    read = getattr(read_widget(name_uploader(key)), "getvalue", None)
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


def hear_uploader(key: str, choice: Choice, info: NetworkInfo) -> None:
    """A file has come into an uploader, or gone from it; for callbacks.

    A photograph that has come is what the visitor wants to see, if it can be read. One that has gone is
    forgotten; but the browser also empties an uploader in passing, while one file replaces another, and a
    file that cannot be read brings the one before it back.
    """
    memory = remember()
    if read_file(key) is None:
        if (file := memory.files.get(key)) is not None:
            memory.left[key] = Left(file, choice.photo == key, time.monotonic())
            _forget(key, choice)
        return
    left, good = memory.left.pop(key, None), take_file(key, choice, info)
    is_refused = find_refusal(key) is not None
    if good is None and left is not None:
        memory.files[key] = left.file
    if key in OWN_PHOTOS and (not is_refused or (left is not None and left.shown)):
        choose({"photo": key})


def hear_camera() -> None:
    """A photograph has come from the camera, or gone to be taken once more; for callbacks."""
    if read_file("camera") is None:
        _forget("camera", None)


def take_away(key: str, choice: Choice) -> None:
    """Forget a file that still lies in its uploader; for callbacks."""
    memory = remember()
    memory.renewed[key] = memory.renewed.get(key, 0) + 1
    _forget(key, choice)


def _forget(key: str, choice: Choice | None) -> None:
    """Keep nothing of a file; where the choice shows it, the sample before it comes back."""
    memory = remember()
    memory.files.pop(key, None)
    memory.refused.pop(key, None)
    if memory.last_photo == key:
        memory.last_photo = memory.last_sample
    if choice is not None and choice.photo == key:
        choose({"photo": memory.last_sample})


def let_go() -> bool:
    """Forget the files that went a while ago; gives whether there are none any more."""
    memory, now = remember(), time.monotonic()
    memory.left = {key: left for key, left in memory.left.items() if now - left.since < GRACE_S}
    return not memory.left


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
