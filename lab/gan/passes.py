"""The forward and backward passes of one update: this rank's samples and random draws of each.

An update has `training.accumulate` passes, whose gradients are summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from lab.gan.draws import Draws, PassDraws
from lab.gan.losses import loss_of
from lab.gan.rounds import RealBatch
from lab.gan.share import Share


class CriticPass(NamedTuple):
    """This rank's inputs of one pass of a critic update."""

    weight: float
    """The number of its samples over that of the global batch."""
    z: Tensor
    """[n, latent_size]"""
    labels: Tensor | None
    """Classes of z, [n], or vectors of its texts, [n, E]."""
    real: Tensor
    real_labels: Tensor | None
    mix: Tensor | None
    noise: Tensor | None
    draw: PassDraws


class GeneratorPass(NamedTuple):
    """This rank's inputs of one pass of a generator update."""

    weight: float
    z: Tensor
    labels: Tensor | None
    real: Tensor | None
    """The real image paired with each latent code; None unless the loss or a term needs it."""
    real_labels: Tensor | None
    draw: PassDraws


def critic_passes(
    draws: Draws, share: Share, critic_step: int, real: RealBatch
) -> list[CriticPass]:
    """This rank's passes of the critic's update number `critic_step`; `real` is its share.

    A loss of pairs compares images of one class.
    """
    size = draws.config.training.batch_size
    z, labels = draws.latents("critic", critic_step)
    mix, noise = draws.penalty(critic_step, real.images.shape[1:])
    real_labels: Sequence[Tensor | None] = share.parts(real.labels, size)
    if not draws.config.network.conditioned:
        real_labels = [None] * share.num_parts
    fake_labels = share.cut(None if labels is None else labels.flatten(0, 1))
    if loss_of(draws.config).needs_real:
        fake_labels = real_labels
    return [
        CriticPass(*given)
        for given in zip(
            share.weights(size),
            share.cut(z.flatten(0, 1)),
            fake_labels,
            share.parts(real.images, size),
            real_labels,
            share.cut(mix),
            share.cut(noise),
            [draws.of_pass("critic", critic_step, rows) for rows in share.slices(size)],
            strict=True,
        )
    ]


def generator_passes(
    draws: Draws, share: Share, step: int, real: RealBatch, *, needs_real: bool
) -> list[GeneratorPass]:
    """This rank's passes of the generator's update number `step`.

    `real` is the critic's last batch, which the passes hold with `needs_real`. A loss of pairs
    compares images of one class.
    """
    config = draws.config
    multiplier, size = config.training.generator_batch_multiplier, config.training.batch_size
    z, labels = draws.latents("generator", step, multiplier)
    paired: Sequence[Tensor | None] = [None] * share.num_parts
    paired_labels = paired
    if needs_real:
        # Neighbouring codes share an image, so a share pairs as the global batch does.
        paired = _repeated(share.parts(real.images, size), multiplier)
        if config.network.conditioned:
            paired_labels = _repeated(share.parts(real.labels, size), multiplier)
    fake_labels = [None if part is None else part.flatten(0, 1) for part in share.cut(labels)]
    if loss_of(config).needs_real:
        assert needs_real
        fake_labels = list(paired_labels)
    return [
        GeneratorPass(*given)
        for given in zip(
            share.weights(size),
            [codes.flatten(0, 1) for codes in share.cut(z)],
            fake_labels,
            paired,
            paired_labels,
            [draws.of_pass("generator", step, rows, multiplier) for rows in share.slices(size)],
            strict=True,
        )
    ]


def _repeated(parts: Sequence[Tensor], times: int) -> list[Tensor]:
    return [part.repeat_interleave(times, dim=0) for part in parts]
