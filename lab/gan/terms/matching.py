"""Matching-aware critic: a real image with the text of another is a fake (GAN-CLS)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.objectives import full
from lab.gan.terms import CriticSeen, Term
from lab.gan.terms.settings import highest, require_texts


class Matching(Term):
    """weight (L(D(x, t), D(x, t')) - L(D(x, t), D(G(z, t), t))), t' the text of another image.

    L is the critic's loss, so that `weight`, from 0 to 1, is the share of its fakes that are real
    images with wrong texts: Reed et al. 2016, algorithm 1, at 0.5.
    """

    needs_features = True

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        require_texts("matching", config)
        terms: Any = config.terms
        share = highest(terms.matching.weight)
        if share > 1:
            raise InputError(
                f"terms.matching.weight is {share:g}; it is a share of the critic's fakes: set it "
                "to a number from 0 to 1"
            )

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        assert seen.real_features is not None
        wrong_texts = seen.draw.texts("wrong text")
        wrong = full(seen.critic.logits(seen.real_features, wrong_texts))
        real, fake = seen.real_logits, seen.fake_logits
        difference = seen.loss.critic(real, wrong) - seen.loss.critic(real, fake)
        return torch.as_tensor(now.weight * difference.mean())
