"""Unrolled GANs: the generator's step looks some critic steps ahead, and through them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from lab.config import PlayerOptimizer
from lab.errors import InputError
from lab.gan.games.joint import Joint, gradients_of, set_gradients, trained
from lab.gan.optimizers import grad_norm, limit_gradients
from lab.gan.rounds import RealBatch
from lab.gan.terms import Now, Part

TINY = 1e-30
"""Under a root whose argument may be 0, where its derivative is infinite."""
RULES = ("adam", "sgd")


class Unrolled(Joint):
    """The generator's loss against the critic k steps on (Metz et al. 2017, section 2.2).

    The k steps follow the critic's own update rule from its present moments, all on the batch and
    codes of the generator's step, and are differentiated through: L_G(theta, psi_k(theta)). Only
    the generator uses them; the critic then trains as always. Time and memory grow with k, so it
    is meant for small networks. Spectral vectors stand still over the k steps.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        kind = self.config.optimizer.critic.kind
        if kind not in RULES:
            raise InputError(
                f"training.game is 'unrolled' and optimizer.critic.kind is {kind!r}; the critic's "
                f"steps are unrolled for {' and '.join(RULES)} only, so set one of them"
            )

    def _times_of_generator(self, step: int) -> tuple[Now, ...]:
        return self._when_generated(step), self._when(self.config.last_critic_step(step))

    def _generator_gradients(
        self, step: int, real: RealBatch, part: Part | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        given = self._coming_pass(step, real)
        coming = self.config.last_critic_step(step)
        self._free_critic(True)
        critic = trained(self.critic)
        self._free_critic(False)
        ahead = CriticAhead(
            self.critic_optimizer, list(critic.values()), self.config.optimizer.critic
        )
        with self.autocast():
            fake = self._fake(given)
        for _ in range(self.config.training.unrolled_steps):
            weights = dict(zip((f"critic.{name}" for name in critic), ahead.weights, strict=True))
            objective = partial(_called, self._plain_objective, weights)
            with self.autocast():
                loss = self._critic_loss(objective, given, fake, coming).loss
            mine = gradients_of(loss * given.weight, ahead.weights, differentiable=True)
            ahead.step(self._summed(mine))
            if (clip := self.config.penalty.clip) is not None:
                ahead.weights = [weight.clamp(-clip, clip) for weight in ahead.weights]
        weights = dict(zip(critic, ahead.weights, strict=True))
        with self.autocast():
            loss = self._generator_loss(
                partial(_called, self.critic, weights), given, fake, coming
            )
        generator = list(trained(self.generator).values())
        mine = gradients_of(loss * given.weight, generator, differentiable=False)
        with torch.no_grad():
            set_gradients(generator, self._summed(mine))
        norm = grad_norm(self.generator)
        limit_gradients(self.generator, norm, self.config.optimizer.generator)
        return loss.detach() * given.weight, norm, fake.detach()


class CriticAhead:
    """The critic's weights some steps ahead, with a graph to what moved them."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        weights: Sequence[Tensor],
        settings: PlayerOptimizer,
    ) -> None:
        """Begins at the present weights and moments of its optimizer, adam or sgd."""
        self.settings = settings
        (self.group,) = optimizer.param_groups
        self.weights = [weight.detach().clone().requires_grad_(True) for weight in weights]
        self.state = [dict(optimizer.state[weight]) for weight in weights]

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One update; [the weights' shapes]."""
        limit = self.settings.max_grad_norm
        if limit is not None:
            squares = torch.stack([gradient.square().sum() for gradient in gradients])
            factor = (limit / ((squares.sum() + TINY).sqrt() + 1e-6)).clamp(max=1.0)
            gradients = [gradient * factor for gradient in gradients]
        rule = self._adam if self.settings.kind == "adam" else self._sgd
        each = zip(self.weights, gradients, self.state, strict=True)
        self.weights = [
            weight - self.group["lr"] * rule(weight, gradient, state)
            for weight, gradient, state in each
        ]

    def _adam(self, weight: Tensor, gradient: Tensor, state: dict[str, Any]) -> Tensor:
        beta1, beta2 = self.group["betas"]
        state["step"] = state["step"].double() + 1  # its powers, as torch takes them
        state["exp_avg"] = beta1 * state["exp_avg"] + (1 - beta1) * gradient
        state["exp_avg_sq"] = beta2 * state["exp_avg_sq"] + (1 - beta2) * gradient.square()
        mean = state["exp_avg"] / (1 - beta1 ** state["step"])
        square = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
        direction: Tensor = mean / ((square + TINY).sqrt() + self.group["eps"])
        return direction

    def _sgd(self, weight: Tensor, gradient: Tensor, state: dict[str, Any]) -> Tensor:
        if self.group["weight_decay"]:
            gradient = gradient + self.group["weight_decay"] * weight
        momentum = self.group["momentum"]
        if not momentum:
            return gradient
        moved: Tensor = momentum * state["momentum_buffer"] + gradient
        state["momentum_buffer"] = moved
        return moved


def _called(module: Any, weights: dict[str, Tensor], *given: Any) -> Any:
    """The module with these weights in the place of its own."""
    return functional_call(module, weights, given)
