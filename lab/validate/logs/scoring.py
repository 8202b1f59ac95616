"""Synthetic logs judged: what each is called, at which evaluation, and the rates of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lab.config import StabilityConfig
from lab.record import Row
from lab.stability.history import make_history
from lab.stability.log import read_log
from lab.stability.log_columns import LogOptions
from lab.stability.rules import first_failure
from lab.stability.verdict import judge
from lab.statistics import Interval, wilson_interval
from lab.validate.logs.synthetic import (
    KINDS,
    NUM_EVALUATIONS,
    START,
    Array,
    Cell,
    Counts,
    make_logs,
)
from lab.validate.logs.truth import BREAKS, NO_VERDICT, RIGHT

SEED = 1
EVERY_KIMG = 100.0
SETTINGS = StabilityConfig(target_quality=0.25)
"""A target that every healthy curve reaches at every noise, so that a false alarm is one of a
failure and not of a target that was nearly reached."""
OPTIONS = LogOptions(initial=START)
WITHIN = 3
"""A rise counts as found in time at one of the first so many evaluations of its whole height, or
before."""

NEVER = NUM_EVALUATIONS + 1
"""Delay of a rise that was not named."""


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    count: int
    total: int

    @property
    def share(self) -> float:
        """0 where there is nothing to count."""
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of the share."""
        return wilson_interval(self.count, self.total)


class Failure(NamedTuple):
    """The first failure that the judge sees in a log, or none."""

    name: str | None
    evaluation: int
    """The one that brought the verdict; the log's last where none did."""


@dataclass(frozen=True)
class ScoredCell:
    """A cell of synthetic logs and the first failure of each."""

    cell: Cell
    names: tuple[str | None, ...]
    evaluations: Counts
    """[num_logs] the evaluation that brought each verdict."""
    onsets: Counts | None
    """[num_logs] the first evaluation that shows the truth; None where nothing happens."""

    @property
    def alarms(self) -> Rate:
        """Healthy logs called anything else, over the evaluations judged until then."""
        return Rate(len(self.wrong_names), int(np.sum(self.evaluations + 1)))

    @property
    def wrong_names(self) -> list[str]:
        """Names that no healthy log may have."""
        named = (name for name in self.names if name is not None)
        return [name for name in named if name not in RIGHT["healthy"]]

    @property
    def delays(self) -> Counts:
        """[num_logs] evaluations that showed the rise when it was named, 1 at the earliest.

        0 or less where a break was named before it came, and `NEVER` where none was.
        """
        assert self.onsets is not None, "a kind whose distance rises"
        broke = np.array([name in BREAKS for name in self.names])
        return np.where(broke, self.evaluations - self.onsets + 1, NEVER)

    def found_within(self, num_evaluations: int) -> Rate:
        """Logs whose break was named, not before it came, at one of so many evaluations."""
        delays = self.delays
        in_time = (delays >= 1) & (delays <= num_evaluations)
        return Rate(int(in_time.sum()), len(delays))

    @property
    def found_in_time(self) -> Rate:
        """Logs whose break was named within `WITHIN` evaluations of its whole height."""
        return self.found_within(KINDS[self.cell.kind].rises_over - 1 + WITHIN)

    @property
    def too_early(self) -> Rate:
        """Logs called broken before anything happened."""
        return Rate(int((self.delays < 1).sum()), len(self.names))


def score_cell(cell: Cell) -> ScoredCell:
    """Make the logs of a cell and judge each as it grows."""
    logs = make_logs(cell, SEED)
    failures = [first_failure_of(distances) for distances in logs.distances]
    return ScoredCell(
        cell,
        tuple(failure.name for failure in failures),
        np.array([failure.evaluation for failure in failures]),
        logs.onsets,
    )


def first_failure_of(distances: Array) -> Failure:
    """The rules of the judge on one log, without the confidence and the words of a verdict.

    It takes a fifteenth of the time of `judge`, and gives the evaluation that brought the name.
    """
    log = read_log(rows_of(distances), names=None, budget_images=None, options=OPTIONS)
    history = make_history(
        log.rows,
        names=log.names,
        baseline={},
        budget_images=log.budget_images,
        settings=SETTINGS,
        scale=log.scale,
        distance=log.distance,
        from_elsewhere=True,
    )
    failure = first_failure(history)
    if failure is None:
        return Failure(None, len(distances) - 1)
    rule, onset = failure
    return Failure(rule.name, onset.row)


def names_in_cell(cell: Cell) -> tuple[str, ...]:
    """What `judge` itself calls each log of a cell."""
    return tuple(name_of(distances) for distances in make_logs(cell, SEED).distances)


def name_of(distances: Array) -> str:
    """What `judge` itself calls a log."""
    verdict = judge(rows_of(distances), settings=SETTINGS, log=OPTIONS)
    return NO_VERDICT if verdict is None else verdict.name


def rows_of(distances: Array) -> list[Row]:
    """A log's rows, the first of them of the untrained generator."""
    return [{"kimg": EVERY_KIMG * i, "fid": float(value)} for i, value in enumerate(distances)]
