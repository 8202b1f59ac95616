"""Facts about runs of a Python function: what it gets, what its reports become, how it ends."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from lab.errors import InputError
from lab.record import read_rows, sample_files
from lab.trainer import sources
from lab.trainer.check import require_startable
from lab.trainer.loop import run_trainer
from lab.trainer.process import TrainingFailed
from tests.trainer.settings import card_of, of_function, trained

HEALTHY = "for i in range(6):\n    run.report(images_seen=1000 * i, fid=300 / 2**i)"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FINISH_SECONDS", 5.0)


def test_reports_become_the_record_of_a_run(tmp_path: Path) -> None:
    body = """import numpy
for i in range(100):
    images = numpy.full((5, 8, 8, 3), i, dtype=numpy.uint8)
    fid = numpy.float32(300 / 2**i)
    run.report(images_seen=numpy.int64(1000 * i), fid=fid, critic_loss=1.5, mine=i, samples=images)
"""
    evaluations = trained(of_function(tmp_path, body), tmp_path / "run")
    assert len(evaluations) == 6  # the report at the budget ended it
    last = evaluations[-1]
    assert last.verdict is not None
    assert last.verdict.name == "stable"
    assert last.row["signal_critic_loss"] == 1.5
    assert last.row["mine"] == 5.0
    assert list(sample_files(tmp_path / "run")) == [1000 * i for i in range(6)]
    assert not list((tmp_path / "run" / "trainer").iterdir())
    assert card_of(tmp_path / "run").status == "finished"


def test_a_function_gets_its_setting_and_what_it_saved_before(tmp_path: Path) -> None:
    body = """print(dict(run.parameters), run.seed, run.device, run.budget_images, run.data)
print(run.images_seen, run.checkpoint == run.folder)
saved = run.folder / "state"
begin = int(saved.read_text()) if run.checkpoint else 0
for i in range(begin, 6):
    run.report(images_seen=1000 * i, fid=300 / 2**i)
    saved.write_text(str(i + 1))
    if i == 2 and not begin:
        raise RuntimeError("the machine is ill")
"""
    config = of_function(tmp_path, body, rate=0.5, **{"data.source": "photos.zip"})
    with pytest.raises(TrainingFailed, match="RuntimeError: the machine is ill") as failed:
        trained(config, tmp_path / "run")
    assert failed.value.again
    evaluations = trained(config, tmp_path / "run", attempt=2)
    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [3000, 4000, 5000]
    rows = read_rows(tmp_path / "run" / "evaluations.jsonl").rows
    assert [row["images_seen"] for row in rows] == [1000 * i for i in range(6)]
    lines = (tmp_path / "run" / "output.txt").read_text().splitlines()
    first = "{'rate': 0.5} 0 cpu 5000 photos.zip"
    assert [line for line in lines if line.startswith("{")] == [first, first]
    assert "0 False" in lines
    assert "2000 True" in lines


def test_a_training_that_fails_is_ended_at_its_next_report(tmp_path: Path) -> None:
    body = """try:
    for i in range(99):
        try:
            run.report(images_seen=10 * i, fid=300.0, critic_loss=float("nan") if i else 1.0)
        except Exception:
            print("no error of ours")
finally:
    print("after", i)
    run.report(images_seen=10**6, fid=1.0)
"""
    last = trained(of_function(tmp_path, body), tmp_path / "run")[-1]
    assert last.verdict is not None
    assert last.verdict.name == "diverged"
    assert (tmp_path / "run" / "output.txt").read_text() == "after 1\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("run.report(images_seen=0, loss=1)", "got loss and not 'fid'"),
        ("run.report(images_seen=0)", "got no number and not 'fid'"),
        ("run.report(images_seen=0, fid=None)", "not 'fid'"),
        ("run.report(images_seen=0, fid='20')", "fid as '20'; give one number"),
        ("run.report(images_seen=0, fid=[1, 2])", "give one number"),
        ("run.report(images_seen=float('nan'), fid=1)", "images_seen nan"),
        ("run.report(images_seen=-1, fid=1)", "a number from 0 on"),
        ("[run.report(images_seen=i, fid=1) for i in (0, 5, 5)]", "images_seen 5 after 5"),
        ("run.report(images_seen=0, fid=1, samples=[[1]])", "samples of 1x1"),
        (
            "import threading\nt = threading.Thread(target=run.report, name='second', "
            "kwargs=dict(images_seen=0, fid=1))\nt.start(); t.join()\nimport time; time.sleep(60)",
            "in the thread second",
        ),
    ],
)
def test_a_report_that_is_none_marks_the_run(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(TrainingFailed) as failed:
        trained(of_function(tmp_path, body), tmp_path / "run")
    assert words in str(failed.value)
    assert "\n" not in str(failed.value)
    assert not failed.value.again


def test_a_metric_that_is_not_finite_is_a_measured_value(tmp_path: Path) -> None:
    body = "for i in range(6):\n    run.report(images_seen=1000 * i, fid=300 if i < 2 else 1e400)"
    last = trained(of_function(tmp_path, body), tmp_path / "run")[-1]
    assert last.verdict is not None
    assert last.verdict.name == "diverged"
    assert math.isinf(last.row["fid"])


def test_a_function_that_only_returns_or_leaves_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="without an evaluation"):
        trained(of_function(tmp_path, "pass"), tmp_path / "run")
    with pytest.raises(TrainingFailed, match="exit code 4"):
        trained(of_function(tmp_path, "import os; os._exit(4)"), tmp_path / "run-2")


def test_closing_the_run_ends_a_function_that_waits(tmp_path: Path) -> None:
    body = "run.report(images_seen=0, fid=300)\nimport time\ntime.sleep(99)"
    evaluations = run_trainer(of_function(tmp_path, body), tmp_path / "run")
    assert next(evaluations).row["fid"] == 300
    evaluations.close()
    assert card_of(tmp_path / "run").status == "running"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"function": "no_such_module:train"}, "no module 'no_such_module'"),
        ({"function": "json:train"}, "has no function 'train'"),
    ],
)
def test_a_function_that_cannot_be_had_is_a_mistake(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    config = of_function(tmp_path, HEALTHY)
    assert config.trainer is not None
    trainer = config.trainer.model_copy(update=changed)
    with pytest.raises(InputError) as refused:
        require_startable(config.model_copy(update={"trainer": trainer}))
    assert words in str(refused.value)


def test_a_file_that_raises_is_a_mistake_before_the_search(tmp_path: Path) -> None:
    config = of_function(tmp_path, HEALTHY)
    require_startable(config)
    (broken,) = (file.model_copy(update={"text": "1 / 0"}) for file in config.files)
    with pytest.raises(InputError, match="ZeroDivisionError"):
        require_startable(config.model_copy(update={"files": (broken,)}))
