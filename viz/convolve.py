"""A convolution with a kernel of 3x3 by Winograd's method, where that is the faster one.

It needs less than half of the multiplications of the direct method and is exact but for rounding: values
differ by up to a hundred-thousandth of a map's largest one (Andrew Lavin and Scott Gray, Fast Algorithms for
Convolutional Neural Networks, https://arxiv.org/abs/1509.09308). torch carries it in NNPACK.
"""

from concurrent.futures import Executor, Future
from functools import partial
from math import ceil

import torch
from torch import Tensor, nn

TILE = 6  # values across and down that are computed together
TRANSFORMED_BYTES = 8 * 8 * 4  # what a tile of one channel, and each kernel, is transformed to
# With fewer tiles it takes longer to transform the kernels than it saves; with fewer channels, the tiles.
LEAST_TILES = 30
LEAST_CHANNELS = 64
# What all of it may take for a thread; where there are too many tiles for that, the direct method stays. Of a
# picture of 337x224 pixels the layers conv2_1 to conv4_3 are computed in this way, of 224x224 up to conv3_3.
WORKSPACE_BYTES = 27_000_000
PIECES = (2, 4, 8)  # of the output channels, one after the other or on several threads


def _start_nnpack() -> bool:
    """Whether there is NNPACK, which is then told to leave the threads to us.

    It makes threads of its own at its first use, as many as torch has at that moment. Two passes would wait
    for each other there, and after each layer the threads would spin where others could use the processor.
    """
    if not (hasattr(torch, "_nnpack_available") and torch._nnpack_available()):
        return False
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _run_nnpack(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 3, 3), torch.zeros(1), slice(None))
    finally:
        torch.set_num_threads(threads)
    return True


def _run_nnpack(signal: Tensor, kernels: Tensor, bias: Tensor, channels: slice) -> Tensor:
    # torch's modules choose this operator by themselves only for batches of 16 and more.
    with torch.inference_mode():  # which a thread does not inherit
        return torch._nnpack_spatial_convolution(signal, kernels[channels], bias[channels], padding=1)


HAS_NNPACK = _start_nnpack()


def convolve(convolution: nn.Conv2d, signal: Tensor, helpers: Executor | None = None) -> Tensor:
    """The same as `convolution(signal)`, often sooner. No gradients are recorded.

    Args:
        convolution: Left as it is.
        signal: [1, C, h, w], its channels last in memory.
        helpers: Threads that share the work where torch may use more than one in this one. NNPACK keeps
            memory for each thread as long as it lives, so they should live longer than a pass. The values
            are the same to the bit without them.

    Returns:
        [1, C', h, w], its channels last in memory.
    """
    pieces = count_pieces(convolution, signal)
    if not pieces:
        output: Tensor = convolution(signal)
        return output
    assert convolution.bias is not None  # `count_pieces` has seen to it
    run = partial(_run_nnpack, signal.contiguous(), convolution.weight.contiguous(), convolution.bias)
    count = convolution.out_channels // pieces
    places = [slice(first, first + count) for first in range(0, convolution.out_channels, count)]
    output = torch.empty((1, convolution.out_channels, *signal.shape[2:]), memory_format=torch.channels_last)
    # This thread's own pieces first: by then the others are there.
    threads = torch.get_num_threads()
    others: dict[int, Future[Tensor]] = {}
    if helpers is not None:
        others = {number: helpers.submit(run, places[number]) for number in range(pieces) if number % threads}
    for number in sorted(range(pieces), key=lambda number: number % threads):
        place = places[number]
        output[:, place] = others[number].result() if number in others else run(place)
    return output


def count_pieces(convolution: nn.Conv2d, signal: Tensor) -> int:
    """In how many pieces of the output channels Winograd's method fits into its memory.

    It depends on shapes alone, so that values do not depend on what else goes on.

    Args:
        convolution: Any.
        signal: Its input, [1, C, h, w].

    Returns:
        0 where the direct method is better, or the only one.
    """
    if (
        not HAS_NNPACK
        or not _is_plain(convolution)
        or (signal.device.type, signal.dtype) != ("cpu", torch.float32)
    ):
        return 0
    inputs, outputs = convolution.in_channels, convolution.out_channels
    height, width = signal.shape[2:]
    tiles = ceil(height / TILE) * ceil(width / TILE)
    if tiles < LEAST_TILES or min(inputs, outputs // 2) < LEAST_CHANNELS:
        return 0
    for pieces in PIECES:
        share = outputs / pieces
        if (
            share.is_integer()
            and TRANSFORMED_BYTES * (tiles * (inputs + share) + inputs * share) <= WORKSPACE_BYTES
        ):
            return pieces
    return 0


def _is_plain(convolution: nn.Conv2d) -> bool:
    shape = (convolution.kernel_size, convolution.stride, convolution.padding, convolution.dilation)
    plain = shape == ((3, 3), (1, 1), (1, 1), (1, 1)) and convolution.groups == 1
    return plain and convolution.bias is not None
