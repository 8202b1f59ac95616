"""Facts about a slot whose runs are a trainer's, driven by hand: no Ray is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.config import RunConfig
from lab.engine.runs import open_on_slot
from lab.engine.searcher import _flat
from lab.engine.slots import Slot, Workers
from lab.engine.study import _require_one_worker
from lab.engine.trainable import RunTrainable
from lab.errors import InputError
from lab.plan import Job
from lab.run.finished import stored_config as config_of_run
from lab.trainer import sources
from lab.trust import require_own_file
from tests.trainer.settings import HEALTHY, card_of, of_command, trained
from tests.trainer.test_process import is_gone, number_in


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(sources, "FINISH_SECONDS", 0.1)
    monkeypatch.setattr("lab.engine.trainable.this_node", lambda: "here")


def job(config: RunConfig, folder: Path) -> dict[str, Any]:
    message = {
        "folder": str(folder),
        "trial": 0,
        "stage": "explore",
        "attempt": 1,
        "max_attempts": 3,
        "gpus": 0.5,
        "threads": 2,
        "config": config.model_dump(),
    }
    return {"job": json.dumps(message)}


def test_a_slot_returns_rows_and_the_verdict(tmp_path: Path) -> None:
    script = f'echo "$2 $OMP_NUM_THREADS"; ({HEALTHY}) > $1/log.csv'
    config = of_command(tmp_path, script, command="sh train.sh {folder} {gpus}")
    slot = RunTrainable(job(config, tmp_path / "run"))
    results = [slot.step()]
    while not results[-1]["done"]:
        results.append(slot.step())
    assert [json.loads(result["row"])["images_seen"] for result in results][-1] == 5000
    assert results[-1]["verdict"] == "stable"
    assert results[-1]["score"] == card_of(tmp_path / "run").score
    assert (tmp_path / "run" / "output.txt").read_text() == "1 2\n"


def test_a_crash_leaves_the_slot_as_good_as_before(tmp_path: Path) -> None:
    config = of_command(tmp_path, "echo no GPU; exit 3")
    slot = RunTrainable(job(config, tmp_path / "run"))
    crashed = slot.step()
    assert crashed["done"]
    assert "exit code 3" in crashed["error"]
    assert "attempt" not in crashed  # so that it is tried again
    hopeless = of_command(tmp_path, "(echo images,fid; echo 0,3; echo 900,2) > $1/log.csv")
    slot.reset_config(job(hopeless, tmp_path / "run-2"))
    ended = [slot.step() for _ in range(3)][-1]
    assert "ended by itself" in ended["error"]
    assert ended["attempt"] == 3  # another start would end alike
    slot.reset_config(job(of_command(tmp_path, "exit 0"), tmp_path / "run-3"))
    assert "wrote no file" in slot.step()["mistake"]


def test_the_next_run_ends_the_command_of_one_that_is_dropped(tmp_path: Path) -> None:
    script = "echo $$ > $1/pid; (echo images,fid; echo 0,300; sleep 99) > $1/log.csv"
    config = of_command(tmp_path, script)
    slot = RunTrainable(job(config, tmp_path / "run"))
    slot.step()
    pid = number_in(tmp_path / "run" / "trainer" / "pid")
    slot.reset_config(job(of_command(tmp_path, f"({HEALTHY}) > $1/log.csv"), tmp_path / "run-2"))
    assert is_gone(pid)
    slot.cleanup()


def test_a_study_describes_its_metric_and_no_data_of_the_lab(tmp_path: Path) -> None:
    config = of_command(tmp_path, "", {"data.source": "/somewhere/photos.zip"})
    opened = open_on_slot(config.model_dump(), "cpu", 1)
    assert opened["data"] == {"name": "photos.zip"}
    metrics = opened["metrics"]
    assert (metrics["anchor"], metrics["baseline"]) == ({"fid": 400.0}, {"fid": 0.0})
    assert metrics["names"]["kernel"] == metrics["names"]["frechet"] == "fid"


def test_trackers_get_the_parameters_by_the_persons_names(tmp_path: Path) -> None:
    config = of_command(tmp_path, "", {"rate": 0.5})
    flat = _flat(Job(3, 0, "explore", "sobol", {"rate": 0.5}, config))
    of_run = {"trial": 3, "seed": 0, "stage": "explore", "origin": "sobol"}
    assert flat == {"rate": 0.5, **of_run}


def test_a_trainer_starts_its_own_workers() -> None:
    with pytest.raises(InputError, match="--workers is 2"):
        _require_one_worker(Slot(1, 0, Workers(2, 2)))


def test_commands_of_a_record_are_code_that_needs_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_STATE", str(tmp_path / "state"))
    file = tmp_path / "trial.json"
    file.write_text(json.dumps({"config": of_command(tmp_path, "").model_dump(mode="json")}))
    with pytest.raises(InputError, match="would run code"):
        require_own_file(file, "the trial x", trust=False)
    require_own_file(file, "the trial x", trust=True)
    require_own_file(file, "the trial x", trust=False)


def test_what_needs_a_generator_of_the_lab_refuses_the_run(tmp_path: Path) -> None:
    config = of_command(tmp_path, f"({HEALTHY}) > $1/log.csv")
    trained(config, tmp_path / "run")
    (tmp_path / "run" / "config.json").write_text(
        json.dumps({"config": config.model_dump(mode="json")})
    )
    with pytest.raises(InputError, match="the lab has no generator of it"):
        config_of_run(tmp_path / "run", "the run", trust=True)
