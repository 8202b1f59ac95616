"""Lazy penalties and terms: those of every k-th update, and where their gradients go.

StyleGAN2 gives them updates of their own and corrects its Adam for these (Karras et al. 2020,
appendix B): with one further update in k, the rate is multiplied by k / (k + 1), and so are the
logarithms of both betas.
"""

from __future__ import annotations

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.terms import Active, Part


class LazyUpdates:
    """The updates that a player has for lazy terms alone."""

    def __init__(self, config: RunConfig, terms: Active, players: tuple[str, ...]) -> None:
        """Raises InputError for a game that has no place for them."""
        shared = config.training.lazy == "shared"
        self.usual: Part = "all" if shared else "steady"
        """What the players' usual updates are of."""
        self._intervals: dict[str, list[int]] = {player: [] for player in players}
        if shared:
            return
        if config.training.game != "alternating":
            raise InputError(
                f"training.lazy is own and training.game is {config.training.game}; only "
                "alternating updates have a place for further ones: set training.lazy to shared "
                "or training.game to alternating"
            )
        for player in players:
            intervals = terms.intervals(player)
            if player == "critic" and config.penalty.kind != "none":
                intervals.append(config.penalty.every_steps)
            self._intervals[player] = [k for k in intervals if k > 1]

    def due(self, player: str, step: int) -> bool:
        """Whether a player has such an update after that of this step."""
        return any(step % interval == 0 for interval in self._intervals[player])

    def share_of_steps(self, player: str) -> float:
        """The share of an optimizer's steps that are usual updates."""
        interval = min(self._intervals.get(player, []), default=0)
        return interval / (interval + 1) if interval else 1.0
