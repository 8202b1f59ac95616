"""Best odds first with several slots: runs made early, and time, by simulation.

The choice is that of one slot: what has ended is replayed in order, and a run's place in the
order never depends on when it ended. Few next runs are certain; further slots guess how they
end (`_guess`) and continue from there.
"""

from __future__ import annotations

import copy
import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.study import NUM_CONFIGURATIONS
from benchmarks.race.worlds import WORLDS, Array, draw_runs

SLOTS = (1, 2, 4, 8)


class Spent(NamedTuple):
    """One study."""

    num_runs: int
    rounds: int
    """Of runs made side by side, all equally long."""
    num_stable: tuple[int, ...]
    """By configuration, of the runs that the choice rests on."""


class _Board:
    """Runs in the order of the choice; [configurations]."""

    def __init__(self, stable: NDArray[np.bool_], score: Array) -> None:
        self.runs = np.ones(len(stable), dtype=np.int64)
        self.stable = stable[:, 0].astype(np.int64)
        self.score = score[:, 0].copy()
        self.used = len(stable)

    def first(self, num: int) -> list[int]:
        """So many by `race_allocation.best_odds`."""
        odds = (self.stable + 1) / (self.runs - self.stable + 0.1)
        merit = odds + 1e-4 * self.score / self.runs
        return [int(which) for which in np.argsort(-merit, kind="stable")[:num]]

    def add(self, which: int, stable: bool, score: float) -> None:
        """A run that has ended."""
        self.runs[which] += 1
        self.stable[which] += stable
        self.score[which] += score
        self.used += 1


def _guess(board: _Board, which: int, left: int) -> bool:
    """Whether to continue as if the run were stable.

    Next in line is then this configuration's own next seed, needed if this run is stable:
    (k + 1) / (n + 2) under a flat prior. Otherwise it is another's, needed unless all `left` are
    stable: left / (k + left + 1).
    """
    k, n = int(board.stable[which]), int(board.runs[which])
    return (k + 1) / (n + 2) > left / (k + left + 1)


def side_by_side(
    stable: NDArray[np.bool_], score: Array, budget: int, slots: int, at_a_time: int = 1
) -> Spent:
    """One study of [configurations, seeds]; so many different ones get a seed at each choice."""
    board = _Board(stable, score)
    made = np.ones(len(stable), dtype=np.int64)
    rounds = -(-len(stable) // slots)
    while True:
        while chosen := board.first(min(at_a_time, budget - board.used)):
            if any(made[which] == board.runs[which] for which in chosen):
                break
            for which in chosen:
                seed = board.runs[which]
                board.add(which, bool(stable[which, seed]), float(score[which, seed]))
        if not chosen:
            return Spent(int(made.sum()), rounds, tuple(board.stable.tolist()))
        np.add.at(made, _wanted(board, made, (stable, score), budget, slots, at_a_time), 1)
        rounds += 1


def _wanted(
    board: _Board,
    made: NDArray[np.int64],
    ended: tuple[NDArray[np.bool_], Array],
    budget: int,
    slots: int,
    at_a_time: int,
) -> list[int]:
    """Configurations to give their next seed, the certain first, then those a guess leads to."""
    ahead = copy.deepcopy(board)
    wanted: list[int] = []
    while ahead.used < budget and len(wanted) < slots:
        for which in ahead.first(min(at_a_time, budget - ahead.used)):
            seed = int(ahead.runs[which])
            if seed < made[which]:
                ahead.add(which, bool(ended[0][which, seed]), float(ended[1][which, seed]))
            else:
                wanted.append(which)
                likely = _guess(ahead, which, budget - ahead.used)
                ahead.add(which, likely, float(ahead.score[which] / seed) * (1 if likely else 0.5))
    return wanted[:slots]


def print_slots(budget: int, num_studies: int) -> None:
    """A line for each number of slots and of trials that get a seed at each choice."""
    print(f"\nbest odds first, {budget} runs needed: runs made / rounds by world")
    for at_a_time, slots in itertools.product((1, 2), SLOTS):
        cells = []
        for draw in WORLDS.values():
            rng = np.random.default_rng(3)
            truth = draw(rng, num_studies, NUM_CONFIGURATIONS)
            runs = draw_runs(truth, budget + slots, rng)
            spent = [
                side_by_side(runs.stable[i], runs.score[i], budget, slots, at_a_time)
                for i in range(num_studies)
            ]
            mean = np.mean([(one.num_runs, one.rounds) for one in spent], axis=0)
            cells.append(f"{mean[0]:4.0f} /{mean[1]:4.0f}")
        name = f"{at_a_time} at a time, {slots} slots (ideal {-(-budget // slots):3}) "
        print(name + "  ".join(cells), flush=True)
