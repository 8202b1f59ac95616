"""Adam for a player, and what is done to a network's gradients and weights around its step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lab.config import OptimizerConfig


def adam(network: nn.Module, settings: OptimizerConfig, player: str) -> torch.optim.Adam:
    """Adam with the player's own rate and betas."""
    betas = (getattr(settings, f"{player}_beta1"), getattr(settings, f"{player}_beta2"))
    rate = getattr(settings, f"{player}_lr")
    return torch.optim.Adam(network.parameters(), lr=rate, betas=betas, fused=True)


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
