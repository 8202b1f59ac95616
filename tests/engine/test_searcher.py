"""The searcher between Tune and the planner, driven by hand: no Ray is started."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from ray.tune.search import Searcher

from lab.engine.run_callback import RunCallback
from lab.engine.searcher import PlannerSearcher
from lab.engine.slots import Slot
from lab.engine.watchdog import Fate
from lab.plan import Job, Outcome, Planner, PlanSettings, load_space
from lab.record import (
    ERROR_FILE,
    StorageFailed,
    read_json,
    read_study,
    run_folder,
    trial_folder,
    write_json,
)


class Ends(RunCallback):
    """Remembers how runs ended."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, str, bool]] = []

    def on_run_end(
        self, trial_id: str, job: Job, outcome: Outcome, row: Any, *, again: bool
    ) -> None:
        self.seen.append((job.trial, outcome.status, again))


class Copies:
    """Stands in for the Optuna mirror."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.curve: list[tuple[int, int, float]] = []

    def report(self, number: int, images_seen: int, quality: float) -> None:
        self.curve.append((number, images_seen, quality))

    def put(self, trial: Any) -> None:
        self.numbers.append(trial.number)


@pytest.fixture
def searcher(tmp_path: Path) -> PlannerSearcher:
    planner = Planner(load_space("sngan"), PlanSettings(trials=3, seed=0))
    searcher = PlannerSearcher(planner, tmp_path, Slot(1, 0), 2, Copies())
    searcher.callbacks = [Ends()]
    return searcher


def ends(searcher: PlannerSearcher) -> list[tuple[int, str, bool]]:
    """Trial, status and whether it goes on, of each end so far."""
    (callback,) = searcher.callbacks
    assert isinstance(callback, Ends)
    return callback.seen


def result(score: float) -> dict[str, Any]:
    row = {"images_seen": 10, "quality": 0.5, "kid_fashion": float("nan")}
    row |= {"seconds_training": 2.0, "seconds_evaluating": 1.0}
    verdict = {"verdict": "stable", "onset_images": None, "score": score}
    return {"row": json.dumps(row), **verdict, "done": True}


def test_no_run_is_asked_for_when_every_slot_is_taken(searcher: PlannerSearcher) -> None:
    assert isinstance(searcher.suggest("a"), dict)
    assert isinstance(searcher.suggest("b"), dict)
    assert searcher.suggest("c") is None
    searcher.on_trial_complete("a", result(0.4))
    assert isinstance(searcher.suggest("c"), dict)


def test_the_end_comes_after_the_last_run_has_ended(searcher: PlannerSearcher) -> None:
    for name in "abc":
        searcher.suggest(name)
        if name != "c":
            searcher.on_trial_complete(name, result(0.4))
    assert searcher.suggest("d") is None
    searcher.on_trial_complete("c", result(0.1))
    assert searcher.suggest("d") == Searcher.FINISHED


def test_a_proposal_is_on_disk_before_its_run_starts(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    message = json.loads(searcher.suggest("a")["job"])
    stored = read_json(trial_folder(tmp_path, 0) / "trial.json")
    assert stored["number"] == 0
    assert stored["config"] == message["config"]
    assert message["folder"] == str(run_folder(tmp_path, 0, 0))


def test_a_crash_is_noted_and_tried_again_with_the_same_trial(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    write_json(tmp_path / "study.json", {"study": "x"})
    for attempt in (1, 2, 3):
        job = json.loads(searcher.suggest(f"a{attempt}")["job"])
        assert (job["trial"], job["attempt"]) == (0, attempt)
        folder = run_folder(tmp_path, 0, 0)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ERROR_FILE).write_text(f"Traceback\nMemoryError: number {attempt}\n")
        searcher.on_trial_complete(f"a{attempt}", error=True)
        searcher.settle()
    assert ends(searcher) == [
        (0, "errored", True),
        (0, "errored", True),
        (0, "errored", False),
    ]
    (run,) = read_study(tmp_path).runs
    assert run.status == "errored"
    assert run.card.attempts == 3
    assert run.card.error.endswith("number 3")
    assert json.loads(searcher.suggest("b")["job"])["trial"] == 1


def test_a_crash_is_noted_outside_tunes_loop_and_tried_again_after_its_note(
    searcher: PlannerSearcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def fetch(*paths: str) -> None:
        assert threading.current_thread() is not threading.main_thread()
        assert answered.wait(60)

    monkeypatch.setattr(searcher.storage, "fetch", fetch)
    searcher.suggest("a")
    searcher.on_trial_complete("a", error=True)
    assert json.loads(searcher.suggest("b")["job"])["trial"] == 1
    assert ends(searcher) == []
    answered.set()
    searcher.settle()
    assert ends(searcher) == [(0, "errored", True)]
    again = json.loads(searcher.suggest("c")["job"])
    assert (again["trial"], again["attempt"]) == (0, 2)


def test_attempts_count_from_the_last_stored_evaluation(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    write_json(tmp_path / "study.json", {"study": "x"})
    for start in range(5):
        job = json.loads(searcher.suggest(f"a{start}")["job"])
        assert (job["trial"], job["attempt"]) == (0, min(start, 1) + 1)
        searcher.on_trial_result(f"a{start}", result(0.1))
        searcher.on_trial_complete(f"a{start}", error=True)
        searcher.settle()
    assert ends(searcher) == [(0, "errored", True)] * 5
    assert searcher.mirror.curve == [(0, 10, 0.5)] * 5


def test_the_loss_of_a_machine_costs_no_attempt(searcher: PlannerSearcher) -> None:
    searcher.machines = lambda: {"this": "10.0.0.1"}
    searcher.fate_of = lambda folder: Fate(node="gone")
    for start in range(5):
        job = json.loads(searcher.suggest(f"a{start}")["job"])
        assert (job["trial"], job["attempt"]) == (0, 1)
        searcher.on_trial_complete(f"a{start}", error=True)
        searcher.settle()
    searcher.fate_of = lambda folder: Fate(node="this")
    searcher.suggest("b")
    searcher.on_trial_complete("b", error=True)
    searcher.settle()
    assert json.loads(searcher.suggest("c")["job"])["attempt"] == 2


def test_a_loss_that_is_known_late_is_taken_back(searcher: PlannerSearcher) -> None:
    """A cluster learns of a dead machine after the worker's death."""
    machines = {name: f"10.0.0.{name}" for name in "123456"}
    searcher.machines = lambda: machines
    for start, node in enumerate("12345"):
        job = json.loads(searcher.suggest(f"a{start}")["job"])
        assert (job["trial"], job["attempt"]) == (0, min(start, 1) + 1)
        searcher.fate_of = lambda folder, node=node: Fate(node=node)
        searcher.on_trial_complete(f"a{start}", error=True)
        searcher.settle()
        del machines[node]  # now it is known
    assert all(again for _, _, again in ends(searcher))


