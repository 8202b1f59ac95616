"""``python -m lab.judge LOG``: the verdict of a training log, from the lab or from elsewhere.

LOG is a file or folder of any of the formats of lab.stability.logs, known by its content, or the
folder of a run. lab/stability/log.py documents the columns that are recognised.

Exit codes: 0 without a failure so far, 3 for a run that failed (any, of several), 4 for a metric
that is broken, 2 for a mistake in the options or the log, 130 after Ctrl-C.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from lab.cli import MISTAKEN, as_called, run_command
from lab.config import StabilityConfig, TrainerConfig, make_config, read_config
from lab.errors import InputError
from lab.record import (
    CONFIG_FILE,
    EVALUATIONS_FILE,
    OWN_LOOP,
    RUN_FILE,
    STABLE,
    STUDY_FILE,
    TRIAL_FILE,
    Row,
    RunCard,
    StudyCard,
    TrialCard,
    is_readable,
    read_card,
    read_json,
)
from lab.record.columns import MetricNames, under_columns
from lab.record.rescaled import is_rescaled, rescaled_rows, scale_of
from lab.record.target import parse_target
from lab.record.words import brief, kimg
from lab.stability.history import number
from lab.stability.log import BrokenMetric, Log, read_log
from lab.stability.log_clock import AnotherRun
from lab.stability.log_columns import LogOptions, NothingYet, names_among
from lab.stability.logs import LogFile, LogRun, read_logs
from lab.stability.verdict import Verdict, judge
from lab.trainer.book import NEARLY, judged_rows, settled_limits

PROG = "python -m lab.judge"
HEALTHY = 0
FAILED = 3
BROKEN = 4
"""Exit codes; a log that cannot be judged has that of a user's mistake."""
NOT_FAILED = (STABLE, "short")
"""Verdicts of runs whose training did not fail."""
INTERVAL_SECONDS = 10.0
PATIENCE_SECONDS = 3600.0
WIDEST_NAME = 40


@dataclass(frozen=True)
class JudgeOptions:
    """Judge a training log: how the run ended, since when, and on what evidence.

    Exit codes: 0 no failure so far, 3 failed, 4 the metric is broken, 2 bad input.
    """

    log: Annotated[Path, tyro.conf.Positional]
    """A log of any format that is known (docs/logs.md), a folder of logs, or a run's folder."""
    target: str | None = None
    """What a stable run ends with: quality=.5, or fid=20; that of the lab's run, or none."""
    budget: int | None = None
    """Images at which the run was to end; when left out, that of the run or the last row."""
    clock: str | None = None
    """Column of images seen, when it is not recognised by its name."""
    quality: str | None = None
    """Column of the distance to real images or of quality, when not recognised by its name."""
    batch_size: int | None = None
    """Real images per step, for logs that count steps."""
    epoch_size: int | None = None
    """Images per epoch, for logs that count epochs."""
    initial: float | None = None
    """Distance of the untrained generator; the first of the log when left out."""
    floor: float = 0.0
    """Distance of real images."""
    follow: bool = False
    """Watch a log that grows, until the run fails (3) or ends without a failure (0)."""
    interval: float | None = None
    """Seconds between two looks of --follow; default 10."""
    patience: float | None = None
    """Seconds without a new row after which --follow ends with the code so far; default 3600."""
    json: bool = False
    """Print JSON instead of text."""


@dataclass(frozen=True)
class Context:
    """What the record of a run has beside its rows."""

    settings: StabilityConfig = field(default_factory=StabilityConfig)
    budget_images: int | None = None
    baseline: dict[str, float] | None = None
    is_of_lab: bool = False
    """Whether the lab trained the run, so that its rows are judged as they were then."""
    study: StudyCard | None = None
    trainer: TrainerConfig | None = None
    """Of a run that a program of a person's own trained: the distance that it is judged by."""


@dataclass(frozen=True)
class Judged:
    """One run of a log, with its verdict or why it has none."""

    name: str
    verdict: Verdict | None
    """None while no failure has happened and the budget is not reached."""
    log: Log | None
    notes: tuple[str, ...] = ()
    error: InputError | None = None
    """Why it could not be judged."""

    @property
    def code(self) -> int:
        """The exit code of this run alone."""
        if self.error is not None:
            return BROKEN if isinstance(self.error, BrokenMetric) else MISTAKEN
        has_failed = self.verdict is not None and self.verdict.name not in NOT_FAILED
        return FAILED if has_failed else HEALTHY


