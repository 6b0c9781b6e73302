"""Photographs to the pixels that a network sees, once for all visitors."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.choice.choice import DEFAULT
from page.work import bounds
from page.work.queue import PICTURES, say_nothing
from viz.figures.heatmaps import encode_image
from viz.networks.catalogue import NetworkInfo
from viz.pictures import samples
from viz.pictures.decode import ImageError, find_used_bits, read_image
from viz.pictures.frame import FRAMINGS, MAX_SIZE, fit_side, frame_image, plan_frame
from viz.pictures.preprocess import Preprocessing, preprocess_image
from viz.pictures.samples import SAMPLES


class PictureKey(NamedTuple):
    """What names a picture as the network sees it.

    Attributes:
        digest: SHA-256 of the photograph's bytes. Noise has a name instead, and no framing and size.
        framing: Key of `viz.pictures.frame.FRAMINGS`; "" where it is the network's own.
        size: Length of the shorter side in pixels.
        stride: Pixels by multiples of which the sides of a whole picture differ from `size`; elsewhere 1.
        preprocessing: The network's own, where that frames it.
    """

    digest: str
    framing: str
    size: int
    stride: int
    preprocessing: Preprocessing | None = None


@dataclass(frozen=True, eq=False)
class Framed:
    """A picture as the network sees it.

    Attributes:
        key: What names it, in all that is computed from it.
        pixels: uint8 [H, W, 3].
        source: A data URI of the same.
        photo: Width and height of the photograph; None of noise.
        used_bits: Of 16 bits a sample, those that are used; None of other photographs.
    """

    key: PictureKey
    pixels: NDArray[np.uint8]
    source: str = ""
    photo: tuple[int, int] | None = None
    used_bits: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Its height and width, in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


@st.cache_resource(show_spinner=False, max_entries=len(SAMPLES))
def read_sample(name: str) -> tuple[bytes, str]:
    """A bundled photograph's bytes and their SHA-256."""
    data = samples.read_sample(name)
    return data, hashlib.sha256(data).hexdigest()


def find_fault(name: str) -> ImageError | None:
    """Why a bundled photograph's file cannot be had; None where it can."""
    try:
        read_sample(name)
    except ImageError as error:
        return error
    return None


def frame_picture(key: PictureKey, data: bytes) -> Framed:
    """The pixels that the network sees, of a photograph's bytes.

    Raises:
        ImageError: The bytes are not a picture that the page reads.
    """
    return PICTURES.run(say_nothing, _frame, key, data)


@st.cache_data(show_spinner=False, max_size=bounds.PICTURES)
def _frame(key: PictureKey, _data: bytes) -> Framed:
    PICTURES.require_place()
    photo = read_image(_data)
    if key.preprocessing is None:
        framed = frame_image(photo, key.framing, key.size, key.stride)
    else:
        framed = preprocess_image(photo, key.preprocessing, key.size)
    return Framed(key, np.array(framed), encode_image(framed), photo.size, find_used_bits(_data))


def choose_frame(framing: str, size: int, info: NetworkInfo) -> tuple[str, int, int]:
    """Framing, size and stride of a `PictureKey`, as a network takes them.

    A small one of one's own takes squares of one size. The size of others differs from the side of their
    training by multiples of the deepest stride.
    """
    if info.fixed_size is not None:
        return "crop" if framing == "whole" else framing, info.fixed_size, 1
    fitted = fit_side(size, info.size, info.stride, most=MAX_SIZE)
    return framing, fitted, info.stride if framing == "whole" else 1


def list_framings(chosen: str, size: int, info: NetworkInfo, photo: tuple[int, int]) -> dict[str, str]:
    """The framings that give pictures of their own, and as which each is cut.

    Of those that give the same picture it is the chosen one, else the first.

    Args:
        chosen: The visitor's framing.
        size: The visitor's size, in pixels.
        info: The network.
        photo: Width and height of the photograph.
    """
    cut = {framing: choose_frame(framing, size, info) for framing in FRAMINGS}
    plans = {framing: plan_frame(photo[0], photo[1], *how) for framing, how in cut.items()}
    first = {plans[framing]: framing for framing in (*reversed(FRAMINGS), chosen)}
    return {framing: cut[framing][0] for framing in FRAMINGS if first[plans[framing]] == framing}


def frame_samples(info: NetworkInfo) -> list[Framed]:
    """The bundled photographs as a network sees them where nobody has chosen otherwise."""
    framing, size = ("crop", info.size) if info.only_squares else (DEFAULT.framing, DEFAULT.size)
    how, found = choose_frame(framing, size, info), (read_sample(name) for name in SAMPLES)
    return [frame_picture(PictureKey(digest, *how), data) for data, digest in found]


def make_noise(height: int, width: int) -> Framed:
    """A picture of uniform noise, always the same one."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Framed(PictureKey(f"noise {height, width}", "", 0, 0), pixels)
