"""Configurations of trainers made up for tests: shell commands and functions that only act."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.config import MetricConfig, RunConfig, TrainerConfig, make_trainer_config
from lab.record import RUN_FILE, RunCard, read_card
from lab.run.loop import Evaluation
from lab.trainer.loop import run_trainer

METRIC = MetricConfig(name="fid", initial=400.0, target=20.0)
HEALTHY = "echo images,fid; for i in 0 1 2 3 4 5; do echo ${i}000,$((300 >> i)); done"
"""Six evaluations from 300 down to 9."""


def of_command(
    home: Path, script: str, parameters: dict[str, Any] | None = None, **fields: Any
) -> RunConfig:
    """A run of 5,000 images by a shell script, in which `$1` is its folder."""
    trainer = TrainerConfig(
        command=fields.pop("command", f"sh {write(home, script)} {{folder}}"),
        metric=fields.pop("metric", METRIC),
        home=str(home),
        **{"log": "log.csv"} | fields,
    )
    return make_trainer_config(trainer, {"training.budget_images": 5000, **(parameters or {})})


def of_function(home: Path, body: str, **values: Any) -> RunConfig:
    """A run of 5,000 images by a function `train(run)` with this body."""
    file = home / "mine.py"
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    file.write_text(f"def train(run):\n{lines}")
    trainer = TrainerConfig(function=f"{file}:train", metric=METRIC, home=str(home))
    return make_trainer_config(trainer, {"training.budget_images": 5000, **values})


def write(home: Path, script: str) -> str:
    """The name of a file with a shell script."""
    (home / "train.sh").write_text(script)
    return "train.sh"


def trained(config: RunConfig, folder: Path, **options: Any) -> list[Evaluation]:
    """All evaluations of a run."""
    return list(run_trainer(config, folder, **options))


def card_of(folder: Path) -> RunCard:
    """The run's run.json."""
    return read_card(folder / RUN_FILE, RunCard)
