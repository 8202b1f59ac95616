"""Facts about studies made of runs that were trained elsewhere."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from lab.judge import main as judge
from lab.record import StudyRecord, read_study
from lab.record.__main__ import main
from reports.page import build_page
from reports.study.comparisons import comparisons_of
from tests.exchange.logs import INITIAL, curve, grid, settings_table, table

PATTERN = "lr{lr}-{optimizer}-seed{seed}"


def imported(tmp_path: Path, *words: object) -> StudyRecord:
    """The study that a command makes of some logs."""
    storage = tmp_path / "studies"
    args = ["import", *map(str, words), "--name", "mine", "--storage", str(storage)]
    assert main(args) == 0
    return read_study(storage / "mine")


def words_of(page: str) -> str:
    """What a reader sees of a page."""
    without = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", without))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """Twelve runs of six settings, with a broken log and prose beside them."""
    folder = tmp_path_factory.mktemp("import")
    logs = grid(folder / "logs")
    (logs / "lr0.1-adam-seed0.csv").write_text(table([-3.0, *curve(0)[1:]]))
    (logs / "lr0.1-adam-seed1.csv").write_text(table(curve(0)[:8]))
    (logs / "notes.txt").write_text("The runs of last spring.\n")
    return imported(folder, logs, "--pattern", PATTERN, "--initial", "300", "--target", "fid=20")


def test_runs_of_equal_settings_are_seeds_of_one_trial(study: StudyRecord) -> None:
    assert study.problems == []
    assert study.card.status == "finished"
    assert len(study.trials) == 7
    assert {trial.origin for trial in study.trials} == {"imported"}
    seeds = {(run.trial, run.seed) for run in study.runs}
    assert seeds == {(trial.number, seed) for trial in study.trials for seed in (0, 1)}
    rate, optimizer = study.card.parameters["lr"], study.card.parameters["optimizer"]
    assert (rate.kind, rate.low, rate.high, rate.log) == ("float", 1e-4, 0.1, True)
    assert optimizer.choices == ("adam", "sgd")


def test_each_run_has_its_verdict_by_the_judge(study: StudyRecord) -> None:
    for run in study.runs:
        settings = study.trials[run.trial].parameters
        if settings["lr"] == 0.1:
            assert (run.status, run.verdict) == ("errored", None)
            assert run.card.error
            continue
        breaks = settings == {"lr": 0.01, "optimizer": "sgd"}
        assert run.verdict == ("degraded" if breaks else "stable")
        assert run.card.budget_images == 1_000_000
        assert run.card.source.endswith(".csv")
        assert run.evaluations[0]["fid"] == INITIAL
        assert run.evaluations[0]["quality"] == 0.0
        assert "signal_critic_loss" in run.evaluations[0]


def test_what_is_no_run_is_in_the_record_with_its_reason(study: StudyRecord) -> None:
    assert study.card.imported is not None
    (notes,) = study.card.imported.left_out
    assert notes.name == "notes.txt"
    assert "no format that is known" in notes.reason
    assert any("--budget" in note for note in study.card.imported.notes)


def test_the_judge_repeats_the_verdict_from_the_record(
    study: StudyRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    by_verdict = {run.verdict: run for run in study.runs}
    assert judge([str(by_verdict["stable"].folder)]) == 0
    assert "no target was applied" not in capsys.readouterr().out
    assert judge([str(by_verdict["degraded"].folder)]) == 3


def test_the_page_states_that_people_chose_the_settings(study: StudyRecord) -> None:
    words = words_of(build_page(study))
    assert "trained elsewhere" in words
    assert "differences between settings are associations" in words
    assert "lab.search --resume" not in words
    assert "lab.train --trial" not in words
    assert "python -m lab.judge" in words
    assert "notes.txt" in words


def test_effects_count_imported_runs_and_a_grid_of_numbers_has_levels(study: StudyRecord) -> None:
    paths = {comparison.path for comparison in comparisons_of(study)}
    assert paths == {"lr", "optimizer"}


def test_a_table_gives_the_settings_and_no_target_is_held(tmp_path: Path) -> None:
    logs = grid(tmp_path / "logs")
    study = imported(tmp_path, logs, "--settings", settings_table(logs))
    assert len(study.trials) == 6
    assert study.card.imported is not None
    assert study.card.imported.initial_from == "logs"
    assert study.card.metrics.anchor == {"fid": INITIAL}
    assert study.card.target_quality is None
    evidence = next(r.card.verdict for r in study.runs if r.verdict == "stable")
    assert evidence is not None
    assert "no target was applied" in evidence.evidence
    words = words_of(build_page(study))
    assert "No target was given" in words


def test_runs_without_settings_are_trials_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = imported(tmp_path, grid(tmp_path / "logs", seeds=1))
    assert len(study.trials) == len(study.runs) == 6
    assert study.card.parameters == {}
    printed = capsys.readouterr().out
    assert "each is a trial of its own" in printed
    assert "6 runs of 6 trials" in printed
    assert "python -m reports" in printed


def refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: object, name: str = "mine"
) -> str:
    """The sentence that a mistaken command prints; nothing is written."""
    storage = tmp_path / "studies"
    args = ["import", *map(str, words), "--name", name, "--storage", str(storage)]
    assert main(args) == 2
    assert not storage.exists() or not any(storage.iterdir())
    sentence = capsys.readouterr().err.strip()
    assert "\n" not in sentence
    return sentence


def test_mistakes_are_one_sentence_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = grid(tmp_path / "logs", seeds=1)
    empty = tmp_path / "empty"
    empty.mkdir()
    settings = tmp_path / "few.csv"
    settings.write_text("run,lr\nlr0.01-adam-seed0,0.01\n")
    twice = tmp_path / "twice.csv"
    twice.write_text(
        "run,lr,seed\n" + "".join(f"{path.stem},1,0\n" for path in sorted(logs.iterdir()))
    )
    for words, said in (
        ([tmp_path / "none"], "does not exist"),
        ([empty], "there is no log in"),
        ([logs, "--quality", "kid"], "no column 'kid'"),
        ([logs, "--settings", settings], "no row for 5 runs"),
        ([logs, "--settings", logs / "lr0.01-adam-seed0.csv"], "no 'run'"),
        ([logs, "--settings", twice], "the same settings and the seed 0"),
        ([logs, "--pattern", "rate{lr}"], "does not match 6 runs"),
        ([logs, "--pattern", "lr"], "names no setting"),
        ([logs, "--seed-column", "sed"], "--seed-column names the setting 'sed'"),
        ([logs, "--initial", "5", "--floor", "10"], "must fall while images become better"),
        ([logs, "--target", "fid=much"], "the target is 'fid=much'"),
        ([logs, "--batch-size", "64"], "is not used"),
        ([logs, "--budget", "0"], "--budget is 0"),
    ):
        assert said in refused(tmp_path, capsys, *words), words
    assert "without a path" in refused(tmp_path, capsys, logs, name="../mine")


def test_a_name_that_is_taken_is_refused_and_what_was_there_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "studies" / "mine"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("kept")
    args = ["import", str(grid(tmp_path / "logs", seeds=1)), "--name=mine"]
    assert main([*args, f"--storage={taken.parent}"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in taken.parent.rglob("*")] == ["mine", "mine.txt"]


def test_an_imported_study_is_neither_continued_nor_trained(
    study: StudyRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lab.train import main as train

    trial = study.folder / "trials" / "0000"
    assert train([f"--trial={trial}", f"--out={tmp_path / 'run'}"]) == 2
    assert "were trained elsewhere" in capsys.readouterr().err
    assert main(["import", str(study.folder), "--name=again", f"--storage={tmp_path}"]) == 2
    assert "is a study of the lab already" in capsys.readouterr().err
