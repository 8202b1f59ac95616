"""From recipes to images: codes by their numbers, steps between two, shifts along directions.

Codes of StyleGAN2 are mixed and shifted in w, linearly; those of other generators in z, between
two of them along the sphere (White 2016), because a mean of two normal vectors is too short to be
one.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from lab.errors import InputError
from lab.explore.condition import conditions
from lab.explore.directions import Directions, directions_of_w, directions_of_z
from lab.explore.recipe import Recipe
from lab.gan.networks.network import placed
from lab.gan.networks.stylegan2 import StyleGAN2Generator
from lab.gan.sampling import to_uint8
from lab.randomness import counted_generator
from lab.run.finished import MEAN_CODES, NUM_MEAN_CODES, FinishedRun

PURPOSE = "explored code"


def code_of(number: int, latent_size: int) -> Tensor:
    """The code z [latent_size] that a number stands for, the same for every run."""
    return torch.randn(latent_size, generator=counted_generator(0, PURPOSE, number))


def between(start: Tensor, end: Tensor, shares: Tensor) -> Tensor:
    """Spherical interpolation of two codes [d] at shares [N] of the way: [N, d].

    Directions turn by equal angles, and lengths change linearly.
    """
    lengths = start.norm(), end.norm()
    unit_start, unit_end = start / lengths[0], end / lengths[1]
    angle = torch.arccos((unit_start @ unit_end).clamp(-1.0, 1.0))
    shares = shares[:, None]
    if angle.sin() < 1e-4:
        return start.lerp(end, shares)
    parts = ((1 - shares) * angle).sin() * unit_start + (shares * angle).sin() * unit_end
    return torch.as_tensor(parts / angle.sin() * lengths[0].lerp(lengths[1], shares))


class Explored:
    """A generator that draws recipes."""

    def __init__(self, run: FinishedRun, directions: Directions | None = None) -> None:
        """`directions`: those of another generator of the same run; by default its own."""
        self.run = run
        self.has_w = isinstance(run.generator, StyleGAN2Generator)
        if directions is not None:
            self.directions = directions

    @cached_property
    def directions(self) -> Directions:
        """What the sliders shift codes by."""
        return directions_of_w(self._typical_w) if self.has_w else directions_of_z(self.run)

    @torch.no_grad()
    def images(self, recipe: Recipe) -> Tensor:
        """[N, C, H, H] uint8 on the CPU.

        Raises InputError for what the generator does not have, and for non-finite images.
        """
        if not self.has_w and recipe.psi < 1:
            raise InputError(
                f"psi is {recipe.psi:g} and the generator of {self.run.name} has no w to "
                "truncate; set psi to 1, or explore a run of stylegan2"
            )
        images = self._of_w(recipe) if self.has_w else self._of_z(recipe)
        if not bool(images.isfinite().all()):
            raise InputError(
                f"the generator of {self.run.name} makes non-finite images; it diverged"
            )
        return to_uint8(images).cpu()

    def _of_z(self, recipe: Recipe) -> Tensor:
        numbers = numbers_of(recipe)
        labels = conditions(self.run, recipe, numbers)
        if recipe.to is None:
            z = self._codes(numbers)
        else:
            start, end = self._codes([recipe.first, recipe.to])
            z = between(start, end, shares_of(recipe))
        z = self._shifted(z, recipe)
        parameter = self._parameter
        return self.run.generator(z.to(parameter), placed(labels, parameter))

    def _of_w(self, recipe: Recipe) -> Tensor:
        generator = self.run.generator
        assert isinstance(generator, StyleGAN2Generator)
        if recipe.to is None:
            w = self._w(recipe, numbers_of(recipe))
        else:
            start, end = self._w(recipe, [recipe.first, recipe.to])
            w = start.lerp(end, shares_of(recipe)[:, None].to(start))
        if recipe.psi < 1:
            w = self.mean_w.lerp(w, recipe.psi)
        w = self._shifted(w, recipe)
        pixels = generator.from_mapped(w[:, None].expand(-1, generator.num_layers, -1))
        return generator.cropped(pixels)

    def _w(self, recipe: Recipe, numbers: list[int]) -> Tensor:
        labels = conditions(self.run, recipe, numbers)
        return self._mapped(self._codes(numbers), labels)

    def _mapped(self, z: Tensor, labels: Tensor) -> Tensor:
        """[B, latent_size], [B] classes or [B, E] texts -> [B, W]"""
        generator = self.run.generator
        assert isinstance(generator, StyleGAN2Generator)
        condition = generator.conditioned(placed(labels, self._parameter))
        return generator.mapped(z.to(self._parameter), condition)[:, 0]

    @cached_property
    def _typical_w(self) -> Tensor:
        """[NUM_MEAN_CODES, W]"""
        codes = self.run.codes(NUM_MEAN_CODES, MEAN_CODES)
        with torch.no_grad():
            return torch.cat([self._mapped(z, labels) for z, labels in codes])

    @cached_property
    def mean_w(self) -> Tensor:
        """[W]: what truncation leads to."""
        return self._typical_w.double().mean(dim=0).to(self._parameter)

    def _codes(self, numbers: list[int]) -> Tensor:
        size = self.run.config.network.latent_size
        return torch.stack([code_of(number, size) for number in numbers])

    def _shifted(self, codes: Tensor, recipe: Recipe) -> Tensor:
        if not any(recipe.sliders):
            return codes
        shifts = self.directions.shifts
        amounts = torch.zeros(len(shifts))
        given = torch.tensor(recipe.sliders)[: len(shifts)]
        amounts[: len(given)] = given
        return codes + (amounts @ shifts).to(codes)

    @property
    def _parameter(self) -> Tensor:
        return next(self.run.generator.parameters())


def numbers_of(recipe: Recipe) -> list[int]:
    """The codes of the drawn images; between two codes the first, whose class all have."""
    if recipe.to is not None:
        return [recipe.first] * len(_positions(recipe))
    return [recipe.first + position for position in _positions(recipe)]


def shares_of(recipe: Recipe) -> Tensor:
    """How far each drawn image is on the way from the first code to the other, [N] in [0, 1]."""
    return torch.tensor(_positions(recipe)) / max(recipe.count - 1, 1)


def _positions(recipe: Recipe) -> list[int]:
    return list(range(recipe.count)) if recipe.pick is None else [recipe.pick]
