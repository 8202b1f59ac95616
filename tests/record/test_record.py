"""Facts about the record: torn lines, missing folders, non-finite numbers, whole-file writes."""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.errors import InputError
from lab.record import (
    FORMAT,
    Problem,
    Rows,
    append_row,
    is_study,
    read_json,
    read_rows,
    read_study,
    run_folder,
    sample_file,
    trial_folder,
    write_json,
    write_rows,
    write_whole,
)


def make_study(folder: Path, num_trials: int = 2, seeds: tuple[int, ...] = (0, 3)) -> None:
    """A study of `num_trials` trials, each run with every seed, two evaluations a run."""
    write_json(folder / "study.json", {"study": "test"})
    for trial in range(num_trials):
        write_json(trial_folder(folder, trial) / "trial.json", {"number": trial})
        for seed in seeds:
            run = run_folder(folder, trial, seed)
            note = {"trial": trial, "seed": seed, "status": "running", "verdict": None}
            write_json(run / "run.json", note)
            for images in (0, 100):
                append_row(run / "evaluations.jsonl", {"images_seen": images, "quality": 0.5})


# Places.


def test_places_are_named_by_number_seed_and_images() -> None:
    run = run_folder(Path("study"), 7, 3)
    assert run == Path("study/trials/0007/seed-3")
    assert sample_file(run, 640) == run / "samples/00000640.webp"


# Numbers.


def test_numbers_that_are_not_finite_come_back_as_they_were(tmp_path: Path) -> None:
    data = {
        "a": math.nan,
        "b": [math.inf, {"c": -math.inf}],
        "d": (1.5, 2),
        "e": "text",
        "f": None,
    }
    write_json(tmp_path / "x.json", data)
    back = read_json(tmp_path / "x.json")
    assert math.isnan(back["a"])
    assert back["b"] == [math.inf, {"c": -math.inf}]
    assert (back["d"], back["e"], back["f"]) == ([1.5, 2], "text", None)


