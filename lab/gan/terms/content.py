"""Content loss: generated images with the features of real ones (Salimans et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lab.catalogue import ENCODERS, resolve
from lab.config import RunConfig
from lab.gan.terms import GeneratorSeen, Term
from lab.gan.terms.settings import constant

CRITIC, ENCODER = 0.0, 1.0
SHIPPED = "fashion"


class Content(Term):
    """lambda |E f(x) - E f(G(z))|^2 / F, or lambda E |f(x) - f(G(z))|^2 / F with `paired`.

    f are F features: with kind 0 the critic's, the input of its last layer for the images as they
    are shown to it (feature matching, section 3.1 there); with kind 1 those of the small encoder
    that the lab ships, frozen, for the images as they are.

    The expectations are over a pass on all workers, so the number of workers changes nothing;
    `training.accumulate` makes them expectations over fewer samples. The loss of pairs is the
    first one plus the variances of both sides' features, as real image and code are drawn
    independently: it rewards a generator without variety, and is meant for generators that are
    given what their real image shows.
    """

    needs_real = True

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        terms: Any = config.terms
        settings = terms.content
        kind = constant("terms.content.kind", settings.kind, (CRITIC, ENCODER))
        self.paired = constant("terms.content.paired", settings.paired, (0.0, 1.0)) == 1.0
        self.needs_features = kind == CRITIC
        # A tuple hides it from the state of the run: its weights never change.
        self._encoder: tuple[nn.Module, ...] = (
            () if self.needs_features else (resolve(ENCODERS, SHIPPED)(),)
        )

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        for encoder in self._encoder:
            encoder._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        real, fake = self._features(seen)
        if self.paired:
            return torch.as_tensor(now.weight * (fake - real).square().mean())
        both = self.over_ranks(torch.stack([real, fake], dim=1))
        return torch.as_tensor(now.weight * (both[1] - both[0]).square().mean())

    def _features(self, seen: GeneratorSeen) -> tuple[Tensor, Tensor]:
        """Of real and of generated images, [n, F] each; those of real ones without a graph."""
        if self.needs_features:
            assert seen.features is not None
            assert seen.real_features is not None
            return seen.real_features, seen.features
        assert seen.real is not None
        (encoder,) = self._encoder
        with torch.no_grad():
            real: Tensor = encoder(seen.real)
        fake: Tensor = encoder(seen.fake)
        return real, fake
