"""The judge's published error rates: where they come from, and what a study says of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.config import StabilityConfig
from lab.errors import InputError
from lab.record import FAILURES, write_json
from lab.stability.validated import PUBLISHED, detector, publish, thresholds


def validation(**changes: Any) -> dict[str, Any]:
    """A validation.json with one part that has rates."""
    settings = {"limits": StabilityConfig().model_dump()}
    return {
        "created": "2026-01-02T03:04:05+00:00",
        "quick": True,
        "versions": {"gan-stability-lab": "9.9"},
        "command": "python -m lab.validate --quick --out /a/folder/of/ones/own",
        "parts": [
            {"name": "dirac", "settings": {}, "rates": {}},
            {"name": "planted", "settings": settings, "rates": {"seeds": [40], "healthy": {}}},
        ],
        **changes,
    }


def published(tmp_path: Path, **changes: Any) -> Path:
    write_json(tmp_path / "validation.json", validation(**changes))
    publish(tmp_path / "validation.json", tmp_path / "validated.json")
    return tmp_path / "validated.json"


def test_publishing_keeps_the_rates_and_what_they_were_measured_with(tmp_path: Path) -> None:
    kept = json.loads(published(tmp_path).read_text())
    assert kept["seeds"] == [40]
    assert (kept["version"], kept["quick"]) == ("9.9", True)
    assert kept["command"] == "python -m lab.validate --part planted --quick"
    assert kept["thresholds"]["rise_factor"] == StabilityConfig().rise_factor


def test_a_validation_without_planted_runs_cannot_be_published(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--part planted"):
        published(tmp_path, parts=[])
    assert not (tmp_path / "validated.json").exists()


def test_a_changed_limit_is_named_with_both_values(tmp_path: Path) -> None:
    place = published(tmp_path)
    same = detector(StabilityConfig(), place)
    assert (same.same_thresholds, same.changed_thresholds) == (True, {})
    other = detector(StabilityConfig(rise_factor=2.0), place)
    assert not other.same_thresholds
    assert other.changed_thresholds == {"rise_factor": (1.5, 2.0)}


def test_the_target_is_a_wish_and_no_threshold(tmp_path: Path) -> None:
    wished = StabilityConfig(target_quality=0.9, stop_on_failure=False, signal_every_steps=8)
    assert detector(wished, published(tmp_path)).same_thresholds
    assert "target_quality" not in thresholds(wished)


def test_what_comes_with_the_lab_was_measured_with_its_own_limits() -> None:
    said = detector(StabilityConfig())
    assert said.same_thresholds, "publish a validation of the limits as they are now"
    assert PUBLISHED.exists()
    assert set(said.verdicts) == set(FAILURES) - {"deaf"}  # of texts, a part of its own
    for rates in (*said.verdicts.values(), *said.flags.values()):
        assert 0 < rates.planted >= rates.named
        assert rates.given >= rates.given_right
    assert said.healthy.evaluations > said.healthy.false_alarms
