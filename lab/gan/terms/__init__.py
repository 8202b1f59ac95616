"""Terms that are added to a player's loss: each one file here and one line of the catalogue.

A term sees one pass: images, codes, logits and the networks themselves. What it returns is the
mean over the pass's samples, so that it does not depend on how a batch is split; a term that is no
mean of samples takes its means `over_ranks`. What it keeps are buffers, which are stored with a
run and equal on all workers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from lab.catalogue import TERMS
from lab.config import ConfigSection, RunConfig, values_at
from lab.gan.draws import PassDraws
from lab.gan.losses import Loss
from lab.gan.networks import Critic, Generator
from lab.gan.penalties import Side
from lab.gan.ranks import ALONE, Ranks

Part = Literal["all", "steady", "lazy", "mean"]
"""Of an objective: all, or apart what acts in every step and what acts every few steps; or the
mean over steps, where what acts every few steps has its weight in each."""


class Now(NamedTuple):
    """When a pass takes place, and of what."""

    step: int = 0
    """Number of the player's update."""
    images_seen: int = 0
    """Real images shown to the critic before it."""
    part: Part = "all"

    def has(self, every_steps: int) -> bool:
        """Whether the part includes what acts every so many steps."""
        return self.part in ("all", "mean") or (self.part == "lazy") == (every_steps > 1)


@dataclass(frozen=True)
class CriticSeen:
    """What a term sees of one pass of a critic step. n is the number of its samples."""

    critic: Critic
    generator: Generator | None
    """Frozen, but in the field of the game; None where an objective is used without terms."""
    loss: Loss
    real: Tensor
    """[n, C, H, W] in [-1, 1], as they are: no augmentation."""
    fake: Tensor
    """[n, C, H, W], without a graph to the generator but in the field of the game."""
    real_labels: Tensor | None
    fake_labels: Tensor | None
    real_logits: Tensor
    """[n], of what the critic was shown: augmented, where that is configured."""
    fake_logits: Tensor
    z: Tensor | None
    """Latent codes of `fake`, [n, latent_size]."""
    draw: PassDraws
    real_features: Tensor | None = None
    """[n, F], what the logits were computed from; only for a term with `needs_features`."""
    fake_features: Tensor | None = None
    show: Callable[[Tensor, Side], Tensor] = lambda images, _: images
    """(images, side) -> what the critic is shown of them, changed as that side's images are."""


@dataclass(frozen=True)
class GeneratorSeen:
    """What a term sees of one pass of a generator step."""

    critic: Critic
    """Frozen: its weights get no gradient."""
    generator: Generator
    fake: Tensor
    """[n, C, H, W], with a graph to the generator."""
    labels: Tensor | None
    logits: Tensor
    """[n], of what the critic was shown."""
    z: Tensor
    """[n, latent_size]"""
    real: Tensor | None
    """The real image of each sample; only for a term with `needs_real`."""
    real_labels: Tensor | None
    draw: PassDraws
    losses: Tensor
    """[n], of the generator, whose mean is its loss without terms."""
    features: Tensor | None = None
    """[n, F], what the logits were computed from; only for a term with `needs_features`."""
    real_features: Tensor | None = None
    """[n, F] of `real`, without a graph; for a term with `needs_features` and `needs_real`."""


class Means(NamedTuple):
    """What a critic step saw, over the global batch, on the device; the same on every rank."""

    logit_real: Tensor
    """[]"""
    logit_fake: Tensor
    sign_real: Tensor
    """Mean sign of the logits of real images."""


class Term(nn.Module):
    """One term. A subclass implements `critic`, `generator` or both; state belongs in buffers."""

    needs_real = False
    """Whether `generator` compares with real images."""
    needs_features = False
    """Whether it uses the critic's features."""
    observes = False
    """Whether `observe` is to be called."""
    ranks: Ranks = ALONE

    def __init__(self, config: RunConfig) -> None:
        """Raises InputError for settings that do not fit together."""
        super().__init__()

    def heads(self, num_classes: int) -> Mapping[str, int]:
        """Linear layers that the critic gets on its features: name -> number of outputs.

        `num_classes` is that of the data. The critic's optimizer trains them.
        """
        return {}

    def join(self, generator: Generator, critic: Critic, ranks: Ranks) -> None:
        """Called once, when the networks are built.

        Raises InputError for networks that lack what the term needs.
        """
        self.ranks = ranks

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """What is added to the critic's loss, []; `now` has the settings' present values."""
        return None

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """What is added to the generator's loss, []."""
        return None

    def choices(self, now: Any) -> Hashable:
        """What else than its settings' present values decides which operations the term has."""
        return None

    def observe(self, means: Means) -> None:
        """After each critic step, on every rank alike: the place to update buffers."""

    def over_ranks(self, mine: Tensor) -> Tensor:
        """The mean over this pass's samples on all ranks of values [n, ...]; [...].

        Differentiable, and the same bits on every rank. A part of the global batch holds the same
        samples on any number of workers, so the mean does too; with `training.accumulate` it is
        that of one pass.
        """
        if not self.ranks.several:
            return mine.mean(dim=0)
        sums = mine.sum(dim=0)
        count = sums.new_full((1,), len(mine))
        total = self.ranks.sum(torch.cat([sums.reshape(-1), count]))
        return (total[:-1] / total[-1]).view(sums.shape)


