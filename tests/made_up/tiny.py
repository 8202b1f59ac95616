"""Studies of a few runs, a line a run, so that figures can be checked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.record import IMAGES_SEEN, QUALITY, StudyRecord
from tests.made_up.study import Study, run_json, study_json, trial_json

BUDGET = 100
START = "2026-03-01T10:{:02d}:{:02d}+00:00"


@dataclass(frozen=True)
class Run:
    """One run: how it ended, when it broke, and its evaluations as (images, quality)."""

    verdict: str | None = "stable"
    onset: float | None = None
    rows: Sequence[tuple[int, float]] = ((0, 0.0), (50, 0.4), (100, 0.8))
    stage: str = "explore"
    status: str = "finished"
    origin: str = "sobol"
    choices: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    """Further columns of the evaluations, a value a row."""
    note: dict[str, Any] = field(default_factory=dict)
    """What run.json says besides or otherwise; None takes a key out."""
    trial: int | None = None
    seed: int = 0


def clock(seconds: int) -> str:
    """So many seconds after the first run of a tiny study began."""
    return START.format(*divmod(seconds, 60))


def tiny_study(folder: Path, runs: Sequence[Run], **facts: Any) -> StudyRecord:
    """A study of these runs; a run without a trial's number is of a trial of its own."""
    study = Study(study_json("tiny", **facts))
    for number, run in enumerate(runs):
        trial = number if run.trial is None else run.trial
        study.trial(trial_json(trial, origin=run.origin, config=_config(run.choices)))
        rows = _rows(run)
        last = rows[-1] if rows else {}
        verdict = {"name": run.verdict, "onset_images": run.onset, "evidence": "seen"}
        facts_of_run = {
            "images_seen": last.get(IMAGES_SEEN),
            "budget_images": BUDGET,
            "final_quality": last.get(QUALITY),
        }
        note = run_json(
            trial,
            seed=run.seed,
            stage=run.stage,
            status=run.status,
            verdict=verdict,
            **facts_of_run,
        )
        study.run({k: v for k, v in (note | run.note).items() if v is not None}, rows)
    return study.write(folder)


def _config(choices: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {"network": {}, "penalty": {}}
    for path, value in choices.items():
        part, _, name = path.rpartition(".")
        (config[part] if part else config)[name] = value
    return config


def _rows(run: Run) -> list[dict[str, Any]]:
    return [
        {IMAGES_SEEN: images, QUALITY: quality}
        | {name: values[i] for name, values in run.columns.items() if values[i] is not None}
        for i, (images, quality) in enumerate(run.rows)
    ]