def test_a_mistake_on_one_node_of_several_keeps_runs_away_from_it(
    searcher: PlannerSearcher,
) -> None:
    searcher.machines = lambda: {"bad": "10.0.0.1", "good": "10.0.0.2", "third": "10.0.0.3"}
    searcher.suggest("a")
    searcher.on_trial_complete("a", {"mistake": "LAB_CACHE is gone", "node": "bad"})
    assert searcher.mistake is None
    again = searcher.suggest("b")
    job = json.loads(again["job"])
    assert (job["trial"], job["attempt"], job["avoid"]) == (0, 1, ["bad"])
    assert again["avoid"] == "bad"
    other = searcher.suggest("c")
    searcher.on_trial_complete("c", {"mistake": "LAB_CACHE is gone", "node": "third"})
    assert searcher.mistake is None, "another run, another node: this run goes to the last one"
    assert json.loads(other["job"])["trial"] == 1


def test_a_mistake_that_repeats_elsewhere_ends_the_search_and_names_the_nodes(
    searcher: PlannerSearcher,
) -> None:
    searcher.machines = lambda: {"one": "10.0.0.1", "two": "10.0.0.2", "three": "10.0.0.3"}
    for trial_id, node in (("a", "one"), ("b", "two")):
        searcher.suggest(trial_id)
        searcher.on_trial_complete(trial_id, {"mistake": "no images", "node": node})
    assert searcher.mistake == "no images (so it was on 10.0.0.1 and 10.0.0.2)"
    assert searcher.suggest("c") == Searcher.FINISHED


