"""The explore stage: known points, then a Sobol design, then TPE."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from lab.plan.history import History
from lab.plan.settings import PlanSettings, sobol_count
from lab.plan.spaces import Drawn, Space
from lab.plan.suggest import Source, from_random, from_unit
from lab.randomness import counted_seed


class Proposal(NamedTuple):
    """A configuration to try, and where it comes from."""

    origin: str
    drawn: Drawn


class Explore:
    """Which configuration comes next; trial numbers count known points, Sobol, TPE in turn."""

    def __init__(self, space: Space, settings: PlanSettings) -> None:
        self.space = space
        self.settings = settings
        self.num_known = min(len(space.known), settings.trials)
        self.num_trials = self.num_known if settings.known_only else settings.trials
        self.num_sobol = 0 if settings.known_only else sobol_count(settings, self.num_known)
        self._parameters = space.parameters()

    def propose(self, history: History) -> Proposal:
        """Enter the next trial of `history` and return it."""
        number = len(history)
        index = number - self.num_known
        if number < self.num_known:
            name = list(self.space.known)[number]
            proposal = Proposal(f"known:{name}", self.space.draw_point(self.space.known[name]))
        elif index < self.num_sobol:
            proposal = Proposal("sobol", self.space.draw(self.sobol_source(index)))
        else:
            return Proposal("tpe", history.propose(self.space))
        history.add(proposal.drawn, proposal.origin)
        return proposal

    def sobol_source(self, index: int) -> Source:
        """Point `index` of the scrambled Sobol sequence over all parameters in order of name.

        A conditional parameter has its own dimension, used where its branch is taken.
        """
        otherwise = from_random(self.settings.seed, "sobol", index)
        return from_unit(dict(zip(self._parameters, self._sobol[index], strict=True)), otherwise)

    @cached_property
    def _sobol(self) -> list[list[float]]:
        """Points, shape (a power of two >= num_sobol, number of parameters), in [0, 1)."""
        from scipy.stats import qmc  # half a second that most commands need not wait for

        if not self._parameters:
            return [[]] * self.num_sobol
        seed = counted_seed(self.settings.seed, "sobol", 0)
        design = qmc.Sobol(len(self._parameters), scramble=True, rng=seed)
        points: list[list[float]] = design.random_base2((self.num_sobol - 1).bit_length()).tolist()
        return points
