"""What a worker writes beside its run, driven by hand: no Ray is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.config import InputError
from lab.engine.trainable import RunTrainable
from lab.record import ERROR_FILE
from tests.runs import plain_metrics, small_run, write_small_pack


def job(pack: Path, folder: Path) -> dict[str, Any]:
    message = {
        "folder": str(folder),
        "trial": 0,
        "stage": "explore",
        "attempt": 2,
        "config": small_run(pack).model_dump(),
        "device": "cpu",
        "threads": 1,
    }
    return {"job": json.dumps(message)}


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


def test_a_crash_is_written_down_and_raised(pack: Path, tmp_path: Path) -> None:
    worker = RunTrainable(job(pack / "gone", tmp_path / "run"))
    with pytest.raises(InputError, match="gone"):
        worker.step()
    assert "InputError" in (tmp_path / "run" / ERROR_FILE).read_text()


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
