"""Training logs with a known truth: published ones, and thousands of synthetic ones.

Published logs came from programs and people that know nothing of this lab. Synthetic ones are many
enough to count rare errors: false alarms per 1,000 healthy evaluations, and the share of lasting
rises that are found in time, at every noise.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from lab.validate.logs.naming import NamedLog, name_log
from lab.validate.logs.published import published_logs
from lab.validate.logs.scoring import (
    EVERY_KIMG,
    SEED,
    SETTINGS,
    WITHIN,
    Rate,
    ScoredCell,
    names_in_cell,
    score_cell,
)
from lab.validate.logs.synthetic import (
    HEALTHY,
    KINDS,
    NUM_EVALUATIONS,
    PLATEAUS,
    START,
    Cell,
)
from lab.validate.logs.tables import (
    alarms_figure,
    alarms_table,
    power_figure,
    power_table,
    published_matrix,
    published_table,
    sources_table,
    synthetic_matrix,
)
from lab.validate.part import Check, Part, Say
from lab.validate.pool import done_by

NOISES = (0.02, 0.05, 0.1, 0.2, 0.3)
FACTORS = (1.2, 1.5, 2.0, 3.0, 5.0)
DIP_FACTOR = 3.0
CLAIMED_NOISE = 0.1
CLAIMED_FACTOR = 2.0
MOST_ALARMS = 1.0
"""False alarms per 1,000 healthy evaluations."""
LEAST_POWER = 0.95
MOST_ONSET_ERROR = 2.0
"""Evaluations."""
TWINS = ("dcgan-starts-at-epoch-9", "sa-dcgan-starts-at-epoch-0")
"""The same plateau; the first log leaves out how it got there."""
QUICK_LOGS, FULL_LOGS = 300, 2_000
"""Synthetic logs of a cell."""
QUICK_NAMED, FULL_NAMED = 50, 300
"""As many of each kind are given to `judge` itself, which takes longer."""


def validate(quick: bool, processes: int, say: Say) -> Part:
    """Judge every published log, and cells of synthetic logs."""
    started = time.perf_counter()
    published = [name_log(log) for log in published_logs()]
    say(f"{sum(it.right for it in published)} of {len(published)} published logs named right")
    num_logs = QUICK_LOGS if quick else FULL_LOGS
    healthy, rises = healthy_cells(num_logs), rising_cells(num_logs)
    scored = done_by(
        score_cell, [*healthy, *rises], processes, say, describe=lambda cell, _: _described(cell)
    )
    alarms, power = scored[: len(healthy)], scored[len(healthy) :]
    named = named_cells(QUICK_NAMED if quick else FULL_NAMED)
    names = done_by(
        names_in_cell, named, processes, say, describe=lambda cell, _: f"naming {cell.kind}"
    )
    called: Mapping[Cell, Sequence[str]] = dict(zip(named, names, strict=True))
    return Part(
        name="logs",
        question="Are training logs of others called what they are, and how often does noise "
        "raise an alarm?",
        checks=[
            all_right(published),
            onsets_near(published),
            twins_alike(published),
            few_alarms(alarms),
            rises_found(power),
        ],
        tables=[
            published_table(published),
            sources_table(published),
            alarms_table(alarms),
            power_table(power),
        ],
        seconds=time.perf_counter() - started,
        settings={
            "seed": SEED,
            "logs of a cell": num_logs,
            "evaluations of a log": NUM_EVALUATIONS,
            "kimg between evaluations": EVERY_KIMG,
            "distance at the start": START,
            "plateaus": PLATEAUS,
            "limits": SETTINGS.model_dump(),
        },
        planes=[alarms_figure(alarms), power_figure(power)],
        matrices=[published_matrix(published), synthetic_matrix(called)],
    )


def healthy_cells(num_logs: int) -> list[Cell]:
    """Every healthy kind at every noise."""
    return [Cell(kind, noise, _factor(kind), num_logs) for kind in HEALTHY for noise in NOISES]


def rising_cells(num_logs: int) -> list[Cell]:
    """Steps and drifts of every factor at every noise."""
    return [
        Cell(kind, noise, factor, num_logs)
        for kind in ("step", "drift")
        for noise in NOISES
        for factor in FACTORS
    ]


def named_cells(num_logs: int) -> list[Cell]:
    """Every kind once, at the noise of the claims."""
    return [Cell(kind, CLAIMED_NOISE, _factor(kind), num_logs) for kind in KINDS]


def _factor(kind: str) -> float:
    if kind in ("step", "drift"):
        return CLAIMED_FACTOR
    return DIP_FACTOR if kind.startswith("dip") else 1.0


def _described(cell: Cell) -> str:
    return f"{cell.kind}, factor {cell.factor:g}, noise {cell.noise:g}"


def all_right(named: Sequence[NamedLog]) -> Check:
    """Every published log has one of the names that its truth allows."""
    wrong = [f"{it.log.name} ({it.log.truth}): {it.called}" for it in named if not it.right]
    return Check(
        f"Each of {len(named)} published logs is named right",
        not wrong,
        f"{len(named) - len(wrong)} of {len(named)}"
        + (f"; wrong: {', '.join(wrong)}" if wrong else ""),
    )


def onsets_near(named: Sequence[NamedLog]) -> Check:
    """Every published log that broke is dated near its true onset."""
    broke = [it for it in named if it.log.truth == "broke"]
    errors = {it.log.name: it.onset_error for it in broke}
    words = [
        f"{name} {'not dated' if error is None else format(error, '+.2g')}"
        for name, error in errors.items()
    ]
    return Check(
        f"The onsets of those that broke are within {MOST_ONSET_ERROR:g} evaluations of the truth",
        all(error is not None and abs(error) <= MOST_ONSET_ERROR for error in errors.values()),
        f"evaluations from the true interval: {', '.join(words)}",
    )


def twins_alike(named: Sequence[NamedLog]) -> Check:
    """The verdict does not depend on where a log begins."""
    names = {it.log.name: it.called for it in named if it.log.name in TWINS}
    return Check(
        "Two runs with the same plateau get the same name, though one log begins later",
        len(set(names.values())) == 1,
        ", ".join(f"{log}: {called}" for log, called in names.items()),
    )


def few_alarms(scored: Sequence[ScoredCell]) -> Check:
    """Healthy logs of all kinds together raise few alarms at the noise of the claim."""
    cells = [it for it in scored if it.cell.noise == CLAIMED_NOISE]
    rates = [it.alarms for it in cells]
    alarms = Rate(sum(rate.count for rate in rates), sum(rate.total for rate in rates))
    low, high = alarms.interval
    worst = max(cells, key=lambda it: it.alarms.share)
    return Check(
        f"At most {MOST_ALARMS:g} false alarm per 1,000 healthy evaluations at noise "
        f"{CLAIMED_NOISE:g}",
        1000 * alarms.share <= MOST_ALARMS,
        f"{alarms.count} in {alarms.total} evaluations of {len(cells)} kinds: "
        f"{1000 * alarms.share:.2g} per 1,000, 95% interval {1000 * low:.2g} to "
        f"{1000 * high:.2g} (Wilson); most of {worst.cell.kind}: "
        f"{1000 * worst.alarms.share:.2g}",
    )


def rises_found(scored: Sequence[ScoredCell]) -> Check:
    """Lasting steps of the claimed factor are found in time at the noise of the claim."""
    rate = next(
        it.found_in_time
        for it in scored
        if (it.cell.kind, it.cell.noise, it.cell.factor) == ("step", CLAIMED_NOISE, CLAIMED_FACTOR)
    )
    low, high = rate.interval
    return Check(
        f"A lasting factor of {CLAIMED_FACTOR:g} at noise {CLAIMED_NOISE:g} is found in at least "
        f"{LEAST_POWER:.0%} within {WITHIN} evaluations",
        rate.share >= LEAST_POWER,
        f"{rate.count} of {rate.total}: {rate.share:.1%}, 95% interval {low:.1%} to {high:.1%} "
        "(Wilson)",
    )
