"""Seed halving and confirmation: who goes on, what is decided when, and by which seeds."""

from __future__ import annotations

import random

import pytest

from lab.errors import InputError
from lab.plan.race import Race, Result, Rules, Rung, Standing, best_first, halved, rungs_of
from lab.plan.settings import PlanSettings, race_rules

CONFIRM = (1000, 1001, 1002)


def rules(num_trials: int, seeds: tuple[int, ...], survivors: int) -> Rules:
    return Rules(rungs_of(num_trials, seeds, survivors), tuple(range(seeds[-1])), CONFIRM)


def outcome(world: int, trial: int, seed: int) -> Result:
    """A trial's own chance to be stable, and a score that tells a little of it."""
    chance = random.Random(f"{world} {trial}").betavariate(0.5, 0.5)
    draw = random.Random(f"{world} {trial} {seed}")
    return Result(draw.random() < chance, (chance + draw.gauss(0, 0.2),))


class Played:
    """A race driven to its end by so many slots; runs end in an order of their own."""

    def __init__(self, given: Rules, world: int, slots: int, order: int) -> None:
        self.race = Race(given)
        self.world = world
        self.taken: set[tuple[int, int]] = set()
        self.running: list[tuple[int, int]] = []
        self.num_early = self.num_idle = 0
        ends = random.Random(order)
        self.fill(slots)
        while self.running:
            self.num_idle += len(self.running) < slots
            trial, seed = self.running.pop(ends.randrange(len(self.running)))
            self.race.tell(trial, seed, outcome(world, trial, seed))
            self.fill(slots)

    def fill(self, slots: int) -> None:
        while len(self.running) < slots:
            run = next(self.race.wanted(self.taken), None)
            if run is None:
                return
            self.num_early += not run.certain
            self.taken.add((run.trial, run.seed))
            self.running.append((run.trial, run.seed))


def waiting_at_every_rung(given: Rules, world: int) -> list[int]:
    """The race as a textbook has it: everybody runs, the best go on, everybody runs."""
    left = list(range(given.rungs[0].width))
    for rung, after in zip(given.rungs, [*given.rungs[1:], given.rungs[-1]], strict=True):
        seeds = given.seeds[: rung.num_seeds]

        def merit(trial: int, seeds: tuple[int, ...] = seeds) -> tuple[float, float]:
            results = [outcome(world, trial, seed) for seed in seeds]
            num_stable = sum(result.stable for result in results)
            return -num_stable, -sum(result.values[0] for result in results)

        left = sorted(left, key=merit)[: after.width]
    return left


def test_seed_halving_of_40_trials_takes_100_runs() -> None:
    rungs = rungs_of(40, (1, 2, 4, 8), halved(40, 4))
    assert rungs == (Rung(40, 1), Rung(20, 2), Rung(10, 4), Rung(5, 8))
    assert Rules(rungs, tuple(range(8)), ()).num_runs == 100
    assert Rules(rungs, tuple(range(8)), CONFIRM).num_runs == 115


@pytest.mark.parametrize("slots", [1, 2, 7, 64])
@pytest.mark.parametrize("world", range(4))
def test_the_outcome_is_that_of_a_race_which_waits_whatever_the_order(
    world: int, slots: int
) -> None:
    given = rules(24, (1, 2, 4), 4)
    expected = waiting_at_every_rung(given, world)
    for order in range(4):
        played = Played(given, world, slots, order)
        assert played.race.finalists() == expected
        assert {(t, s) for t in expected for s in CONFIRM} <= played.taken


def test_one_slot_makes_no_run_that_is_not_needed() -> None:
    given = rules(24, (1, 2, 4), 4)
    played = Played(given, world=1, slots=1, order=0)
    assert played.num_early == 0
    assert len(played.taken) == given.num_runs


@pytest.mark.parametrize("slots", [2, 3, 5])
def test_no_slot_idles_before_the_last_runs_are_out(slots: int) -> None:
    played = Played(rules(24, (1, 2, 4), 4), world=2, slots=slots, order=1)
    assert played.num_idle == slots - 1  # while the very last runs end


