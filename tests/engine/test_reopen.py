"""Stored studies that are continued: what is damaged is said before Ray starts, or made again."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab.engine.cluster
from lab.engine.options import SearchOptions
from lab.engine.slots import Workers
from lab.engine.study import reopen
from lab.errors import InputError
from lab.plan import Planner, PlanSettings, find_preset, load_space, study_card, trial_card
from lab.record import read_json, run_folder, trial_folder, write_json
from lab.record.storage import open_storage
from lab.search import main

ENDED = {"status": "finished", "verdict": {"name": "stable"}, "score": 0.5}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three of four trials begun: the first has ended, the second goes on, the third crashed."""

    def connect(*_: object, **__: object) -> None:
        raise AssertionError("a damaged record must not wait for Ray")

    monkeypatch.setattr(lab.engine.cluster, "_start_here", connect)
    space = load_space("sngan").with_defaults(find_preset("laptop").base)
    planner = Planner(space, PlanSettings(trials=4))
    settings = planner.settings.model_dump() | {"num_sobol": planner.num_sobol, "concurrent": 1}
    settings |= {"cpus_per_worker": 1.0, "gpus_per_worker": 0.0}
    entries = study_card(space).stored() | {"study": "x", "settings": settings}
    write_json(tmp_path / "study.json", entries)
    ends = (ENDED, {"status": "running"}, {"status": "errored", "error": "MemoryError"})
    for end in ends:
        job = planner.ask()
        assert job is not None
        write_json(trial_folder(tmp_path, job.trial) / "trial.json", trial_card(job).stored())
        run = {"trial": job.trial, "seed": job.seed, "stage": "explore", "attempts": 1, **end}
        write_json(run_folder(tmp_path, job.trial, job.seed) / "run.json", run)
    return tmp_path


def test_what_has_not_ended_is_asked_for_again(study: Path) -> None:
    planner = reopen(open_storage(str(study)), SearchOptions()).planner
    jobs = [planner.ask() for _ in range(3)]
    assert [(job.trial, job.attempt) for job in jobs if job] == [(1, 1), (2, 2), (3, 1)]


def test_a_run_whose_folder_is_gone_is_made_again(study: Path) -> None:
    folder = run_folder(study, 0, 0)
    (folder / "run.json").unlink()
    folder.rmdir()
    planner = reopen(open_storage(str(study)), SearchOptions()).planner
    jobs = [planner.ask() for _ in range(4)]
    assert sorted(job.trial for job in jobs if job) == [0, 1, 2, 3]


def test_a_torn_row_does_not_keep_a_study_from_going_on(study: Path) -> None:
    (run_folder(study, 1, 0) / "evaluations.jsonl").write_text('{"images_seen": 0}\n{"imag')
    job = reopen(open_storage(str(study)), SearchOptions()).planner.ask()
    assert job is not None
    assert job.trial == 1


def test_a_resume_may_change_the_slots_and_the_number_of_trials(study: Path) -> None:
    asked = SearchOptions(trials=9, concurrent=3, cpus_per_worker=0.5)
    reopened = reopen(open_storage(str(study)), asked)
    assert reopened.planner.num_trials == 9
    assert (reopened.num_slots, reopened.slot.cpus) == (3, 0.5)
    assert reopened.card.settings.concurrent == 3
    assert read_json(study / "study.json")["settings"]["concurrent"] == 1


def test_a_resume_may_change_the_workers_of_a_run(study: Path) -> None:
    storage = open_storage(str(study))
    assert reopen(storage, SearchOptions()).slot.alone  # a study from before there were gangs
    reopened = reopen(storage, SearchOptions(workers="1:2"))
    assert reopened.slot.workers == Workers(1, 2)
    assert reopened.card.settings.workers == "1:2"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("study.json", '{"format": 99}', "has format 99; this lab reads formats up to 2: upgrade"),
        ("trials/0001/trial.json", '{"format": 99}', "has format 99; this lab reads"),
        ("trials/0000/seed-0/run.json", '{"format": 99}', "has format 99; this lab reads"),
        ("study.json", '{"form', "is damaged"),
        ("trials/0001/seed-0/run.json", '{"form', "is damaged"),
        ("trials/0001/seed-0/checkpoint-00000640.pt", "PK", "is damaged"),
        ("trials/0002/seed-0/checkpoint.pt", "PK", "is damaged"),
    ],
)
def test_what_cannot_be_continued_is_said_in_one_sentence(
    study: Path, capsys: pytest.CaptureFixture[str], file: str, content: str, said: str
) -> None:
    (study / file).write_text(content)
    before = {path: path.read_bytes() for path in study.rglob("*.*") if path.is_file()}
    assert main(["--resume", str(study)]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert str(study / file) in errors
    assert len(errors.strip().splitlines()) == 1
    after = {path: path.read_bytes() for path in study.rglob("*.*") if path.is_file()}
    assert {path: to for path, to in after.items() if path.name != ".lock"} == before


def test_a_space_whose_file_is_gone_is_asked_back(study: Path) -> None:
    entries = read_json(study / "study.json")
    entries["space"]["file"] = str(study / "mine.py")
    write_json(study / "study.json", entries)
    with pytest.raises(InputError, match=r"mine\.py of this study is not there; give"):
        reopen(open_storage(str(study)), SearchOptions())


def test_a_run_that_was_given_up_is_tried_again_when_asked(study: Path) -> None:
    run = read_json(run_folder(study, 2, 0) / "run.json")
    write_json(run_folder(study, 2, 0) / "run.json", run | {"attempts": 3})
    planner = reopen(open_storage(str(study)), SearchOptions()).planner
    assert planner.errored == {(2, 0): "MemoryError"}
    asked = [planner.ask() for _ in range(2)]
    assert [(job.trial, job.attempt) for job in asked if job] == [(1, 1), (3, 1)]
    again = reopen(open_storage(str(study)), SearchOptions(retry_errored=True)).planner
    assert again.errored == {}
    asked = [again.ask() for _ in range(3)]
    assert [(job.trial, job.attempt) for job in asked if job] == [(1, 1), (2, 1), (3, 1)]


@pytest.mark.parametrize("option", ["--retry-errored", "--trust", "--accept-space", "--wait=3"])
def test_what_belongs_to_a_resume_is_refused_without_one(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([option]) == 2
    assert "is for --resume STUDY; give that as well, or neither" in capsys.readouterr().err
