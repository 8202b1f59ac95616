"""Many small GANs in the plane, side by side in one lab game: a method's seeds train together.

Weights are [S, in, out] and row r of every batch belongs to game r modulo S. The lab's losses are
means over the batch, so each game's gradient comes out divided by S; Adam does not see a scale.
A pack of m are the rows of one game in m successive groups of S.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from lab.config import make_config
from lab.gan.average import copy_of
from lab.gan.game import Game
from lab.gan.games.unrolled import Unrolled
from lab.gan.games.vae import Vae
from lab.gan.networks import Critic, Generator
from lab.gan.networks.encoder import Posterior
from lab.gan.networks.network import Plan
from lab.gan.rounds import ImageShape, RealBatch
from lab.randomness import counted_generator
from lab.validate.mixtures.modes import Mixture

LATENT_SIZE = 2
SLOPE = 0.1
CRITIC_STEPS = 5
"""A critic near its best, as WGAN-GP asks for; a minimax generator then has little to follow."""


@dataclass(frozen=True)
class MixtureMethod:
    """A loss, its regularisation, and Adam's settings, by their paths in the configuration."""

    name: str
    values: tuple[tuple[str, Any], ...]


class Layers(nn.Module):
    """S multilayer perceptrons with two hidden layers, applied to rows in turn."""

    def __init__(
        self, num_games: int, sizes: tuple[int, int, int, int], draw: torch.Generator
    ) -> None:
        super().__init__()
        self.num_games = num_games
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for fan_in, fan_out in pairwise(sizes):
            weight = torch.randn(num_games, fan_in, fan_out, generator=draw)
            gain = 1.0 if fan_out == sizes[-1] else 2.0
            self.weights.append(nn.Parameter(weight * math.sqrt(gain / fan_in)))
            self.biases.append(nn.Parameter(torch.zeros(num_games, 1, fan_out)))

    def forward(self, rows: Tensor) -> Tensor:
        """[B, in] -> [B, out]; B is a multiple of S"""
        x = rows.view(-1, self.num_games, rows.shape[1]).transpose(0, 1)
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            x = leaky_relu(x, SLOPE) if index < last else x
        return x.transpose(0, 1).reshape(len(rows), -1)


def _plan(latent_size: int) -> Plan:
    return Plan(1, 2, num_classes=0, width=1.0, latent_size=latent_size, critic_norm="none")


