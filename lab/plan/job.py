"""What the planner hands out and what it is told: jobs and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from lab.config import RunConfig
from lab.record import Stage


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
    """1 for the first start; larger after crashes."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    status: Literal["finished", "errored", "pruned"]
    """finished: it has a verdict; errored: it crashed, not the GAN's fault; pruned: given up."""
    verdict: str | None = None
    """Name of the verdict of a finished run, failures included."""
    score: float | None = None
    """The finite score of a finished run, failures included."""
    error: str | None = None
    """Why an errored run crashed."""


def trial_row(job: Job) -> dict[str, Any]:
    """Content of trial.json; write it before the run starts, so that no proposal is ever lost."""
    return {
        "number": job.trial,
        "origin": job.origin,
        "parameters": dict(job.parameters),
        "config": job.config.model_dump(mode="json"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
