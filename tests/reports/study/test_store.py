"""Facts about the data that all parts of the page share."""

from __future__ import annotations

import base64
import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.record import read_study
from reports.study import store
from reports.study.gallery import Album
from reports.study.store import curve_names, packed_numbers, store_blocks
from reports.study.tables import run_table
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import NAMES, write_study

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def unpacked(block: str) -> bytes:
    match = re.search(r">([A-Za-z0-9+/=]*)</script>", block)
    assert match is not None
    return gzip.decompress(base64.b64decode(match[1]))


def joined_planes(packed: bytes) -> np.ndarray[Any, Any]:
    planes = np.frombuffer(packed, np.uint8).reshape(4, -1)
    return np.ascontiguousarray(planes.T).view(np.float32).ravel()


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    return write_raced_study(folder, {3: "sssss", 7: "sscss"}, raced="ss")


def test_numbers_come_back_to_four_digits_and_what_is_no_number_as_it_was() -> None:
    values = np.array([0.0, 1.0, -0.12345678, 3.14159e9, 2e-30, np.nan, np.inf, -np.inf])
    came = joined_planes(packed_numbers(values))
    finite = np.isfinite(values)
    np.testing.assert_allclose(came[finite], values[finite], rtol=1e-4)
    np.testing.assert_array_equal(came[~finite], values[~finite])


def test_images_seen_are_exact() -> None:
    values = np.array([0.0, 3008.0, 21_024.0, 1_234_567.0])
    np.testing.assert_array_equal(joined_planes(packed_numbers(values, exact=True)), values)


def test_the_store_holds_every_run_and_every_curve(raced: Path) -> None:
    study = read_study(raced)
    whole, *curves, _ = store_blocks(study, Album(), NOW, "studies/x")
    data = json.loads(unpacked(whole))
    assert data["study"]["folder"] == "studies/x"
    assert data["trials"]["number"] == list(range(20))
    assert len(data["runs"]["seed"]) == len(study.runs) == 20 + 2 * 2 + 10
    outcome = data["runs"]["outcome"]
    assert [outcome["levels"][code] for code in outcome["codes"]] == list(
        run_table(study)["outcome"]
    )
    assert [metric["name"] for metric in data["metrics"][:2]] == ["images_seen", "quality"]
    assert len(curves) == len(data["metrics"])
    quality = joined_planes(unpacked(curves[1]))
    assert data["first"][-1] == len(quality) == study.evaluations.num_rows
    np.testing.assert_allclose(quality, study.evaluations.column("quality"), rtol=1e-4)


def test_overrides_are_what_a_trial_sets_otherwise_than_the_base(raced: Path) -> None:
    data = json.loads(unpacked(store_blocks(read_study(raced), Album(), NOW, "")[0]))
    trial = read_study(raced).trials[4]
    assert data["trials"]["overrides"][4]["optimizer.generator.lr"] == pytest.approx(
        trial.parameters["optimizer.generator.lr"]
    )
    assert "training.budget_images" not in data["trials"]["overrides"][4]


def test_what_does_not_fit_is_kept_for_the_chosen_trials_alone(
    raced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_CURVE_BYTES", 1)
    study = read_study(raced)
    whole, *curves, _ = store_blocks(study, Album(), NOW, "")
    metrics = json.loads(unpacked(whole))["metrics"]
    assert all(metric["partial"] for metric in metrics)
    kept = joined_planes(unpacked(curves[1]))
    trial = run_table(study)["trial"].to_numpy()[study.evaluations.run]
    assert np.isfinite(kept[trial == 3]).all()
    kept_trials = set(trial[np.isfinite(kept)].tolist())
    assert {3, 7} <= kept_trials
    assert len(kept_trials) < 12


def test_curves_are_quality_then_metrics_then_signals_and_no_seconds(raced: Path) -> None:
    names = curve_names(read_study(raced))
    assert names[:4] == ["images_seen", "quality", NAMES.frechet, NAMES.kernel]
    assert names.index("signal_critic_loss") > names.index(NAMES.recall)
    assert not any(name.startswith("seconds_") or name == "step" for name in names)


def test_a_category_keeps_the_choices_that_no_trial_took(tmp_path: Path) -> None:
    write_study(tmp_path, 3, samples=False)
    data = json.loads(unpacked(store_blocks(read_study(tmp_path), Album(), NOW, "")[0]))
    loss = next(column for column in data["columns"] if column["name"] == "loss")
    assert loss["levels"] == ["hinge", "non-saturating", "relativistic"]
