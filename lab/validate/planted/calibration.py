"""Calibration of the judge's limits: rows of planted runs, kept to be judged under others.

    python -m lab.validate.planted.calibration train FOLDER --seeds 0 1 2 5 6
    python -m lab.validate.planted.calibration judge FOLDER --set rise_factor=2

`train` plays every case with every seed once and keeps the rows; `judge` needs no training.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from lab.cli import run_commands
from lab.config import make_config, parse_setting
from lab.errors import InputError, unknown
from lab.record import read_json, write_json
from lab.validate.planted.cases import CASES
from lab.validate.planted.runs import PlantedJob, PlayedRun, judge_run, play

CALIBRATION_SEEDS = (0, 1, 2, *range(5, 10), *range(20, 30), 40, 41)
"""Every seed whose runs were looked at before a rule, a limit or a case was changed."""
PROG = "python -m lab.validate.planted.calibration"


def kept_file(folder: Path, job: PlantedJob) -> Path:
    """FOLDER/classes-dropped-3.json"""
    words = "-".join("".join(c if c.isalnum() else " " for c in job.case).split())
    return folder / f"{words}-{job.seed}.json"


def keep(folder: Path, played: PlayedRun) -> None:
    """Write a run's rows."""
    write_json(kept_file(folder, PlantedJob(played.case, played.seed)), vars(played))


def kept(folder: Path) -> list[PlayedRun]:
    """All runs of a folder."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputError(f"{folder} holds no runs; make them with `{PROG} train {folder}`")
    notes = (read_json(path) for path in files)
    return [
        PlayedRun(**{key: to for key, to in note.items() if key != "format"}) for note in notes
    ]


def train(
    folder: Path, /, seeds: Sequence[int] = CALIBRATION_SEEDS, cases: Sequence[str] = ()
) -> int:
    """Play every case, or the given ones, with every seed that the folder lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in cases:
        if name not in CASES:
            raise unknown("the case", name, CASES)
    for seed in seeds:
        for name in cases or CASES:
            job = PlantedJob(name, seed)
            if not kept_file(folder, job).exists():
                keep(folder, play(job))
                print(f"{name}, seed {seed}", flush=True)
    return 0


def judge(folder: Path, /, set: Sequence[str] = ()) -> int:
    """Print how each kept run is called under limits of `StabilityConfig`."""
    values = {f"stability.{path}": to for path, to in map(parse_setting, set)}
    settings = make_config({}, values).stability
    wrong = 0
    for played in kept(folder):
        judged = judge_run(played, settings)
        wrong += not judged.right
        mark = "  " if judged.right else "! "
        print(
            f"{mark}{played.case:36} {played.seed:3}  {judged.called:24} "
            f"+{judged.delay_evaluations:<3} {judged.verdict.confidence:.2f}  "
            f"{judged.verdict.evidence}"
        )
    print(f"{wrong} called wrong")
    return 0


if __name__ == "__main__":
    sys.exit(run_commands({"train": train, "judge": judge}, prog=PROG))
