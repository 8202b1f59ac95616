"""Planted failures and healthy controls: is each named right, and how soon?

Limits were set on the calibration seeds (lab.validate.planted.calibration); what is reported here
are other seeds, on which nothing was chosen.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from lab.config import StabilityConfig
from lab.validate.part import Check, Part, Say
from lab.validate.planted.calibration import CALIBRATION_SEEDS
from lab.validate.planted.cases import BASE, CASES
from lab.validate.planted.rates import error_rates
from lab.validate.planted.runs import Judged, PlantedJob, PlayedRun, judge_run, play
from lab.validate.planted.tables import (
    by_case,
    confusion,
    failed,
    false_alarms,
    healthy_runs,
    limits_table,
    named_right,
    power,
)
from lab.validate.pool import done_by

QUICK_SEEDS = (50,)
FULL_SEEDS = tuple(range(50, 56))
"""Held-out seeds."""
LEAST_RIGHT = 0.95
"""Share of the seeds in which each planted failure is to be named right."""
MOST_ALARMS = 2.0
"""False alarms per 1,000 healthy evaluations."""


def validate(quick: bool, processes: int, say: Say) -> Part:
    """Play every case with every held-out seed through `lab.run`, and judge each."""
    started = time.perf_counter()
    settings = StabilityConfig()
    seeds = QUICK_SEEDS if quick else FULL_SEEDS
    names = [name for name, case in CASES.items() if case.quick or not quick]
    jobs = [PlantedJob(name, seed) for seed in seeds for name in names]
    played = done_by(
        play, jobs, processes, say, describe=lambda job, run: _describe(run, settings)
    )
    judged = [judge_run(run, settings) for run in played]
    return Part(
        name="planted",
        question="Is each planted failure called what it is, and a healthy run left alone?",
        checks=[_all_right(judged), _nan_dated(judged), _few_alarms(judged)],
        tables=[
            named_right(judged),
            power(played, judged),
            healthy_runs(judged),
            limits_table(played, settings),
        ],
        seconds=time.perf_counter() - started,
        settings={
            "held-out seeds": list(seeds),
            "calibration seeds": list(CALIBRATION_SEEDS),
            "run": BASE,
            "limits": settings.model_dump(),
        },
        matrices=[confusion(judged)],
        rates=error_rates(judged),
    )


def _describe(played: PlayedRun, settings: StabilityConfig) -> str:
    judged = judge_run(played, settings)
    mark = "" if judged.right else ", which is wrong"
    return f"{played.case}, seed {played.seed}: {judged.called}{mark}"


def _all_right(judged: Sequence[Judged]) -> Check:
    cases = failed(judged, claimed=True)
    shares = {name: sum(run.right for run in runs) / len(runs) for name, runs in cases.items()}
    planted = [run for runs in cases.values() for run in runs]
    num_right = sum(run.right for run in planted)
    missed = [f"{name} in {share:.0%}" for name, share in shares.items() if share < LEAST_RIGHT]
    return Check(
        f"Every planted failure is named right in at least {LEAST_RIGHT:.0%} of held-out seeds",
        not missed,
        f"{num_right} of {len(planted)} runs of {len(cases)} kinds"
        + (f"; below: {', '.join(missed)}" if missed else ""),
    )


def _nan_dated(judged: Sequence[Judged]) -> Check:
    runs = [run for run in judged if run.case.name == "NaN"]
    step = BASE["training.batch_size"]
    late = [(run.verdict.onset_images or 0) - run.onset_images for run in runs]
    return Check(
        "A NaN is dated to the step at which it came",
        all(0 <= images <= step for images in late),
        f"at most {max(late):.0f} images late, runs: {len(runs)}; a step has {step}",
    )


def _few_alarms(judged: Sequence[Judged]) -> Check:
    controls = [run for of_case in by_case(judged, healthy=True).values() for run in of_case]
    runs = [run for run in controls if run.healthy]
    alarms = false_alarms(runs)
    low, high = alarms.interval
    return Check(
        f"At most {MOST_ALARMS:g} false alarms per 1,000 healthy evaluations",
        alarms.per_thousand <= MOST_ALARMS,
        f"{alarms.num_alarms} in {alarms.num_evaluations} evaluations, runs: {len(runs)}; "
        f"{alarms.per_thousand:.2g} per 1,000, 95% interval {low:.2g} to {high:.2g} (Wilson); "
        f"{len(controls) - len(runs)} ordinary runs did not end well and count for nothing",
    )
