"""What the planner hands out and takes back: jobs and outcomes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from lab.config import RunConfig, stored_config
from lab.record import RunCard, Stage, TrialCard


@dataclass(frozen=True)
class Job:
    """One run to make: a trial's configuration with one seed."""

    trial: int
    """Number of the trial, from 0."""
    seed: int
    """Seed of the run; `config.seed` is the same."""
    stage: Stage
    """Why the run is made."""
    origin: str
    """Where the parameters come from: `known:<name>`, `sobol` or `tpe`."""
    parameters: Mapping[str, Any]
    """The sampled parameters by path; conditional ones only where their branch is taken."""
    config: RunConfig
    """The whole configuration of the run."""
    attempt: int = 1
    """Starts since the run's last stored evaluation: larger than 1 after crashes."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    status: Literal["finished", "errored", "pruned"]
    """finished: with a verdict; errored: crashed, not the GAN's fault; pruned: stopped early."""
    verdict: str | None = None
    """Name of the verdict of a finished run, failures included."""
    score: float | None = None
    """The finite score of a finished run, failures included."""
    quality: float = 0.0
    """Final quality of a finished run; 0 when it failed on the way."""
    life: float = 1.0
    """Share of the budget before a finished run's failure; 1 without one."""
    seconds: float = 0.0
    """What a finished run trained and evaluated."""
    error: str | None = None
    """Why an errored run crashed."""

    @property
    def stable(self) -> bool:
        return self.verdict == "stable"


def finished_outcome(run: RunCard) -> Outcome | None:
    """The outcome of a finished run from its run.json; None where its score is not finite."""
    if run.score is None or not math.isfinite(run.score):
        return None
    onset, budget = run.verdict.onset_images if run.verdict else None, run.budget_images
    return Outcome(
        "finished",
        run.verdict.name if run.verdict else None,
        run.score,
        quality=run.final_quality or 0.0,
        life=1.0 if onset is None or not budget else min(1.0, onset / budget),
        seconds=float((run.seconds.training or 0.0) + (run.seconds.evaluating or 0.0)),
    )


def trial_card(job: Job) -> TrialCard:
    """trial.json; write it before the run starts, so that no proposal is ever lost."""
    return TrialCard(
        number=job.trial,
        origin=job.origin,
        parameters=dict(job.parameters),
        **stored_config(job.config),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