def command(options: JudgeOptions) -> int:
    """Run the command; returns its exit code."""
    _check(options)
    try:
        judged = _follow(options) if options.follow else _judge_all(options)
    except BrokenMetric as error:
        print(f"{as_called(PROG)}: {error}", file=sys.stderr)
        return BROKEN
    _print(judged, options)
    return exit_code(judged)


def exit_code(judged: Sequence[Judged]) -> int:
    """That of the run which asks most for a look: a failure, a broken metric, a mistake."""
    codes = {run.code for run in judged}
    return next((code for code in (FAILED, BROKEN, MISTAKEN) if code in codes), HEALTHY)


def _check(options: JudgeOptions) -> None:
    if options.target is not None:
        parse_target(options.target)
    for option, least in (
        ("budget", options.budget),
        ("batch-size", options.batch_size),
        ("epoch-size", options.epoch_size),
    ):
        if least is not None and least < 1:
            raise InputError(f"--{option} is {least}; it must be at least 1")
    for option, value in (("initial", options.initial), ("floor", options.floor)):
        if value is not None and not math.isfinite(value):
            raise InputError(f"--{option} is {value}; it must be a finite number")
    for option, seconds in (("interval", options.interval), ("patience", options.patience)):
        if seconds is not None and not options.follow:
            raise InputError(f"--{option} is not used without --follow; leave it out or add that")
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            raise InputError(f"--{option} is {seconds}; it must be above 0 seconds")


def _judge_all(options: JudgeOptions) -> list[Judged]:
    """Each run of the log. Raises InputError where there is but one and it cannot be judged."""
    context, read = _read(options)
    if len(read.runs) == 1:
        try:
            return [_judge_run(read.runs[0], options, context, read.notes)]
        except AnotherRun as error:
            halves = _halves(read.runs[0], error.position)
            return _judge_several(halves, options, context, read.notes)
    return _judge_several(read.runs, options, context, read.notes)


def _judge_several(
    runs: Sequence[LogRun], options: JudgeOptions, context: Context, notes: Sequence[str]
) -> list[Judged]:
    """Each of several runs; one that cannot be judged has its error."""
    judged: list[Judged] = []
    waiting = list(runs)
    while waiting:
        run = waiting.pop(0)
        try:
            judged.append(_judge_run(run, options, context, notes))
        except AnotherRun as error:
            waiting = [*_halves(run, error.position), *waiting]
        except InputError as error:
            judged.append(Judged(run.name, None, None, (), error))
    if all(run.code == MISTAKEN for run in judged):
        raise InputError(f"none of {len(judged)} runs can be judged: {judged[0].error}")
    return judged


def _halves(run: LogRun, position: int) -> tuple[LogRun, LogRun]:
    """The rows before another run begins, and the rest, which is named by its number."""
    name, _, count = run.name.rpartition(" #")
    following = f"{name} #{int(count) + 1}" if count.isdecimal() and name else f"{run.name} #2"
    return LogRun(run.name, run.rows[:position]), LogRun(following, run.rows[position:])


def _read(options: JudgeOptions) -> tuple[Context, LogFile]:
    path = options.log
    if _holds(path, RUN_FILE):
        read = read_logs(path / EVALUATIONS_FILE, grows=options.follow)
        named = tuple(LogRun(path.resolve().name, run.rows) for run in read.runs)
        return _run_context(path), LogFile(named, read.notes)
    if _holds(path, STUDY_FILE) or _holds(path, TRIAL_FILE):
        raise InputError(f"{path} is not a run: it has no {RUN_FILE}; give a seed-* folder")
    return Context(), read_logs(path, grows=options.follow, options=_log_options(options))


def _log_options(options: JudgeOptions) -> LogOptions:
    return LogOptions(
        clock=options.clock,
        quality=options.quality,
        batch_size=options.batch_size,
        initial=options.initial,
        floor=options.floor,
        epoch_size=options.epoch_size,
    )


def _holds(folder: Path, name: str) -> bool:
    try:
        return (folder / name).exists()
    except OSError:  # no permission, or a name too long: reading it states why
        return False


def _judge_run(
    run: LogRun, options: JudgeOptions, context: Context, notes: Sequence[str]
) -> Judged:
    log_options = _log_options(options)
    settings = context.settings
    if options.target is not None:
        settings = parse_target(options.target).applied_to(settings)
    budget = context.budget_images if options.budget is None else options.budget
    is_open = budget is None and options.follow
    log = read_log(
        run.rows, names=None, budget_images=1 if is_open else budget, options=log_options
    )
    last = _last_images(log)
    if is_open:
        budget = last + 1  # only a failure ends it
    elif budget is None:
        end = f"no budget was given: the last row, at {kimg(last)}, is taken for the end"
        notes = [*notes, end]
    has_own_scale = options.quality is None and options.initial is None and not options.floor
    if context.trainer is not None and has_own_scale:
        verdict = judged_rows(run.rows, context.trainer, _end(budget, last), settings)
    elif context.is_of_lab and has_own_scale:
        verdict = _judge_of_lab(run.rows, context, settings, budget or max(last, 1))
    else:
        verdict = judge(
            run.rows,
            baseline=context.baseline,
            budget_images=budget,
            settings=settings,
            log=log_options,
        )
    return Judged(run.name, verdict, log, (*notes, *log.ignored))


def _end(budget: int | None, last: int) -> int:
    """Where a training of a person's own ended, which rounds its length to its own units."""
    return last if budget is None or NEARLY * budget <= last < budget else budget


def _judge_of_lab(
    rows: Sequence[Row], context: Context, settings: StabilityConfig, budget_images: int
) -> Verdict | None:
    """The verdict that the lab gave the run, or would give it with other settings."""
    study = context.study
    columns = list(dict.fromkeys(column for row in rows for column in row))
    names = names_among(columns) if study is None else study.metrics.columns
    rows = [under_columns(row, names.model_dump().values()) for row in rows]
    scale = None if study is None else scale_of(study, _starts(rows, names))
    if study is not None and scale is not None and is_rescaled(study):
        rows = rescaled_rows(rows, names.kernel, scale)
    return judge(
        rows,
        names=names,
        baseline=context.baseline or {},
        budget_images=budget_images,
        settings=settings,
        scale=scale,
    )


def _starts(rows: Sequence[Row], names: MetricNames) -> list[float]:
    """The distance of the untrained generator, if the rows have it."""
    first = number(rows[0], names.kernel)
    return [] if first is None else [first]


def _last_images(log: Log) -> int:
    return int(log.rows[-1]["images_seen"])


def _run_context(folder: Path) -> Context:
    """Limits, budget, and the metrics of real images, as far as the record has them."""
    run = read_card(folder / RUN_FILE, RunCard)
    budget = None if run.budget_images is None else round(run.budget_images)
    trial_file = folder.parent / TRIAL_FILE
    if is_readable(trial_file) and read_json(trial_file).get("origin") == OWN_LOOP:
        limits = read_card(trial_file, TrialCard).config.get("stability", {})
        return Context(StabilityConfig.model_validate(limits), budget)
    own_config = folder / CONFIG_FILE
    config = own_config if own_config.exists() else trial_file
    study_file = folder.resolve().parent.parent.parent / STUDY_FILE
    study = read_card(study_file, StudyCard) if is_readable(study_file) else None
    settings = read_config(config) if config.exists() else make_config({})
    if settings.trainer is not None:
        return Context(settled_limits(settings), budget, trainer=settings.trainer)
    return Context(
        settings.stability,
        budget,
        (study.metrics.baseline or None) if study is not None else None,
        is_of_lab=True,
        study=study,
    )


def _follow(options: JudgeOptions) -> list[Judged]:
    """Judge the log again as it grows, until a failure, the end, or a standstill."""
    interval = INTERVAL_SECONDS if options.interval is None else options.interval
    patience = PATIENCE_SECONDS if options.patience is None else options.patience
    judged: list[Judged] = []
    waits_for: InputError | None = None
    seen: tuple[int, ...] = ()
    changed = time.monotonic()
    while True:
        try:
            judged, waits_for = _judge_all(options), None
        except NothingYet as error:
            waits_for = error
        except InputError as error:
            if _holds(options.log.parent, options.log.name):
                raise
            waits_for = error
        now_seen = tuple(_last_images(run.log) for run in judged if run.log is not None)
        if now_seen != seen:
            seen, changed = now_seen, time.monotonic()
            if not options.json:
                print("\n".join(_so_far(run) for run in judged), flush=True)
        is_over = judged and all(run.verdict is not None for run in judged)
        if is_over or exit_code(judged) in (FAILED, BROKEN):
            return judged
        if time.monotonic() - changed >= patience:
            if waits_for is not None and not judged:
                raise waits_for
            return judged
        time.sleep(interval)


def _so_far(run: Judged) -> str:
    """A line of --follow."""
    if run.log is None:
        return f"{run.name}: {run.error}"
    state = "no failure so far" if run.verdict is None else run.verdict.name
    return f"{run.name}: {state} at {kimg(_last_images(run.log))}{_last_quality(run.log)}"


def _last_quality(log: Log) -> str:
    value = number(log.rows[-1], "quality")
    return "" if value is None else f", quality {brief(value)}"


def _print(judged: Sequence[Judged], options: JudgeOptions) -> None:
    if options.json:
        data = [_as_data(run) for run in judged]
        print(json.dumps(data[0] if len(data) == 1 else {"runs": data}))
    elif len(judged) == 1:
        print("\n".join(_as_lines(judged[0], options.budget)))
    else:
        print("\n".join(_as_table(judged)))


def _as_data(run: Judged) -> dict[str, Any]:
    """One JSON object; `verdict` is null while the budget is not reached."""
    data: dict[str, Any] = {"run": run.name, "verdict": None}
    if run.error is not None:
        data["error"] = str(run.error)
    if run.verdict is not None:
        data |= asdict(run.verdict)
        data["verdict"] = data.pop("name")
    return data | {"ignored": list(run.notes)}


def _as_lines(run: Judged, budget: int | None) -> list[str]:
    verdict = run.verdict
    notes = [f"note        {text}" for text in run.notes]
    if verdict is None:
        end = "its end" if budget is None else f"the budget of {budget} images"
        return [f"no verdict yet: no failure so far, and {end} not reached", *notes]
    onset = "none" if verdict.onset_images is None else kimg(verdict.onset_images)
    lines = [
        f"verdict     {verdict.name}",
        f"onset       {onset}",
        f"evidence    {verdict.evidence}",
    ]
    if verdict.confidence is not None:
        lines.append(
            f"confidence  {verdict.confidence:.2f} of the limits from half to twice agree"
        )
    lines += [
        f"flag        {flag.name} since {kimg(flag.onset_images)}: {flag.evidence}"
        for flag in verdict.flags
    ]
    return [*lines, *(f"not judged  {text}" for text in verdict.not_judged), *notes]


def _as_table(judged: Sequence[Judged]) -> list[str]:
    """A line a run: its name, verdict, onset, last images, and quality or why it has none."""
    rows = [("run", "verdict", "onset", "end", "quality")]
    for run in judged:
        name = run.name if len(run.name) <= WIDEST_NAME else run.name[: WIDEST_NAME - 3] + "..."
        if run.log is None:
            word = "broken metric" if run.code == BROKEN else "not judged"
            rows.append((name, word, "", "", str(run.error)))
            continue
        verdict = run.verdict
        has_onset = verdict is not None and verdict.onset_images is not None
        quality = number(run.log.rows[-1], "quality")
        rows.append(
            (
                name,
                verdict.name if verdict is not None else "none yet",
                kimg(verdict.onset_images or 0) if verdict is not None and has_onset else "none",
                kimg(_last_images(run.log)),
                "" if quality is None else brief(quality),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    ]
    texts: dict[str, list[str]] = {}
    for run in judged:
        for text in run.notes:
            texts.setdefault(text, []).append(run.name)
    return [*lines, *(f"note  {_names(names, judged)}{text}" for text, names in texts.items())]


def _names(names: Sequence[str], judged: Sequence[Judged]) -> str:
    """Of which runs a note is; nothing for one of all."""
    return "" if len(names) == len(judged) else f"{', '.join(names)}: "


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(JudgeOptions, command, prog=PROG, args=args)


if __name__ == "__main__":
    sys.exit(main())
