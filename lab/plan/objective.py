"""What a search optimises: one measure of a run, or two at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lab.plan.job import Outcome
from lab.plan.race import Result

Direction = Literal["maximize", "minimize"]
"""As Optuna names them."""
ObjectiveName = Literal["score", "quality", "stability,quality", "quality,cost"]


@dataclass(frozen=True)
class Measure:
    """A finite number of a finished run, failures included."""

    of: Callable[[Outcome], float]
    larger_is_better: bool = True


def _score(outcome: Outcome) -> float:
    """The area under the quality curve while the run lives."""
    assert outcome.score is not None
    return outcome.score


def _quality(outcome: Outcome) -> float:
    """Final quality u_T; 0 for a run that failed on the way."""
    return outcome.quality


def _stability(outcome: Outcome) -> float:
    """1 for a stable run, else half the share of the budget before its failure: a slope to climb
    that no failure can top."""
    return 1.0 if outcome.stable else 0.5 * outcome.life


def _cost(outcome: Outcome) -> float:
    """Seconds that the run held its slot while training and evaluating."""
    return outcome.seconds


MEASURES: dict[str, Measure] = {
    "score": Measure(_score),
    "quality": Measure(_quality),
    "stability": Measure(_stability),
    "cost": Measure(_cost, larger_is_better=False),
}


@dataclass(frozen=True)
class Objective:
    """One or two measures; with any but the score, failure is a constraint of its own.

    The score is low for failures by itself; the cost of a run that failed may look fine.
    """

    name: ObjectiveName

    @property
    def measures(self) -> list[Measure]:
        return [MEASURES[word] for word in self.name.split(",")]

    @property
    def directions(self) -> list[Direction]:
        """Of each measure."""
        return ["maximize" if m.larger_is_better else "minimize" for m in self.measures]

    @property
    def constrained(self) -> bool:
        """Whether Optuna learns of a failed run as infeasible."""
        return self.name != "score"

    def values(self, outcome: Outcome) -> list[float]:
        """Of a finished run, as Optuna learns them."""
        return [measure.of(outcome) for measure in self.measures]

    def result(self, outcome: Outcome) -> Result:
        """Of a finished run, as the race sees it: larger is better."""
        values = zip(self.measures, self.values(outcome), strict=True)
        gains = (value if measure.larger_is_better else -value for measure, value in values)
        return Result(outcome.stable, tuple(gains))
