"""A storage that fails under the driver ends the search with a sentence, and burns no trial."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ray.tune.search import Searcher

import lab.engine.searcher
from lab.engine.searcher import PlannerSearcher
from lab.engine.slots import Slot
from lab.engine.trainable import RunTrainable
from lab.plan import Mirror, Planner, PlanSettings, load_space
from lab.record import write_json
from lab.record.durable import PATIENCE, StorageFailed
from lab.record.leases import lease_file
from lab.record.remote import RemoteFolder
from tests.engine.test_searcher import Copies
from tests.storages import another_process, fill, memory_stores, small_disk, stored

STUDY = "memory://lab/studies/failing"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATIENCE, "0")


def searcher_of(study: Path, storage: RemoteFolder | None = None) -> PlannerSearcher:
    planner = Planner(load_space("sngan"), PlanSettings(trials=3, seed=0))
    return PlannerSearcher(planner, study, Slot(1, 0), 2, Copies(), storage)


def refuse(*_: object, **__: object) -> None:
    raise StorageFailed("/shared/study", "No space left on device", 60.0)


def test_a_trial_that_cannot_be_written_down_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher = searcher_of(tmp_path)
    monkeypatch.setattr(lab.engine.searcher, "write_card", refuse)
    assert searcher.suggest("a") == Searcher.FINISHED
    assert searcher.mistake is not None
    assert "could not be written for 60 s (No space left on device)" in searcher.mistake
    assert searcher.live == {}


def test_a_crash_that_cannot_be_written_down_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher = searcher_of(tmp_path)
    searcher.suggest("a")
    monkeypatch.setattr(lab.engine.searcher, "mark_errored", refuse)
    searcher.on_trial_complete("a", error=True)
    searcher.settle()
    assert searcher.mistake is not None
    assert searcher.suggest("b") == Searcher.FINISHED
    assert not searcher.planner.trial(0).state.is_finished()


def test_a_crash_on_another_machine_is_noted_behind_the_url() -> None:
    driver, worker = another_process(STUDY), another_process(f"{STUDY}/trials/0000/seed-0")
    searcher = searcher_of(driver.folder, driver)
    message: Any = searcher.suggest("a")
    job = json.loads(message["job"])
    assert job["folder"] == worker.name
    slot = RunTrainable.__new__(RunTrainable)
    slot._watch, slot._gang = Watch(), Gang()
    slot._begin(job)  # the worker stores the proposal: the driver's loop sends no request
    assert json.loads(stored(STUDY)["trials/0000/trial.json"])["number"] == 0
    write_json(worker.folder / "run.json", {"status": "running", "precision": "bfloat16"})
    worker.push()
    worker.write("error.txt", b"MemoryError: of the worker")
    searcher.on_trial_complete("a", error=True)
    searcher.settle()
    note = json.loads(stored(STUDY)["trials/0000/seed-0/run.json"])
    assert (note["status"], note["error"]) == ("errored", "MemoryError: of the worker")
    assert note["precision"] == "bfloat16"


def test_a_worker_whose_storage_is_away_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteFolder, "remove", refuse)
    message = {"folder": f"{STUDY}/trials/0000/seed-0", "config": {}}
    worker = RunTrainable.__new__(RunTrainable)
    worker._watch, worker._gang = Watch(), Gang()
    worker._begin(message)
    result = worker.step()
    assert result["done"]
    assert "No space left on device" in result["mistake"]


@pytest.mark.parametrize("newest", [1, 2])
def test_a_trial_of_another_driver_is_written_over_by_the_newest_one_alone(
    newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proposal of a worker whose driver has been followed stays out of the study."""
    with memory_stores(monkeypatch):
        study = another_process(STUDY)
        study.write("trials/0000/trial.json", b"of another driver")
        study.write(lease_file(newest), b"{}")
        worker = RunTrainable.__new__(RunTrainable)
        worker._watch, worker._gang = Watch(), Gang()
        proposal = [STUDY, "trials/0000/trial.json", "of this one"]
        folder = f"{STUDY}/trials/0000/seed-0"
        worker._begin({"folder": folder, "proposal": proposal, "fence": [STUDY, 1, False]})
        kept = study.read("trials/0000/trial.json")
        if newest == 1:
            assert (worker._mistake, kept) == (None, b"of this one")
        else:
            assert "was taken over by" in str(worker._mistake)
            assert kept == b"of another driver"


class Watch:
    """Stands in for the line to the watchdog."""

    def began(self, run: str, extra_seconds: float) -> None: ...

    def over(self) -> None: ...


class Gang:
    """Stands in for a gang that must not be asked."""

    over = False
    starting_seconds = 0.0

    def uses_any_of(self, avoid: list[str]) -> bool:
        return False

    def begin(self, job: dict[str, Any]) -> None: ...


def test_the_optuna_copy_on_a_full_disk_costs_a_warning_and_no_search(tmp_path: Path) -> None:
    planner = Planner(load_space("sngan"), PlanSettings(trials=3, seed=0))
    planner.ask()
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        ballast = fill(disk)
        with pytest.warns(RuntimeWarning, match="is no longer kept up to date"):
            mirror = mirrored(disk / "optuna.db", planner)
        assert mirror.problem is not None
        ballast.unlink()
        assert mirrored(disk / "optuna.db", planner).problem is None


def mirrored(path: Path, planner: Planner) -> Mirror:
    mirror = Mirror(path, "study", planner.trials())
    mirror.put(planner.trial(0))
    mirror.close()
    return mirror
