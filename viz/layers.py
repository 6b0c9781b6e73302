"""The table of VGG16's 13 convolutions (configuration D of https://arxiv.org/abs/1409.1556)."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["shallow", "middle", "deep"]

STAGES: tuple[Stage, ...] = ("shallow", "middle", "deep")

# Which side of a convolution's ReLU a map was read on.
SIDES = ("pre", "post")


@dataclass(frozen=True)
class ConvLayer:
    """One convolution layer of VGG16.

    Attributes:
        name: The paper's name, conv<block>_<position>.
        index: Its place in torchvision's `vgg16().features`; its ReLU is at `index + 1`.
        channels: Output channels, C of the feature map [C, h, w].
        stride: Input pixels from one cell of the feature map to the next.
        receptive_field: Side of the square of input pixels that one cell sees, in pixels.
        stage: The homework's split by convolution: 1-3 shallow, 4-6 middle, 7-13 deep.
    """

    name: str
    index: int
    channels: int
    stride: int
    receptive_field: int
    stage: Stage


def _build_table() -> tuple[ConvLayer, ...]:
    blocks = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
    layers: list[ConvLayer] = []
    index, stride, receptive_field = 0, 1, 1
    for block, (convolutions, channels) in enumerate(blocks, start=1):
        for position in range(1, convolutions + 1):
            receptive_field += 2 * stride  # a 3x3 kernel adds one cell on each side
            stage = STAGES[min(len(layers) // 3, 2)]
            layers.append(
                ConvLayer(f"conv{block}_{position}", index, channels, stride, receptive_field, stage)
            )
            index += 2  # the convolution and its ReLU
        receptive_field += stride  # the 2x2 pooling that ends the block
        stride *= 2
        index += 1
    return tuple(layers)


CONV_LAYERS: tuple[ConvLayer, ...] = _build_table()
LAYER_NAMES: tuple[str, ...] = tuple(layer.name for layer in CONV_LAYERS)


def get_layer(name: str) -> ConvLayer:
    """Look a layer up by its name.

    Args:
        name: One of conv1_1 ... conv5_3.

    Returns:
        The layer's row of `CONV_LAYERS`.

    Raises:
        ValueError: The name is unknown; the message lists the valid ones.

    Example:
        >>> get_layer("conv3_1").stride
        4
    """
    for layer in CONV_LAYERS:
        if layer.name == name:
            return layer
    raise ValueError(f"unknown layer {name!r}; expected one of {', '.join(LAYER_NAMES)}")
