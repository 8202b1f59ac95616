"""The games' objectives, per sample: logits of shape [B] in, losses of shape [B] out.

Signs follow minimisation by both players. `real` and `fake` are the critic's logits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from lab.catalogue import LOSSES, resolve
from lab.config import RunConfig
from lab.errors import InputError
from lab.user_file import UserFile, calling, is_reference


class Loss(NamedTuple):
    """One objective: what the critic minimises and what the generator minimises."""

    critic: Callable[[Tensor, Tensor], Tensor]
    """(real [B], fake [B]) -> [B]"""
    generator: Callable[[Tensor, Tensor], Tensor]
    """(real [B], fake [B]) -> [B]; `real` is used only with `needs_real`."""
    needs_real: bool = False
    """Whether the generator's loss compares with real images."""
    relative: bool = False
    """Whether a constant added to all logits leaves the critic's loss as it is."""


def logistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))) with D = sigmoid(logit) (Goodfellow et al. 2014, eq. 1)."""
    return softplus(-real) + softplus(fake)


def minimax_generator(real: Tensor, fake: Tensor) -> Tensor:
    """log(1 - D(G(z))) (Goodfellow et al. 2014, eq. 1)."""
    return -softplus(fake)


def non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(G(z)) (Goodfellow et al. 2014, section 3)."""
    return softplus(-fake)


def least_squares_critic(real: Tensor, fake: Tensor) -> Tensor:
    """((D(x) - 1)^2 + D(G(z))^2) / 2 (Mao et al. 2017, eq. 9 with a=0, b=1)."""
    return 0.5 * ((real - 1).square() + fake.square())


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """(D(G(z)) - 1)^2 / 2 (Mao et al. 2017, eq. 9 with c=1)."""
    return 0.5 * (fake - 1).square()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """D(G(z)) - D(x) (Arjovsky et al. 2017, eq. 3)."""
    return fake - real


def wasserstein_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-D(G(z)) (Arjovsky et al. 2017)."""
    return -fake


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))) (Miyato et al. 2018, eq. 16)."""
    return relu(1 - real) + relu(1 + fake)


def relativistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """-log sigmoid(D(x) - D(G(z))) on pairs (Jolicoeur-Martineau 2019; R3GAN 2024, eq. 2)."""
    return softplus(fake - real)


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-log sigmoid(D(G(z)) - D(x)) on pairs (R3GAN 2024, eq. 2)."""
    return softplus(real - fake)


MINIMAX = Loss(logistic_critic, minimax_generator)
NON_SATURATING = Loss(logistic_critic, non_saturating_generator)
LEAST_SQUARES = Loss(least_squares_critic, least_squares_generator)
WASSERSTEIN = Loss(wasserstein_critic, wasserstein_generator, relative=True)
HINGE = Loss(hinge_critic, wasserstein_generator)
RELATIVISTIC = Loss(relativistic_critic, relativistic_generator, needs_real=True, relative=True)


def loss_of(config: RunConfig) -> Loss:
    """The configured loss. Raises InputError when one from an own file is not usable."""
    return find_loss(config.loss, config.files)


@lru_cache(maxsize=64)
def find_loss(name: str, files: tuple[UserFile, ...] = ()) -> Loss:
    """A loss by its name in the catalogue, or by `mine.py:NAME` of one of the files."""
    loss: Loss = resolve(LOSSES, name, files)
    if is_reference(name):
        _require_usable(loss, name)
    return loss


def _require_usable(loss: object, name: str) -> None:
    if not isinstance(loss, Loss):
        raise InputError(
            f"loss {name} is a {type(loss).__name__}; it must be a lab.gan.losses.Loss: "
            "Loss(critic=..., generator=...), both functions (real [B], fake [B]) -> [B]"
        )
    for player in ("critic", "generator"):
        real, fake = torch.linspace(-1, 1, 4), torch.linspace(1, -2, 4)
        values = calling(name, getattr(loss, player), real, fake)
        shape = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
        if shape != [4]:
            raise InputError(
                f"the {player}'s loss of {name} returns {shape} for logits of shape [4]; it must "
                "return one loss a sample, [B]: leave the mean to the lab"
            )
