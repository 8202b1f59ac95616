"""Path length regularisation: equal steps in w change images equally (StyleGAN2, section 3.2)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.networks import Critic, Generator
from lab.gan.networks.numbers import Numbers
from lab.gan.ranks import Ranks
from lab.gan.terms import GeneratorSeen, Term
from lab.gan.terms.settings import constant


class Mapped(Protocol):
    """A generator that exposes the latent space between its two parts."""

    def conditioned(self, labels: Tensor | None, draw: Numbers | None) -> Tensor | None:
        """Classes or vectors of texts -> the condition that `mapped` takes."""

    def mapped(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent_size], condition or None -> w [B, L, W]: a vector for each of L layers."""

    def from_mapped(self, w: Tensor, draw: Numbers | None) -> Tensor:
        """[B, L, W] -> images [B, C, H, W]."""


class PathLength(Term):
    """E (|J^T y| - a)^2 with J = dG/dw and y normal noise (Karras et al. 2020, eq. 4).

    As in the authors' code: y is divided by the square root of the number of pixels, the length is
    the root of the mean over layers of the squared norm, a moves by `decay` towards the mean
    length of the pass before it is used, and only every `shrink`-th sample is used. The mean is
    over all workers.
    """

    mean: Tensor

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        terms: Any = config.terms
        settings = terms.path_length
        self.decay = constant("terms.path_length.decay", settings.decay)
        shrink = constant("terms.path_length.shrink", settings.shrink)
        self.shrink = int(shrink)
        if self.shrink != shrink:
            raise InputError(f"terms.path_length.shrink is {shrink:g}; it must be a whole number")
        self.architecture = config.network.architecture
        training = config.training
        self.batch_size, self.num_parts = training.batch_size, training.accumulate
        self.register_buffer("mean", torch.zeros(()))

    def join(self, generator: Generator, critic: Critic, ranks: Ranks) -> None:
        """Raises InputError for a generator without a mapping, and for too few samples a pass."""
        super().join(generator, critic, ranks)
        if not (hasattr(generator, "mapped") and hasattr(generator, "from_mapped")):
            raise InputError(
                "terms.path_length.weight is not 0 and the generator of network.architecture "
                f"'{self.architecture}' has no mapping to differentiate at; take one that has "
                "(stylegan2), or set the weight to 0"
            )
        least = self.shrink * ranks.num_ranks * self.num_parts
        if self.batch_size < least:
            raise InputError(
                f"training.batch_size is {self.batch_size} and terms.path_length.shrink "
                f"{self.shrink}; with {ranks.num_ranks} workers and training.accumulate "
                f"{self.num_parts} it needs at least {least}: raise it or lower the shrink"
            )

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]; moves the mean length."""
        lengths = self._lengths(seen)
        count = float(len(seen.z))
        sums = [lengths.sum(), *(lengths.new_full((), n) for n in (len(lengths), count))]
        total, num_used, num_samples = self.ranks.sum(torch.stack(sums)).unbind()
        mean = self.mean.lerp(total / num_used, self.decay)
        self.mean.copy_(mean.detach())
        # A rank's value counts by its samples of the pass, of which it may use another share.
        penalty = (lengths - mean).square().sum() * num_samples / (num_used * count)
        return torch.as_tensor(now.weight * penalty)

    def _lengths(self, seen: GeneratorSeen) -> Tensor:
        """|J^T y| [n'] of the samples whose number in the batch `shrink` divides."""
        generator, rows = cast(Mapped, seen.generator), seen.draw.rows
        first = -rows.start % self.shrink
        draw = replace(seen.draw, rows=slice(rows.start + first, rows.stop, self.shrink))
        z, labels = self._used(seen.z, seen, first), self._used(seen.labels, seen, first)
        assert z is not None
        w = generator.mapped(z, generator.conditioned(labels, draw))
        images = generator.from_mapped(w, draw)
        y = draw.normal("path length", *images.shape[1:]) / math.sqrt(images[0, 0].numel())
        (gradient,) = torch.autograd.grad((images * y).sum(), w, create_graph=True)
        return gradient.to(self.mean).square().sum(dim=2).mean(dim=1).sqrt()

    def _used(self, samples: Tensor | None, seen: GeneratorSeen, first: int) -> Tensor | None:
        """All codes of every `shrink`-th row of the batch."""
        if samples is None:
            return None
        of_rows = samples.view(-1, seen.draw.multiplier, *samples.shape[1:])
        return of_rows[first :: self.shrink].flatten(0, 1)
