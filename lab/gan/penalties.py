"""Gradient penalties of the critic, per sample and without their weight.

Each takes `Judged` batches and returns [B]; the objective multiplies by `penalty.weight` in the
paper's own convention: WGAN-GP, zero-GP and DRAGAN weigh the square, R1 and R2 *half* the squared
norm, so R1's gamma here is Mescheder's (some codes leave the half out: their 10 is 20 here).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Judged(NamedTuple):
    """What a penalty looks at. B is this worker's share of the batch."""

    critic: Callable[[Tensor, Tensor | None], Tensor]
    """(images [B, C, H, W], labels [B] or None) -> logits [B]"""
    real: Tensor
    """[B, C, H, W]"""
    fake: Tensor
    """[B, C, H, W], without a graph to the generator."""
    real_labels: Tensor | None
    fake_labels: Tensor | None
    mix: Tensor
    """Uniform draws in [0, 1), [B, 1, 1, 1]: one interpolation weight a sample."""
    noise: Tensor | None
    """Uniform draws in [0, 1), [B, C, H, W]; only for penalties in NEEDS_NOISE."""


def squared_gradient_norm(
    critic: Callable[[Tensor, Tensor | None], Tensor],
    images: Tensor,
    labels: Tensor | None,
    *,
    differentiable: bool = True,
) -> Tensor:
    """|grad_x D(x)|^2 per sample, [B], differentiable in the critic's weights unless told not."""
    if not images.requires_grad:  # with a graph to the generator the field looks at both players
        images = images.detach().requires_grad_(True)
    logits = critic(images, labels)
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=differentiable)
    return gradient.square().sum(dim=(1, 2, 3))


def _norm(squared: Tensor) -> Tensor:
    """Square root whose gradient stays finite where the critic is flat."""
    return (squared + 1e-12).sqrt()


def wgan_gp(judged: Judged) -> Tensor:
    """(|grad D(x^)| - 1)^2 between real and fake (Gulrajani et al. 2017, eq. 3)."""
    between = torch.lerp(judged.real, judged.fake, judged.mix)
    squared = squared_gradient_norm(judged.critic, between, judged.real_labels)
    return (_norm(squared) - 1).square()


def zero_gp(judged: Judged) -> Tensor:
    """|grad D(x^)|^2 between real and fake (Thanh-Tung et al. 2019, eq. 9)."""
    between = torch.lerp(judged.real, judged.fake, judged.mix)
    return squared_gradient_norm(judged.critic, between, judged.real_labels)


def r1(judged: Judged) -> Tensor:
    """|grad D(x)|^2 / 2 on real images (Mescheder et al. 2018, eq. 9)."""
    return 0.5 * squared_gradient_norm(judged.critic, judged.real, judged.real_labels)


def r2(judged: Judged) -> Tensor:
    """|grad D(G(z))|^2 / 2 on generated images (Mescheder et al. 2018, eq. 10)."""
    return 0.5 * squared_gradient_norm(judged.critic, judged.fake, judged.fake_labels)


def r1_r2(judged: Judged) -> Tensor:
    """R1 + R2 with one weight (R3GAN 2024, section 2.2)."""
    return r1(judged) + r2(judged)


def dragan(judged: Judged) -> Tensor:
    """(|grad D(x + d)| - 1)^2 round real images, d = std(x)/2 * U[0, 1) (Kodali et al. 2017).

    As in the authors' code: the perturbed image is reached by a share `mix` of the way, and std is
    taken over each sample, so that the result does not depend on how a batch is split.
    """
    assert judged.noise is not None
    scale = 0.5 * judged.real.flatten(1).std(dim=1).view(-1, 1, 1, 1)
    perturbed = judged.real + judged.mix * scale * judged.noise
    squared = squared_gradient_norm(judged.critic, perturbed, judged.real_labels)
    return (_norm(squared) - 1).square()


PENALTIES: dict[str, Callable[[Judged], Tensor]] = {
    "wgan-gp": wgan_gp,
    "zero-gp": zero_gp,
    "r1": r1,
    "r2": r2,
    "r1-r2": r1_r2,
    "dragan": dragan,
}
NEEDS_NOISE = frozenset({"dragan"})
