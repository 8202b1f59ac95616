"""Proposals from a table are those of Optuna's sampler over its trials, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from optuna.samplers import TPESampler

from lab.plan import Space, history, load_space
from lab.plan.history import History
from lab.plan.objective import Direction
from lab.plan.suggest import from_random
from lab.plan.tpe import ArraySampler, Table
from lab.randomness import counted_seed
from tests.plan.simulation import write_space

NUM_DESIGNED, NUM_PROPOSED = 30, 20


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    return load_space(write_space(tmp_path_factory.mktemp("space")))


def proposals(space: Space, directions: tuple[Direction, ...]) -> list[dict[str, Any]]:
    """Of a history whose trials end in every way, some of them late, some with equal values."""
    past = History(seed=3, directions=directions)
    proposed: list[dict[str, Any]] = []
    late: list[int] = []
    for number in range(NUM_DESIGNED + NUM_PROPOSED):
        if number < NUM_DESIGNED:
            past.add(space.draw(from_random(0, "test", number)), "sobol")
        else:
            proposed.append(dict(past.propose(space).parameters))
        if number % 5 == 4:
            late.append(number)
            continue
        end(past, number)
        if len(late) > 3:
            end(past, late.pop(0))
    return proposed


def end(past: History, number: int) -> None:
    luck = [counted_seed(number, name, 0) % 20 / 20 for name in ("first", "second")]
    how = number % 11
    if how == 2:
        past.prune(number)
    elif how == 7:
        past.fail(number)
    else:
        past.complete(number, luck[: len(past._signs)], feasible=how not in (1, 8))


@pytest.mark.filterwarnings("ignore:Argument ``group`` is an experimental")
@pytest.mark.parametrize("window", ["whole", "part"])
@pytest.mark.parametrize("directions", [("maximize",), ("minimize",), ("maximize", "minimize")])
def test_proposals_are_those_of_optuna(
    space: Space,
    directions: tuple[Direction, ...],
    window: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if window == "part":
        monkeypatch.setattr(history, "NUM_BEST", 6)
        monkeypatch.setattr(history, "NUM_OTHERS", 14)
    ours = proposals(space, directions)

    def plain(seed: int, seen: object) -> TPESampler:
        return TPESampler(
            n_startup_trials=0, multivariate=True, group=True, constant_liar=True, seed=seed
        )

    monkeypatch.setattr(history, "ArraySampler", plain)
    monkeypatch.setattr(Table, "first_of_branches", lambda self, numbers: numbers)
    assert proposals(space, directions) == ours


def test_the_sampler_of_optuna_still_draws_by_the_method_that_is_replaced(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    whole = ArraySampler._sample

    def spy(self: ArraySampler, *args: Any) -> dict[str, Any]:
        called.append("_sample")
        return whole(self, *args)

    monkeypatch.setattr(ArraySampler, "_sample", spy)
    proposals(space, ("maximize",))
    assert len(called) >= NUM_PROPOSED


def test_a_parameter_that_no_trial_has_is_drawn_from_its_whole_range() -> None:
    seen = Table(1).seen([])
    observations = seen.observations(["optimizer.critic.lr"], np.arange(0))
    assert observations["optimizer.critic.lr"].shape == (0,)
