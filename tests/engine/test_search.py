"""Whole searches on a local Ray, small: the record they leave, and what a kill changes."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from lab.record import LOCK_FILE, RunRecord, StudyRecord, read_study
from reports.study.commands import train_command
from tests.runs import assert_same_run

TINY = [
    "--preset=laptop",
    "--trials=5",
    "--seeds=1,2",
    "--race=1",
    "--confirm=1",
    "--concurrent=1",
    "--budget-kimg=0.6",
    "--seed=3",
    "--set=evaluation.every_images=200",
    "--set=evaluation.num_samples=100",
    "--set=network.width=0.0625",
    "--set=network.latent_size=16",
    "--set=training.precision=float32",
    "--set=training.batch_size=16",
]
TIMED = ("seconds_training", "seconds_evaluating")


def search_command(storage: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "lab.search", f"--storage={storage}", *args]


def finished(storage: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = search_command(storage, *args)
    return subprocess.run(command, capture_output=True, text=True, timeout=560, check=False)


def numbers(study: StudyRecord) -> dict[tuple[int, int], object]:
    """Everything of a study's runs that must not depend on when or where they ran."""
    return {
        (run.trial, run.seed): (
            run.card.stage,
            run.card.verdict,
            run.card.score,
            [{k: v for k, v in row.items() if k not in TIMED} for row in run.evaluations],
        )
        for run in study.runs
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    storage = tmp_path_factory.mktemp("undisturbed")
    done = finished(storage, "--name=study", *TINY)
    assert done.returncode == 0, done.stderr
    return storage / "study"


def test_a_search_leaves_a_whole_record(undisturbed: Path) -> None:
    study = read_study(undisturbed)
    assert study.card.status == "finished"
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3, 4]
    assert study.problems == []
    for run in study.runs:
        assert run.status == "finished"
        assert run.verdict is not None
        assert 0.0 <= run.card.score <= 1.0
        assert run.evaluations[0]["images_seen"] == 0
        assert (run.folder / "generator.safetensors").exists()
        assert list((run.folder / "samples").glob("*.webp"))
    assert (undisturbed / "report.html").stat().st_size > 100_000


def test_the_optuna_file_holds_every_trial(undisturbed: Path) -> None:
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{undisturbed}/optuna.db")
    runs = [run for run in read_study(undisturbed).runs if run.card.stage == "explore"]
    scores = {run.trial: run.card.score for run in runs}
    assert {trial.number: trial.value for trial in study.trials} == pytest.approx(scores)


def test_the_winner_of_the_race_is_confirmed_on_a_fresh_seed(undisturbed: Path) -> None:
    study = read_study(undisturbed)
    told = study.card.conclusions
    stages = {(run.trial, run.seed): run.card.stage for run in study.runs}
    assert study.card.stages == ("explore", "race", "confirm")
    assert told.finalists == (told.recommended,)
    others = {key: stage for key, stage in stages.items() if stage != "explore"}
    assert others == {(told.recommended, 4): "race", (told.recommended, 1003): "confirm"}


def test_the_command_that_the_report_prints_repeats_a_run_to_the_last_bit(
    undisturbed: Path, tmp_path: Path
) -> None:
    study = read_study(undisturbed)
    printed = train_command(study)
    assert printed is not None
    _, *words = shlex.split(printed)
    trial = study.card.conclusions.recommended
    for run in [run for run in study.runs if run.trial == trial][:2]:
        out = tmp_path / run.folder.name
        again = [sys.executable, *words, f"--seed={run.seed}", f"--out={out}"]
        subprocess.run(again, check=True, capture_output=True, timeout=400)
        assert_same_run(run.folder, out)


def killed_at(command: list[str], rows: Path, pattern: str, num_rows: int) -> None:
    """Run a command until a file of rows below a folder has so many, then kill all of it."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 400
        while not any(file.read_text().count("\n") >= num_rows for file in rows.glob(pattern)):
            assert time.monotonic() < deadline, f"the search did not come to {pattern}"
            assert process.poll() is None, "the search ended before it was killed"
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)


def test_a_search_killed_in_explore_and_in_the_race_ends_with_the_same_numbers(
    undisturbed: Path, tmp_path: Path
) -> None:
    begin = search_command(tmp_path, "--name=study", *TINY)
    study = tmp_path / "study"
    killed_at(begin, study, "trials/0002/seed-3/evaluations.jsonl", 2)
    before = read_study(study)
    assert before.card.status == "running"
    assert len(before.runs) < 5
    again = search_command(tmp_path, "--resume=study")
    killed_at(again, study, "trials/*/seed-4/evaluations.jsonl", 2)

    done = finished(tmp_path, "--resume=study")
    assert done.returncode == 0, done.stderr
    after = read_study(study)
    assert after.card.status == "finished"
    assert after.card.conclusions == read_study(undisturbed).card.conclusions
    assert numbers(after) == numbers(read_study(undisturbed))


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they started."""
    try:
        children = [
            int(child)
            for listed in Path(f"/proc/{pid}/task").glob("*/children")
            for child in listed.read_text().split()
        ]
    except OSError:  # it ended while we looked
        return []
    return [below for child in children for below in (child, *descendants(child))]


