"""What is known of a network's convolutions without running it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

from viz.texts import Translate

Stage = Literal["shallow", "middle", "deep"]
STAGES: tuple[Stage, ...] = get_args(Stage)

# Before the activation behind a convolution, and after it.
SIDES = ("pre", "post")


@dataclass(frozen=True)
class Window:
    """How a convolution or a pooling steps over its input, the same along both axes."""

    kernel: int
    stride: int
    padding: int
    dilation: int = 1

    def count_cells(self, length: int) -> int:
        """Cells that it makes of so many."""
        return (length + 2 * self.padding - self.dilation * (self.kernel - 1) - 1) // self.stride + 1


class Call(NamedTuple):
    """One call of a pass.

    Attributes:
        number: Of the convolution or activation, counted from 0; of a product: of the one before it.
        function: Its name, such as "conv2d".
        behind: 0; of a product: which of its name behind that convolution or activation, counted from 1.
    """

    number: int
    function: str
    behind: int = 0


FIRST = Call(0, "conv2d")


@dataclass(frozen=True)
class Activation:
    """The activation behind a convolution."""

    path: str  # dotted name of the module in `Network.module` that calls it
    kind: str  # such as "ReLU"
    call: Call  # which gives its result
    direct: bool = True  # takes the convolution's own output, with no normalisation or addition between


@dataclass(frozen=True)
class Layer:
    """One convolution of a network.

    Attributes:
        name: What it is called on the page, such as "conv3_1".
        path: Dotted name of the module in `Network.module` that calls it.
        channels: Output channels, C of the feature map [C, h, w].
        stride: Input pixels from one cell of the feature map to the next; where the network is no plain
            chain, the nearest power of two.
        stage: Which part of the network's depth it belongs to.
        activation: The activation behind it; None where none was found.
        windows: Of all convolutions and poolings from the picture to this layer, where the network is a
            plain chain of them; empty elsewhere.
        call: Which gives its result.
        kernel: Dotted name of the parameter that is its kernel; "" of one that is computed.
        fingerprint: Tells a computed kernel from others; None where it is not always the same.
        corner: Left and top edge of the first cell, in input pixels, as `viz.networks.placement` finds them
            where the network is no plain chain; None where that is not known.
    """

    name: str
    path: str
    channels: int
    stride: int
    stage: Stage
    activation: Activation | None
    windows: tuple[Window, ...] = ()
    call: Call = FIRST
    kernel: str = ""
    fingerprint: float | None = None
    corner: tuple[float, float] | None = None

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides of the activation that there are."""
        return SIDES if self.activation else SIDES[:1]

    def pick_side(self, side: str) -> str:
        """The side that is asked for, or "pre" where there is no other."""
        return side if side in self.sides else "pre"

    @property
    def receptive_field(self) -> int | None:
        """Side of the square that one cell sees, in input pixels; None where it is not known.

        It follows from kernels and strides (https://distill.pub/2019/computing-receptive-fields).
        """
        if not self.windows:
            return None
        return 1 + self._add_up(lambda window: window.dilation * (window.kernel - 1))

    @property
    def has_gaps(self) -> bool:
        """Whether a cell does not see all pixels of its receptive field, since a dilation or a stride skips
        some."""
        seen, stride = {0}, 1
        for window in self.windows:
            step = window.dilation * stride
            seen = {pixel + tap * step for pixel in seen for tap in range(window.kernel)}
            stride *= window.stride
        return len(seen) < (self.receptive_field or 1)

    @property
    def offset(self) -> int | None:
        """Input pixel at which the first cell's receptive field begins, negative where it reaches into the
        padding; None where it is not known."""
        return -self._add_up(lambda window: window.padding) if self.windows else None

    def _add_up(self, measure: Callable[[Window], int]) -> int:
        """The sum of a length over the windows, each in cells of its own input, in input pixels."""
        total, stride = 0, 1
        for window in self.windows:
            total += measure(window) * stride
            stride *= window.stride
        return total

    def map_size(self, height: int, width: int) -> tuple[int, int] | None:
        """Height and width of its map, in cells, for a picture of this height and width in pixels.

        None where the network is no plain chain: only a pass can tell.
        """
        if not self.windows:
            return None
        for window in self.windows:
            height, width = window.count_cells(height), window.count_cells(width)
        return height, width

    def field_share(self, height: int, width: int) -> float | None:
        """Share of a picture of this height and width that one cell in its middle sees, 0..1."""
        field = self.receptive_field
        return None if field is None else min(field, height) * min(field, width) / (height * width)


def split_in_thirds(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Give each layer the third of the network's depth in which it lies as its stage."""
    count = len(layers)
    return tuple(replace(layer, stage=STAGES[3 * place // count]) for place, layer in enumerate(layers))


def choose_default_layers(layers: Sequence[Layer]) -> list[str]:
    """Names of the layers that are shown at first: the middle one of each stage, and the deepest."""
    chosen: list[Layer] = []
    for stage in STAGES:
        here = [layer for layer in layers if layer.stage == stage]
        # Better one that has both sides of the activation.
        here = [layer for layer in here if layer.activation] or here
        chosen += here[(len(here) - 1) // 2 :][:1]
    return list(dict.fromkeys(layer.name for layer in (*chosen, layers[-1])))


def name_side(layers: Sequence[Layer], side: str, translate: Translate) -> str:
    """A side of the activation, which is named where a network of these layers has one kind only."""
    kinds = {layer.activation.kind for layer in layers if layer.activation}
    if len(kinds) == 1:
        return translate(f"side.{side}", activation=kinds.pop())
    return translate(f"side.{side}_any" if kinds else "side.output")
