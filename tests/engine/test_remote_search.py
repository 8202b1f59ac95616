"""A whole search on a real S3 server: killed, resumed, reported and measured from its URL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import lab.evaluate
import lab.train
import reports.__main__
from lab.config import make_config
from lab.record import StudyRecord, read_study
from lab.record.remote import RemoteFolder
from lab.record.storage import open_storage
from lab.run import run
from tests.engine.test_search import TIMED, TINY
from tests.storages import fresh_storages, s3_server

pytestmark = pytest.mark.slow
URL = "s3://lab/studies/mine"


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[bytes]]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as server:
        yield server


def search(*args: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lab.search", "--storage=s3://lab/studies", *args]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def pulled() -> StudyRecord:
    fresh_storages()
    storage = open_storage(URL)
    storage.pull()
    return read_study(storage.folder)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As a slot of one CPU trains: the number of threads is in the last digits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def resumed(server: object) -> tuple[StudyRecord, str]:
    """A search killed in its second run and resumed: its record, and what the resume said."""
    with search("--name=mine", *TINY, "--trials=2") as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "trial 1 seed 3 0.2 kimg" in line:
                os.killpg(process.pid, signal.SIGKILL)
                break
        assert "trial 1 seed 3 0.2 kimg" in seen[-1], "".join(seen)
    before = pulled()
    assert before.card.status == "running"
    assert [run.status for run in before.runs] == ["finished", "running"]
    with search("--resume=mine") as process:
        said, _ = process.communicate(timeout=250)
    assert process.returncode == 0, said
    return pulled(), said


def test_a_killed_search_ends_with_the_numbers_of_runs_left_alone(
    resumed: tuple[StudyRecord, str], one_thread: None, tmp_path: Path
) -> None:
    study, _ = resumed
    assert study.card.status == "finished"
    assert study.problems == []
    assert [found.card.attempts for found in study.runs] == [1, 1, 1, 1]
    assert {found.card.stage for found in study.runs} == {"explore", "race", "confirm"}
    for found in study.runs:
        config = make_config(study.trials[found.trial].config, {"seed": found.seed})
        alone = list(run(config, tmp_path / f"{found.trial}-{found.seed}"))
        assert alone[-1].verdict is not None
        assert found.verdict == alone[-1].verdict.name
        assert found.card.score == alone[-1].score
        assert [{k: v for k, v in row.items() if k not in TIMED} for row in found.evaluations] == [
            {k: v for k, v in each.row.items() if k not in TIMED} for each in alone
        ]


def test_everything_lies_under_the_url(resumed: tuple[StudyRecord, str]) -> None:
    study, said = resumed
    assert f"study {URL}" in said
    assert f"report {URL}/report.html" in said
    assert (study.folder / "report.html").stat().st_size > 100_000
    assert (study.folder / "optuna.db").stat().st_size > 0
    storage = open_storage(URL)
    assert isinstance(storage, RemoteFolder)
    assert storage.read(".lock") is None
    for found in study.runs:
        assert len(list(found.folder.glob("checkpoint-*.pt"))) == 2
        assert (found.folder / "generator.safetensors").exists()
        samples = found.folder / "samples"
        assert len(list(samples.glob("[0-9]*.webp"))) == len(found.evaluations)
        assert len(list(samples.glob("neighbours-*.webp"))) == 1


def test_the_report_is_made_again_from_the_url(
    resumed: object, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = open_storage(URL)
    storage.remove("report.html")
    assert reports.__main__.main([URL]) == 0
    assert f"report: {URL}/report.html" in capsys.readouterr().out
    page = storage.read("report.html")
    assert page is not None
    assert URL.encode() in page
    assert str(storage.folder).encode() not in page


def test_a_run_is_measured_from_its_url(
    resumed: object, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"{URL}/trials/0000/seed-3"
    assert lab.evaluate.main([place, "--num-samples=100", "--json"]) == 0
    assert "fd_fashion_100" in json.loads(capsys.readouterr().out)["metrics"]
    assert lab.evaluate.main([f"{URL}/trials/0009/seed-3"]) == 2
    assert "trials/0009/seed-3 is not a run: it has no run.json" in capsys.readouterr().err


def test_a_stored_trial_is_trained_from_its_url(
    resumed: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["--out", str(tmp_path / "run"), "--threads=1"]
    assert lab.train.main(["--trial", f"{URL}/trials/0000", *args]) == 0
    assert lab.train.main(["--trial", f"{URL}/trials/0009", *args]) == 2
    assert f"{URL}/trials/0009/trial.json cannot be read" in capsys.readouterr().err
