"""Numbers of a search that fit into so many runs: what is kept and what is given up first."""

from __future__ import annotations

import pytest

from lab.plan.budget import Held, Numbers, fitted, least_numbers
from lab.plan.presets import PRESETS

LAPTOP = Numbers(42, (1, 2, 6), 2, 7)
MANY = 10**6


def fits(most_runs: int, *, most_trials: int = MANY, **held: object) -> Numbers | None:
    return fitted(LAPTOP, Held(**held), most_runs, most_trials)  # type: ignore[arg-type]


def test_the_runs_of_the_preset_give_its_numbers() -> None:
    for preset in PRESETS.values():
        usual = Numbers(preset.trials, preset.seeds, preset.race, preset.confirm)
        assert fitted(usual, Held(), usual.num_runs, MANY) == usual


@pytest.mark.parametrize(
    ("most_runs", "numbers"),
    [
        (60, Numbers(30, (1, 2, 6), 2, 7)),  # fewer trials first
        (34, Numbers(8, (1, 2, 6), 2, 7)),
        (33, Numbers(18, (1, 2, 6), 1, 7)),  # then one finalist
        (19, Numbers(11, (1, 2), 1, 7)),  # then fewer rungs
        (15, Numbers(8, (1,), 1, 7)),
        (12, Numbers(5, (1,), 1, 7)),  # then too few trials for a race
        (8, Numbers(1, (1,), 1, 7)),
        (7, None),
    ],
)
def test_fresh_seeds_are_kept_longest_then_the_race_then_trials(
    most_runs: int, numbers: Numbers | None
) -> None:
    assert fits(most_runs) == numbers


def test_more_runs_give_more_trials_and_fresh_seeds_in_proportion() -> None:
    numbers = fits(10 * LAPTOP.num_runs)
    assert numbers is not None
    assert numbers.seeds == LAPTOP.seeds
    assert numbers.race == LAPTOP.race
    assert numbers.confirm == round(7 * numbers.trials / 42)
    assert numbers.num_runs <= 10 * LAPTOP.num_runs < numbers.num_runs + 4


@pytest.mark.parametrize("most_runs", [*range(8, 90), 500, 5_000, 50_000])
def test_the_runs_are_never_more_than_fit_and_nearly_as_many(most_runs: int) -> None:
    numbers = fits(most_runs)
    assert numbers is not None
    assert numbers.num_runs <= most_runs
    assert numbers.num_runs > 0.75 * most_runs


@pytest.mark.parametrize(
    "held",
    [
        {"trials": 20},
        {"seeds": (2, 4)},
        {"race": 1},
        {"confirm": 3},
        {"trials": 12, "seeds": (1, 3), "race": 3, "confirm": 0},
    ],
)
def test_what_is_given_holds_and_the_rest_is_fitted(held: dict[str, object]) -> None:
    numbers = fits(50, **held)
    assert numbers is not None
    assert {name: getattr(numbers, name) for name in held} == held
    assert numbers.num_runs <= 50


def test_what_is_given_may_not_fit() -> None:
    assert fits(46, trials=40) is None
    assert least_numbers(LAPTOP, Held(trials=40)) == Numbers(40, (1,), 1, 7)
    assert fits(47, trials=40) == Numbers(40, (1,), 1, 7)
    assert fits(20, trials=2, race=3) is None


def test_a_space_of_few_settings_gets_no_more_trials() -> None:
    numbers = fits(1_000, most_trials=12)
    assert numbers is not None
    assert numbers.trials == 12


def test_without_a_race_every_trial_has_its_seeds() -> None:
    explored = Numbers(42, (3,), 0, 0)
    assert fitted(explored, Held(), 10, MANY) == Numbers(3, (3,), 0, 0)
    assert fitted(explored, Held(), 2, MANY) is None
    assert least_numbers(explored, Held()).num_runs == 3
    assert fits(10, race=0) == Numbers(10, (1,), 0, 0)
