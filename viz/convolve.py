"""A convolution with a kernel of 3x3 by Winograd's method, where that is the faster one.

It computes 4x4 values together with a quarter of the direct method's multiplications, which are products of
matrices, and is exact but for rounding (Andrew Lavin and Scott Gray, Fast Algorithms for Convolutional Neural
Networks, https://arxiv.org/abs/1509.09308). How much it rounds depends on the points at which it evaluates
polynomials. With pairs of reciprocals (Syed Asad Alam et al., Winograd Convolution for Deep Neural Networks:
Efficient Point Selection, https://arxiv.org/abs/2201.10369) it is little more than the direct method does.
"""

from math import ceil, prod

import numpy as np
import torch
from torch import Tensor, nn

KERNEL = 3
TILE = 4  # values across and down that are computed together
REACH = TILE + KERNEL - 1  # inputs across and down that they are computed from
CELLS = REACH**2
POINTS = (0, 2 / 3, -2 / 3, 3 / 2, -3 / 2)
# With fewer tiles it takes longer to transform the kernels than it saves; with fewer channels, the tiles.
LEAST_TILES = 40
LEAST_INPUTS, LEAST_OUTPUTS = 64, 128
# How many transformed numbers there are of a few rows of tiles at once, and of kernels. With less, matrices
# are too small; more is no faster. A workspace has three times the one and once the other, 28 MB; one row of
# tiles of the widest pictures takes more, 36 MB in all.
CHUNK = 1_500_000
KERNELS = CELLS * 256 * 256
# Numbers between the kernels of two outputs: if they were some multiple of 4 KB away from each other, the
# processor's cache would have few places for them.
APART = 16


