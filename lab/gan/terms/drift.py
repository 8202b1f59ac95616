"""Drift of the critic's logits from 0 on real images (Karras et al. 2018, appendix A.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.gan.terms import CriticSeen, Term


class Drift(Term):
    """weight E D(x)^2: the constant that a Wasserstein critic is free in stays near 0."""

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        return torch.as_tensor(now.weight * seen.real_logits.square().mean())
