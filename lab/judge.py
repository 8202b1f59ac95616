"""``python -m lab.judge LOG``: the verdict of a training log, from the lab or from elsewhere.

LOG is a .csv or .jsonl file with a row an evaluation, StyleGAN's metric-*.jsonl, or the folder of
a run. lab/stability/log.py documents the columns that are recognised.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from lab.cli import run_command
from lab.config import StabilityConfig, read_config
from lab.errors import InputError
from lab.record import (
    CONFIG_FILE,
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    RunCard,
    StudyCard,
    is_readable,
    read_card,
)
from lab.record.words import kimg
from lab.stability.log_columns import LogOptions
from lab.stability.log_file import LogFile, read_log_file
from lab.stability.verdict import Verdict, judge

PROG = "python -m lab.judge"


@dataclass(frozen=True)
class JudgeOptions:
    """Judge a training log: how the run ended, since when, and on what evidence."""

    log: Annotated[Path, tyro.conf.Positional]
    """A .csv or .jsonl file with a row per evaluation, or a run's folder."""
    target: float | None = None
    """Quality in (0, 1) that a stable run reaches at its end; default .5, or that of the run."""
    budget: int | None = None
    """Images at which the run was to end; when left out, that of the run or the last row."""
    clock: str | None = None
    """Column of images seen, when it is not recognised by its name."""
    quality: str | None = None
    """Column of the distance to real images or of quality, when not recognised by its name."""
    batch_size: int | None = None
    """Images per step, for logs that count steps."""
    initial: float | None = None
    """Distance of the untrained generator; the first of the log when left out."""
    floor: float = 0.0
    """Distance of real images."""
    json: bool = False
    """Print JSON instead of text."""


@dataclass(frozen=True)
class Context:
    """What the record of a run has beside its rows."""

    settings: StabilityConfig = field(default_factory=StabilityConfig)
    budget_images: int | None = None
    baseline: dict[str, float] | None = None


def command(options: JudgeOptions) -> int:
    """Run the command; returns its exit code."""
    _check(options)
    is_run = options.log.is_dir()
    context = _run_context(options.log) if is_run else Context()
    read = read_log_file(options.log / EVALUATIONS_FILE if is_run else options.log)
    settings = context.settings
    if options.target is not None:
        settings = settings.model_copy(update={"target_quality": options.target})
    budget = context.budget_images if options.budget is None else options.budget
    verdict = judge(
        read.rows,
        baseline=context.baseline,
        budget_images=budget,
        settings=settings,
        log=LogOptions(
            clock=options.clock,
            quality=options.quality,
            batch_size=options.batch_size,
            initial=options.initial,
            floor=options.floor,
        ),
    )
    if options.json:
        print(json.dumps(_as_data(verdict, read)))
    else:
        print("\n".join(_as_lines(verdict, read, budget)))
    return 0


def _check(options: JudgeOptions) -> None:
    if options.target is not None and not 0 < options.target < 1:
        raise InputError(
            f"--target is {options.target}; quality lies between 0 (untrained) and 1 (as real "
            "images): give a number between them"
        )
    for option, least in (("budget", options.budget), ("batch-size", options.batch_size)):
        if least is not None and least < 1:
            raise InputError(f"--{option} is {least}; it must be at least 1")
    for option, value in (("initial", options.initial), ("floor", options.floor)):
        if value is not None and not math.isfinite(value):
            raise InputError(f"--{option} is {value}; it must be a finite number")


def _run_context(folder: Path) -> Context:
    """Limits, budget, and the metrics of real images, as far as the record has them."""
    if not (folder / RUN_FILE).exists():
        raise InputError(f"{folder} is not a run: it has no {RUN_FILE}; give a seed-* folder")
    run = read_card(folder / RUN_FILE, RunCard)
    run_config, trial = folder / CONFIG_FILE, folder.parent / TRIAL_FILE
    config = run_config if run_config.exists() else trial
    study = folder.resolve().parent.parent.parent / STUDY_FILE
    baseline = read_card(study, StudyCard).metrics.baseline if is_readable(study) else {}
    return Context(
        read_config(config).stability if config.exists() else StabilityConfig(),
        None if run.budget_images is None else round(run.budget_images),
        baseline or None,
    )


def _as_data(verdict: Verdict | None, read: LogFile) -> dict[str, Any]:
    """One JSON object; `verdict` is null while the budget is not reached."""
    if verdict is None:
        return {"verdict": None, "ignored": list(read.ignored)}
    data = asdict(verdict)
    data["verdict"] = data.pop("name")
    return data | {"ignored": [*read.ignored, *verdict.ignored]}


def _as_lines(verdict: Verdict | None, read: LogFile, budget: int | None) -> list[str]:
    if verdict is None:
        return [
            f"no verdict yet: no failure so far, and the budget of {budget} images not reached"
        ]
    onset = "none" if verdict.onset_images is None else kimg(verdict.onset_images)
    lines = [
        f"verdict     {verdict.name}",
        f"onset       {onset}",
        f"evidence    {verdict.evidence}",
        f"confidence  {verdict.confidence:.2f} of the limits from half to twice agree",
    ]
    lines += [
        f"flag        {flag.name} since {kimg(flag.onset_images)}: {flag.evidence}"
        for flag in verdict.flags
    ]
    lines += [f"not judged  {text}" for text in verdict.not_judged]
    return lines + [f"ignored     {text}" for text in (*read.ignored, *verdict.ignored)]


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(JudgeOptions, command, prog=PROG, args=args)


if __name__ == "__main__":
    sys.exit(main())
