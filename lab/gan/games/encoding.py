"""What games with an encoder share: how it is built, and one update of several networks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.networks.encoder import Encoder, build_encoder
from lab.gan.networks.normalisation import standardise_over
from lab.gan.optimizers import grad_norm, limit_gradients
from lab.randomness import counted_generator

POSTERIOR = "posterior"
"""Purpose of the random numbers that codes of real images are drawn with."""


class EncodingGame(Game):
    """A game with an encoder, which has the generator's optimizer settings."""

    encoder: Encoder
    encoder_optimizer: torch.optim.Optimizer

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        """Raises InputError for settings that the game cannot have."""
        if config.stability.jacobian:
            raise InputError(
                f"stability.jacobian is true and training.game is {config.training.game}, whose "
                "field has a third network; set stability.jacobian to false"
            )
        super().__init__(config, *args, **kwargs)

    def _build_encoder(self) -> None:
        rng = counted_generator(self.config.seed, "initial encoder", 0)
        self.encoder = self._placed(build_encoder(self.config, rng=rng, **self.shape._asdict()))
        self.encoder_sigmas = self._sigmas(self.encoder, "encoder")
        standardise_over(self.encoder, self.ranks)

    def _build_optimizers(self) -> None:
        for player in self.players:
            setattr(self, f"{player}_optimizer", self._optimizer_of(player))

    def _clear(self, *players: str) -> None:
        for player in players:
            getattr(self, f"{player}_optimizer").zero_grad(set_to_none=True)

    def _update(self, player: str) -> Tensor:
        """Step a player's optimizer; the norm of its gradient before the limit, []."""
        network = getattr(self, player)
        norm = grad_norm(network)
        limit_gradients(network, norm, self.settings_of(player))
        getattr(self, f"{player}_optimizer").step()
        return norm
