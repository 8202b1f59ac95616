"""How failed runs end, and what is no failure."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import lab.run.bench
import lab.run.loop
from lab.config import RunConfig
from lab.record import (
    RUN_FILE,
    VerdictCard,
    read_json,
    sample_file,
)
from lab.record.score import score
from lab.stability.verdict import Verdict, stored_verdict
from tests.runs import (
    NAMES,
    finish,
    killed_at,
    poisoned,
    small_run,
    stored_rows,
    timeless,
)

LONG = {"training.budget_images": 2048, "evaluation.every_images": 1024}


def test_a_nan_ends_the_run_within_32_steps_as_diverged(pack: Path, tmp_path: Path) -> None:
    with poisoned(37):
        evaluations = finish(small_run(pack, LONG), tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [0, 64 * 8]
    last, note = evaluations[-1], read_json(tmp_path / RUN_FILE)
    assert last.verdict is not None
    assert (last.verdict.name, last.verdict.onset_images) == ("diverged", 38 * 8)
    assert last.row["signal_non_finite"] == 64 - 37
    assert math.isnan(last.row[NAMES.kernel])
    assert last.row["quality"] == 0.0
    assert (note["status"], note["final_quality"]) == ("finished", 0.0)
    assert note["verdict"]["onset_images"] == 38 * 8
    assert last.score == note["score"]
    assert 0 <= note["score"] < 1
    assert timeless(stored_rows(tmp_path)) == timeless([e.row for e in evaluations])
    assert not sample_file(tmp_path, 64 * 8).exists()


def test_a_nan_in_the_first_step_is_found_at_the_next_evaluation(
    config: RunConfig, tmp_path: Path
) -> None:
    with poisoned(0):
        last = finish(config, tmp_path)[-1]

    assert last.verdict is not None
    assert (last.verdict.name, last.verdict.onset_images) == ("diverged", 8)
    assert (last.row["images_seen"], last.score) == (64, 0.0)


def test_without_stopping_a_failed_run_goes_on_and_keeps_its_first_verdict(
    pack: Path, tmp_path: Path
) -> None:
    config = small_run(pack, {"stability.stop_on_failure": False})
    with poisoned(10):
        evaluations = finish(config, tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [0, 64, 128, 192]
    assert [e.verdict.name if e.verdict else None for e in evaluations] == [
        None, None, None, "diverged",
    ]  # fmt: skip
    note = read_json(tmp_path / RUN_FILE)
    assert note["verdict"]["onset_images"] == 88
    assert (note["final_quality"], note["images_seen"]) == (0.0, 192)


def test_a_failure_ends_quality_and_score_at_its_onset(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Verdict("collapsed", 96, "one image", final=True)
    monkeypatch.setattr(lab.run.loop, "judge", lambda rows, **_: found if len(rows) == 3 else None)

    last = finish(config, tmp_path)[-1]

    note, rows = read_json(tmp_path / RUN_FILE), stored_rows(tmp_path)
    assert [row["images_seen"] for row in rows] == [0, 64, 128]
    assert rows[-1]["quality"] > 0
    assert note["final_quality"] == 0.0
    quality = [row["quality"] for row in rows]
    assert last.score == note["score"] == pytest.approx(score([0, 64, 128], quality, 192, 96))
    assert stored_verdict(VerdictCard.model_validate(note["verdict"])) == found


def test_a_failed_run_that_was_killed_before_its_end_was_noted_keeps_its_verdict(
    pack: Path, tmp_path: Path
) -> None:
    config = small_run(pack, LONG)
    with poisoned(5):
        finish(config, tmp_path / "whole")
        with killed_at("note_end", 1):
            finish(config, tmp_path / "killed")
        (only,) = finish(config, tmp_path / "killed")

    assert only.verdict is not None
    for key in ("verdict", "score", "final_quality", "images_seen", "status"):
        notes = [read_json(tmp_path / name / RUN_FILE)[key] for name in ("whole", "killed")]
        assert notes[0] == notes[1]


def test_a_batch_of_one_is_no_divergence(pack: Path, tmp_path: Path) -> None:
    values = {
        "training.batch_size": 1,
        "training.budget_images": 16,
        "evaluation.every_images": 8,
    }
    last = finish(small_run(pack, values), tmp_path)[-1]

    assert last.verdict is not None
    assert last.verdict.name in ("stable", "stalled")


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_a_float64_run_ends(loss: str, pack: Path, tmp_path: Path) -> None:
    values = {"training.precision": "float64", "loss": loss, "training.budget_images": 64}
    last = finish(small_run(pack, values), tmp_path)[-1]

    assert last.verdict is not None
    assert last.row["signal_non_finite"] == 0
    assert read_json(tmp_path / RUN_FILE)["precision"] == "float64"
