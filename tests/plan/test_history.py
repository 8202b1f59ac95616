"""TPE's window: what it shows once a search is long, and that nothing hidden is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.trial import TrialState

from lab.plan import Planner, PlanSettings, Space, history, load_space
from lab.plan.history import History
from lab.plan.suggest import from_random
from lab.record import read_study
from tests.plan.simulation import Search, good_rates_win, write_space


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    return load_space(write_space(tmp_path_factory.mktemp("space")))


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "NUM_BEST", 4)
    monkeypatch.setattr(history, "NUM_OTHERS", 8)


@pytest.mark.usefixtures("small_window")
def test_a_long_search_shows_tpe_the_best_a_spread_and_the_running(space: Space) -> None:
    past = History(seed=0)
    for number in range(40):
        past.add(space.draw(from_random(0, "test", number)), "sobol")
        if number not in (3, 30):
            past.complete(number, [1.0 - number / 100])
    best, running, spread = {0, 1, 2, 4}, {3, 30}, {0, 5, 10, 15, 20, 24, 29, 35}
    assert past.window() == sorted(best | running | spread)
    past.propose(space)
    assert len(past.trials()) == 41


def test_a_trial_keeps_only_the_parameters_of_its_own_branch(space: Space) -> None:
    past = History(seed=0)
    for number in range(12):
        past.add(space.draw(from_random(0, "test", number)), "sobol")
        past.complete(number, [0.5])
    for _ in range(10):
        drawn = past.propose(space)
        weighted = drawn.parameters["penalty.kind"] == "r1"
        assert ("penalty.weight" in drawn.parameters) == weighted
        trial = past.trial(len(past) - 1)
        assert trial.state == TrialState.RUNNING
        assert trial.params == drawn.parameters
        assert not any(trial.system_attrs.values())


@pytest.mark.usefixtures("small_window")
def test_a_long_search_is_rebuilt_to_the_same_proposals(space: Space, tmp_path: Path) -> None:
    settings = PlanSettings(trials=40, num_sobol=8)
    search = Search(Planner(space, settings), tmp_path)
    search.go_on(num_ends=25)
    rebuilt = Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))
    for _ in search.running:
        assert rebuilt.ask() is not None
    assert rebuilt.ask() == search.planner.ask()


def test_failed_runs_teach_tpe_through_the_window(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "NUM_BEST", 10)
    monkeypatch.setattr(history, "NUM_OTHERS", 40)
    search = Search(Planner(space, PlanSettings(trials=120, num_sobol=32)), tmp_path)
    search.go_on()
    late = [good_rates_win(job).verdict for job in search.asked if job.trial >= 60]
    assert late.count("diverged") / len(late) < 0.1  # a quarter by chance
