"""A player's optimizer, and what is done to a network's gradients and weights around its step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import torch
from torch import Tensor, nn

from lab.catalogue import OPTIMIZERS, resolve
from lab.config import PlayerOptimizer
from lab.errors import InputError
from lab.user_file import UserFile, calling, is_reference

MakeOptimizer = Callable[[list[nn.Parameter], PlayerOptimizer], torch.optim.Optimizer]
"""Its state must be tensors and plain numbers, and its groups must have an `lr`."""


def adam(parameters: list[nn.Parameter], settings: PlayerOptimizer) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba 2015)."""
    betas = (settings.beta1, settings.beta2)
    return torch.optim.Adam(parameters, lr=settings.lr, betas=betas, fused=True)


def player_optimizer(
    parameters: Iterable[nn.Parameter],
    settings: PlayerOptimizer,
    files: tuple[UserFile, ...] = (),
) -> torch.optim.Optimizer:
    """The configured optimizer of a player's parameters.

    Raises InputError when one from an own file is not usable.
    """
    make = find_optimizer(settings.kind, files)
    return _made(make, list(parameters), settings)


@lru_cache(maxsize=64)
def find_optimizer(name: str, files: tuple[UserFile, ...] = ()) -> MakeOptimizer:
    """What makes an optimizer, by its name in the catalogue or by `mine.py:NAME`."""
    make: MakeOptimizer = resolve(OPTIMIZERS, name, files)
    return make


def _made(
    make: MakeOptimizer, parameters: list[nn.Parameter], settings: PlayerOptimizer
) -> torch.optim.Optimizer:
    if not is_reference(settings.kind):
        return make(parameters, settings)
    contract = (
        "it must be a function or class (parameters, lab.config.PlayerOptimizer) -> "
        "torch.optim.Optimizer"
    )
    if not callable(make):
        raise InputError(f"optimizer {settings.kind} is a {type(make).__name__}; {contract}")
    optimizer = calling(settings.kind, make, parameters, settings)
    if not isinstance(optimizer, torch.optim.Optimizer):
        kind = type(optimizer).__name__
        raise InputError(f"optimizer {settings.kind} makes a {kind}; {contract}")
    if any("lr" not in group for group in optimizer.param_groups):
        raise InputError(
            f"optimizer {settings.kind} has no learning rate; each of its param_groups must have "
            "an 'lr', which optimizer.schedule changes"
        )
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every parameter."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def grad_norm(network: nn.Module) -> Tensor:
    """Euclidean norm of all gradients, on the device."""
    grads = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    return torch.nn.utils.get_total_norm(grads)


@torch.no_grad()
def clip_weights(critic: nn.Module, limit: float) -> None:
    """Clip every weight to [-limit, limit] (Arjovsky et al. 2017, algorithm 1)."""
    parameters: list[Tensor] = list(critic.parameters())
    torch._foreach_clamp_min_(parameters, -limit)
    torch._foreach_clamp_max_(parameters, limit)