def test_a_trial_that_nobody_can_push_out_goes_on_at_once() -> None:
    race = Race(rules(4, (1, 2), 2))
    for trial, score in enumerate((0.9, 0.8, 0.1)):
        race.tell(trial, 0, Result(True, (score,)))
    first = next(race.wanted({(trial, 0) for trial in range(4)}))
    assert (first.trial, first.seed, first.stage, first.certain) == (0, 1, "race", True)
    runs = list(race.wanted({(trial, 0) for trial in range(4)}))
    assert [run.trial for run in runs if run.certain and run.stage == "race"] == [0]
    assert [run.trial for run in runs if not run.certain and run.stage == "race"] == [0, 1]


def test_stability_counts_before_the_mean() -> None:
    race = Race(Rules((Rung(2, 2), Rung(1, 2)), (0, 1), ()))
    for seed, stable in enumerate((True, False)):
        race.tell(0, seed, Result(stable, (0.9,)))
        race.tell(1, seed, Result(True, (0.4,)))
    assert race.finalists() == [1]


def test_runs_without_a_verdict_are_neither_stable_nor_failed() -> None:
    race = Race(rules(3, (1, 2), 3))
    race.tell(0, 0, None)
    race.tell(1, 0, Result(True, (0.5,)))
    race.tell(2, 0, Result(False, (0.2,)))
    wanted = [run for run in race.wanted(set()) if run.stage == "race" and run.seed == 1]
    assert [run.trial for run in wanted if run.certain] == [1, 2]
    race.tell(1, 1, None)
    race.tell(2, 1, Result(True, (0.2,)))
    assert race.finalists() == [1, 2]  # 1 of 1 before 1 of 2


def test_a_race_in_which_everything_crashed_has_no_finalist() -> None:
    race = Race(rules(2, (1, 2), 1))
    race.tell(0, 0, None)
    race.tell(1, 0, None)
    assert race.finalists() == []
    assert list(race.wanted({(0, 0), (1, 0)})) == []


def test_confirm_runs_change_no_choice() -> None:
    given = rules(8, (1, 2), 2)
    played = Played(given, world=3, slots=2, order=0)
    before = played.race.finalists()
    for trial in range(8):
        for seed in CONFIRM:
            played.race.tell(trial, seed, Result(trial == 7, (1.0,)))
    assert played.race.finalists() == before


def test_with_two_objectives_no_dominated_trial_comes_before_the_pareto_set() -> None:
    standings = [
        Standing(0, 1.0, (0.5, -9.0)),  # dominated by 1
        Standing(1, 0.5, (0.6, -8.0)),
        Standing(2, 1.0, (0.9, -9.5)),
        Standing(3, 0.0, (0.0, -1.0)),  # cheap, for it failed
    ]
    assert best_first(standings) == [2, 1, 0, 3]


def test_every_trial_gets_the_same_number_of_seeds_without_a_race() -> None:
    given = race_rules(PlanSettings(seeds=(3,), race=0, seed=5), 4)
    assert not given.raced
    assert given.num_runs == 12
    wanted = list(Race(given).wanted(set()))
    assert {run.stage for run in wanted} == {"explore"}
    assert {run.seed for run in wanted} == {5, 6, 7}


def test_one_number_of_seeds_and_survivors_picks_the_best_by_those_seeds() -> None:
    given = race_rules(PlanSettings(seeds=(2,), race=3, confirm=4), 10)
    assert given.rungs == (Rung(10, 2), Rung(3, 2))
    assert given.num_runs == 20 + 12


def test_confirm_seeds_are_none_of_the_race() -> None:
    given = race_rules(PlanSettings(seeds=(1, 999), race=1, confirm=999, seed=2**31 - 5), 2)
    assert not set(given.seeds) & set(given.confirm_seeds)
    assert all(0 <= seed < 2**31 for seed in (*given.seeds, *given.confirm_seeds))


def test_more_survivors_than_trials_are_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match="9 finalists and 8 trials; it can have at most 8"):
        race_rules(PlanSettings(seeds=(1, 2), race=9), 8)


def test_nobody_chosen_and_somebody_confirmed_is_refused() -> None:
    with pytest.raises(InputError, match="--race 0 has no finalists"):
        race_rules(PlanSettings(race=0, confirm=2), 8)
