"""Studies small enough to reckon by hand, made in memory: a line a trial, a line a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lab.record import UNBROKEN, StudyRecord
from tests.made_up.study import Content, Study, run_json, study_json, trial_json


class Run(NamedTuple):
    """One finished run; a score and a quality that are None are not in the record."""

    trial: int
    outcome: str = "stable"
    seed: int = 0
    stage: str = "explore"
    score: float | None = 0.5
    quality: float | None = 0.8


def handmade(
    parameters: dict[str, dict[str, Any]],
    trials: Sequence[tuple[str, dict[str, Any]]],
    runs: Sequence[Run],
    *,
    conclusions: dict[str, Any] | None = None,
    configs: Sequence[dict[str, Any]] | None = None,
) -> StudyRecord:
    """A study of `trials`, each its origin and what it sampled, numbered from 0."""
    facts = {"parameters": parameters, "conclusions": conclusions or {}}
    study = Study(study_json("handmade", **facts))
    for number, (origin, values) in enumerate(trials):
        config = configs[number] if configs else {}
        study.trial(trial_json(number, origin=origin, parameters=values, config=config))
    for run in runs:
        study.run(_content(run))
    return study.in_memory()


def _content(run: Run) -> Content:
    failed = run.outcome not in UNBROKEN
    return run_json(
        run.trial,
        seed=run.seed,
        stage=run.stage,
        verdict={"name": run.outcome, "onset_images": 500 if failed else None},
        score=run.score,
        final_quality=0.0 if failed and run.quality is not None else run.quality,
        budget_images=1_000,
    )
