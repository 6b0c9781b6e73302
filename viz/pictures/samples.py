"""The bundled photographs."""

from viz.bundled import ASSETS
from viz.pictures.decode import ImageError

IMAGES = ASSETS / "images"

SAMPLES = {
    "cat": "cat.png",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "rocket": "rocket.jpg",
    "brick": "brick.png",
}


def read_sample(name: str) -> bytes:
    """The file of one of `SAMPLES`, or an ImageError."""
    try:
        return (IMAGES / SAMPLES[name]).read_bytes()
    except OSError as error:
        raise ImageError("sample", file=SAMPLES[name]) from error
