"""From the visitor's choice of a photograph to the pixels that the network sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from page.choice.choice import DEFAULT, NOTHING, OWN_PHOTOS, Choice
from page.choice.files import OwnFile
from page.choice.session import remember
from page.subject.uploads import name_picture, read_file, take_file
from page.work.pictures import Framed, PictureKey, find_fault, frame_picture, read_sample
from viz.figures.heatmaps import make_photo_panel
from viz.figures.pieces import PhotoPanel
from viz.networks.catalogue import NetworkInfo
from viz.pictures.samples import SAMPLES
from viz.texts import Translate


@dataclass(frozen=True)
class Picture:
    """The framed photograph and what is said of it.

    Attributes:
        framed: What the network sees.
        photo: The same for a figure.
        alt: How alternative texts call it.
        data: The photograph's bytes.
        waiting: Why it is not the one that was chosen, as the key of a sentence; "" where it is.
    """

    framed: Framed
    photo: PhotoPanel
    alt: str
    data: bytes
    waiting: str = ""

    @property
    def key(self) -> PictureKey:
        """What names it, in all that is computed from it."""
        return self.framed.key

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """What the network sees, uint8 [H, W, 3]."""
        return self.framed.pixels

    @property
    def size(self) -> tuple[int, int]:
        """Its height and width, in pixels."""
        return self.framed.size

    @property
    def aspect(self) -> float:
        """Its height over its width."""
        return self.size[0] / self.size[1]


def find_unreadable(choice: Choice, info: NetworkInfo, words: Translate) -> str | None:
    """What is shown in place of a file that cannot be read; None where the choice can be shown."""
    photo, memory = choice.photo, remember()
    if photo in OWN_PHOTOS and read_file(photo) is not None and take_file(photo, choice, info) is None:
        return memory.last_photo or DEFAULT.photo
    if photo in SAMPLES and (error := find_fault(photo)):
        memory.notice = (words(error.key, **error.details), None)
        return next((name for name in SAMPLES if find_fault(name) is None), None)
    return None


def open_picture(choice: Choice, info: NetworkInfo, words: Translate) -> Picture:
    """The picture of a choice as a network sees it; while there is none, the one before it."""
    memory, photo = remember(), choice.photo
    if photo not in OWN_PHOTOS:
        memory.last_photo = memory.last_sample = photo
        return open_sample(photo, choice, info, words)
    file = take_file(photo, choice, info)
    if file is not None:
        memory.last_photo = photo
        return _open_own(file, choice, info, words)
    # Either nothing was chosen yet, or a link or a restart of the server promises what is not here.
    is_new = read_file(photo) is None and memory.last_photo is not None
    return open_last(choice, info, words, f"picture.waiting_{photo if is_new else 'lost'}")


def open_last(choice: Choice, info: NetworkInfo, words: Translate, waiting: str = "") -> Picture:
    """The photograph that the page showed last, as a network sees it."""
    last = remember().last_photo or DEFAULT.photo
    file = remember().files.get(last)
    if file is not None:
        return _open_own(file, choice, info, words, waiting)
    return open_sample(last if last in SAMPLES else DEFAULT.photo, choice, info, words, waiting)


def open_sample(name: str, choice: Choice, info: NetworkInfo, words: Translate, waiting: str = "") -> Picture:
    """A bundled photograph as a network sees it."""
    data, digest = read_sample(name)
    alt = words("picture.alt_sample", name=words(f"picture.{name}"))
    return _make_picture(name_picture(digest, choice, info), data, alt, words, waiting)


def open_second(
    photo: str | None, uploader: str, choice: Choice, info: NetworkInfo, words: Translate, alt: str
) -> Picture | None:
    """A photograph that is put beside the first, if there is one.

    `photo` names a sample, or a file in the uploader; `alt` is the key of how texts call that file.
    """
    if photo is None or photo == NOTHING:
        return None
    if photo in SAMPLES:
        return open_sample(photo, choice, info, words)
    file = take_file(uploader, choice, info) or remember().files.get(uploader)
    return None if file is None else _open_own(file, choice, info, words, alt=alt)


def reframe(picture: Picture, key: PictureKey, words: Translate) -> Picture:
    """The same photograph framed in another way, which the key names."""
    return picture if picture.key == key else _make_picture(key, picture.data, picture.alt, words)


def _open_own(
    file: OwnFile,
    choice: Choice,
    info: NetworkInfo,
    words: Translate,
    waiting: str = "",
    alt: str = "picture.alt_own",
) -> Picture:
    return _make_picture(name_picture(file.digest, choice, info), file.data, words(alt), words, waiting)


def _make_picture(key: PictureKey, data: bytes, alt: str, words: Translate, waiting: str = "") -> Picture:
    framed = frame_picture(key, data)
    photo = make_photo_panel((framed.pixels.shape[1], framed.pixels.shape[0]), framed.source, words)
    return Picture(framed, photo, alt, data, waiting)
