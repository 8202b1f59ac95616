"""Lookahead over both players: slow weights to which the fast ones return."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lab.config import LookaheadConfig


class Lookahead(nn.Module):
    """After every k rounds: slow <- slow + alpha (fast - slow), fast <- slow.

    Chavdarova et al. 2021, algorithm 1. Both players move back together. The slow weights are
    buffers, which begin as the players' first weights; moments of the optimizers and batch
    statistics stay as they are. Without `steps` it holds nothing.
    """

    def __init__(self, settings: LookaheadConfig, players: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.settings = settings
        self._fast: list[nn.Parameter] = []
        if settings.steps == 0:
            return
        for player, network in players.items():
            for name, parameter in network.named_parameters():
                slow = parameter.detach().clone()
                self.register_buffer(f"{player}_{name}".replace(".", "_"), slow)
                self._fast.append(parameter)

    @torch.no_grad()
    def after_round(self, num_rounds: int) -> None:
        """Move both, when `num_rounds`, the number of rounds done, is a multiple of k."""
        if not self._fast or num_rounds % self.settings.steps:
            return
        slow: list[Tensor] = list(self.buffers())
        fast: list[Tensor] = [parameter.detach() for parameter in self._fast]
        torch._foreach_lerp_(slow, fast, self.settings.alpha)
        torch._foreach_copy_(fast, slow)
