"""Photographs to the pixels that a network sees, once for all visitors."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from page.choice.choice import DEFAULT
from page.work import bounds
from viz.figures.heatmaps import encode_image
from viz.networks.catalogue import NetworkInfo
from viz.pictures import samples
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES


class PictureKey(NamedTuple):
    """What names a picture as the network sees it.

    Attributes:
        digest: SHA-256 of the photograph's bytes. Noise has a name instead, and no framing and size.
        framing: Key of `viz.pictures.frame.FRAMINGS`.
        size: Length of the shorter side in pixels.
    """

    digest: str
    framing: str
    size: int


@dataclass(frozen=True, eq=False)
class Framed:
    """A picture as the network sees it.

    Attributes:
        key: What names it, in all that is computed from it.
        pixels: uint8 [H, W, 3].
        source: A data URI of the same.
    """

    key: PictureKey
    pixels: NDArray[np.uint8]
    source: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Its height and width, in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


@st.cache_data(show_spinner=False, max_entries=len(SAMPLES))
def read_sample(name: str) -> tuple[bytes, str]:
    """A bundled photograph's bytes and their SHA-256."""
    data = samples.read_sample(name)
    return data, hashlib.sha256(data).hexdigest()


@st.cache_data(show_spinner=False, max_size=bounds.PICTURES)
def frame_picture(key: PictureKey, _data: bytes) -> Framed:
    """The pixels that the network sees, of a photograph's bytes.

    Raises:
        ImageError: The bytes are not a picture that the page reads.
    """
    framed = frame_image(read_image(_data), key.framing, key.size)
    return Framed(key, np.array(framed), encode_image(framed))


def choose_frame(framing: str, size: int, info: NetworkInfo) -> tuple[str, int]:
    """Framing and size as a network takes them: a small one of one's own takes squares of one size."""
    if info.fixed_size is None:
        return framing, size
    return "crop" if framing == "whole" else framing, info.fixed_size


def frame_samples(info: NetworkInfo) -> list[Framed]:
    """The bundled photographs as a network sees them where nobody has chosen otherwise."""
    framing, size = ("crop", info.size) if info.only_squares else (DEFAULT.framing, DEFAULT.size)
    found = (read_sample(name) for name in SAMPLES)
    return [frame_picture(PictureKey(digest, framing, size), data) for data, digest in found]


def make_noise(height: int, width: int) -> Framed:
    """A picture of uniform noise, always the same one."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Framed(PictureKey(f"noise {height, width}", "", 0), pixels)
