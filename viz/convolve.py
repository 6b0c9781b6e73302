"""A convolution with a kernel of 3x3 by Winograd's method, where that is the faster one.

It needs less than half of the multiplications of the direct method and is exact but for rounding, which is
somewhat coarser (Andrew Lavin and Scott Gray, Fast Algorithms for Convolutional Neural Networks,
https://arxiv.org/abs/1509.09308). torch carries it in NNPACK.
"""

from concurrent.futures import Executor
from math import ceil

import torch
from torch import Tensor, nn

TILE = 6  # values across and down that are computed together
TRANSFORMED_BYTES = 8 * 8 * 4  # what a tile of one channel, and each kernel, is transformed to
INPUTS_AT_ONCE = 160  # input channels at most; it depends on the processor's cache
# With fewer tiles it takes longer to transform the kernels than it saves; with fewer channels, the tiles.
LEAST_TILES = 30
LEAST_CHANNELS = 64
# What all of it may take for a thread, at most; where there are too many tiles for that, the direct method
# stays. At the default size conv2_1 to conv4_3 are computed in this way, of a square picture up to conv3_3.
WORKSPACE_BYTES = 30_000_000


def _start_nnpack() -> bool:
    """Whether there is NNPACK, which is then told to leave the threads to us.

    It makes threads of its own at its first use, as many as torch has at that moment. Two passes would wait
    for each other there, and after each layer the threads would spin where others could use the processor.
    """
    threads = torch.get_num_threads()
    try:
        if not torch._nnpack_available():
            return False
        torch.set_num_threads(1)
        _run_nnpack(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 3, 3), torch.zeros(1))
    except (AttributeError, TypeError, RuntimeError):
        return False  # torch promises nothing about these operators
    finally:
        torch.set_num_threads(threads)
    return True


def _run_nnpack(signal: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:
    # torch's modules choose this operator by themselves only for batches of 16 and more.
    with torch.inference_mode():  # which a thread does not inherit
        return torch._nnpack_spatial_convolution(signal, kernels, bias, padding=1)


HAS_NNPACK = _start_nnpack()
# NNPACK knows AVX2 at most. Where there is AVX-512, torch's direct method takes half to two thirds of the
# time that Winograd's takes.
PAYS = HAS_NNPACK and torch.backends.cpu.get_cpu_capability() != "AVX512"


def convolve(convolution: nn.Conv2d, signal: Tensor, helpers: Executor | None = None) -> Tensor:
    """The same as `convolution(signal)`, without gradients; on one or two threads it may be there sooner.

    Args:
        convolution: Left as it is.
        signal: [1, C, h, w], its channels last in memory.
        helpers: For half of the work where torch may use more than one thread in this one. NNPACK keeps
            memory for each thread as long as it lives, so helpers should live longer than a pass. The values
            are the same to the bit without them.

    Returns:
        [1, C', h, w], its channels last in memory.
    """
    if not suits_winograd(convolution, signal):
        output: Tensor = convolution(signal)
        return output
    assert convolution.bias is not None  # `suits_winograd` has seen to it
    signal, kernels, bias = signal.contiguous(), convolution.weight.contiguous(), convolution.bias
    size, half = convolution.out_channels, convolution.out_channels // 2
    output = torch.empty((1, size, *signal.shape[2:]), memory_format=torch.channels_last)
    other = None
    if helpers is not None and torch.get_num_threads() > 1:
        other = helpers.submit(_run_nnpack, signal, kernels[half:], bias[half:])
    output[:, :half] = _run_nnpack(signal, kernels[:half], bias[:half])
    output[:, half:] = other.result() if other else _run_nnpack(signal, kernels[half:], bias[half:])
    return output


def suits_winograd(convolution: nn.Conv2d, signal: Tensor) -> bool:
    """Whether Winograd's method is possible here, and worth its memory.

    It depends on shapes and on the processor alone, so that values do not depend on what else goes on.

    Args:
        convolution: Any.
        signal: Its input, [1, C, h, w].
    """
    if not PAYS or not _is_plain(convolution) or signal.shape[0] != 1:
        return False
    if (signal.device.type, signal.dtype) != ("cpu", torch.float32):
        return False
    inputs, half = convolution.in_channels, convolution.out_channels / 2
    tiles = ceil(signal.shape[2] / TILE) * ceil(signal.shape[3] / TILE)
    if tiles < LEAST_TILES or min(inputs, half) < LEAST_CHANNELS:
        return False
    inputs = min(inputs, INPUTS_AT_ONCE)
    return TRANSFORMED_BYTES * (tiles * (inputs + half) + inputs * half) <= WORKSPACE_BYTES


def _is_plain(convolution: nn.Conv2d) -> bool:
    shape = (convolution.kernel_size, convolution.stride, convolution.padding, convolution.dilation)
    plain = shape == ((3, 3), (1, 1), (1, 1), (1, 1)) and convolution.groups == 1
    return plain and convolution.padding_mode == "zeros" and convolution.bias is not None
