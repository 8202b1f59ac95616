"""The judge's error rates as `python -m lab.validate` measured them, shipped with the lab.

`validated.json` is written by ``python -m lab.validate --publish validation.json``, never by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.config import NO_LIMITS, StabilityConfig
from lab.errors import InputError
from lab.record import read_json, write_json

PUBLISHED = Path(__file__).parent / "validated.json"


def detector(settings: StabilityConfig, published: Path = PUBLISHED) -> dict[str, Any]:
    """The `detector` entry of study.json: the judge's error rates on runs whose truth is known.

    - `created`, `quick` (the smaller validation), `version` (the lab's then), `command`
    - `seeds`: held-out, no limit was chosen on them; `budget_images`, `every_images`,
      `num_samples`: size of the ordinary runs
    - `thresholds`: the limits it was measured with; `same_thresholds`: whether `settings` has
      these; `changed_thresholds`: {name: [validated, in `settings`]}
    - `verdicts`: of each failure `planted` (runs that had it), `named` (those named right, not
      before the true onset; a plant that can truly end in several ways counts under the
      likeliest), `kinds` (what was planted), `delay_evaluations` and `delay_images` (medians
      over the runs named right, None without one), `given` (times the verdict was given to any
      run, healthy ones too) and `given_right` (those of them that were right)
    - `flags`: the same of each flag
    - `healthy`: `runs`, `left_alone`, `evaluations`, `false_alarms`, `per_thousand`
      evaluations, and their Wilson 95 % `interval`
    """
    rates = {key: value for key, value in read_json(published).items() if key != "format"}
    validated, here = rates["thresholds"], thresholds(settings)
    changed = {
        name: [validated.get(name), here.get(name)]
        for name in sorted(validated.keys() | here.keys())
        if validated.get(name) != here.get(name)
    }
    return {**rates, "same_thresholds": not changed, "changed_thresholds": changed}


def thresholds(settings: StabilityConfig) -> dict[str, float]:
    """The limits of the rules, by name."""
    return {name: value for name, value in settings.model_dump().items() if name not in NO_LIMITS}


def publish(validation: Path, path: Path = PUBLISHED) -> None:
    """Store the error rates of a validation.json in the lab.

    Raises InputError if it holds none, as the file of a single part may.
    """
    record = read_json(validation)
    part = next((it for it in record.get("parts", ()) if it.get("rates")), None)
    if part is None:
        raise InputError(
            f"{validation} holds no error rates of the judge; make one with "
            "`python -m lab.validate --part planted`"
        )
    write_json(path, _published(record, part))


def _published(record: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    limits = StabilityConfig(**part["settings"]["limits"])
    again = f"python -m lab.validate --part {part['name']}"
    return {
        "created": record["created"],
        "quick": record["quick"],
        "version": record["versions"]["gan-stability-lab"],
        "command": f"{again} --quick" if record["quick"] else again,
        "thresholds": thresholds(limits),
        **part["rates"],
    }