@dataclass(frozen=True)
class Active:
    """The terms of a run."""

    terms: nn.ModuleDict
    settings: dict[str, ConfigSection] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return len(self.terms) > 0

    @property
    def needs_real(self) -> bool:
        return any(term.needs_real for term in self._each())

    @property
    def needs_features(self) -> bool:
        return any(term.needs_features for term in self._each())

    @property
    def observes(self) -> bool:
        return any(term.observes for term in self._each())

    def heads(self, num_classes: int) -> dict[str, int]:
        """The critic's further heads: name -> number of outputs."""
        of_all = [term.heads(num_classes) for term in self._each()]
        return {name: size for heads in of_all for name, size in heads.items()}

    def join(self, generator: Generator, critic: Critic, ranks: Ranks) -> None:
        """Show every term the networks. Raises InputError where they lack what a term needs."""
        for term in self._each():
            term.join(generator, critic, ranks)

    def choices(self, when: Now) -> tuple[Hashable, ...]:
        """Which operations the terms have at this time, beside their settings' present values."""
        made = []
        for name, term in zip(self.terms, self._each(), strict=True):
            now = self._at(name, when)
            made.append((when.step % now.every_steps == 0, term.choices(now)))
        return tuple(made)

    def intervals(self, player: str) -> list[int]:
        """The intervals in steps of the terms that a player has."""
        return [
            int(present(self.settings[name], 0).every_steps)
            for name, term in zip(self.terms, self._each(), strict=True)
            if getattr(type(term), player) is not getattr(Term, player)
        ]

    def of_critic(self, seen: CriticSeen, when: Now) -> Tensor | None:
        """The sum of what the terms add to the critic's loss, []; None where none adds any."""
        return self._sum(lambda term, now: term.critic(seen, now), when)

    def of_generator(self, seen: GeneratorSeen, when: Now) -> Tensor | None:
        """The sum of what the terms add to the generator's loss, []."""
        return self._sum(lambda term, now: term.generator(seen, now), when)

    @torch.no_grad()
    def observe(self, means: Means) -> None:
        """Let every term that does so update its state."""
        for term in self._each():
            if term.observes:
                term.observe(means)

    def _each(self) -> list[Term]:
        return [term for term in self.terms.values() if isinstance(term, Term)]

    def _sum(self, part: Callable[[Term, Any], Tensor | None], when: Now) -> Tensor | None:
        total: Tensor | None = None
        for name, term in self.terms.items():
            assert isinstance(term, Term)
            now = self._at(name, when)
            if when.part == "mean":
                now.every_steps = 1
            if when.step % now.every_steps or now.weight == 0 or not when.has(now.every_steps):
                continue
            now.weight *= now.every_steps
            value = part(term, now)
            if value is not None:
                total = value if total is None else total + value
        return total

    def _at(self, name: str, when: Now) -> Any:
        """The present values of a term's settings, and the step."""
        now = present(self.settings[name], when.images_seen)
        now.step = when.step
        return now


def present(settings: ConfigSection, images_seen: float) -> Any:
    """The values of a section's settings after so many images, as attributes."""
    return SimpleNamespace(**values_at(settings, images_seen))


def active_terms(config: RunConfig) -> Active:
    """The terms whose weight is not 0. Raises InputError for settings that do not fit together."""
    modules, settings = {}, {}
    for name, entry in TERMS.items():
        section = getattr(config.terms, name.replace("-", "_"))
        if section.weight == 0:
            continue
        module, _, attribute = entry.target.partition(":")
        modules[name] = getattr(import_module(module), attribute)(config)
        settings[name] = section
    return Active(nn.ModuleDict(modules), settings)
