"""Types of one round of the game: the image shape, real batches, and the results of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from torch import Tensor


class ImageShape(NamedTuple):
    """Sizes of the data that the networks depend on."""

    resolution: int
    channels: int
    num_classes: int
    text_size: int = 0
    """Length of the vectors of the images' texts; 0 without texts."""


class RealBatch(NamedTuple):
    """This rank's share of a batch of real images."""

    images: Tensor
    """[B, C, H, W] in [-1, 1]"""
    labels: Tensor
    """int64 [B], classes; or [B, E], vectors of the images' texts."""


RealSource = Callable[[int], RealBatch]
"""Critic step -> this rank's share of its batch."""


class Observed(NamedTuple):
    """Signals of one step over the global batch, 0-d tensors on the device, detached.

    The critic's are means over all its steps of the round, its gradient norm the largest of them.
    The same on every rank.
    """

    critic_loss: Tensor
    generator_loss: Tensor
    logit_real: Tensor
    logit_fake: Tensor
    critic_accuracy: Tensor
    """Share of pairs whose real image has the higher logit, in [0, 1]."""
    critic_grad_norm: Tensor
    generator_grad_norm: Tensor


class Round(NamedTuple):
    """What a round's updates leave: this rank's parts of the means, and its images."""

    critic_seen: Tensor
    """(loss, logit real, logit fake, accuracy), [4]"""
    critic_norm: Tensor
    """[], the same on every rank"""
    generator_seen: Tensor
    """The loss, []; of a game with more networks, what else was seen, [k]."""
    generator_norm: Tensor
    """[], or one for each network beside the critic."""
    real: Tensor
    """[n, C, H, W]"""
    fake: Tensor
    """[n', C, H, W]"""


class Signals(Protocol):
    """A named tuple of signals of one step, as `Observed`: which ones depends on the game."""

    def _asdict(self) -> dict[str, Tensor]: ...

    def __iter__(self) -> Iterator[Tensor]: ...


class Step(NamedTuple):
    """Results of one generator step and its critic steps."""

    observed: Signals
    real: Tensor
    """This rank's share of the last real batch [n, C, H, W]."""
    fake: Tensor
    """This rank's share of the generator step's images [n', C, H, W]."""
