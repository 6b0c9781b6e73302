"""What is known of a network's convolutions without running it."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["shallow", "middle", "deep"]
STAGES: tuple[Stage, ...] = ("shallow", "middle", "deep")

# Before the activation behind a convolution, and after it.
SIDES = ("pre", "post")


@dataclass(frozen=True)
class Layer:
    """One convolution of a network.

    Attributes:
        name: What it is called on the page, such as "conv3_1".
        path: Dotted name of its module in `Network.module`.
        activation: Dotted name of the module of its activation; None where it has none.
        channels: Output channels, C of the feature map [C, h, w].
        stride: Input pixels from one cell of the feature map to the next.
        receptive_field: Side of the square that one cell sees, in input pixels; None where it is not known.
        offset: Input pixel at which the first cell's receptive field begins, negative where the field reaches
            into the padding; None where it is not known.
        stage: Which part of the network's depth it belongs to.
    """

    name: str
    path: str
    activation: str | None
    channels: int
    stride: int
    receptive_field: int | None
    offset: int | None
    stage: Stage

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides of the activation that there are."""
        return SIDES if self.activation else SIDES[:1]

    @property
    def index(self) -> int:
        """Its place in the sequence of modules that it stands in; the last part of its path."""
        return int(self.path.rsplit(".", 1)[-1])

    def map_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of its map, in cells, for a picture of this height and width in pixels."""
        return height // self.stride, width // self.stride

    def field_share(self, height: int, width: int) -> float | None:
        """Share of a picture of this height and width that one cell in its middle sees, 0..1."""
        if self.receptive_field is None:
            return None
        return min(self.receptive_field, height) * min(self.receptive_field, width) / (height * width)
