"""Part 1: every row of the Dirac-GAN table, played by the lab's own losses, penalties, updates."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from lab.validate.dirac.cycles import (
    RESTLESS,
    UNDAMPED,
    period_check,
    period_rows,
    period_table,
    restless_check,
    restless_rows,
    restless_table,
)
from lab.validate.dirac.eigenvalues import (
    TOLERANCE,
    convention_check,
    critical_check,
    eigenvalue_checks,
    eigenvalue_tables,
)
from lab.validate.dirac.figures import portraits, region
from lab.validate.dirac.grid import FULL, QUICK, SweepSizes
from lab.validate.dirac.sweeps import (
    CLOSE_CALL,
    FACTOR,
    NUM_ROUNDS,
    START,
    agreement_checks,
    agreement_table,
    named,
    play,
    sweeps_of,
)
from lab.validate.part import Part, Say
from lab.validate.pool import done_by

Job = Callable[[], list[Any]]


def validate(quick: bool, processes: int, say: Say) -> Part:
    """Eigenvalues, conditions, outcomes and periods against docs/science.md section 4."""
    started = time.perf_counter()
    sizes = QUICK if quick else FULL
    sweeps = sweeps_of(sizes)
    jobs: list[Job] = [partial(restless_rows, restless) for restless in RESTLESS]
    jobs += [partial(period_rows, method) for method in UNDAMPED]
    jobs += [partial(play, sweep) for sweep in sweeps]
    played = done_by(_done, jobs, processes, say, describe=_describe)
    cycles = restless_table(_joined(played[: len(RESTLESS)]))
    periods = period_table(_joined(played[len(RESTLESS) : -len(sweeps)]))
    swept = played[-len(sweeps) :]
    fields, rounds = eigenvalue_tables(sizes)
    return Part(
        name="dirac",
        question="Do the lab's losses, penalties and updates behave as the Dirac-GAN's theory?",
        checks=[
            convention_check(),
            *eigenvalue_checks(fields, rounds),
            critical_check(),
            *agreement_checks(sweeps, swept),
            period_check(periods),
            restless_check(cycles),
        ],
        tables=[agreement_table(sweeps, swept), fields, rounds, periods, cycles],
        seconds=time.perf_counter() - started,
        settings=_settings(sizes),
        planes=[portraits(), region(sweeps, swept)],
        matrices=[named(swept)],
    )


def _done(job: Job) -> list[Any]:
    return job()


def _joined(parts: list[list[Any]]) -> list[Any]:
    return [row for rows in parts for row in rows]


def _describe(job: Job, result: list[Any]) -> str:
    assert isinstance(job, partial)
    return f"{job.args[0]}: {len(result)} trajectories"


def _settings(sizes: SweepSizes) -> dict[str, Any]:
    return {
        "strengths": list(sizes.strengths),
        "steps": [round(step, 4) for step in sizes.steps],
        "rounds": NUM_ROUNDS,
        "start": START,
        "outcome_factor": FACTOR,
        "boundary_margin": CLOSE_CALL,
        "eigenvalue_tolerance": TOLERANCE,
        "instance_noise": "two samples, +sigma and -sigma, of every real and every fake",
        "precision": "float64",
    }
