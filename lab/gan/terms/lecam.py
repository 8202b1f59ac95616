"""LeCam regularisation: each side's logits held to the other side's mean (Tseng et al. 2021)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig, value_of
from lab.gan.terms import CriticSeen, Means, Term


class LeCam(Term):
    """E(D(x) - a_F)^2 + E(D(G(z)) - a_R)^2, a: moving averages of both sides' logits (eq. 4).

    The averages are those before this step, so that they are the same on every worker. The
    authors' rectified form is used: only logits beyond the other side's mean are drawn back.
    """

    observes = True
    anchor_real: Tensor
    anchor_fake: Tensor

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        settings: Any = config.terms
        self.decay = value_of(settings.lecam.decay, 0)
        self.register_buffer("anchor_real", torch.zeros(()))
        self.register_buffer("anchor_fake", torch.zeros(()))

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        if now.step < now.from_step:
            return None
        real = (seen.real_logits - self.anchor_fake).relu().square().mean()
        fake = (self.anchor_real - seen.fake_logits).relu().square().mean()
        return torch.as_tensor(now.weight * (real + fake))

    def choices(self, now: Any) -> Hashable:
        """Whether it has begun."""
        return bool(now.step >= now.from_step)

    def observe(self, means: Means) -> None:
        """Move both averages."""
        self.anchor_real.lerp_(means.logit_real.to(self.anchor_real), 1 - self.decay)
        self.anchor_fake.lerp_(means.logit_fake.to(self.anchor_fake), 1 - self.decay)
