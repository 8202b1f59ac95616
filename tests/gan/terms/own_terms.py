"""Terms as a person's file defines them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.gan.terms import CriticSeen, GeneratorSeen, Means, Term


class Balance(Term):
    """Holds the critic's mean logits together, and the mean images too; with state."""

    needs_real = True
    observes = True
    gap: Tensor

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        self.register_buffer("gap", torch.zeros(()))

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        gap = self.over_ranks(seen.real_logits) - self.over_ranks(seen.fake_logits)
        return torch.as_tensor(now.weight * (gap - self.gap).square())

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        assert seen.real is not None
        of_means = self.over_ranks(seen.fake) - self.over_ranks(seen.real)
        return torch.as_tensor(now.weight * of_means.square().mean())

    def observe(self, means: Means) -> None:
        self.gap.lerp_((means.logit_real - means.logit_fake).to(self.gap), 0.1)
