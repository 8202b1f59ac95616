"""One-sided label smoothing: the target of real images is 1 - weight (Salimans et al. 2016)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.terms import CriticSeen, Term
from lab.gan.terms.settings import highest

SMOOTHED = ("minimax", "non-saturating", "least-squares")


class LabelSmoothing(Term):
    """e E D(x), with e the weight and D(x) the logit, for two losses exactly what smoothing adds.

    Logistic loss with the target 1 - e of real images, where softplus(r) = r + softplus(-r):

        (1 - e) softplus(-r) + e softplus(r) = softplus(-r) + e r

    Least squares with the target 1 - e (section 3.4 there; Mao et al. 2017, eq. 9 with b = 1 - e):

        (r - (1 - e))^2 / 2 = (r - 1)^2 / 2 + e r + (e^2 / 2 - e)

    whose last part is constant and left out. Targets of generated images stay 0.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        settings: Any = config.terms
        if config.loss not in SMOOTHED:
            raise InputError(
                f"terms.label_smoothing.weight is not 0 and loss is '{config.loss}'; only the "
                f"losses {', '.join(SMOOTHED)} have a target to smooth: take one of them, or set "
                "the weight to 0"
            )
        if (weight := highest(settings.label_smoothing.weight)) >= 1:
            raise InputError(
                f"terms.label_smoothing.weight is {weight:g}; the target 1 - weight of real "
                "images must be above 0: set it below 1, say 0.1"
            )

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        return torch.as_tensor(now.weight * seen.real_logits.mean())
