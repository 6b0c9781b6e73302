"""Statistics for the normalisations of a network with random weights."""

from dataclasses import replace

import torch
from torch import nn

from viz.networks.network import Network, copy_structure
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample


def calibrate(network: Network) -> Network:
    """A network whose batch normalisations have the statistics of the bundled photographs where they stand.

    They divide by statistics that training leaves in them. Random weights come with none: deep maps would
    fade or grow without bound, and say nothing of depth and pooling. All photographs, each its middle square,
    make one batch, which goes through once while they learn. The parameters are shared; it is the same
    network where nothing normalises by batches.
    """
    module = copy_structure(network.module)  # it has buffers of its own, and nothing below touches parameters
    parts = [
        part
        for part in module.modules()
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d) and part.track_running_stats
    ]
    if not parts:
        return network
    momenta = [part.momentum for part in parts]
    for part in parts:
        part.reset_running_stats()
        part.momentum = None  # the average of all batches, of which there is one
        part.training = True
    photos = [read_image(read_sample(name)) for name in SAMPLES]
    batch = torch.cat([network.to_batch(frame_image(photo, "crop", network.size)) for photo in photos])
    with torch.no_grad():
        module(batch.to(network.device))
    for part, momentum in zip(parts, momenta, strict=True):
        part.momentum = momentum
        part.training = False
    return replace(network, module=module)
