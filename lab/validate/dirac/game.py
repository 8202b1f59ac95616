"""Many Dirac-GANs side by side in one lab game: its losses, penalties and updates, not copies.

A batch holds the samples of m independent games, `nodes` of each. The lab's losses are means over
the batch, so each game's gradient comes out divided by m, and its step is multiplied by m again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lab.config import make_config
from lab.gan.average import copy_of
from lab.gan.game import Game
from lab.gan.networks import Critic, Generator
from lab.gan.networks.network import Plan
from lab.gan.objectives import CriticBatch
from lab.gan.rounds import ImageShape, RealBatch
from lab.validate.dirac.theory import DiracMethod, Order

SIDE = 1
"""An image is one number."""


class DiracPoint(NamedTuple):
    """Positions of m games, or their directions of movement; [m] each."""

    theta: Tensor
    psi: Tensor


class PointGenerator(Generator):
    """Everything it makes is at theta, plus the noise that the critic's inputs carry."""

    noise: Tensor

    def __init__(self, theta: Tensor, noise: Tensor) -> None:
        """theta [m]; noise [nodes * m], sample by sample."""
        plan = Plan(SIDE, 1, num_classes=0, width=1.0, latent_size=1, critic_norm="none")
        super().__init__(plan)
        self.theta = nn.Parameter(theta.clone())
        self.register_buffer("noise", noise)

    def forward(self, z: Tensor, labels: Tensor | None = None, draw: Any = None) -> Tensor:
        """[B, 1] -> [B, 1, 1, 1], game after game, node after node"""
        return (self.theta.repeat(len(z) // len(self.theta)) + self.noise).view(-1, 1, 1, 1)


class LineCritic(Critic):
    """D(x) = psi x. It has a critic's interface and none of its layers."""

    def __init__(self, psi: Tensor) -> None:
        nn.Module.__init__(self)
        self.psi = nn.Parameter(psi.clone())

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, 1, 1, 1] -> [B]"""
        return self.psi.repeat(len(images) // len(self.psi)) * images.flatten()


class Descent(torch.optim.Optimizer):
    """Plain gradient descent in which every game has a step of its own."""

    def __init__(self, parameter: nn.Parameter, steps: Tensor) -> None:
        super().__init__([parameter], {})
        self.steps = steps

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """p <- p - steps * gradient, [m] each."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter -= self.steps * parameter.grad


class DiracGame(Game):
    """m Dirac-GANs of one method, from m starts with m pairs of steps."""

    generator: PointGenerator
    critic: LineCritic

    def __init__(
        self,
        method: DiracMethod,
        strength: float,
        *,
        start: DiracPoint,
        steps: DiracPoint,
        order: Order,
        clip: float | None = None,
    ) -> None:
        """`steps.theta` is h_g, `steps.psi` h_d.

        Instance noise is two samples a game, at +sigma and -sigma (Gauss-Hermite's two nodes, of
        equal weight): they have a normal variable's moments up to the third, and the field's
        linear part at the equilibrium needs the second.
        """
        self.method, self.strength, self.order = method, strength, order
        self.start, self.steps = start, steps
        self.num_games = len(start.theta)
        sigma = strength if method.noisy else 0.0
        signs = torch.tensor([1.0, -1.0] if method.noisy else [1.0], dtype=torch.float64)
        self.noise = (sigma * signs).repeat_interleave(self.num_games)
        values: dict[str, Any] = {
            "loss": method.loss,
            "penalty.kind": method.penalty,
            "penalty.weight": strength if method.penalty != "none" else 0.0,
            "penalty.clip": clip,
            "network.latent_size": 1,
            "training.batch_size": len(self.noise),
            "training.budget_images": len(self.noise),
            "training.ema_half_life_images": 0.0,
        }
        super().__init__(
            make_config({}, values),
            ImageShape(SIDE, 1, 0),
            device=torch.device("cpu"),
            precision="float64",
        )

    def _build_networks(self) -> None:
        self.generator = PointGenerator(self.start.theta, self.noise)
        self.critic = LineCritic(self.start.psi)
        self._critic_weights = [self.critic.psi]
        self.average = copy_of(self.generator)

    def _build_optimizers(self) -> None:
        each = self.num_games
        self.generator_optimizer = Descent(self.generator.theta, each * self.steps.theta)  # type: ignore[assignment]
        self.critic_optimizer = Descent(self.critic.psi, each * self.steps.psi)  # type: ignore[assignment]

    def _critic_step(self, critic_step: int, real: RealBatch) -> Any:
        """Before it, what the other orders need: Game.step plays the critic first."""
        self._old_psi = self.critic.psi.detach().clone()
        if self.order == "generator first":
            self._free_critic(False)
            self._generator_played = super()._generator_step(critic_step, real)
            self._free_critic(True)
        return super()._critic_step(critic_step, real)

    def _generator_step(self, step: int, real: RealBatch) -> Any:
        """Simultaneous updates: it sees the critic as it was."""
        if self.order == "generator first":
            return self._generator_played
        if self.order == "critic first":
            return super()._generator_step(step, real)
        new_psi = self.critic.psi.detach().clone()
        self.critic.psi.data.copy_(self._old_psi)
        played = super()._generator_step(step, real)
        self.critic.psi.data.copy_(new_psi)
        return played

    def data(self) -> RealBatch:
        """Every real image is 0, plus the noise."""
        images = self.noise.view(-1, 1, 1, 1)
        return RealBatch(images, torch.zeros(len(images), dtype=torch.int64))

    def point(self) -> DiracPoint:
        """Where the games stand, a copy."""
        return DiracPoint(self.generator.theta.detach().clone(), self.critic.psi.detach().clone())

    def played(self, num_rounds: int) -> DiracPoint:
        """The path from here: [num_rounds + 1, m] each."""
        data = self.data()
        path = [self.point()]
        for _ in range(num_rounds):
            if self.method.consensus:
                self._follow_field()
            else:
                self.step(lambda _: data)
            path.append(self.point())
        return DiracPoint(*(torch.stack(parts) for parts in zip(*path, strict=True)))

    def _follow_field(self) -> None:
        """A simultaneous step along the field: the lab's update has no consensus term."""
        field = self.field()
        self.generator.theta.data += self.steps.theta * field.theta.detach()
        self.critic.psi.data += self.steps.psi * field.psi.detach()

    def field(self) -> DiracPoint:
        """Minus each player's gradient of its own loss, [m] each, with a graph to theta and psi.

        Consensus adds -gamma grad |v|^2 / 2 to both (Mescheder et al. 2017, eq. 10).
        """
        self._free_critic(True)
        theta, psi = self.generator.theta, self.critic.psi
        real, z = self.data().images, torch.zeros(len(self.noise), 1, dtype=torch.float64)
        mix = torch.full_like(real, 0.5)
        batch = CriticBatch(real, self.generator(z), None, None, mix, None)
        critic_loss = self.critic_objective(batch, self.draws.penalty_weight(0)).loss
        generator_loss, _ = self.generator_objective(z, None, real, None)
        v = DiracPoint(
            -self.num_games * _gradient(generator_loss, theta),
            -self.num_games * _gradient(critic_loss, psi),
        )
        if not self.method.consensus:
            return v
        energy = 0.5 * (v.theta.square() + v.psi.square()).sum()
        return DiracPoint(
            v.theta - self.strength * _gradient(energy, theta),
            v.psi - self.strength * _gradient(energy, psi),
        )

    def field_jacobian(self) -> Tensor:
        """The field's derivative by automatic differentiation, [m, 2, 2]."""
        field = self.field()
        rows = [
            torch.stack(
                [_gradient(component.sum(), at) for at in (self.generator.theta, self.critic.psi)],
                dim=1,
            )
            for component in field
        ]
        return torch.stack(rows, dim=1).detach()


def _gradient(of: Tensor, at: Tensor) -> Tensor:
    """Zero where `of` does not depend on `at`."""
    (gradient,) = torch.autograd.grad(of, at, create_graph=True, materialize_grads=True)
    return gradient


def step_jacobian(
    method: DiracMethod, strength: float, steps: DiracPoint, order: Order, reach: float = 1e-5
) -> Tensor:
    """The derivative at the equilibrium of the round that is really played, [n, 2, 2].

    Central differences over four games for each of the n pairs of steps.
    """
    n = len(steps.theta)
    shift = torch.zeros(4, n, 2, dtype=torch.float64)
    shift[0, :, 0], shift[1, :, 0], shift[2, :, 1], shift[3, :, 1] = reach, -reach, reach, -reach
    start = DiracPoint(shift[..., 0].flatten(), shift[..., 1].flatten())
    every = DiracPoint(steps.theta.repeat(4), steps.psi.repeat(4))
    game = DiracGame(method, strength, start=start, steps=every, order=order)
    path = game.played(1)
    ends = torch.stack([path.theta[-1], path.psi[-1]], dim=1).view(4, n, 2)
    by_theta, by_psi = ends[0] - ends[1], ends[2] - ends[3]
    return torch.stack([by_theta, by_psi], dim=2) / (2 * reach)
