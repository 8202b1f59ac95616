"""What goes into a round of the game, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class ImageShape(NamedTuple):
    """What the data looks like to the networks."""

    resolution: int
    channels: int
    num_classes: int


class RealBatch(NamedTuple):
    """This rank's share of a batch of real images."""

    images: Tensor
    """[B, C, H, W] in [-1, 1]"""
    labels: Tensor
    """[B] int64"""


RealSource = Callable[[int], RealBatch]
"""Critic step -> this rank's share of its batch."""


class Observed(NamedTuple):
    """Signals of one step over the global batch, 0-d tensors on the device, detached.

    The same on every rank.
    """

    critic_loss: Tensor
    generator_loss: Tensor
    logit_real: Tensor
    logit_fake: Tensor
    critic_accuracy: Tensor
    """Share of real and fake pairs that the critic ranks rightly, in [0, 1]."""
    critic_grad_norm: Tensor
    generator_grad_norm: Tensor


class Step(NamedTuple):
    """What one generator step, with its critic steps, leaves behind."""

    observed: Observed
    real: Tensor
    """This rank's share of the last real batch [n, C, H, W]."""
    fake: Tensor
    """This rank's share of the generator step's images [n', C, H, W]."""
