"""What a slot's process does with its runs, driven by hand: no Ray is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.engine.gang.gang import GangPlan
from lab.engine.slots import Slot
from lab.engine.trainable import RunCrashed, RunTrainable
from lab.record import ERROR_FILE
from tests.engine import stand_in
from tests.runs import plain_metrics, small_run, write_small_pack


def job(pack: Path, folder: Path) -> dict[str, Any]:
    message = {
        "folder": str(folder),
        "trial": 0,
        "stage": "explore",
        "attempt": 2,
        "max_attempts": 3,
        "config": small_run(pack).model_dump(),
    }
    return {"job": json.dumps(message)}


def acted(folder: Path, *script: str) -> dict[str, Any]:
    return {"job": json.dumps(stand_in.job(folder, *script))}


class StandInTrainable(RunTrainable):
    """A slot whose runs only act."""

    def setup(self, config: dict[str, Any], **_: Any) -> None:
        super().setup(config, GangPlan(Slot(1, 0), stand_in.START))


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("data") / "pack")


def test_the_error_of_an_earlier_attempt_is_not_taken_for_this_one(
    pack: Path, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ERROR_FILE).write_text("MemoryError: of the first attempt")
    with plain_metrics():
        worker = RunTrainable(job(pack, tmp_path / "run"))
        assert not (tmp_path / "run" / ERROR_FILE).exists()
        assert json.loads(worker.step()["row"])["images_seen"] == 0
        worker.cleanup()


def test_a_crash_is_written_down_and_raised(tmp_path: Path) -> None:
    worker = StandInTrainable(acted(tmp_path / "run", "fail"))
    with pytest.raises(RunCrashed, match="ValueError: the run failed"):
        worker.step()
    assert "Traceback" in (tmp_path / "run" / ERROR_FILE).read_text()


def test_a_mistake_is_handed_on_as_its_sentence(pack: Path, tmp_path: Path) -> None:
    worker = RunTrainable(job(pack / "gone", tmp_path / "run"))
    result = worker.step()
    assert result["done"]
    assert "gone" in result["mistake"]
    assert not (tmp_path / "run" / ERROR_FILE).exists()


def test_a_worker_takes_the_next_run(pack: Path, tmp_path: Path) -> None:
    with plain_metrics():
        worker = RunTrainable(job(pack, tmp_path / "one"))
        while not worker.step()["done"]:
            pass
        assert worker.reset_config(job(pack, tmp_path / "two"))
        assert json.loads(worker.step()["row"])["images_seen"] == 0
        worker.cleanup()
    assert (tmp_path / "one" / "generator.safetensors").exists()
    assert (tmp_path / "two" / "evaluations.jsonl").exists()


def test_a_run_is_reported_until_its_verdict(tmp_path: Path) -> None:
    worker = StandInTrainable(acted(tmp_path, "row", "stable"))
    first, last = worker.step(), worker.step()
    worker.cleanup()
    assert (first["done"], "verdict" in first) == (False, False)
    assert (last["done"], last["verdict"], last["score"]) == (True, "stable", 0.5)