class PlaneGenerator(Generator):
    """Codes to points of the plane, without a tanh: the plane has no edge."""

    bounded = False

    def __init__(self, num_games: int, width: int, scale: float, draw: torch.Generator) -> None:
        super().__init__(_plan(LATENT_SIZE))
        self.layers_of_games = Layers(num_games, (LATENT_SIZE, width, width, 2), draw)
        self.scale = scale

    def pixels(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """[B, latent] -> [B, 2, 1, 1]"""
        points: Tensor = self.scale * self.layers_of_games(z)
        return points.view(-1, 2, 1, 1)


class PlaneCritic(Critic):
    """Points of the plane to logits. It has a critic's interface and layers of its own."""

    def __init__(
        self, num_games: int, width: int, scale: float, draw: torch.Generator, *, joined: int = 1
    ) -> None:
        """`joined` points of a game are judged together (Lin et al. 2018, section 3)."""
        nn.Module.__init__(self)
        self.layers_of_games = Layers(num_games, (2 * joined, width, width, 1), draw)
        self.scale, self.joined = scale, joined

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """[B, 2, 1, 1] -> [B]; each point has the logit of its pack"""
        points, num_games = images.flatten(1) / self.scale, self.layers_of_games.num_games
        packs = points.view(-1, self.joined, num_games, 2).transpose(1, 2)
        logits: Tensor = self.layers_of_games(packs.reshape(-1, 2 * self.joined))
        return logits.view(-1, 1, num_games).expand(-1, self.joined, -1).flatten()


class PlaneEncoder(nn.Module):
    """Points of the plane to q(z | x), with the interface of `lab.gan.networks.encoder`."""

    def __init__(self, num_games: int, width: int, scale: float, draw: torch.Generator) -> None:
        super().__init__()
        self.layers_of_games = Layers(num_games, (2, width, width, 2 * LATENT_SIZE), draw)
        self.scale = scale

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
        """[B, 2, 1, 1] -> mean and log-variance, [B, latent] each"""
        values = self.layers_of_games(images.flatten(1) / self.scale)
        return Posterior(*values.chunk(2, dim=1))

    def update_spectral_vectors(self) -> None:
        """There are none."""


class MixtureGame(Game):
    """S games of one method on one mixture."""

    def __init__(
        self, method: MixtureMethod, mixture: Mixture, *, num_games: int, batch_size: int,
        width: int, num_rounds: int, seed: int,
    ) -> None:  # fmt: skip
        """`batch_size` is that of each game; rates fall to 0 over `num_rounds`."""
        self.mixture, self.num_games, self.width = mixture, num_games, width
        rows, given = num_games * batch_size, dict(method.values)
        critic_steps = given.get("training.critic_steps", CRITIC_STEPS)
        values: dict[str, Any] = {
            "seed": seed,
            "penalty.kind": "none",
            "network.latent_size": LATENT_SIZE,
            "training.batch_size": rows,
            "training.budget_images": num_rounds * critic_steps * rows,
            "training.critic_steps": critic_steps,
            "training.ema_half_life_images": 0.0,
            "optimizer.schedule": "linear",
            **given,
        }
        super().__init__(
            make_config({}, values),
            ImageShape(1, 2, 0),
            device=torch.device("cpu"),
            precision="float32",
        )

    def _build_generator(self) -> None:
        sizes = self.num_games, self.width, self.mixture.scale
        self.generator = PlaneGenerator(*sizes, self._first_numbers("generator"))
        self.average = copy_of(self.generator)

    def _build_critic(self) -> None:
        sizes, joined = (self.num_games, self.width, self.mixture.scale), self.config.network.pack
        self.critic = PlaneCritic(*sizes, self._first_numbers("critic"), joined=joined)
        self._critic_weights = list(self.critic.parameters())

    def _first_numbers(self, network: str) -> torch.Generator:
        return counted_generator(self.config.seed, f"initial {network}", 0)

    def train(self) -> None:
        """Play all rounds, on fresh real points."""
        size = self.config.training.batch_size

        def real(critic_step: int) -> RealBatch:
            draw = counted_generator(self.config.seed, "mixture", critic_step)
            points = self.mixture.sample(size, draw).view(-1, 2, 1, 1)
            return RealBatch(points, torch.zeros(size, dtype=torch.int64))

        for _ in range(self.config.num_steps):
            self.step(real)

    @torch.no_grad()
    def samples(self, count: int) -> Tensor:
        """[S, count, 2] of the generators as they are."""
        draw = counted_generator(self.config.seed, "samples", 0)
        z = torch.randn(count * self.num_games, LATENT_SIZE, generator=draw)
        return self.generator(z).view(count, self.num_games, 2).transpose(0, 1)


class UnrolledMixture(MixtureGame, Unrolled):
    """The generator looks through the critic's next steps (Metz et al. 2017)."""


class VaeMixture(MixtureGame, Vae):
    """Encoder and decoder (Kingma & Welling 2014)."""

    def _build_encoder(self) -> None:
        sizes = self.num_games, self.width, self.mixture.scale
        self.encoder: Any = PlaneEncoder(*sizes, self._first_numbers("encoder"))


KINDS: dict[str, type[MixtureGame]] = {
    "alternating": MixtureGame,
    "unrolled": UnrolledMixture,
    "vae": VaeMixture,
}
"""By `training.game`."""


def game_of(method: MixtureMethod, mixture: Mixture, **sizes: int) -> MixtureGame:
    """The games of a method; `sizes` as of `MixtureGame`."""
    return KINDS[dict(method.values).get("training.game", "alternating")](method, mixture, **sizes)
