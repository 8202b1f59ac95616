"""The averaged generator: an exponential moving average of G's weights, with a ramp-up."""

from __future__ import annotations

import copy

import torch

from lab.gan.networks import Generator
from lab.gan.networks.network import layers_of


def decay(images_per_step: int, images_seen: int, half_life: float, rampup: float) -> float:
    """Weight of the old average for one step: 0.5 ** (images of the step / half-life).

    The half-life is cut to `rampup` times the images seen, so that early averages forget the
    untrained weights (Karras et al. 2020, StyleGAN2-ADA's ema_rampup). 0 keeps no average.
    """
    if rampup > 0:
        half_life = min(half_life, rampup * images_seen)
    return float(0.5 ** (images_per_step / half_life)) if half_life > 0 else 0.0


def copy_of(generator: Generator) -> Generator:
    """A frozen copy in evaluation mode."""
    average = copy.deepcopy(generator)
    return average.eval().requires_grad_(False)


@torch.no_grad()
def update_average(average: Generator, generator: Generator, old_weight: float) -> None:
    """Move the average towards the generator; buffers (batch-norm statistics) are copied.

    The vectors of spectral norm are those of the averaged weights, by one iteration a step.
    """
    new = [parameter.detach() for parameter in generator.parameters()]
    torch._foreach_lerp_(list(average.parameters()), new, 1.0 - old_weight)
    spectral = [layer for layer in layers_of(average) if layer.spectral]
    vectors = {id(vector) for layer in spectral for vector in (layer.left, layer.right)}
    pairs = [
        (kept, current)
        for kept, current in zip(average.buffers(), generator.buffers(), strict=True)
        if id(kept) not in vectors
    ]
    if pairs:
        torch._foreach_copy_([kept for kept, _ in pairs], [current for _, current in pairs])
    for layer in spectral:
        layer.iterate()
