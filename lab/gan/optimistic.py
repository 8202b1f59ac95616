"""Optimistic descent: each step adds the last change of the direction (Daskalakis et al. 2018).

x <- x - rate (2 d_t - d_(t-1)), where d is the gradient (section 2) or Adam's direction
(algorithm 1), and d_0 = 0. The rate is the present one for both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lab.config import PlayerOptimizer


class Optimistic(torch.optim.Optimizer):
    """Optimistic descent along a direction; this one's is the gradient."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            if not moved:
                continue
            for parameter in moved:
                if not self.state[parameter]:
                    self.state[parameter] |= self._start(parameter)
            directions = self._directions(moved, group)
            previous = [self.state[parameter]["previous"] for parameter in moved]
            # -rate (2 d - previous), and then `previous` becomes d, without further memory.
            torch._foreach_add_(moved, directions, alpha=-2.0 * group["lr"])
            torch._foreach_add_(moved, previous, alpha=group["lr"])
            torch._foreach_copy_(previous, directions)

    def _start(self, parameter: Tensor) -> dict[str, Any]:
        return {"previous": torch.zeros_like(parameter)}

    def _directions(self, moved: Sequence[Tensor], group: dict[str, Any]) -> list[Tensor]:
        return [_gradient(parameter) for parameter in moved]


class OptimisticAdam(Optimistic):
    """The direction is Adam's: m / (sqrt(v) + epsilon), both corrected for their start."""

    def _start(self, parameter: Tensor) -> dict[str, Any]:
        return {
            **super()._start(parameter),
            "step": 0,
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }

    def _directions(self, moved: Sequence[Tensor], group: dict[str, Any]) -> list[Tensor]:
        states = [self.state[parameter] for parameter in moved]
        for state in states:
            state["step"] += 1
        beta1, beta2 = group["betas"]
        gradients = [_gradient(parameter) for parameter in moved]
        means = [state["exp_avg"] for state in states]
        squares = [state["exp_avg_sq"] for state in states]
        torch._foreach_lerp_(means, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        # Betas of the present step correct for the start, as torch's Adam does.
        divisors = torch._foreach_sqrt(
            torch._foreach_div(squares, [1 - beta2 ** state["step"] for state in states])
        )
        torch._foreach_add_(divisors, group["eps"])
        corrected = torch._foreach_div(means, [1 - beta1 ** state["step"] for state in states])
        return list(torch._foreach_div(corrected, divisors))


def optimistic_sgd(
    parameters: list[nn.Parameter], settings: PlayerOptimizer
) -> torch.optim.Optimizer:
    """Optimistic gradient descent (Daskalakis et al. 2018, section 2)."""
    return Optimistic(parameters, {"lr": settings.lr})


def optimistic_adam(
    parameters: list[nn.Parameter], settings: PlayerOptimizer
) -> torch.optim.Optimizer:
    """Optimistic Adam (Daskalakis et al. 2018, algorithm 1)."""
    betas = (settings.beta1, settings.beta2)
    return OptimisticAdam(parameters, {"lr": settings.lr, "betas": betas, "eps": settings.epsilon})


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad
