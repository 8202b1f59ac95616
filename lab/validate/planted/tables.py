"""How planted failures and healthy runs were called: counts, delays, false alarms, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import get_args

from lab.config import StabilityConfig
from lab.record import STABLE
from lab.record.words import brief, kimg
from lab.stability.flags import FlagName, raised
from lab.stability.rules import RULES, first_failure
from lab.stability.validated import OF_TEXTS
from lab.statistics import Interval, wilson_interval
from lab.validate.part import Cell, Matrix, Table
from lab.validate.planted.cases import CASES, Case
from lab.validate.planted.runs import BROKEN, GOOD_END, NEAR_BEST, Ended, Judged, PlayedRun

CALLED: tuple[str, ...] = (STABLE, *RULES, *get_args(FlagName))
FLAG_LIMITS = ("overfit_gap", "memorised_ct", "memorised_authenticity", "averaging_gap")
FACTORS = (0.5, 1.0, 2.0)
WHOLE = "all classes, near real"
"""The control that the looks of classes are halved of."""


def by_case(judged: Sequence[Judged], *, healthy: bool) -> dict[str, list[Judged]]:
    """The healthy or the planted runs of each case, in the order of the cases."""
    cases: dict[str, list[Judged]] = {}
    for name, case in CASES.items():
        runs = [run for run in judged if run.case.name == name]
        if runs and case.healthy == healthy:
            cases[name] = runs
    return cases


def confusion(judged: Sequence[Judged]) -> Matrix:
    """Cases against verdicts and flags; a run counts in its verdict's column and its flags'."""
    cases = by_case(judged, healthy=False) | by_case(judged, healthy=True)
    counts = [[_times_called(runs, name) for name in CALLED] for runs in cases.values()]
    return Matrix(
        "What each case was called",
        list(cases),
        list(CALLED),
        counts,
        note="held-out seeds; flags are counted beside the verdict",
    )


def _times_called(runs: Sequence[Judged], name: str) -> int:
    return sum(
        run.verdict.name == name or name in {flag.name for flag in run.verdict.flags}
        for run in runs
    )


def failed(judged: Sequence[Judged], *, claimed: bool) -> dict[str, list[Judged]]:
    """Runs that truly failed, by case; those the judge is claimed to name, or the others."""
    return by_case(
        [run for run in judged if run.decided and run.case.claimed == claimed], healthy=False
    )


def named_right(judged: Sequence[Judged]) -> Table:
    """Each planted failure: what is right, how often it was, and after how long."""
    rows = [_planted_row(CASES[name], runs) for name, runs in failed(judged, claimed=True).items()]
    return Table(
        "Planted failures",
        ("planted", "right is", "because", "named right", "true onset",
         "delay, evaluations: median", "most", "delay, images: median"),
        rows,
        note="delay from the true onset to the evaluation that brought the verdict, or the flag; "
        "of failures that training need not bring, the runs that failed count: those whose "
        f"distance ended at {BROKEN:g} times its best before the onset or more",
    )  # fmt: skip


def power(played: Sequence[PlayedRun], judged: Sequence[Judged]) -> Table:
    """Failures that the judge is not claimed to name: how often it does, and what it sees.

    Beside them what the same images of full diversity are.
    """
    rows: list[list[Cell]] = []
    for name, runs in failed(judged, claimed=False).items():
        right = sum(run.right for run in runs)
        low, high = wilson_interval(right, len(runs))
        called = "; ".join(sorted({run.called for run in runs}))
        named = [f"{right}/{len(runs)}", f"{low:.0%} to {high:.0%}", called]
        rows.append([name, CASES[name].why, *named, *_ends(played, name)])
    if rows:
        rows.append([WHOLE, CASES[WHOLE].why, None, None, STABLE, *_ends(played, WHOLE)])
    columns = ("planted", "what it is", "named right", "95% interval", "called", "u")
    note = (
        "Wilson intervals. u is the quality at the end; precision, coverage and recall are over "
        "those of real images; medians over runs. Last: the control of full diversity."
    )
    title = "Power where nothing is claimed"
    return Table(title, (*columns, *Ended._fields[1:]), rows, note)


def _ends(played: Sequence[PlayedRun], name: str) -> list[Cell]:
    ends = [run.ended for run in played if run.case == name]
    return [brief(median(values)) for values in zip(*ends, strict=True)]


def _planted_row(case: Case, runs: Sequence[Judged]) -> list[Cell]:
    right = [run for run in runs if run.right]
    delays = sorted(run.delay_evaluations for run in right)
    images = [run.judged_images - run.onset_images for run in right]
    return [
        case.name,
        " or ".join(case.accepted) + (f", flag {case.flag}" if case.flag else ""),
        case.why,
        f"{len(right)}/{len(runs)}",
        kimg(runs[0].onset_images),
        median(delays) if delays else None,
        delays[-1] if delays else None,
        median(images) if images else None,
    ]


@dataclass(frozen=True)
class FalseAlarms:
    """Healthy runs that were called anything but what they are."""

    num_alarms: int
    num_evaluations: int

    @property
    def per_thousand(self) -> float:
        """Alarms per 1,000 healthy evaluations."""
        return 1000 * self.num_alarms / self.num_evaluations

    @property
    def interval(self) -> Interval:
        """Wilson's 95% interval of it."""
        low, high = wilson_interval(self.num_alarms, self.num_evaluations)
        return Interval(1000 * low, 1000 * high)


def false_alarms(runs: Sequence[Judged]) -> FalseAlarms:
    """A wrong name counts once for a run, each flag once; runs that are not healthy do not."""
    runs = [run for run in runs if run.healthy]
    wrong = sum(run.verdict.name not in run.case.accepted for run in runs)
    flags = sum(len(run.verdict.flags) for run in runs)
    return FalseAlarms(wrong + flags, sum(run.num_evaluations for run in runs))


def healthy_runs(judged: Sequence[Judged]) -> Table:
    """Each healthy control: how often it was left alone."""
    rows: list[list[Cell]] = []
    for name, runs in by_case(judged, healthy=True).items():
        alarms = false_alarms(runs)
        called = sorted({run.called for run in runs if run.healthy and not run.right})
        rows.append(
            [
                name,
                CASES[name].why,
                f"{sum(run.right and run.healthy for run in runs)}/{sum(r.healthy for r in runs)}",
                alarms.num_evaluations,
                alarms.num_alarms,
                "; ".join(called),
            ]
        )
    columns = ("control", "what it is", "left alone", "evaluations", "false alarms", "called")
    note = (
        f"Ordinary runs count as healthy where quality ended at {GOOD_END:g} or more and within "
        f"{NEAR_BEST:g} of its best, whatever they were called; the others are so by construction."
    )
    return Table("Healthy controls", columns, rows, note)


def limits_table(played: Sequence[PlayedRun], settings: StabilityConfig) -> Table:
    """Each limit by itself at half, once and twice its value: who is then called wrong.

    Of a limit that is a factor, its square root and its square.
    """
    left_out = ("target_quality", *OF_TEXTS)
    names = [name for rule in RULES.values() for name in rule.limits if name not in left_out]
    rows: list[list[Cell]] = []
    for name in (*names, *FLAG_LIMITS):
        value: float = getattr(settings, name)
        wrong = [_num_wrong(played, settings, name, factor) for factor in FACTORS]
        rows.append(
            [name, brief(value), *(f"{planted} | {healthy}" for planted, healthy in wrong)]
        )
    return Table(
        "Limits",
        ("limit", "value", "wrong at half", "wrong at it", "wrong at twice"),
        rows,
        note="planted | healthy runs called wrong when one limit is scaled and the others stand",
    )


def _num_wrong(
    played: Sequence[PlayedRun], settings: StabilityConfig, name: str, factor: float
) -> tuple[int, int]:
    value: float = getattr(settings, name)
    is_factor = any(rule.limits.get(name) == "factor" for rule in RULES.values())
    scaled = value**factor if is_factor or name == "averaging_gap" else factor * value
    changed = settings.model_copy(update={name: scaled})
    wrong = [run for run in played if CASES[run.case].claimed and not _right(run, changed)]
    healthy = sum(CASES[run.case].healthy for run in wrong)
    return len(wrong) - healthy, healthy


def _right(played: PlayedRun, settings: StabilityConfig) -> bool:
    """As `Judged.right`, whenever the verdict was given."""
    case = CASES[played.case]
    history = played.history(len(played.rows), settings)
    failure = first_failure(history)
    name = failure[0].name if failure else STABLE
    flags = {flag.name for flag in raised(history.until(failure[1].row) if failure else history)}
    if name not in case.accepted:
        return False
    return not flags if case.healthy else case.flag is None or case.flag in flags
