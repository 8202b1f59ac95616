"""Keeps the Gaussian of the conditioning augmentation near N(0, I) (StackGAN)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.networks.conditioning import Augmented
from lab.gan.terms import GeneratorSeen, Term


class ConditioningKL(Term):
    """weight KL(N(mu(t), diag(sigma(t)^2)) || N(0, I)) / E (Zhang et al. 2017, eq. 2).

    As in the authors' code it is a mean over the E dimensions of the condition and over samples.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        if config.network.text_conditioning != "augmented":
            raise InputError(
                "terms.conditioning.weight is not 0 and network.text_conditioning is "
                f"'{config.network.text_conditioning}', which has no Gaussian; set it to "
                "'augmented' or the weight to 0"
            )

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        augmented = seen.generator.conditioning
        assert isinstance(augmented, Augmented)
        assert seen.labels is not None
        mean, log_sigma = augmented.moments(seen.labels)
        divergence = 0.5 * (mean.square() + (2 * log_sigma).exp() - 1) - log_sigma
        return torch.as_tensor(now.weight * divergence.mean())
