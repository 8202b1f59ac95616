"""ADA: the pipeline at a probability that a run finds itself (Karras et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.augment.pipeline import Pipeline
from lab.gan.losses import loss_of
from lab.gan.terms import Means

INTERVAL = 4
"""Critic steps between two adjustments."""


class Ada(Pipeline):
    """Every INTERVAL critic steps p += sign(r_t - target) INTERVAL B / adjust_images, in [0, 1].

    r_t is the mean of sign D(real) over those steps (section 3.1, eq. 1): near 1 when the critic
    knows the training images. p starts at 0.
    """

    observes = True
    p: Tensor
    """[]"""
    signs: Tensor
    """Sum of the mean signs since the last adjustment, []."""
    num_steps: Tensor
    """Critic steps so far, [] int64."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        if loss_of(config).relative:
            raise InputError(
                f"augmentation.kind is ada and loss is {config.loss}, which leaves the sign of a "
                "logit without a meaning; set augmentation.kind to pipeline and "
                "augmentation.probability to a number or a schedule, or take another loss"
            )
        settings = config.augmentation
        self.target = settings.target_sign
        self.move = INTERVAL * config.training.batch_size / settings.adjust_images
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))
        self.register_buffer("num_steps", torch.zeros((), dtype=torch.int64))

    def probability(self, configured: float) -> float | Tensor:
        """p, []"""
        return self.p

    def observe(self, means: Means) -> None:
        """Count a critic step, and move p when it is due."""
        self.signs += means.sign_real
        self.num_steps += 1
        due = self.num_steps % INTERVAL == 0
        moved = self.p + self.move * (self.signs / INTERVAL - self.target).sign()
        self.p.copy_(torch.where(due, moved.clamp(0, 1), self.p))
        self.signs.copy_(torch.where(due, 0.0, self.signs))

    def numbers(self) -> dict[str, Tensor]:
        """p"""
        return {"augmentation_p": self.p}