def _make_transforms() -> tuple[Tensor, Tensor, Tensor]:
    """Of inputs [6, 6], of kernels [36, 9] and of what is to be outputs [4, 6], all by Toom and Cook.

    Both the inputs and the kernels are evaluated at `POINTS` and at infinity, in both directions: of kernels,
    which are small, at once, of the rest in one direction after the other, which takes fewer multiplications.
    """
    others = [[other for other in POINTS if other != point] for point in POINTS]
    inputs = [np.append(np.poly(roots)[::-1], 0) for roots in others] + [np.poly(POINTS)[::-1]]
    kernels = [
        np.power(point, range(KERNEL)) / prod(point - other for other in roots)
        for point, roots in zip(POINTS, others, strict=True)
    ] + [np.eye(KERNEL)[-1]]
    outputs = np.column_stack([np.power(point, range(TILE)) for point in POINTS] + [np.eye(TILE)[-1]])
    matrices = (np.array(inputs), np.kron(kernels, kernels), outputs)
    of_inputs, of_kernels, of_outputs = (torch.tensor(matrix, dtype=torch.float32) for matrix in matrices)
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
        if memory is None or memory.numel() < size:
            memory = self._memory[purpose] = torch.empty(size)
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
    down, across = _count_tiles(signal)
    inputs, outputs = convolution.in_channels, convolution.out_channels
    output = torch.empty((1, outputs, *signal.shape[2:]), memory_format=torch.channels_last)
    groups = _group_outputs(inputs, outputs)
    step = max(1, CHUNK // (across * CELLS * max(inputs, outputs)))
    for top in range(0, down, step):
        rows = min(step, down - top)
        cells = _transform_inputs(signal, top, rows, across, workspace)
        part = output[0, :, top * TILE : (top + rows) * TILE].permute(1, 2, 0)
        for group in groups:
            if top == 0 or len(groups) > 1:
                kernels = _transform_kernels(convolution.weight[group], workspace)
            products = workspace.take("products", CELLS, rows * across, kernels.shape[-1])
            torch.bmm(cells, kernels, out=products)
            values = _transform_outputs(products, workspace).view(TILE, TILE, rows, across, -1)
            _put_together(values, convolution.bias[group], part[..., group])
    return output


def _count_tiles(signal: Tensor) -> tuple[int, int]:
    """Down and across."""
    return ceil(signal.shape[2] / TILE), ceil(signal.shape[3] / TILE)


def _group_outputs(inputs: int, outputs: int) -> list[slice]:
    """The outputs whose kernels are transformed together."""
    size = max(1, KERNELS // (CELLS * inputs))
    return [slice(first, first + size) for first in range(0, outputs, size)]


def _transform_inputs(signal: Tensor, top: int, rows: int, across: int, workspace: Workspace) -> Tensor:
    """The inputs of so many rows of tiles, from the row `top` on. [1, C, h, w] -> [36, tiles, C]."""
    channels, width = signal.shape[1], signal.shape[3]
    first, end = top * TILE - 1, (top + rows) * TILE + 1  # with a row of padding before and behind
    inside = signal[0, :, max(first, 0) : end].permute(1, 2, 0)
    # In the memory of products, which are yet to come.
    padded = workspace.take("products", end - first, across * TILE + 2, channels).zero_()
    padded[max(-first, 0) :][: len(inside), 1 : width + 1] = inside
    line, column, _ = padded.stride()
    # Down first, for that needs no copy of where tiles overlap: it is a matrix [6, line] for each row. A lone
    # one is transformed twice: of a single product the bits can depend on the number of threads (MKL on AMD).
    count, apart = (rows, TILE * line) if rows > 1 else (2, 0)
    overlapping = padded.as_strided((count, REACH, line), (apart, line, 1))
    half = workspace.take("cells", count, REACH, line)  # of the way
    torch.bmm(OF_INPUTS.expand(count, -1, -1), overlapping, out=half)
    shape = (REACH, REACH, rows, across, channels)
    overlapping = half.as_strided(shape, (line, column, REACH * line, TILE * column, 1))
    cut = workspace.take("products", *shape).copy_(overlapping).view(REACH, REACH, -1)
    cells = workspace.take("cells", *cut.shape)
    return torch.bmm(OF_INPUTS.expand(REACH, -1, -1), cut, out=cells).view(CELLS, -1, channels)


def _transform_kernels(weight: Tensor, workspace: Workspace) -> Tensor:
    """[C', C, 3, 3] -> [36, C, C']."""
    outputs, inputs = weight.shape[:2]
    assert not (torch.is_grad_enabled() and weight.requires_grad)
    size = CELLS * inputs
    memory = workspace.take("kernels", outputs, size + APART)[:, :size]
    kernels = memory.view(outputs, CELLS, inputs)
    weights = weight.detach().permute(0, 2, 3, 1).reshape(outputs, KERNEL**2, inputs)
    # By NumPy: torch can have its threads share each of these many small products, and then they mostly wait.
    np.matmul(OF_KERNELS.numpy(), weights.numpy(), out=kernels.numpy())
    return kernels.permute(1, 2, 0)


def _transform_outputs(products: Tensor, workspace: Workspace) -> Tensor:
    """[36, tiles, C'] -> [4, 4, tiles x C'], across and down in each tile."""
    cells = products.view(REACH, REACH, -1)
    half = workspace.take("half", REACH, TILE, cells.shape[-1])
    torch.bmm(OF_OUTPUTS.expand(REACH, -1, -1), cells, out=half)
    values = workspace.take("values", TILE, TILE, cells.shape[-1])
    return torch.bmm(OF_OUTPUTS.expand(TILE, -1, -1), half.transpose(0, 1), out=values)


def _put_together(values: Tensor, bias: Tensor, output: Tensor) -> None:
    """Add the bias and write tiles [across, down, rows, columns, C'] to an output [h, w, C'].

    The last row and column of tiles may reach beyond it.
    """
    for tile_rows, height, rows in _split(output.shape[0]):
        for tile_columns, width, columns in _split(output.shape[1]):
            part = values[:width, :height, tile_rows, tile_columns]
            place = output[rows, columns].view(part.shape[2], height, part.shape[3], width, -1)
            torch.add(part, bias, out=place.permute(3, 1, 0, 2, 4))


def _split(length: int) -> list[tuple[slice, int, slice]]:
    """Whole tiles and the part of one that there may be: which tiles, how much of each, where it goes."""
    whole, rest = divmod(length, TILE)
    end = whole * TILE
    parts = [(slice(0, whole), TILE, slice(0, end))] if whole else []
    return parts + ([(slice(whole, None), rest, slice(end, None))] if rest else [])


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
