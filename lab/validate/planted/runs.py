"""One run of a case with one seed through the real loop, and what the judge makes of its rows."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lab.config import StabilityConfig
from lab.record import CLASS_SHARE_PREFIX, IMAGES_SEEN, QUALITY, Row
from lab.record.columns import MetricNames
from lab.record.scale import Scale
from lab.run import run
from lab.run.bench import open_bench_for
from lab.stability.flags import Flag, raised
from lab.stability.history import RunHistory, make_history
from lab.stability.verdict import Verdict, judge
from lab.validate.planted.cases import CASES, Case, config_of


class PlantedJob(NamedTuple):
    """Which run to make."""

    case: str
    seed: int


class Ended(NamedTuple):
    """What the last images of a run are; NaN where it is not measured."""

    quality: float
    precision: float
    """This and the next two are over those of real images."""
    coverage: float
    recall: float


@dataclass(frozen=True)
class PlayedRun:
    """A run's rows and what they are judged against: enough to judge it again."""

    case: str
    seed: int
    rows: Sequence[Mapping[str, Any]]
    names: Mapping[str, str]
    baseline: Mapping[str, float]
    """Metrics and class shares of held-out real images."""
    anchor: float
    """The kernel distance at which quality is 0."""
    num_samples: int
    """Samples of an evaluation."""
    budget_images: int
    every_images: int

    @property
    def ended(self) -> Ended:
        """What the last images are."""
        names = MetricNames(**self.names)

        def relative(column: str) -> float:
            return float(self.rows[-1].get(column, math.nan)) / self.baseline.get(column, math.nan)

        return Ended(
            float(self.rows[-1][QUALITY]),
            relative(names.precision),
            relative(names.coverage),
            relative(names.recall),
        )

    def history(self, num_rows: int, settings: StabilityConfig) -> RunHistory:
        """The first so many rows as rules see them."""
        names = MetricNames(**self.names)
        return make_history(self.rows[:num_rows], distance=names.kernel, **self._against(settings))

    def judged(self, num_rows: int, settings: StabilityConfig) -> Verdict | None:
        """The verdict after so many rows."""
        return judge(self.rows[:num_rows], **self._against(settings))

    def _against(self, settings: StabilityConfig) -> dict[str, Any]:
        names = MetricNames(**self.names)
        kernel, error = self.baseline[names.kernel], self.baseline[names.kernel_error]
        return {
            "names": names,
            "num_samples": self.num_samples,
            "scale": Scale(self.anchor, kernel, error),
            "baseline": self.baseline,
            "budget_images": self.budget_images,
            "settings": settings,
        }


def play(job: PlantedJob) -> PlayedRun:
    """Train one run to its budget in a folder that is thrown away."""
    case = CASES[job.case]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        config = config_of(case, job.seed, folder)
        verdict = None
        for evaluation in run(config, folder / "run", device="cpu", make_game=case.game):
            rows.append(evaluation.row)
            verdict = evaluation.verdict
        evaluator = open_bench_for(config, "cpu").evaluator
    played = PlayedRun(
        job.case,
        job.seed,
        rows,
        evaluator.names.model_dump(),
        evaluator.of_real,
        evaluator.scale.anchor,
        evaluator.num_paired,
        config.training.budget_images,
        config.evaluation.every_images,
    )
    assert verdict == played.judged(len(rows), config.stability), "the loop judges as we do"
    return played


GOOD_END = 0.2
NEAR_BEST = 0.1
LEAST_SHARE = 0.1
BROKEN = 2.0
NUM_LEAST = 400
"""Distances below the anchor over this are noise, as in the judge's scale."""


