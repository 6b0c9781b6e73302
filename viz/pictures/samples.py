"""The bundled photographs."""

from pathlib import Path

IMAGES = Path(__file__).parents[2] / "assets" / "images"

SAMPLES = {
    "cat": "cat.png",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "rocket": "rocket.jpg",
    "brick": "brick.png",
}


def read_sample(name: str) -> bytes:
    """The file of one of `SAMPLES`."""
    return (IMAGES / SAMPLES[name]).read_bytes()
