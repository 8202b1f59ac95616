"""The one builder of studies: a part at a time, or as a chain.

    Study(study_json("tiny")).trial(trial_json(0)).run(run_json(0), rows).write(folder)

`in_memory` in place of `write` makes the same record without files.

`study_json`, `trial_json` and `run_json` give the least content that each file must have, and take
whatever else a test needs. `put_study`, `put_trial` and `put_run` write them into a folder, for
those who add to a study that is there. The larger made-up studies (synthetic, raced, records) and
those of a few lines (tiny, handmade) are made of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.record import (
    EVALUATIONS_FILE,
    FORMAT,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    RunCard,
    RunRecord,
    StudyCard,
    StudyRecord,
    TrialCard,
    read_study,
    run_folder,
    trial_folder,
    write_json,
    write_rows,
)
from lab.record.card import AnyCard, validated
from lab.record.evaluations import Evaluations

Content = dict[str, Any]
CREATED = "2026-03-01T10:00:00+00:00"
SETTINGS: Content = {"concurrent": 2, "cpus_per_worker": 1, "gpus_per_worker": 0, "workers": "1"}


def study_json(name: str, **facts: Any) -> Content:
    """study.json of a finished study without parameters, unless `facts` differ."""
    base = {"study": name, "settings": SETTINGS, "parameters": {}, "status": "finished"}
    return {**base, **facts}


def trial_json(
    number: int,
    *,
    parameters: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    origin: str = "sobol",
    created: str = CREATED,
) -> Content:
    """trial.json of a configuration."""
    return {
        "number": number,
        "origin": origin,
        "parameters": dict(parameters or {}),
        "config": dict(config or {}),
        "created": created,
    }


def run_json(
    trial: int,
    *,
    seed: int = 0,
    stage: str = "explore",
    status: str = "finished",
    verdict: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Content:
    """run.json; only a finished run has a verdict. A fact that is None is not in the file."""
    note = {
        "trial": trial,
        "seed": seed,
        "stage": stage,
        "status": status,
        "verdict": dict(verdict) if verdict and status == "finished" else None,
    }
    return note | {key: value for key, value in facts.items() if value is not None}


def put_study(folder: Path, content: Content) -> None:
    """Write study.json."""
    write_json(folder / STUDY_FILE, content)


def put_trial(folder: Path, content: Content) -> None:
    """Write a trial.json into its folder of the study."""
    write_json(trial_folder(folder, content["number"]) / TRIAL_FILE, content)


def put_run(folder: Path, content: Content, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write a run's run.json and evaluations; its folder."""
    place = run_folder(folder, content["trial"], content["seed"])
    write_rows(place / EVALUATIONS_FILE, [dict(row) for row in rows])
    write_json(place / RUN_FILE, content)
    return place


def file_text(content: Content) -> str:
    """What `write_json` writes, for ten thousands of files that need not survive a power cut."""
    return json.dumps({"format": FORMAT, **content}, indent=2)


class Study:
    """A study that is put together and then written."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.trials: list[Content] = []
        self.runs: list[tuple[Content, Sequence[Mapping[str, Any]]]] = []

    def trial(self, content: Content) -> Study:
        """Add a trial, of `trial_json`."""
        self.trials.append(content)
        return self

    def run(self, content: Content, rows: Sequence[Mapping[str, Any]] = ()) -> Study:
        """Add a run, of `run_json`, with its evaluations."""
        self.runs.append((content, rows))
        return self

    def write(self, folder: Path) -> StudyRecord:
        """Write every file, and read the study as the report does."""
        put_study(folder, self.content)
        for trial in self.trials:
            put_trial(folder, trial)
        for run, rows in self.runs:
            put_run(folder, run, rows)
        return read_study(folder)

    def in_memory(self) -> StudyRecord:
        """The study as the report has it, for tests where no file matters; its folder is none."""
        nowhere = Path(self.content["study"])
        evaluations = Evaluations()
        runs = [
            RunRecord(nowhere, _card(RunCard, run), evaluations.append(list(map(dict, rows))))
            for run, rows in self.runs
        ]
        trials = [_card(TrialCard, trial) for trial in self.trials]
        study = _card(StudyCard, self.content)
        return StudyRecord(nowhere, study, trials, runs, evaluations=evaluations)


def _card(kind: type[AnyCard], content: Content) -> AnyCard:
    card, _ = validated(kind, content)
    assert card is not None
    return card
