"""The random draws of a step: latent codes, classes, penalty inputs.

Every draw is counted (lab.randomness) and made for the global batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lab.config import RunConfig, value_of
from lab.gan.penalties import penalty_of
from lab.gan.texts import Texts, unit
from lab.randomness import counted_generator


class Wanted(NamedTuple):
    """One tensor of random numbers."""

    kind: Literal["normal", "uniform", "classes"]
    size: tuple[int, ...]


@dataclass(frozen=True)
class PassDraws:
    """Random numbers of one pass of an update, for networks, augmentations and terms.

    The same purpose gives the same numbers however often it is asked for, and on any number of
    workers: each takes its rows of what is drawn for the global batch.
    """

    draws: Draws
    player: str
    """Whose update it is."""
    step: int
    """Its number."""
    rows: slice
    """Samples of this pass and rank, of the global batch."""
    multiplier: int = 1
    """Codes of a sample."""

    def normal(self, purpose: str, *shape: int) -> Tensor:
        """Standard normal numbers [n, *shape]."""
        return self._drawn("normal", purpose, shape)

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), [n, *shape]."""
        return self._drawn("uniform", purpose, shape)

    def texts(self, purpose: str) -> Tensor:
        """Vectors of random texts, [n, E]."""
        size = (self.draws.config.training.batch_size, self.multiplier)
        drawn = self.draws.random_texts(f"{purpose} of the {self.player}", self.step, size)
        return drawn[self.rows].flatten(0, 1)

    def _drawn(
        self, kind: Literal["normal", "uniform"], purpose: str, shape: tuple[int, ...]
    ) -> Tensor:
        size = (self.draws.config.training.batch_size, self.multiplier, *shape)
        purpose = f"{purpose} of the {self.player}"
        (drawn,) = self.draws.drawn(purpose, self.step, Wanted(kind, size))
        return drawn[self.rows].flatten(0, 1)


