"""Gradient penalties of the critic, per sample and without their weight.

Each takes `PenaltyInputs` and returns [B]; the objective multiplies by `penalty.weight` in the
paper's own convention: WGAN-GP, zero-GP and DRAGAN weigh the square, R1 and R2 *half* the squared
norm, so R1's gamma here is Mescheder's (some codes leave the half out: their 10 is 20 here).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lab.catalogue import PENALTIES, resolve
from lab.config import RunConfig
from lab.errors import InputError
from lab.user_file import UserFile, calling, is_reference

Side = Literal["real", "fake"]


class PenaltyInputs(NamedTuple):
    """The batches that a penalty is computed from. B is this worker's share of the batch."""

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
    """Uniform draws in [0, 1), [B, C, H, W]; only for penalties with `needs_noise`."""
    squared: Mapping[str, Tensor] = {}
    """|grad_x D(x)|^2 [B] by side, `real` or `fake`, where the loss's own pass gave it."""
    pack: int = 1
    """Neighbouring images that the critic sees joined: each has the pack's logit."""

    def squared_norm(self, side: Side) -> Tensor:
        """|grad_x D(x)|^2 of one side's images, [B], with a graph to the critic's weights.

        Where images are packed, x is the pack and each of its images has the pack's value.
        """
        if side in self.squared:
            return self.squared[side]
        if side == "real":
            images, labels = self.real, self.real_labels
        else:
            images, labels = self.fake, self.fake_labels
        return squared_gradient_norm(self.critic, images, labels, pack=self.pack)


def squared_gradient_norm(
    critic: Callable[[Tensor, Tensor | None], Tensor],
    images: Tensor,
    labels: Tensor | None,
    *,
    differentiable: bool = True,
    pack: int = 1,
) -> Tensor:
    """|grad_x D(x)|^2 per sample, [B].

    `differentiable`: with a graph to the critic's weights, as a penalty needs. With a `pack` of m,
    x is m neighbouring images together.
    """
    if not images.requires_grad:  # the field of the game keeps the graph to the generator
        images = images.detach().requires_grad_(True)
    logits = critic(images, labels)
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=differentiable)
    return squared_length(gradient, pack)


def squared_length(gradient: Tensor, pack: int = 1) -> Tensor:
    """|grad_x D(x)|^2 [B] from the gradient [B, C, H, W] of the sum of all logits.

    That sum counts the logit of a pack m times: once for each of its images.
    """
    squared = gradient.square().sum(dim=(1, 2, 3))
    if pack == 1:
        return squared
    of_pack = squared.view(-1, pack).sum(dim=1) / pack**2
    return of_pack.repeat_interleave(pack)


def _norm(squared: Tensor) -> Tensor:
    """Square root whose gradient stays finite where the critic is flat."""
    return (squared + 1e-12).sqrt()


def _between(inputs: PenaltyInputs) -> Tensor:
    """|grad D|^2 between real and fake, [B]."""
    between = torch.lerp(inputs.real, inputs.fake, inputs.mix)
    labels = inputs.real_labels
    return squared_gradient_norm(inputs.critic, between, labels, pack=inputs.pack)


def wgan_gp(inputs: PenaltyInputs) -> Tensor:
    """(|grad D(x^)| - 1)^2 between real and fake (Gulrajani et al. 2017, eq. 3)."""
    return (_norm(_between(inputs)) - 1).square()


def zero_gp(inputs: PenaltyInputs) -> Tensor:
    """|grad D(x^)|^2 between real and fake (Thanh-Tung et al. 2019, eq. 9)."""
    return _between(inputs)


def r1(inputs: PenaltyInputs) -> Tensor:
    """|grad D(x)|^2 / 2 on real images (Mescheder et al. 2018, eq. 9)."""
    return 0.5 * inputs.squared_norm("real")


def r2(inputs: PenaltyInputs) -> Tensor:
    """|grad D(G(z))|^2 / 2 on generated images (Mescheder et al. 2018, eq. 10)."""
    return 0.5 * inputs.squared_norm("fake")


def r1_r2(inputs: PenaltyInputs) -> Tensor:
    """R1 + R2 with one weight (R3GAN 2024, section 2.2)."""
    return r1(inputs) + r2(inputs)


def dragan(inputs: PenaltyInputs) -> Tensor:
    """(|grad D(x + d)| - 1)^2 round real images, d = std(x)/2 * U[0, 1) (Kodali et al. 2017).

    As in the authors' code: the perturbed image is reached by a share `mix` of the way, and std is
    taken over each sample, so that the result does not depend on how a batch is split.
    """
    assert inputs.noise is not None
    scale = 0.5 * inputs.real.flatten(1).std(dim=1).view(-1, 1, 1, 1)
    perturbed = inputs.real + inputs.mix * scale * inputs.noise
    labels = inputs.real_labels
    squared = squared_gradient_norm(inputs.critic, perturbed, labels, pack=inputs.pack)
    return (_norm(squared) - 1).square()


def none(inputs: PenaltyInputs) -> Tensor:
    """No penalty: zeros [B]."""
    return inputs.real.new_zeros(len(inputs.real))


class Penalty(NamedTuple):
    """A penalty and what it needs."""

    per_sample: Callable[[PenaltyInputs], Tensor]
    """Values [B], without their weight."""
    needs_noise: bool = False
    """Whether it uses `PenaltyInputs.noise`."""
    sides: tuple[Side, ...] = ()
    """Sides whose `squared_norm` is all that it takes from the critic.

    The loss's own pass then gives the gradients, which saves a forward pass of each side.
    """

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        return self.per_sample(inputs)


DRAGAN = Penalty(dragan, needs_noise=True)
R1 = Penalty(r1, sides=("real",))
R2 = Penalty(r2, sides=("fake",))
R1_R2 = Penalty(r1_r2, sides=("real", "fake"))


def penalty_of(config: RunConfig) -> Penalty:
    """The configured penalty. Raises InputError when one from an own file is not usable."""
    return find_penalty(config.penalty.kind, config.files)


@lru_cache(maxsize=64)
def find_penalty(name: str, files: tuple[UserFile, ...] = ()) -> Penalty:
    """A penalty by its name in the catalogue, or by `mine.py:NAME` of one of the files."""
    named = resolve(PENALTIES, name, files)
    penalty = named if isinstance(named, Penalty) else Penalty(named)
    if is_reference(name):
        _require_usable(penalty, name)
    return penalty


def _require_usable(penalty: Penalty, name: str) -> None:
    if not callable(penalty.per_sample):
        raise InputError(
            f"penalty.kind {name} is a {type(penalty.per_sample).__name__}; it must be a function "
            "of lab.gan.penalties.PenaltyInputs that returns [B]"
        )
    images = torch.linspace(-1, 1, 3 * 64).view(3, 1, 8, 8)
    labels = torch.zeros(3, dtype=torch.long)
    weight = torch.ones((), requires_grad=True)
    inputs = PenaltyInputs(
        lambda x, _: weight * x.square().sum(dim=(1, 2, 3)),
        images,
        -images,
        labels,
        labels,
        torch.full((3, 1, 1, 1), 0.5),
        torch.full_like(images, 0.5) if penalty.needs_noise else None,
    )
    values = calling(name, penalty.per_sample, inputs)
    shape = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
    if shape != [3]:
        raise InputError(
            f"the penalty {name} returns {shape} for a batch of 3 images; it must return one "
            "value a sample, [B]: leave the mean and the weight to the lab"
        )
