"""The commands `import` and `export` of `python -m lab.record`."""

from __future__ import annotations

import math
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import tyro
from rich.console import Console
from rich.progress import track

from lab.errors import InputError
from lab.exchange.exporting import Tool, export, read_stored
from lab.record.target import parse_target
from lab.record.words import in_number

if TYPE_CHECKING:
    from lab.exchange.finding import FoundRun, LeftOut
    from lab.exchange.judging import Judged, JudgedRun, JudgeOptions
    from lab.exchange.trials import Trials

Item = TypeVar("Item")
WORTH_SHOWING = 20
"""Logs from which on a bar shows how far it is."""
MOST_NAMED = 10
"""Logs left out that are named; study.json has all."""
HOW_TO_OPEN: dict[Tool, Callable[[Path], str]] = {
    "csv": lambda out: "; runs.csv and evaluations.csv",
    "parquet": lambda out: "; runs.parquet and evaluations.parquet",
    "optuna": lambda out: f"; optuna-dashboard {shlex.quote(_optuna_address(out))}",
    "mlflow": lambda out: f"; mlflow ui --backend-store-uri sqlite:///{shlex.quote(str(out))}",
}
"""What follows the line that an export prints."""


def import_runs(
    logs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="LOG")],
    name: str,
    storage: Path = Path("studies"),
    quality: str | None = None,
    initial: float | None = None,
    floor: float = 0.0,
    target: str | None = None,
    budget: int | None = None,
    clock: str | None = None,
    batch_size: str | None = None,
    epoch_size: int | None = None,
    settings: Path | None = None,
    pattern: str | None = None,
    seed_column: str | None = None,
    ignore: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = (),
) -> int:
    """Make a study of runs that were trained elsewhere, from their logs.

    Runs of equal settings are seeds of one trial. Settings come from what the format holds
    (MLflow, W&B, Ray, StyleGAN, TensorBoard's hparams, config.json, hparams.yaml), from a table,
    or from the names of folders.

    Args:
        logs: Logs, or folders of logs, of any format that lab.judge reads (docs/logs.md).
        name: Name of the study.
        storage: Folder of studies.
        quality: Column of the distance to real images; the one that most logs have when left out.
        initial: Distance of an untrained generator, where quality is 0; from the logs when left
            out.
        floor: Distance of real images, where quality is 1.
        target: What a stable run ends with, fid=20 or quality=.5; none when left out.
        budget: Images at which runs were to end; the end of the longest log when left out.
        clock: Column of images seen, steps or epochs, when it is not recognised by its name.
        batch_size: Real images a step, for logs that count steps; or the setting that has them.
        epoch_size: Images an epoch, for logs that count epochs.
        settings: CSV table with the column run and one column for each setting.
        pattern: Settings in the names of runs, say lr{lr}-seed{seed}.
        seed_column: The setting that holds the seed; one called seed when left out.
        ignore: A setting that is to be left out, say a date; may be given again.
    """
    from lab.exchange.finding import found_runs
    from lab.exchange.importing import require_free, write_study
    from lab.exchange.judging import JudgeOptions, judged_runs
    from lab.exchange.naming import with_pattern, with_table
    from lab.exchange.trials import trials_of
    from lab.stability.log_columns import LogOptions

    if not logs:
        raise InputError("no log is given; give log files, or a folder that holds them")
    folder = storage / _checked(name)
    require_free(folder)
    options = JudgeOptions(quality, initial, floor, target, budget, clock, batch_size, epoch_size)
    _check(options)
    logs_read = found_runs(logs, LogOptions(clock=clock, quality=quality), _followed)
    runs: Sequence[FoundRun] = logs_read.runs
    if pattern is not None:
        runs = with_pattern(runs, pattern)
    if settings is not None:
        runs = with_table(runs, settings)
    judged = judged_runs(runs, options, _followed)
    trials = trials_of(judged.runs, seed_column, ignore)
    left_out = [*logs_read.left_out, *judged.left_out]
    write_study(folder, judged, trials, logs, left_out, is_initial_given=initial is not None)
    _print_summary(folder, judged, trials, left_out)
    return 0


def export_study(
    study: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="STUDY")],
    to: Tool,
    out: Path,
) -> int:
    """Write a study as files of other tools.

    Args:
        study: Folder of the study, or its URL.
        to: csv and parquet (a folder with runs and evaluations), optuna (a SQLite file, or a
            journal where OUT ends in .log) or mlflow (a database as mlflow.db).
        out: Where to write; it must not exist yet.
    """
    record = read_stored(study)
    export(record, to, out, _followed)
    print(f"{in_number(len(record.runs), 'run')} of {record.name} in {out}{HOW_TO_OPEN[to](out)}")
    return 0


def _optuna_address(out: Path) -> str:
    return str(out) if out.suffix in (".log", ".journal") else f"sqlite:///{out}"


def _checked(name: str) -> str:
    if not name or Path(name).name != name or name.startswith("."):
        raise InputError(f"--name is '{name}'; give the name of a folder, without a path")
    return name


def _check(options: JudgeOptions) -> None:
    if options.target is not None:
        parse_target(options.target)
    for option, least in (("budget", options.budget), ("epoch-size", options.epoch_size)):
        if least is not None and least < 1:
            raise InputError(f"--{option} is {least}; it must be at least 1")
    for option, value in (("initial", options.initial), ("floor", options.floor)):
        if value is not None and not math.isfinite(value):
            raise InputError(f"--{option} is {value}; it must be a finite number")


def _followed(items: Sequence[Item], doing: str) -> Iterable[Item]:
    """The items, with a bar in a terminal where there are many."""
    if len(items) < WORTH_SHOWING or not sys.stderr.isatty():
        return items
    return track(items, doing, console=Console(stderr=True), transient=True)


def _print_summary(
    folder: Path, judged: Judged, trials: Trials, left_out: Sequence[LeftOut]
) -> None:
    """How many runs of how many trials, how they ended, and what is missing and why."""
    print(
        f"{in_number(len(judged.runs), 'run')} of {in_number(len(trials.trials), 'trial')} in "
        f"{folder}, judged by {judged.metric.name}: {_verdicts(judged.runs)}"
    )
    for path, parameter in trials.space.items():
        span = (
            f"{parameter.low:g} to {parameter.high:g}{', logarithmic' if parameter.log else ''}"
            if parameter.low is not None and parameter.high is not None
            else ", ".join(map(str, parameter.choices))
        )
        print(f"  {path}: {span}")
    for note in (*judged.notes, *trials.notes):
        print(f"note: {note}")
    errored = [(run.log.name, run.error) for run in judged.runs if run.verdict is None]
    _print_reasons("without a verdict", errored)
    _print_reasons("left out", left_out)
    print(f"write the report with\n  python -m reports {shlex.quote(str(folder))}")


def _verdicts(runs: Sequence[JudgedRun]) -> str:
    counts = Counter("errored" if run.verdict is None else run.verdict.name for run in runs)
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common())


def _print_reasons(what: str, entries: Sequence[tuple[str, str]]) -> None:
    for name, reason in entries[:MOST_NAMED]:
        print(f"{what}: {name} ({reason})")
    if len(entries) > MOST_NAMED:
        print(f"{what}: {in_number(len(entries) - MOST_NAMED, 'more log')}; study.json names all")
