"""VGG16 on paper: configuration D of https://arxiv.org/abs/1409.1556. It needs no torch."""

from viz.networks.layers import STAGES, Layer

# Channels of each convolution of 3x3; "M" is a pooling of 2x2.
CONFIGURATION: tuple[int | str, ...] = (
    *(64, 64, "M", 128, 128, "M", 256, 256, 256, "M"),
    *(512, 512, 512, "M", 512, 512, 512, "M"),
)


def _list_layers() -> tuple[Layer, ...]:
    layers: list[Layer] = []
    index, block, position, stride, receptive_field = 0, 1, 1, 1, 1
    for entry in CONFIGURATION:
        if isinstance(entry, int):
            receptive_field += 2 * stride  # a 3x3 kernel adds one cell on each side
            layers.append(
                Layer(
                    name=f"conv{block}_{position}",
                    path=f"features.{index}",
                    activation=f"features.{index + 1}",
                    channels=entry,
                    stride=stride,
                    receptive_field=receptive_field,
                    offset=-(receptive_field - stride) // 2,  # it lies centred on the pixels of the cell
                    stage=STAGES[min(len(layers) // 3, 2)],  # the homework's split: 1-3, 4-6, 7-13
                )
            )
            index, position = index + 2, position + 1
        else:
            receptive_field += stride
            index, block, position, stride = index + 1, block + 1, 1, 2 * stride
    return tuple(layers)


LAYERS = _list_layers()
