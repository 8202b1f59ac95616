"""optuna.db follows the planner, is mended from it, and never stops the search."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

import lab.plan.mirror
from lab.plan import Mirror, Outcome, Planner, PlanSettings, Space, load_space
from lab.record import StorageFailed
from tests.plan.simulation import write_space

PATIENCE = 120.0
"""A crowded machine takes seconds for the database's first table."""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    return load_space(write_space(tmp_path_factory.mktemp("space")))


def searched(space: Space, mirror: Mirror | None = None) -> Planner:
    """Five trials: stable, diverged, pruned, crashed, and the last still running."""
    planner = Planner(space, PlanSettings(trials=5, max_attempts=1))
    outcomes = (
        Outcome("finished", "stable", 0.8),
        Outcome("finished", "diverged", 0.1),
        Outcome("pruned"),
        Outcome("errored", error="lost"),
    )
    jobs = [planner.ask() for _ in range(5)]
    for trial in planner.trials():
        if mirror:
            mirror.put(trial)
    # Told in another order than asked.
    for job, outcome in list(zip(jobs, outcomes, strict=False))[::-1]:
        assert job is not None
        planner.tell(job, outcome)
        if mirror:
            mirror.put(planner.trial(job.trial))
    return planner


def stored(path: Path) -> list[FrozenTrial]:
    return optuna.load_study(study_name="s", storage=f"sqlite:///{path}").trials


def check_same(path: Path, planner: Planner) -> None:
    copied, trials = stored(path), planner.trials()
    assert [trial.number for trial in copied] == [trial.number for trial in trials]
    for one, other in zip(copied, trials, strict=True):
        assert (one.state, one.values) == (other.state, other.values)
        assert one.params == other.params
        assert one.distributions == other.distributions
        assert one.user_attrs == other.user_attrs


def test_the_mirror_holds_every_trial_under_its_number(space: Space, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "optuna.db", "s")
    planner = searched(space, mirror)
    mirror.close(PATIENCE)
    assert mirror.problem is None
    check_same(tmp_path / "optuna.db", planner)
    assert [trial.state for trial in stored(tmp_path / "optuna.db")] == [
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.PRUNED,
        TrialState.FAIL,
        TrialState.RUNNING,
    ]


def test_a_missing_mirror_is_made_from_the_planner(space: Space, tmp_path: Path) -> None:
    planner = searched(space)
    Mirror(tmp_path / "optuna.db", "s", planner.trials()).close(PATIENCE)
    check_same(tmp_path / "optuna.db", planner)


def test_a_mirror_that_is_behind_catches_up(space: Space, tmp_path: Path) -> None:
    planner = Planner(space, PlanSettings(trials=5, max_attempts=1))
    jobs = [planner.ask(), planner.ask()]
    Mirror(tmp_path / "optuna.db", "s", planner.trials()).close(PATIENCE)
    assert jobs[0] is not None
    planner.tell(jobs[0], Outcome("finished", "stalled", 0.2))
    planner.ask()
    Mirror(tmp_path / "optuna.db", "s", planner.trials()).close(PATIENCE)
    check_same(tmp_path / "optuna.db", planner)


def test_a_damaged_mirror_is_made_anew(space: Space, tmp_path: Path) -> None:
    path = tmp_path / "optuna.db"
    path.write_bytes(b"no database at all" * 99)
    planner = searched(space)
    Mirror(path, "s", planner.trials()).close(PATIENCE)
    check_same(path, planner)


def test_a_mirror_of_other_trials_is_made_anew(space: Space, tmp_path: Path) -> None:
    other = Planner(space, PlanSettings(trials=5, seed=9))
    for _ in range(5):
        other.ask()
    Mirror(tmp_path / "optuna.db", "s", other.trials()).close(PATIENCE)
    planner = searched(space)
    Mirror(tmp_path / "optuna.db", "s", planner.trials()).close(PATIENCE)
    check_same(tmp_path / "optuna.db", planner)


def test_a_mirror_that_cannot_be_written_warns_once_and_stops_nothing(
    space: Space, tmp_path: Path
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mirror = Mirror(tmp_path / "no_folder" / "optuna.db", "s")
        planner = searched(space, mirror)
        mirror.close(PATIENCE)
    assert [str(one.message).count("is no longer kept up to date") for one in caught] == [1]
    assert mirror.problem is not None
    assert planner.trial(0).value == 0.8


def test_two_objectives_and_their_broken_constraint_are_copied(
    space: Space, tmp_path: Path
) -> None:
    planner = Planner(space, PlanSettings(trials=2, objective="quality,cost"))
    mirror = Mirror(tmp_path / "optuna.db", "s", (), planner.objective.directions)
    for verdict in ("stable", "collapsed"):
        job = planner.ask()
        assert job is not None
        mirror.put(planner.trial(job.trial))
        planner.tell(job, Outcome("finished", verdict, 0.5, quality=0.8, seconds=3.0))
        mirror.put(planner.trial(job.trial))
    mirror.close(PATIENCE)
    assert mirror.problem is None
    study = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 'optuna.db'}")
    assert [trial.values for trial in study.trials] == [[0.8, 3.0], [0.8, 3.0]]
    assert [trial.constraints for trial in study.trials] == [{}, {"failure": 1.0}]
    assert [trial.number for trial in study.best_trials] == [0]


def test_learning_curves_and_copies_go_along_with_a_running_search(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.plan.mirror, "SECONDS_BETWEEN", 0.01)
    monkeypatch.setattr(lab.plan.mirror, "STORED_SECONDS", 0.01)
    path, copies = tmp_path / "optuna.db", []

    def store() -> None:
        copies.append(path.read_bytes()[:16])
        if len(copies) == 1:
            raise StorageFailed("s3://x", "it is away", 1)  # tried again later

    planner = Planner(space, PlanSettings(trials=2))
    mirror = Mirror(path, "s", store=store)
    job = planner.ask()
    assert job is not None
    mirror.put(planner.trial(0))
    mirror.report(0, 0, 0.0)
    deadline = time.monotonic() + PATIENCE
    while len(copies) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    mirror.report(0, 1000, 0.25)
    planner.tell(job, Outcome("finished", "stable", 0.8))
    mirror.put(planner.trial(0))
    mirror.close(PATIENCE)
    assert mirror.problem is None
    (trial,) = stored(path)
    assert trial.intermediate_values == {0: 0.0, 1000: 0.25}
    assert trial.state == TrialState.COMPLETE
