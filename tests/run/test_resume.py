"""No interruption, wherever it falls, changes a number of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lab.run.bench
import lab.run.loop
from lab.config import RunConfig
from lab.errors import InputError
from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    append_row,
    read_json,
)
from lab.run import run
from lab.run.checkpoint import checkpoint_file
from lab.run.folder import RunLabel, mark_errored
from tests.runs import (
    assert_same_run,
    finish,
    killed_at,
    small_run,
    stop_after,
    stored_rows,
)


@pytest.mark.parametrize("num_evaluations", [1, 2, 3])
def test_a_run_closed_anywhere_goes_on_as_if_left_alone(
    num_evaluations: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    first = stop_after(config, tmp_path, num_evaluations)
    rest = finish(config, tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in (*first, *rest)] == [0, 64, 128, 192]
    assert_same_run(tmp_path, undisturbed)
    for column in ("seconds_training", "seconds_evaluating"):
        seconds = [row[column] for row in stored_rows(tmp_path)]
        assert seconds == sorted(seconds)


def test_a_run_stopped_at_every_evaluation_is_still_the_same(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    for _ in range(4):
        stop_after(config, tmp_path, 1)

    assert_same_run(tmp_path, undisturbed)


RICH = {
    "network.conditional": True,
    "data.mirror": True,
    "penalty.kind": "dragan",
    "penalty.every_steps": 3,
    "training.critic_steps": 2,
    "optimizer.schedule": "linear",
    "network.critic_norm": "batch",
    "training.precision": "bfloat16",
    "evaluation.every_images": 50,
    "stability.stop_on_failure": False,
}


def test_a_run_of_many_features_survives_an_interruption_too(pack: Path, tmp_path: Path) -> None:
    config = small_run(pack, RICH)
    finish(config, tmp_path / "whole")
    stop_after(config, tmp_path / "parts", 2)
    finish(config, tmp_path / "parts")

    assert [row["images_seen"] for row in stored_rows(tmp_path / "whole")] == [
        0, 64, 112, 160, 192,
    ]  # fmt: skip
    assert_same_run(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.parametrize(
    ("method", "call", "goes_on_with"),
    [
        ("note_start", 1, 0),
        ("store_row", 1, 0),
        ("store_checkpoint", 1, 0),
        ("store_row", 3, 128),
        ("store_checkpoint", 3, 128),
        ("store_checkpoint", 4, 192),
        ("save_generator", 1, 192),
        ("note_end", 1, 192),
    ],
)
def test_a_run_killed_between_two_writes_ends_with_the_same_numbers(
    method: str,
    call: int,
    goes_on_with: int,
    config: RunConfig,
    undisturbed: Path,
    tmp_path: Path,
) -> None:
    with killed_at(method, call):
        finish(config, tmp_path)

    assert finish(config, tmp_path)[0].row["images_seen"] == goes_on_with
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.parametrize("num_evaluations", [0, 1, 2])
def test_half_a_row_costs_nothing(
    num_evaluations: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, num_evaluations)
    with (tmp_path / EVALUATIONS_FILE).open("ab") as file:
        file.write(b'{"images_seen": 128, "qual')

    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.parametrize("keep", [0, 1, 300])
def test_rows_lost_from_a_running_run_are_made_again(
    keep: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 3)
    content = (tmp_path / EVALUATIONS_FILE).read_bytes()
    (tmp_path / EVALUATIONS_FILE).write_bytes(content[:keep] if keep else content[:-20])

    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)


def test_an_older_checkpoint_makes_newer_rows_again(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    finish(config, tmp_path)
    checkpoint_file(tmp_path, 192).unlink()
    note = json.loads((tmp_path / RUN_FILE).read_text())
    (tmp_path / RUN_FILE).write_text(json.dumps(note | {"status": "running"}))

    assert [evaluation.row["images_seen"] for evaluation in finish(config, tmp_path)] == [192]
    assert_same_run(tmp_path, undisturbed)


def test_a_run_that_crashed_is_continued_and_its_error_forgotten(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 2)
    mark_errored(tmp_path, RunLabel(0, 0, "explore", 1), "the worker process died")
    note = read_json(tmp_path / RUN_FILE)
    assert (note["status"], note["error"]) == ("errored", "the worker process died")

    finish(config, tmp_path)
    assert "error" not in read_json(tmp_path / RUN_FILE)
    assert_same_run(tmp_path, undisturbed)


def test_rows_of_a_run_that_never_had_a_checkpoint_are_dropped(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    append_row(tmp_path / EVALUATIONS_FILE, {"images_seen": 0, "quality": 0.9})
    finish(config, tmp_path)

    assert_same_run(tmp_path, undisturbed)


def test_a_second_writer_of_a_folder_is_told_so(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.run.loop, "WAIT_FOR_FOLDER_SECONDS", 0.0)
    first = run(config, tmp_path)
    next(first)

    with pytest.raises(InputError, match="another process"):
        next(run(config, tmp_path))

    assert next(first).row["images_seen"] == 64
    first.close()
    assert stop_after(config, tmp_path, 1)[0].row["images_seen"] == 128
