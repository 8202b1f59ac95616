"""A term of a person's file, `terms.own.kind=mine.py:MyTerm`: found, tried and checked."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from lab.catalogue import OWN_TERMS, resolve
from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.draws import Draws
from lab.gan.losses import loss_of
from lab.gan.networks import Critic, Generator
from lab.gan.networks.network import generated
from lab.gan.ranks import Ranks
from lab.gan.terms import CriticSeen, GeneratorSeen, Means, Term, present
from lab.user_file import calling

NUM_TRIED = 2
"""Samples that a term is tried with before the run."""


class OwnTerm(Term):
    """Forwards to the person's term; what it raises or returns wrongly becomes one sentence."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        terms: Any = config.terms
        self.config = config
        self.settings = terms.own
        self.kind = kind = self.settings.kind
        if kind == "none":
            raise InputError(
                "terms.own.weight is not 0 and terms.own.kind is 'none'; name your term, "
                "terms.own.kind=path/to/mine.py:NAME, or set the weight to 0"
            )
        make: Any = resolve(OWN_TERMS, kind, config.files)
        if not (isinstance(make, type) and issubclass(make, Term)):
            name = make.__name__ if isinstance(make, type) else type(make).__name__
            raise InputError(
                f"terms.own.kind {kind} is a {name}; it must be a subclass of lab.gan.terms.Term"
            )
        self.term: Term = calling(kind, make, config)
        self.needs_real, self.needs_features = self.term.needs_real, self.term.needs_features
        self.observes = self.term.observes

    def heads(self, num_classes: int) -> Mapping[str, int]:
        self.num_classes = num_classes
        heads: Mapping[str, int] = calling(self.kind, self.term.heads, num_classes)
        return heads

    def join(self, generator: Generator, critic: Critic, ranks: Ranks) -> None:
        """Raises InputError when the term fails on two samples of the networks."""
        super().join(generator, critic, ranks)
        calling(self.kind, self.term.join, generator, critic, ranks)
        copied_generator, copied_critic = copy.deepcopy((generator, critic))
        copy.deepcopy(self)._try(copied_generator.eval(), copied_critic.eval())

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        return self._checked("critic", self.term.critic, seen, now)

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        return self._checked("generator", self.term.generator, seen, now)

    def observe(self, means: Means) -> None:
        calling(self.kind, self.term.observe, means)

    def _checked(
        self, player: str, part: Callable[[Any, Any], Tensor | None], seen: Any, now: Any
    ) -> Tensor | None:
        value = calling(self.kind, part, seen, now)
        if value is None or (isinstance(value, Tensor) and value.dim() == 0):
            return value
        shape = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise InputError(
            f"the {player}'s part of the term {self.kind} returns {shape}; it must return one "
            "number as a tensor, []: now.weight times a mean over the samples, or None"
        )

    def _try(self, generator: Generator, critic: Critic) -> None:
        """Compute both parts once, with generated images in place of real ones."""
        config, weight = self.config, next(critic.parameters())
        draws = Draws(
            config,
            self.num_classes,
            weight.device,
            weight.dtype,
            text_size=0 if generator.conditioning is None else generator.conditioning.size,
        )
        rows = slice(0, min(NUM_TRIED, config.training.batch_size))
        codes, classes = draws.latents("trial", 0)
        z, labels = codes[rows, 0], None if classes is None else classes[rows, 0]
        draw = draws.of_pass("trial", 0, rows)
        fake = generated(generator, z, labels, draw)
        real = fake.detach()
        features = critic.features(fake)
        logits, loss = critic.logits(features, labels), loss_of(config)
        now = present(self.settings, 0)
        now.step = 0
        self.critic(
            CriticSeen(
                critic=critic,
                generator=generator,
                loss=loss,
                real=real,
                fake=real,
                real_labels=labels,
                fake_labels=labels,
                real_logits=logits,
                fake_logits=logits,
                z=z,
                draw=draw,
                real_features=features if self.needs_features else None,
                fake_features=features if self.needs_features else None,
            ),
            now,
        )
        self.generator(
            GeneratorSeen(
                critic=critic,
                generator=generator,
                fake=fake,
                labels=labels,
                logits=logits,
                z=z,
                real=real if self.needs_real or loss.needs_real else None,
                real_labels=labels,
                draw=draw,
                losses=loss.generator(logits, logits),
                features=features if self.needs_features else None,
                real_features=features.detach() if self.needs_features else None,
            ),
            now,
        )