@dataclass(frozen=True)
class Judged:
    """The verdict and flags of a run, and when they were first given."""

    case: Case
    seed: int
    verdict: Verdict
    judged_images: int
    """Images seen at the evaluation that brought the verdict or, where one is due, the flag."""
    named_images: int
    """Images seen at the evaluation that brought the verdict."""
    ended_well: bool
    """Whether quality ended at `GOOD_END` or more, within `NEAR_BEST` of its best, with images of
    every class."""
    broke: bool
    """Whether the distance ended at `BROKEN` times its best before the onset, or more."""
    num_evaluations: int
    """Evaluations of the run after its first step."""
    every_images: int
    budget_images: int

    @property
    def onset_images(self) -> float:
        """Where the planted failure truly begins."""
        return (self.case.onset or 0.0) * self.budget_images

    @property
    def right(self) -> bool:
        """An accepted name, not given before the true onset, and the expected flag alone."""
        names = {flag.name for flag in self.verdict.flags}
        due = {self.case.flag} if self.case.flag else set()
        named = self.verdict.name in self.case.accepted and due <= names
        if self.case.healthy:
            return named and not names
        return named and self.named_images >= self.onset_images

    @property
    def healthy(self) -> bool:
        """By construction, or because it ended well; no verdict is asked."""
        return self.case.healthy and (self.case.by_construction or self.ended_well)

    @property
    def decided(self) -> bool:
        """Whether its truth is known: it is healthy, or it failed."""
        return self.healthy or (
            not self.case.healthy and (self.case.by_construction or self.broke)
        )

    @property
    def called(self) -> str:
        """The verdict, and the flags raised beside it."""
        return " + ".join([self.verdict.name, *(flag.name for flag in self.verdict.flags)])

    @property
    def delay_evaluations(self) -> int:
        """Evaluations from the first that could show the failure to the one that named it.

        A failure that begins at an evaluation shows there or at the next.
        """
        late = self.judged_images - self.onset_images
        return max(0, round(late / self.every_images))


def judge_run(played: PlayedRun, settings: StabilityConfig) -> Judged:
    """Judge a run online, row after row."""
    case = CASES[played.case]
    settings = settings.model_copy(update={"target_quality": case.target})
    verdict, images = None, 0
    for num_rows in range(1, len(played.rows) + 1):
        verdict = played.judged(num_rows, settings)
        if verdict is not None:
            images = int(played.rows[num_rows - 1][IMAGES_SEEN])
            break
    assert verdict is not None, "at the budget every run has a verdict"
    named = images
    if case.flag is not None:
        images = _flag_images(played, case.flag, settings) or images
    quality = [float(row[QUALITY]) for row in played.rows]
    return Judged(
        case,
        played.seed,
        verdict,
        images,
        named,
        quality[-1] >= max(GOOD_END, max(quality) - NEAR_BEST) and _has_every_class(played),
        _broke(played, case),
        len(played.rows) - 1,
        played.every_images,
        played.budget_images,
    )


def _has_every_class(played: PlayedRun) -> bool:
    """Whether the last images have at least a tenth of each class's share among real ones."""
    last = played.rows[-1]
    real = {
        name: to for name, to in played.baseline.items() if name.startswith(CLASS_SHARE_PREFIX)
    }
    return all(float(last.get(name, 0.0)) >= LEAST_SHARE * share for name, share in real.items())


def _broke(played: PlayedRun, case: Case) -> bool:
    """Whether the last two distances are far above the best before the onset, or not finite."""
    onset = (case.onset or 0.0) * played.budget_images
    column, least = played.names["kernel"], played.anchor / NUM_LEAST
    before = [float(row[column]) for row in played.rows if row[IMAGES_SEEN] <= onset]
    last = [float(row[column]) for row in played.rows[-2:]]
    return all(not distance < BROKEN * max(least, min(before)) for distance in last)


def _flag_images(played: PlayedRun, name: str, settings: StabilityConfig) -> int | None:
    """Images seen when a flag could first be raised."""

    def flags(num_rows: int) -> tuple[Flag, ...]:
        return raised(played.history(num_rows, settings))

    return next(
        (
            int(played.rows[num_rows - 1][IMAGES_SEEN])
            for num_rows in range(1, len(played.rows) + 1)
            if name in {flag.name for flag in flags(num_rows)}
        ),
        None,
    )
