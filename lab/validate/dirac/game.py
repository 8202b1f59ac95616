"""Many Dirac-GANs side by side in one lab game: its losses, penalties and updates, not copies.

A batch holds the samples of m independent games, `nodes` of each. The lab's losses are means over
the batch, so each game's gradient comes out divided by m, and its step is multiplied by m again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lab.config import make_config
from lab.gan.average import copy_of
from lab.gan.game import Game
from lab.gan.games.consensus import Consensus
from lab.gan.games.extragradient import Extragradient
from lab.gan.games.simultaneous import Simultaneous
from lab.gan.games.unrolled import Unrolled
from lab.gan.networks import Critic, Generator
from lab.gan.networks.network import Plan
from lab.gan.objectives import CriticBatch
from lab.gan.optimistic import Optimistic
from lab.gan.rounds import ImageShape, RealBatch
from lab.validate.dirac.theory import LOOKAHEAD_ALPHA, DiracMethod, Order

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
    """Plain gradient descent in which every game has a step of its own, as `sgd` has one rate."""

    def __init__(self, parameter: nn.Parameter, steps: Tensor) -> None:
        super().__init__([parameter], {"lr": steps, "momentum": 0.0, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """p <- p - steps * gradient, [m] each."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter -= group["lr"] * parameter.grad


class OptimisticDescent(Optimistic):
    """The lab's optimistic descent along each game's own step."""

    def __init__(self, parameter: nn.Parameter, steps: Tensor) -> None:
        super().__init__([parameter], {"lr": 1.0})
        self.steps = steps

    def _directions(self, moved: Sequence[Tensor], group: dict[str, Any]) -> list[Tensor]:
        return [self.steps * direction for direction in super()._directions(moved, group)]


class DiracGame(Game):
    """m Dirac-GANs of one method, from m starts with m pairs of steps."""

    generator: PointGenerator
    critic: LineCritic
    played_as = "alternating"
    """Its name in the catalogue of games."""

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
            "training.game": self.played_as,
            "training.unrolled_steps": method.ahead,
            # Gradients of each game are divided by their number, and their product twice.
            "penalty.consensus_weight": strength * self.num_games if method.consensus else 0.0,
            "optimizer.critic.kind": "sgd",
        }
        if method.rule == "lookahead":
            values["optimizer.lookahead.steps"] = method.ahead
            values["optimizer.lookahead.alpha"] = LOOKAHEAD_ALPHA
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
        rule = OptimisticDescent if self.method.rule == "optimistic" else Descent
        each = self.num_games
        self.generator_optimizer = rule(self.generator.theta, each * self.steps.theta)  # type: ignore[assignment]
        self.critic_optimizer = rule(self.critic.psi, each * self.steps.psi)  # type: ignore[assignment]

    def _critic_step(self, critic_step: int, real: RealBatch) -> Any:
        """Before it, the generator's step, if that is the order."""
        if self.order == "generator first":
            self._free_critic(False)
            self._generator_played = super()._generator_step(critic_step, real)
            self._free_critic(True)
        return super()._critic_step(critic_step, real)

    def _generator_step(self, step: int, real: RealBatch) -> Any:
        if self.order == "generator first":
            return self._generator_played
        return super()._generator_step(step, real)

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
            self.step(lambda _: data)
            path.append(self.point())
        return DiracPoint(*(torch.stack(parts) for parts in zip(*path, strict=True)))

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


class SimultaneousDirac(DiracGame, Simultaneous):
    """Both players step at once."""

    played_as = "simultaneous"


class ExtragradientDirac(DiracGame, Extragradient):
    """Both step with the gradient one step ahead."""

    played_as = "extragradient"


class ConsensusDirac(DiracGame, Consensus):
    """Both also descend the size of the field."""

    played_as = "consensus"


class UnrolledDirac(DiracGame, Unrolled):
    """The generator looks some critic steps ahead."""

    played_as = "unrolled"


def dirac_game(method: DiracMethod, strength: float, *, order: Order, **named: Any) -> DiracGame:
    """The lab's game that plays the method in this order; arguments as `DiracGame` takes them."""
    kind: type[DiracGame] = DiracGame if order != "simultaneous" else SimultaneousDirac
    if method.consensus:
        kind = ConsensusDirac
    elif method.rule == "extragradient":
        kind = ExtragradientDirac
    elif method.rule == "unrolled":
        kind = UnrolledDirac
    return kind(method, strength, order=order, **named)


def step_jacobian(
    method: DiracMethod, strength: float, steps: DiracPoint, order: Order, reach: float = 1e-5
) -> Tensor:
    """The derivative at the equilibrium of the map that is really played, [n, d, d].

    Central differences over 2 d games for each of the n pairs of steps. The state is (theta, psi),
    d = 2; of optimistic descent both last directions as well, d = 4. Lookahead's map is k rounds.
    """
    n, size = len(steps.theta), 4 if method.rule == "optimistic" else 2
    shift = torch.zeros(size, 2, n, size, dtype=torch.float64)
    for i in range(size):
        shift[i, 0, :, i], shift[i, 1, :, i] = reach, -reach
    start = DiracPoint(shift[..., 0].flatten(), shift[..., 1].flatten())
    every = DiracPoint(*(step.repeat(2 * size) for step in steps))
    game = dirac_game(method, strength, start=start, steps=every, order=order)
    players = {
        game.generator_optimizer: game.generator.theta,
        game.critic_optimizer: game.critic.psi,
    }
    if size == 4:
        for i, (optimizer, at) in enumerate(players.items(), start=2):
            optimizer.state[at]["previous"] = shift[..., i].flatten()
    path = game.played(method.rounds_of_map)
    ends = [path.theta[-1], path.psi[-1]]
    if size == 4:
        ends += [optimizer.state[at]["previous"] for optimizer, at in players.items()]
    ended = torch.stack(ends, dim=1).view(size, 2, n, size)
    return ((ended[:, 0] - ended[:, 1]) / (2 * reach)).permute(1, 2, 0)
