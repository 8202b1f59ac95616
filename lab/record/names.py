"""File and folder names of a stored study, and the words of its fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

FORMAT = 2
"""Version of the record's format. In 1 (version 0.1 of the lab) quality was linear in the
distance, from the start of the run itself: see `lab.record.rescaled`."""

Stage = Literal["explore", "race", "confirm"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which a search goes through them."""

IMPORTED = "imported"
"""Origin of a trial whose runs were trained elsewhere and imported from their logs."""
OWN_LOOP = "own"
"""Origin of a trial that a person's own loop recorded by `lab.stability.monitor`."""

STUDY_FILE = "study.json"
OPTUNA_FILE = "optuna.db"
TRIAL_FILE = "trial.json"
RUN_FILE = "run.json"
CONFIG_FILE = "config.json"
"""Configuration of a run that lab.train made outside a study; in a study trial.json has it."""
EVALUATIONS_FILE = "evaluations.jsonl"
SAMPLES_FOLDER = "samples"
GENERATOR_FILE = "generator.safetensors"
ERROR_FILE = "error.txt"
REPORT_FILE = "report.html"
AUDIT_FILE = "audit.json"
AUDIT_PICTURE = f"{SAMPLES_FOLDER}/audit-pairs.webp"
"""Generated images beside the training images nearest to them, within a run's folder."""


def trial_folder(study: Path, trial: int) -> Path:
    """studies/<study>/trials/0007"""
    return study / "trials" / f"{trial:04d}"


def run_folder(study: Path, trial: int, seed: int) -> Path:
    """studies/<study>/trials/0007/seed-3"""
    return trial_folder(study, trial) / f"seed-{seed}"


def sample_file(run: Path, images_seen: int) -> Path:
    """<run>/samples/00000640.webp, by images seen."""
    return run / SAMPLES_FOLDER / f"{images_seen:08d}.webp"


def sample_files(run: Path) -> dict[int, Path]:
    """The sample grids of a run by images seen, in their order."""
    files = (run / SAMPLES_FOLDER).glob("*.webp")
    return dict(sorted((int(path.stem), path) for path in files if path.stem.isdecimal()))


def neighbours_file(run: Path, images_seen: int) -> Path:
    """<run>/samples/neighbours-00000640.webp: generated images over training images."""
    return run / SAMPLES_FOLDER / f"neighbours-{images_seen:08d}.webp"


KEPT_GENERATOR = re.compile(r"generator-(\d{8,})\.safetensors")


def kept_generator_file(run: Path, images_seen: int) -> Path:
    """<run>/generator-00000640.safetensors, by images seen: see training.keep_generators."""
    return run / f"generator-{images_seen:08d}.safetensors"


def kept_generators(run: Path) -> dict[int, Path]:
    """The generators kept along a run by images seen, in their order."""
    files = {
        int(match[1]): path
        for path in run.glob("generator-*.safetensors")
        if (match := KEPT_GENERATOR.fullmatch(path.name))
    }
    return dict(sorted(files.items()))
