"""How often the judge errs, by verdict and flag, as numbers that other programs read.

`python -m lab.validate --publish` keeps them in the lab, and a search puts them into its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any, get_args

from lab.record import FAILURES
from lab.stability.flags import FlagName
from lab.validate.planted.cases import BASE
from lab.validate.planted.runs import Judged
from lab.validate.planted.tables import false_alarms

PLANTED = tuple(name for name in FAILURES if name != "deaf")
"""Failures of runs without texts; those of texts have a part of their own."""


def error_rates(judged: Sequence[Judged]) -> dict[str, Any]:
    """Counts over runs whose truth is known; `lab.stability.validated.detector` explains them."""
    decided = [run for run in judged if run.decided]
    healthy = [run for run in decided if run.healthy]
    alarms = false_alarms(healthy)
    return {
        "seeds": sorted({run.seed for run in decided}),
        "budget_images": BASE["training.budget_images"],
        "every_images": BASE["evaluation.every_images"],
        "num_samples": BASE["evaluation.num_samples"],
        "verdicts": {name: _verdict_rates(decided, name) for name in PLANTED},
        "flags": {name: _flag_rates(decided, name) for name in get_args(FlagName)},
        "healthy": {
            "runs": len(healthy),
            "left_alone": sum(run.right for run in healthy),
            "evaluations": alarms.num_evaluations,
            "false_alarms": alarms.num_alarms,
            "per_thousand": alarms.per_thousand,
            "interval": [float(bound) for bound in alarms.interval],
        },
    }


def _verdict_rates(judged: Sequence[Judged], name: str) -> dict[str, Any]:
    """A plant that can truly end in several ways counts under the likeliest, its first name."""
    planted = [run for run in judged if run.case.accepted[0] == name]
    given = [run for run in judged if run.verdict.name == name]
    right = [
        run
        for run in given
        if name in run.case.accepted and (run.healthy or run.named_images >= run.onset_images)
    ]
    return _rates(planted, len(given), len(right))


def _flag_rates(judged: Sequence[Judged], name: str) -> dict[str, Any]:
    planted = [run for run in judged if run.case.flag == name]
    given = [run for run in judged if name in {flag.name for flag in run.verdict.flags}]
    return _rates(planted, len(given), sum(run.case.flag == name for run in given))


def _rates(planted: Sequence[Judged], num_given: int, num_right: int) -> dict[str, Any]:
    named = [run for run in planted if run.right]
    return {
        "kinds": list(dict.fromkeys(run.case.name for run in planted)),
        "planted": len(planted),
        "named": len(named),
        "given": num_given,
        "given_right": num_right,
        "delay_evaluations": _median([run.delay_evaluations for run in named]),
        "delay_images": _median([run.judged_images - run.onset_images for run in named]),
    }


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None
