"""Principal directions of a generator's codes (GANSpace, Haerkoenen et al. 2020).

StyleGAN's are the principal components of w (section 2.1). Of a generator without a mapping
network they are the principal components of its first layer's activations, carried back to z by
the least-squares regression of z on the components' coordinates (section 2.2). Both are scaled so
that a shift of 1 is a standard deviation of the coordinate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lab.errors import InputError
from lab.explore.recipe import NUM_SLIDERS
from lab.gan.networks import Generator
from lab.gan.networks.network import placed
from lab.gan.networks.spectral import Layer
from lab.run.finished import FinishedRun

NUM_CODES = 2_000
MOST_VALUES = 32_000_000
"""Activations that are kept at most: 128 MB, which a large first layer has fewer codes for."""
FEWEST_CODES = 500
OVERSAMPLED = 20
SMALLEST = 1e-4
"""Of the largest deviation: components below it are rounding, as a layer has that spreads fewer
numbers over many."""
ITERATIONS = 4
"""Of the randomised decomposition (Halko et al. 2011)."""
LINEAR = (Layer, nn.Linear, nn.modules.conv._ConvNd)


class Directions(NamedTuple):
    """The first K principal directions, K at most `NUM_SLIDERS`."""

    shifts: Tensor
    """[K, d]: what a standard deviation along each adds to a code."""
    shares: Tensor
    """[K]: share of the activations' variance along each, falling."""


class _Components(NamedTuple):
    vectors: Tensor
    """[K, F], of length 1"""
    coordinates: Tensor
    """[N, K]"""
    deviations: Tensor
    """[K]"""
    shares: Tensor
    """[K]"""


def directions_of_w(w: Tensor) -> Directions:
    """Of the rows of w [N, W]."""
    components = _components(w)
    return Directions(components.deviations[:, None] * components.vectors, components.shares)


@torch.no_grad()
def directions_of_z(run: FinishedRun) -> Directions:
    """Of the activations of the generator's first layer.

    Raises InputError for a generator none of whose layers is applied to numbers.
    """
    codes: list[Tensor] = []
    activations: list[Tensor] = []
    most = NUM_CODES
    for z, labels in run.codes(NUM_CODES, "principal directions"):
        if sum(map(len, codes)) >= most:
            break
        made = _first_activations(run.generator, z, labels)
        most = min(most, max(FEWEST_CODES, MOST_VALUES // made.shape[1]))
        codes.append(z)
        activations.append(made)
    components = _components(torch.cat(activations))
    scaled = components.coordinates / components.deviations.clamp_min(1e-12)
    # The regression min |X U - Z|^2; the standardised coordinates X are orthogonal.
    shifts = torch.linalg.lstsq(scaled, torch.cat(codes).to(scaled)).solution
    return Directions(shifts, components.shares)


def _components(rows: Tensor) -> _Components:
    """Principal components of rows [N, F]; each points where its largest entry is positive."""
    rows = rows.float().cpu()
    centred = rows - rows.mean(dim=0)
    rank = min(NUM_SLIDERS + OVERSAMPLED, *rows.shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _, values, right = torch.pca_lowrank(rows, q=rank, niter=ITERATIONS)
    num_real = int((values > SMALLEST * values[0]).sum())
    count = min(NUM_SLIDERS, max(1, num_real))
    vectors, values = right[:, :count].T, values[:count]
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    vectors = vectors * largest.sign()
    deviations = values / (len(rows) - 1) ** 0.5
    shares = values.square() / centred.square().sum().clamp_min(1e-12)
    return _Components(vectors, centred @ vectors.T, deviations, shares)


class _Reached(Exception):
    """The first layer has its output: the rest of the pass is not needed."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output


def _first_activations(generator: Generator, z: Tensor, labels: Tensor) -> Tensor:
    """[B, F] on the CPU; what embeds classes is no layer of the code."""
    parameter = next(generator.parameters())
    with _stopped_at_first_layer(generator):
        try:
            generator(z.to(parameter), placed(labels, parameter))
        except _Reached as reached:
            return reached.output.flatten(1).float().cpu()
    raise InputError(
        f"the generator {type(generator).__name__} has no linear or convolutional layer at its "
        "start, which principal directions are taken of"
    )


@contextmanager
def _stopped_at_first_layer(generator: Generator) -> Iterator[None]:
    def reach(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if inputs and torch.is_tensor(inputs[0]) and inputs[0].is_floating_point():
            raise _Reached(output)

    of_texts = () if generator.conditioning is None else generator.conditioning.modules()
    before = set(map(id, of_texts))
    hooks = [
        module.register_forward_hook(reach)
        for module in generator.modules()
        if isinstance(module, LINEAR) and id(module) not in before
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
