"""The `detector` entry of a made-up study.json: how often the judge erred, in made-up numbers."""

from __future__ import annotations

from typing import Any

from lab.config import StabilityConfig
from lab.record import FAILURES
from lab.stability.validated import thresholds


def detector_entry(settings: StabilityConfig) -> dict[str, Any]:
    """As `lab.stability.validated.detector` gives it, of a validation under the same limits."""
    return {
        "created": "2026-02-20T08:00:00+00:00",
        "quick": False,
        "version": "0.1.0",
        "command": "python -m lab.validate",
        "seeds": [40, 41, 42, 43, 44, 45],
        "budget_images": 9600,
        "every_images": 600,
        "num_samples": 500,
        "thresholds": thresholds(settings),
        # Runs of texts have a part of the validation of their own.
        "verdicts": {name: _rates([name]) for name in FAILURES if name != "deaf"},
        "flags": {name: _rates([name]) for name in ("overfit", "memorised", "averaged")},
        "healthy": {
            "runs": 42,
            "left_alone": 41,
            "evaluations": 672,
            "false_alarms": 1,
            "per_thousand": 1.488,
            "interval": [0.26, 8.4],
        },
        "same_thresholds": True,
        "changed_thresholds": {},
    }


def _rates(kinds: list[str]) -> dict[str, Any]:
    return {
        "planted": 12,
        "named": 11,
        "given": 13,
        "given_right": 11,
        "delay_evaluations": 2.0,
        "delay_images": 1200.0,
        "kinds": kinds,
    }