def holds_a_run(pid: int) -> bool:
    """Whether a process holds the lock of a run's folder open, as a training worker does."""
    try:
        opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # it ended while we looked
        return False
    return any("/trials/" in path and path.endswith(LOCK_FILE) for path in opened)


def worker_of(search: int) -> int:
    """The process that trains for a search, found among the search's own descendants."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for pid in descendants(search):
            if holds_a_run(pid):
                return pid
        time.sleep(0.01)
    raise AssertionError("no worker held a run's folder")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the worker by /proc")
def test_a_killed_worker_costs_a_start_and_no_number(undisturbed: Path, tmp_path: Path) -> None:
    command = search_command(tmp_path, "--name=study", *TINY)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "trial 1 seed 3 0.2 kimg" in line:
                os.kill(worker_of(process.pid), signal.SIGKILL)
    assert process.returncode == 0, "".join(seen)
    assert any("crashed and will be tried again" in line for line in seen), "".join(seen)
    after = read_study(tmp_path / "study")
    assert sorted(run.card.attempts for run in after.runs) == 6 * [1] + [2]
    assert all("error" not in run.card.stored() for run in after.runs)
    assert numbers(after) == numbers(read_study(undisturbed))


def test_ctrl_c_keeps_the_record_and_says_how_to_go_on(tmp_path: Path) -> None:
    command = search_command(tmp_path, "--name=study", *TINY)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "kimg, quality" in line:
                process.send_signal(signal.SIGINT)
                break
        seen += process.stdout.readlines()
    assert process.returncode == 130, "".join(seen)
    study = read_study(tmp_path / "study")
    assert study.card.status == "interrupted"
    assert study.runs
    assert f"python -m lab.search --resume {tmp_path / 'study'}" in "".join(seen)
    assert "Traceback" not in "".join(seen)
    assert (tmp_path / "study" / "report.html").exists()


@pytest.mark.slow
def test_a_search_with_two_workers_a_run_finds_what_one_finds(
    undisturbed: Path, tmp_path: Path
) -> None:
    command = search_command(tmp_path, "--name=study", *TINY, "--workers=2")
    done = subprocess.run(command, capture_output=True, text=True, timeout=560, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 at a time with 2 workers of 1 CPU and 0 GPU each" in done.stdout
    study, alone = read_study(tmp_path / "study"), read_study(undisturbed)
    assert study.card.settings.workers == "2"
    assert [run.status for run in study.runs] == 7 * ["finished"]
    for run, other in zip(explored(study)[:2], explored(alone)[:2], strict=True):  # the design
        assert [row["images_seen"] for row in run.evaluations] == [
            row["images_seen"] for row in other.evaluations
        ]
        assert [row["quality"] for row in run.evaluations] == pytest.approx(
            [row["quality"] for row in other.evaluations], abs=0.02
        )


def explored(study: StudyRecord) -> list[RunRecord]:
    return [run for run in study.runs if run.card.stage == "explore"]


@pytest.mark.slow
def test_runs_that_look_poor_are_pruned_when_asked(tmp_path: Path) -> None:
    args = ("--prune=asha", "--grace-kimg=0.2", "--race=2", "--seeds=1,2", "--confirm=1")
    done = finished(tmp_path, "--name=study", *TINY, "--trials=8", *args)
    assert done.returncode == 0, done.stderr
    study = read_study(tmp_path / "study")
    pruned = [run for run in study.runs if run.status == "pruned"]
    assert pruned
    assert {run.card.stage for run in pruned} == {"explore"}
    for run in pruned:
        assert run.verdict is None
        assert run.card.score is None
        assert run.card.images_seen == run.evaluations[-1]["images_seen"] < 600
    optuna_study = optuna.load_study(
        study_name=None, storage=f"sqlite:///{tmp_path}/study/optuna.db"
    )
    told = {t.number for t in optuna_study.trials if t.state == optuna.trial.TrialState.PRUNED}
    assert told == {run.trial for run in pruned}
    assert not told & set(study.card.conclusions.finalists)
    assert any(run.card.stage == "race" for run in study.runs)