def test_a_storage_that_fails_while_a_run_is_noted_stops_the_search_in_order(
    searcher: PlannerSearcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise StorageFailed("s3://x", "it is away", 3)

    monkeypatch.setattr("lab.engine.searcher.mark_pruned", refuse)
    searcher.suggest("a")
    searcher.given_up.add("a")
    row = {"images_seen": 10, "quality": 0.1}
    searcher.on_trial_complete("a", {"row": json.dumps(row), "done": True})
    searcher.settle()
    assert searcher.suggest("b") == Searcher.FINISHED
    assert "could not be written" in str(searcher.mistake)
    assert searcher.live == {}


def test_every_ask_and_tell_reaches_the_optuna_file(searcher: PlannerSearcher) -> None:
    searcher.suggest("a")
    searcher.on_trial_complete("a", result(0.4))
    assert searcher.mirror.numbers == [0, 0]


def test_a_run_handed_back_with_its_error_counts_the_attempts_of_its_gang(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    write_json(tmp_path / "study.json", {"study": "x"})
    searcher.suggest("a")
    searcher.on_trial_complete("a", {"error": "Traceback\nValueError: first", "attempt": 1})
    searcher.settle()
    assert json.loads(searcher.suggest("b")["job"])["attempt"] == 2
    searcher.on_trial_complete("b", {"error": "the workers died twice", "attempt": 3})
    searcher.settle()
    assert ends(searcher) == [(0, "errored", True), (0, "errored", False)]
    (run,) = read_study(tmp_path).runs
    assert run.card.attempts == 3
    assert run.card.error == "the workers died twice"


def test_a_mistake_ends_the_search_and_leaves_the_run_to_be_continued(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    searcher.suggest("a")
    searcher.on_trial_complete("a", {"mistake": "the disk is full", "done": True})
    assert searcher.mistake == "the disk is full"
    assert searcher.suggest("b") == Searcher.FINISHED
    assert ends(searcher) == []
    assert not run_folder(tmp_path, 0, 0).exists()


def test_a_worker_that_was_ended_on_purpose_is_noted_with_the_reason(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    searcher.fate_of = lambda folder: Fate("taken for hung")
    searcher.suggest("a")
    searcher.on_trial_complete("a", error=True)
    searcher.settle()
    assert read_json(run_folder(tmp_path, 0, 0) / "run.json")["error"] == "taken for hung"


def test_a_run_without_room_waits_for_others_to_end_and_loses_no_attempt(
    searcher: PlannerSearcher,
) -> None:
    searcher.suggest("a")
    searcher.suggest("b")
    searcher.on_trial_complete("b", {"no_room": True, "done": True})
    assert searcher.suggest("c") is None
    searcher.on_trial_complete("a", result(0.4))
    job = json.loads(searcher.suggest("c")["job"])
    assert (job["trial"], job["attempt"]) == (1, 1)
    assert isinstance(searcher.suggest("d"), dict)


def test_a_run_that_is_given_up_is_noted_as_pruned_and_not_tried_again(
    searcher: PlannerSearcher, tmp_path: Path
) -> None:
    searcher.suggest("a")
    searcher.given_up.add("a")
    row = {"images_seen": 10, "quality": 0.1}
    searcher.on_trial_complete("a", {"row": json.dumps(row), "done": True})
    assert json.loads(searcher.suggest("b")["job"])["trial"] == 1
    searcher.settle()
    run = read_json(run_folder(tmp_path, 0, 0) / "run.json")
    assert (run["status"], run["verdict"], run["images_seen"]) == ("pruned", None, 10)
    assert ends(searcher) == [(0, "pruned", False)]


def test_a_raced_run_leaves_its_trials_file_as_it_was(tmp_path: Path) -> None:
    settings = PlanSettings(trials=1, seeds=(1, 2), race=1)
    planner = Planner(load_space("sngan"), settings)
    searcher = PlannerSearcher(planner, tmp_path, Slot(1, 0), 1, Copies())
    first = json.loads(searcher.suggest("a")["job"])
    searcher.on_trial_complete("a", result(0.4))
    (trial_folder(tmp_path, 0) / "trial.json").unlink()
    raced = json.loads(searcher.suggest("b")["job"])
    assert (raced["stage"], raced["config"]["seed"]) == ("race", 1)
    stored = read_json(trial_folder(tmp_path, 0) / "trial.json")
    assert stored["config"] == first["config"]
