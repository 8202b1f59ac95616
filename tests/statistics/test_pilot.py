"""Facts about the pilot: when early quality tells final quality, and when nothing can be said."""

import math

import numpy as np
import pytest

from lab.statistics.pilot import Curve, Pilot, grace_period

BUDGET = 1_000
EVALUATIONS = tuple(range(0, BUDGET + 1, 100))


def _runs(num_runs: int, told_from: int, *, noise: float = 0.02, seed: int = 0) -> list[Curve]:
    """Runs whose quality is noise until `told_from` images and their own constant from there."""
    generator = np.random.default_rng(seed)
    curves = []
    for own in generator.permutation(np.linspace(0.2, 0.9, num_runs)):
        quality = [
            float(own + noise * generator.normal()) if at >= told_from else generator.random()
            for at in EVALUATIONS
        ]
        curves.append(Curve(EVALUATIONS, [0.0, *quality[1:]]))
    return curves


def _pilot(curves: list[Curve], seed: int = 0) -> Pilot:
    return grace_period(curves, BUDGET, np.random.default_rng(seed))


@pytest.mark.parametrize("told_from", [100, 400, 800])
def test_the_grace_period_is_when_quality_begins_to_tell(told_from: int) -> None:
    pilot = _pilot(_runs(30, told_from))
    assert pilot.grace_images == told_from
    place = pilot.images.index(told_from)
    assert pilot.low[place] >= 0.7
    assert f"{told_from / 1000:g} kimg" in pilot.sentence


def test_the_budget_itself_is_no_early_evaluation() -> None:
    pilot = _pilot(_runs(30, told_from=BUDGET))
    assert pilot.images == EVALUATIONS[1:-1]
    assert pilot.grace_images is None
    assert pilot.sentence.startswith("No grace period")


def test_fewer_than_ten_runs_are_not_enough() -> None:
    pilot = _pilot(_runs(9, 100))
    assert pilot.grace_images is None
    assert "9 finished runs, at least 10" in pilot.sentence
    assert all(map(math.isnan, pilot.correlation))


def test_no_run_at_all_is_not_enough() -> None:
    assert "0 finished runs" in _pilot([]).sentence


def test_runs_that_all_end_alike_have_no_order_to_tell() -> None:
    curves = [Curve([0, 500, 1000], [0.0, i / 20, 0.5]) for i in range(20)]
    assert "all 20 runs ended with the quality .5" in _pilot(curves).sentence


def test_a_wide_interval_asks_for_more_runs() -> None:
    pilot = _pilot(_runs(12, 100, noise=0.16, seed=3))
    assert max(pilot.correlation) >= 0.7
    assert pilot.grace_images is None
    assert "too wide" in pilot.sentence
    many = _pilot(_runs(300, 100, noise=0.06, seed=3))
    assert many.grace_images == 100


def test_an_order_that_is_lost_again_is_not_trusted() -> None:
    told, lost = _runs(30, 100, seed=1), _runs(30, BUDGET, seed=2)
    mixed = [
        Curve(EVALUATIONS, [*a.quality[:4], *b.quality[4:-1], a.quality[-1]])
        for a, b in zip(told, lost, strict=True)
    ]
    pilot = _pilot(mixed)
    assert pilot.low[1] >= 0.7
    assert pilot.grace_images is None
    assert "does not keep" in pilot.sentence


def test_runs_that_have_failed_do_not_flatter_the_correlation() -> None:
    # Twelve runs in an order that nothing foretells, and forty dead from the first evaluation.
    noise = _runs(12, BUDGET)
    dead = [Curve([0, 100], [0.0, 0.0])] * 40
    pilot = _pilot(noise + dead)
    assert pilot.grace_images is None
    assert set(pilot.num_alive) == {12}


def test_a_later_failure_counts_as_a_final_quality_of_0() -> None:
    # Runs that start best fail at 600: early quality says the opposite of final quality.
    curves = [
        Curve(EVALUATIONS[:7], [0.9] * 6 + [0.0]) if i < 15 else Curve(EVALUATIONS, [0.3] * 11)
        for i in range(30)
    ]
    pilot = _pilot(curves)
    assert pilot.correlation[0] == pytest.approx(-1)
    assert pilot.num_alive[EVALUATIONS.index(500) - 1] == 30
    assert pilot.num_alive[EVALUATIONS.index(600) - 1] == 15


def test_too_few_survivors_are_said() -> None:
    curves = _runs(5, 100) + [Curve([0, 100], [0.0, 0.0])] * 10
    assert "5 runs were alive at the first evaluation" in _pilot(curves).sentence


def test_runs_evaluated_at_other_places_are_held_at_their_latest() -> None:
    every, second = _runs(30, 100), _runs(30, 100, seed=9)
    curves = every + [Curve(one.images[::2], one.quality[::2]) for one in second]
    pilot = _pilot(curves)
    assert pilot.images == EVALUATIONS[1:-1]
    assert pilot.grace_images == 200


def test_the_same_generator_gives_the_same_pilot() -> None:
    curves = _runs(20, 300)
    assert _pilot(curves, seed=5) == _pilot(curves, seed=5)
