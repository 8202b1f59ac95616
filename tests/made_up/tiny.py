"""Studies of a few runs, each told in one line, so that figures can be checked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.record import (
    EVALUATIONS_FILE,
    IMAGES_SEEN,
    QUALITY,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    StudyRecord,
    read_study,
    run_folder,
    trial_folder,
    write_json,
    write_rows,
)

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


def tiny_study(folder: Path, runs: Sequence[Run], **card: Any) -> StudyRecord:
    """A study of these runs; a run without a trial's number is of a trial of its own."""
    settings = {"concurrent": 2, "cpus_per_worker": 1, "gpus_per_worker": 0, "workers": "1"}
    told = {"study": "tiny", "settings": settings, "parameters": {}, "status": "finished"} | card
    write_json(folder / STUDY_FILE, told)
    for number, run in enumerate(runs):
        trial = number if run.trial is None else run.trial
        config: dict[str, Any] = {"network": {}, "penalty": {}}
        for path, value in run.choices.items():
            part, _, name = path.rpartition(".")
            (config[part] if part else config)[name] = value
        write_json(
            trial_folder(folder, trial) / TRIAL_FILE,
            {"number": trial, "origin": run.origin, "parameters": {}, "config": config},
        )
        _write_run(run_folder(folder, trial, run.seed), run, trial)
    return read_study(folder)


def _write_run(place: Path, run: Run, trial: int) -> None:
    rows = [
        {IMAGES_SEEN: images, QUALITY: quality}
        | {name: values[i] for name, values in run.columns.items() if values[i] is not None}
        for i, (images, quality) in enumerate(run.rows)
    ]
    note = {
        "trial": trial,
        "seed": run.seed,
        "stage": run.stage,
        "status": run.status,
        "verdict": {"name": run.verdict, "onset_images": run.onset, "evidence": "seen"}
        if run.status == "finished"
        else None,
        "images_seen": rows[-1][IMAGES_SEEN] if rows else None,
        "budget_images": BUDGET,
        "final_quality": rows[-1][QUALITY] if rows else None,
    } | run.note
    write_rows(place / EVALUATIONS_FILE, rows)
    write_json(place / RUN_FILE, {key: value for key, value in note.items() if value is not None})