def test_files_are_standard_json_and_carry_the_format(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": math.nan})

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (tmp_path / "x.json").read_text()
    assert json.loads(text, parse_constant=refuse) == {"format": FORMAT, "a": "nan"}


def test_rows_come_back_in_order_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "run" / "evaluations.jsonl"
    append_row(path, {"images_seen": 0, "quality": math.nan})
    append_row(path, {"images_seen": 64, "quality": 0.1 + 0.2})
    rows = read_rows(path)
    assert [row["images_seen"] for row in rows.rows] == [0, 64]
    assert math.isnan(rows.rows[0]["quality"])
    assert rows.rows[1]["quality"] == 0.1 + 0.2
    assert rows.num_torn == 0


# Torn and missing.


def test_a_torn_last_line_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    append_row(path, {"images_seen": 0})
    append_row(path, {"images_seen": 64})
    whole = path.read_bytes()
    first = len(whole) // 2
    for length in range(first + 1, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert read_rows(path) == Rows([{"images_seen": 0}], 1), length
    path.write_bytes(whole[:-1])
    assert read_rows(path) == Rows([{"images_seen": 0}, {"images_seen": 64}], 0)


def test_a_row_appended_after_a_torn_line_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text('{"images_seen": 0}\n{"images_se')
    append_row(path, {"images_seen": 5})
    append_row(path, {"images_seen": 6})
    assert [row["images_seen"] for row in read_rows(path).rows] == [0, 5, 6]
    assert read_rows(path).num_torn == 1


def test_lines_that_are_no_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_bytes(b'{"images_seen": 0}\n\xff\xfe\n[1]\n"images_seen"\n{"step": 1}\n\n')
    assert read_rows(path) == Rows([{"images_seen": 0}], 4)


def test_a_file_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert read_rows(tmp_path / "none.jsonl") == Rows([], 0)


def test_rewritten_rows_replace_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    for images in (0, 64, 128):
        append_row(path, {"images_seen": images})
    write_rows(path, read_rows(path).rows[:2])
    assert [row["images_seen"] for row in read_rows(path).rows] == [0, 64]


def test_a_study_comes_back_in_order_of_its_numbers(tmp_path: Path) -> None:
    make_study(tmp_path, num_trials=3, seeds=(10, 2))
    write_json(trial_folder(tmp_path, 10_000) / "trial.json", {"number": 10_000})
    study = read_study(tmp_path)
    assert [trial.number for trial in study.trials] == [0, 1, 2, 10_000]
    assert [(run.trial, run.seed) for run in study.runs] == [
        (trial, seed) for trial in range(3) for seed in (2, 10)
    ]
    assert [len(run.evaluations) for run in study.runs] == [2] * 6
    assert study.problems == [Problem("trials/10000/seed-*")]


def test_rows_can_be_left_out_of_a_study(tmp_path: Path) -> None:
    make_study(tmp_path)
    study = read_study(tmp_path, evaluations=False)
    assert [run.evaluations for run in study.runs] == [[]] * 4


def test_what_is_missing_or_damaged_in_a_study_is_counted(tmp_path: Path) -> None:
    make_study(tmp_path, num_trials=4)
    (trial_folder(tmp_path, 0) / "trial.json").write_text("{")
    (run_folder(tmp_path, 1, 3) / "run.json").unlink()
    for file in run_folder(tmp_path, 2, 0).iterdir():
        file.unlink()
    run_folder(tmp_path, 2, 0).rmdir()
    with (run_folder(tmp_path, 3, 0) / "evaluations.jsonl").open("a") as file:
        file.write('{"images')
    study = read_study(tmp_path)
    assert [trial.number for trial in study.trials] == [1, 2, 3]
    assert [(run.trial, run.seed) for run in study.runs] == [(1, 0), (2, 3), (3, 0), (3, 3)]
    assert study.problems == [
        Problem("trials/0000/trial.json"),
        Problem("trials/0001/seed-3/run.json"),
    ]
    assert study.num_torn_rows == 1


def test_a_study_without_trials_is_empty(tmp_path: Path) -> None:
    make_study(tmp_path, num_trials=0)
    study = read_study(tmp_path)
    assert (study.trials, study.runs, study.problems) == ([], [], [])


def test_a_run_knows_its_verdict(tmp_path: Path) -> None:
    make_study(tmp_path, num_trials=1, seeds=(0,))
    (run,) = read_study(tmp_path).runs
    assert (run.status, run.verdict) == ("running", None)
    write_json(run.folder / "run.json", {**run.card.stored(), "verdict": {"name": "degraded"}})
    (run,) = read_study(tmp_path).runs
    assert run.verdict == "degraded"


# What is refused.


def test_a_folder_that_is_no_study_gets_one_sentence(tmp_path: Path) -> None:
    assert not is_study(tmp_path)
    with pytest.raises(InputError, match=r"is not a study: it has no study\.json"):
        read_study(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    make_study(tmp_path)
    (tmp_path / "study.json").write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(InputError) as caught:
        read_study(tmp_path)
    assert f"has format {FORMAT + 1}; this lab reads formats up to {FORMAT}" in str(caught.value)
    assert "upgrade the lab" in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"format": 1', b"[]", b"{}", b'{"format": "1"}', b"\xff"]
)
def test_a_damaged_file_gets_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged") as caught:
        read_json(path)
    assert "restore it or remove its folder" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json cannot be read: No such file"):
        read_json(tmp_path / "run.json")


# Whole-file writes.


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whole_file_writes_leave_nothing_beside_the_file(tmp_path: Path) -> None:
    for content in (b"old", b"new"):
        write_whole(tmp_path / "deep" / "file", content)
    assert (tmp_path / "deep" / "file").read_bytes() == b"new"
    assert names(tmp_path / "deep") == ["file"]


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_data_that_cannot_be_stored_touches_no_file(tmp_path: Path) -> None:
    def attempt(write: Any) -> None:
        with pytest.raises(TypeError):
            write(tmp_path / "folder" / "file", {"images_seen": object()})

    attempt(write_json)
    attempt(append_row)
    assert names(tmp_path) == []


KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from lab.record import write_json

os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_json(Path(sys.argv[1]), {"value": "new"})
"""


def test_a_writer_killed_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    run = run_folder(tmp_path, 0, 0)
    make_study(tmp_path, num_trials=1, seeds=(0,))
    before = (run / "run.json").read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, run / "run.json"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (run / "run.json").read_bytes() == before
    study = read_study(tmp_path)
    assert [found.trial for found in study.runs] == [0]
    assert study.problems == []


def test_the_best_trial_is_the_recommended_one_and_no_lucky_run(tmp_path: Path) -> None:
    runs = {0: [("stable", 0.9), ("diverged", 0.0)], 1: [("stable", 0.5), ("stable", 0.6)]}
    write_json(tmp_path / "study.json", {"study": "x"})
    for trial, ended in runs.items():
        card = {"number": trial, "parameters": {"loss": "hinge"}, "config": {"seed": 0}}
        write_json(tmp_path / "trials" / f"{trial:04d}" / "trial.json", card)
        for seed, (verdict, score) in enumerate(ended):
            run = {"trial": trial, "seed": seed, "status": "finished", "score": score}
            folder = tmp_path / "trials" / f"{trial:04d}" / f"seed-{seed}"
            write_json(folder / "run.json", run | {"verdict": {"name": verdict}})
    study = read_study(tmp_path)
    best = study.best()
    assert best is not None
    assert best.number == 1
    frame = study.frame()
    assert frame["verdict"].tolist() == ["stable", "diverged", "stable", "stable"]
    assert set(frame["loss"]) == {"hinge"}
    exported = read_json(study.export(tmp_path / "best.json"))
    assert exported["config"] == {"seed": 0}
    write_json(tmp_path / "study.json", {"study": "x", "conclusions": {"recommended": 0}})
    best = read_study(tmp_path).best()
    assert best is not None
    assert best.number == 0


def test_without_a_stable_run_there_is_no_best_trial(tmp_path: Path) -> None:
    write_json(tmp_path / "study.json", {"study": "x"})
    study = read_study(tmp_path)
    assert study.best() is None
    with pytest.raises(InputError, match="x has no stable run, so there is no best trial"):
        study.export(tmp_path / "best.json")
