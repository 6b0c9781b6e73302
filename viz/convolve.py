"""A convolution with a kernel of 3x3 by Winograd's method, where that is the faster one.

It computes 4x4 values together with a quarter of the direct method's multiplications, which are products of
matrices, and is exact but for rounding (Andrew Lavin and Scott Gray, Fast Algorithms for Convolutional Neural
Networks, https://arxiv.org/abs/1509.09308). How much it rounds depends on the points at which it evaluates
polynomials. With pairs of reciprocals (Syed Asad Alam et al., Winograd Convolution for Deep Neural Networks:
Efficient Point Selection, https://arxiv.org/abs/2201.10369) it is no more than what the direct method does.
"""

from math import ceil, prod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

KERNEL = 3
TILE = 4  # values across and down that are computed together
REACH = TILE + KERNEL - 1  # inputs across and down that they are computed from
CELLS = REACH**2
POINTS = (0, 2 / 3, -2 / 3, 3 / 2, -3 / 2)
# With fewer tiles it takes longer to transform the kernels than it saves; with fewer channels, the tiles.
LEAST_TILES = 40
LEAST_INPUTS, LEAST_OUTPUTS = 64, 128
# How many transformed numbers there are of a few rows of tiles at once, and of kernels. More is slower, for
# it leaves the processor's cache. A workspace has three times the one and once the other, 34 MB.
CHUNK = 2_000_000
KERNELS = CELLS * 256 * 256


def _make_transforms() -> tuple[Tensor, Tensor, Tensor]:
    """Of inputs [36, 36], of kernels [36, 9] and of what is to be outputs [16, 36], all by Toom and Cook.

    Both the inputs and the kernels are evaluated at `POINTS` and at infinity, in both directions.
    """
    others = [[other for other in POINTS if other != point] for point in POINTS]
    inputs = [np.append(np.poly(roots)[::-1], 0) for roots in others] + [np.poly(POINTS)[::-1]]
    kernels = [
        np.power(point, range(KERNEL)) / prod(point - other for other in roots)
        for point, roots in zip(POINTS, others, strict=True)
    ] + [np.eye(KERNEL)[-1]]
    outputs = np.column_stack([np.power(point, range(TILE)) for point in POINTS] + [np.eye(TILE)[-1]])
    both = (np.kron(matrix, matrix) for matrix in (np.array(inputs), np.array(kernels), outputs))
    of_inputs, of_kernels, of_outputs = (torch.tensor(matrix, dtype=torch.float32) for matrix in both)
    return of_inputs, of_kernels, of_outputs


OF_INPUTS, OF_KERNELS, OF_OUTPUTS = _make_transforms()


class Workspace:
    """Memory for what `convolve` computes on the way, so that not every layer has to ask for some anew.

    It serves one thread at a time.
    """

    def __init__(self) -> None:
        self._memory: dict[str, Tensor] = {}

    def take(self, purpose: str, *shape: int) -> Tensor:
        """Some of it, with anything in it; what was taken for this purpose before is overwritten."""
        size = prod(shape)
        memory = self._memory.get(purpose)
        if memory is None or len(memory) < size:
            memory = self._memory[purpose] = torch.empty(max(size, CHUNK))
        return memory[:size].view(shape)


