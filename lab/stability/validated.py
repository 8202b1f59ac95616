"""The judge's error rates as `python -m lab.validate` measured them, shipped with the lab.

`validated.json` is written by ``python -m lab.validate --publish validation.json``, never by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.config import NO_LIMITS, StabilityConfig
from lab.errors import InputError
from lab.record import DetectorCard, read_card, read_json, write_json

PUBLISHED = Path(__file__).parent / "validated.json"
OF_TEXTS = ("deaf_alignment",)
"""Limits of rules on texts, which planted runs have none of: `lab.validate --part texts`."""


def detector(settings: StabilityConfig, published: Path = PUBLISHED) -> DetectorCard:
    """The judge's error rates, and where the limits of `settings` are not those validated."""
    rates = read_card(published, DetectorCard).without("format")
    here = thresholds(settings)
    changed = {
        name: (rates.thresholds.get(name), here.get(name))
        for name in sorted(rates.thresholds.keys() | here.keys())
        if rates.thresholds.get(name) != here.get(name)
    }
    return rates.changed(same_thresholds=not changed, changed_thresholds=changed)


def thresholds(settings: StabilityConfig) -> dict[str, float]:
    """The limits of the rules that planted runs are judged by, by name."""
    left_out = (*NO_LIMITS, *OF_TEXTS)
    return {name: value for name, value in settings.model_dump().items() if name not in left_out}


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
    quick = part.get("quick", record["quick"])
    again = f"python -m lab.validate --part {part['name']}"
    return {
        "created": record["created"],
        "quick": quick,
        "version": record["versions"]["gan-stability-lab"],
        "command": f"{again} --quick" if quick else again,
        "thresholds": thresholds(limits),
        **part["rates"],
    }