@dataclass
class Draws:
    """The draws of one run, made on the device."""

    config: RunConfig
    num_classes: int
    device: torch.device
    dtype: torch.dtype
    class_counts: tuple[int, ...] | None = None
    """Training images of each class, in whose shares the classes of generated images are drawn.
    None: all equally often."""
    text_size: int = 0
    """Length E of the texts' vectors."""
    texts: Texts | None = None
    """Texts of training images, of which those of generated images are drawn. None: random
    directions, as where only speed is measured."""
    _class_ends: Tensor | None = field(default=None, init=False, repr=False)

    def latents(self, player: str, step: int, multiplier: int = 1) -> tuple[Tensor, Tensor | None]:
        """Codes [B, m, latent_size] of a step, and their conditions: classes [B, m], or vectors of
        texts [B, m, E]; None where the networks have none."""
        count = self.config.training.batch_size
        codes = Wanted("normal", (count, multiplier, self.config.network.latent_size))
        if self.config.network.has_texts:
            shape = (count, multiplier)
            z, drawn = self.drawn(f"{player} noise", step, codes, self._wanted_texts(shape))
            texts = self._texts_of(drawn)
            return z, self._interpolated(texts, step) if player == "generator" else texts
        if not self.config.network.conditional:
            (z,) = self.drawn(f"{player} noise", step, codes)
            return z, None
        classes = Wanted("classes", (count, multiplier))
        z, labels = self.drawn(f"{player} noise", step, codes, classes)
        return z, labels

    def random_texts(self, purpose: str, step: int, shape: tuple[int, ...]) -> Tensor:
        """Vectors of random texts, [*shape, E]."""
        (drawn,) = self.drawn(purpose, step, self._wanted_texts(shape))
        return self._texts_of(drawn)

    def _wanted_texts(self, shape: tuple[int, ...]) -> Wanted:
        if self.texts is None:
            return Wanted("normal", (*shape, self.text_size))
        return Wanted("uniform", (*shape, 2))

    def _texts_of(self, drawn: Tensor) -> Tensor:
        return unit(drawn) if self.texts is None else self.texts.drawn(drawn)

    def _interpolated(self, texts: Tensor, step: int) -> Tensor:
        """Some of the texts [B, m, E] of a generator step as the mean of two, `text.interpolated`
        of them (Reed et al. 2016, eq. 5 with beta 1/2)."""
        if self.config.text.interpolated == 0:
            return texts
        shape = texts.shape[:2]
        purpose = "interpolated texts"
        others, share = self.drawn(
            purpose, step, self._wanted_texts(shape), Wanted("uniform", (*shape, 1))
        )
        mean = unit(texts + self._texts_of(others))
        return torch.where(share < self.config.text.interpolated, mean, texts)

    def penalty_weight(self, critic_step: int) -> float:
        """The penalty's weight at this critic step: times `every_steps`, and 0 in between."""
        penalty = self.config.penalty
        if penalty.kind == "none" or critic_step % penalty.every_steps:
            return 0.0
        weight = value_of(penalty.weight, critic_step * self.config.training.batch_size)
        return weight * penalty.every_steps

    def penalty(
        self, critic_step: int, image_size: torch.Size
    ) -> tuple[Tensor | None, Tensor | None]:
        """Mixes [B, 1, 1, 1] and noise [B, *image_size]; None where the step uses none."""
        if self.penalty_weight(critic_step) == 0.0:
            return None, None
        return self.of_penalty(critic_step, image_size)

    def of_penalty(self, critic_step: int, image_size: torch.Size) -> tuple[Tensor, Tensor | None]:
        """As `penalty`, of a step whose penalty has a weight."""
        mixes = self._mixes
        if not penalty_of(self.config).needs_noise:
            (mix,) = self.drawn("penalty", critic_step, mixes)
            return mix, None
        pixels = Wanted("uniform", (self.config.training.batch_size, *image_size))
        mix, noise = self.drawn("penalty", critic_step, mixes, pixels)
        return mix, noise

    def of_pass(self, player: str, step: int, rows: slice, multiplier: int = 1) -> PassDraws:
        """The draws of a pass: `rows` are its samples of the global batch."""
        return PassDraws(self, player, step, rows, multiplier)

    def mix(self, purpose: str, step: int) -> Tensor:
        """Interpolation weights [B, 1, 1, 1] of a step, drawn apart for each purpose."""
        (mix,) = self.drawn(purpose, step, self._mixes)
        return mix

    @property
    def _mixes(self) -> Wanted:
        return Wanted("uniform", (self.config.training.batch_size, 1, 1, 1))

    def drawn(self, purpose: str, step: int, *wanted: Wanted) -> list[Tensor]:
        """The numbers of one purpose at one step, a tensor for each that is wanted."""
        tensors = [self._empty(one) for one in wanted]
        self.redraw(tensors, purpose, step, wanted)
        return tensors

    def redraw(
        self, tensors: list[Tensor], purpose: str, step: int, wanted: tuple[Wanted, ...]
    ) -> None:
        """What `drawn` returns, drawn into tensors that are there."""
        rng = counted_generator(self.config.seed, purpose, step, self.device)
        for tensor, one in zip(tensors, wanted, strict=True):
            if one.kind == "normal":
                tensor.normal_(generator=rng)
            elif one.kind == "uniform":
                tensor.uniform_(generator=rng)
            elif self.class_counts is None:
                tensor.random_(self.num_classes, generator=rng)
            else:
                tensor.random_(sum(self.class_counts), generator=rng)
                tensor.copy_(torch.bucketize(tensor, self._ends(self.class_counts), right=True))

    def _ends(self, counts: tuple[int, ...]) -> Tensor:
        """Cumulative counts on the device."""
        if self._class_ends is None:
            self._class_ends = torch.tensor(counts).cumsum(0).to(self.device)
        return self._class_ends

    def _empty(self, wanted: Wanted) -> Tensor:
        dtype = torch.int64 if wanted.kind == "classes" else self.dtype
        return torch.empty(wanted.size, device=self.device, dtype=dtype)


@dataclass
class _Held:
    of_round: bool
    """Of the last critic step of the round whose number the update has."""
    tensors: list[Tensor]


class HeldDraws(Draws):
    """Draws of an update that is played again and again: into the same tensors each time."""

    def __init__(self, draws: Draws) -> None:
        given = [one.name for one in fields(draws) if one.init]
        super().__init__(**{name: getattr(draws, name) for name in given})
        self._number = 0
        self._held: dict[tuple[str, tuple[Wanted, ...]], _Held] = {}

    def drawn(self, purpose: str, step: int, *wanted: Wanted) -> list[Tensor]:
        """As of `Draws` at the first request, and what stands in the same tensors at the next."""
        key = (purpose, wanted)
        if key not in self._held:
            assert step in (self._number, self._last_critic_step), (purpose, step)
            tensors = super().drawn(purpose, step, *wanted)
            self._held[key] = _Held(step != self._number, tensors)
        return self._held[key].tensors

    def move_to(self, number: int) -> None:
        """Draw every tensor anew, for the update of this number."""
        self._number = number
        for (purpose, wanted), held in self._held.items():
            step = self._last_critic_step if held.of_round else number
            self.redraw(held.tensors, purpose, step, wanted)

    @property
    def _last_critic_step(self) -> int:
        return self.config.last_critic_step(self._number)
