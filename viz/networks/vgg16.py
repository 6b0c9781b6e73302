"""VGG16 on paper: configuration D of https://arxiv.org/abs/1409.1556. It needs no torch."""

from collections.abc import Sequence
from dataclasses import replace

from viz.networks.layers import STAGES, Activation, Call, Layer, Window

# Channels of each convolution of 3x3; "M" is a pooling of 2x2.
CONFIGURATION: tuple[int | str, ...] = (
    *(64, 64, "M", 128, 128, "M", 256, 256, 256, "M"),
    *(512, 512, 512, "M", 512, 512, 512, "M"),
)


def _list_layers() -> tuple[Layer, ...]:
    layers: list[Layer] = []
    windows: list[Window] = []
    index, stride = 0, 1
    for entry in CONFIGURATION:
        if isinstance(entry, int):
            windows.append(Window(kernel=3, stride=1, padding=1))
            path, number = f"features.{index}", 2 * len(layers)
            activation = Activation(f"features.{index + 1}", "ReLU", Call(number + 1, "relu"))
            call = Call(number, "conv2d")
            layer = Layer(path, path, entry, stride, "deep", activation, tuple(windows), call)
            layers.append(replace(layer, kernel=f"{path}.weight"))
            index += 2
        else:
            windows.append(Window(kernel=2, stride=2, padding=0))
            index, stride = index + 1, 2 * stride
    return name_as_paper(layers)


def name_as_paper(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Name a VGG's layers by block and place, as its paper does, and split VGG16 as the homework does."""
    named: list[Layer] = []
    for layer in layers:
        # Each pooling doubles the stride.
        place = sum(other.stride == layer.stride for other in named) + 1
        named.append(replace(layer, name=f"conv{layer.stride.bit_length()}_{place}"))
    if len(named) != 13:
        return tuple(named)
    # The homework's split: 1-3, 4-6, 7-13.
    return tuple(replace(layer, stage=STAGES[min(place // 3, 2)]) for place, layer in enumerate(named))


LAYERS = _list_layers()