def convolve(convolution: nn.Conv2d, signal: Tensor, workspace: Workspace) -> Tensor:
    """The same as `convolution(signal)`, often sooner, while no gradients are recorded.

    Args:
        convolution: Left as it is.
        signal: [1, C, h, w], its channels last in memory.
        workspace: Any; to have one for many layers saves time.

    Returns:
        [1, C', h, w], its channels last in memory.
    """
    if not suits_winograd(convolution, signal):
        output: Tensor = convolution(signal)
        return output
    assert convolution.bias is not None  # `suits_winograd` has seen to it
    height, width = signal.shape[2:]
    down, across = _count_tiles(signal)
    inputs, outputs = convolution.in_channels, convolution.out_channels
    output = torch.empty((1, outputs, down * TILE, across * TILE), memory_format=torch.channels_last)
    tiled = output[0].permute(1, 2, 0).view(down, TILE, across, TILE, outputs)
    groups = _group_outputs(inputs, outputs)
    rows = max(1, CHUNK // (across * CELLS * max(inputs, outputs)))
    for top in range(0, down, rows):
        chunk = tiled[top : top + rows].permute(1, 3, 0, 2, 4)
        tiles = chunk.shape[2] * across
        cells = _transform_inputs(signal, top, chunk.shape[2], across, workspace)
        for group in groups:
            if top == 0 or len(groups) > 1:
                kernels = _transform_kernels(convolution.weight[group], workspace)
            part = chunk[..., group]
            products = workspace.take("products", CELLS, tiles, part.shape[-1])
            torch.bmm(cells, kernels, out=products)
            values = workspace.take("values", TILE**2, tiles * part.shape[-1])
            torch.mm(OF_OUTPUTS, products.flatten(1), out=values)
            torch.add(values.view(part.shape), convolution.bias[group], out=part)
    return output[:, :, :height, :width].contiguous(memory_format=torch.channels_last)


def _count_tiles(signal: Tensor) -> tuple[int, int]:
    """Down and across."""
    return ceil(signal.shape[2] / TILE), ceil(signal.shape[3] / TILE)


def _group_outputs(inputs: int, outputs: int) -> list[slice]:
    """The outputs whose kernels are transformed together."""
    size = max(1, KERNELS // (CELLS * inputs))
    return [slice(first, first + size) for first in range(0, outputs, size)]


def _transform_inputs(signal: Tensor, top: int, down: int, across: int, workspace: Workspace) -> Tensor:
    """The inputs of rows of tiles, from the row `top` on. [1, C, h, w] -> [36, tiles, C]."""
    channels, height, width = signal.shape[1:]
    first, end = top * TILE - 1, (top + down) * TILE + 1  # with a row of padding before and behind
    rows = signal[0, :, max(first, 0) : end].permute(1, 2, 0)
    padding = (1, across * TILE + 1 - width, max(-first, 0), max(end - height, 0))
    padded = pad(rows, (0, 0, *padding))
    row, column, channel = padded.stride()
    shape = (REACH, REACH, down, across, channels)
    overlapping = padded.as_strided(shape, (row, column, TILE * row, TILE * column, channel))
    cut = workspace.take("products", *shape).copy_(overlapping)  # there are no products yet
    cells = workspace.take("cells", CELLS, down * across * channels)
    return torch.mm(OF_INPUTS, cut.view(cells.shape), out=cells).view(CELLS, -1, channels)


def _transform_kernels(weight: Tensor, workspace: Workspace) -> Tensor:
    """[C', C, 3, 3] -> [36, C, C']."""
    outputs, inputs = weight.shape[:2]
    kernels = workspace.take("kernels", CELLS, outputs * inputs)
    torch.mm(OF_KERNELS, weight.permute(2, 3, 0, 1).reshape(KERNEL**2, -1), out=kernels)
    return kernels.view(CELLS, outputs, inputs).transpose(1, 2)


def suits_winograd(convolution: nn.Conv2d, signal: Tensor) -> bool:
    """Whether Winograd's method is possible here, and faster.

    It depends on shapes alone, so that values do not depend on what else goes on.

    Args:
        convolution: Any.
        signal: Its input, [1, C, h, w].
    """
    if not _is_plain(convolution) or signal.shape[0] != 1:
        return False
    if (signal.device.type, signal.dtype) != ("cpu", torch.float32):
        return False
    down, across = _count_tiles(signal)
    channels = (convolution.in_channels, convolution.out_channels)
    return down * across >= LEAST_TILES and channels[0] >= LEAST_INPUTS and channels[1] >= LEAST_OUTPUTS


def _is_plain(convolution: nn.Conv2d) -> bool:
    shape = (convolution.kernel_size, convolution.stride, convolution.padding, convolution.dilation)
    plain = shape == ((3, 3), (1, 1), (1, 1), (1, 1)) and convolution.groups == 1
    return plain and convolution.padding_mode == "zeros" and convolution.bias is not None
