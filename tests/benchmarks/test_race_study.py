"""Facts about the race in made-up studies: a small, repeatable part of benchmarks/race_study."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.race.allocation import best_odds, halving, laplace, one_at_a_time
from benchmarks.race.bayes import bayes_halving, knowledge_gradient, prior_of
from benchmarks.race.costs import BEST, Point, rungs, runs_to_reach
from benchmarks.race.designs import LAZY
from benchmarks.race.intervals import (
    METHODS,
    clopper_pearson,
    coverage,
    mid_p,
    quality_coverage,
    wilson,
)
from benchmarks.race.slots import side_by_side
from benchmarks.race.strategies import Design, fixed_seeds, race
from benchmarks.race.study import DESIGNS, NUM_CONFIGURATIONS, Figures, compare
from benchmarks.race.surface import plain_tpe, whole_planner
from benchmarks.race.worlds import WORLDS, Configurations, Runs, draw_runs
from lab.plan.race import Rules

NUM_STUDIES = 250


@pytest.fixture(scope="module", params=["mixture", "even", "surface"])
def figures(request: pytest.FixtureRequest) -> dict[str, Figures]:
    return compare(request.param, NUM_STUDIES).by_strategy


def test_the_race_costs_a_third_of_eight_seeds_each_with_its_confirm_runs(
    figures: dict[str, Figures],
) -> None:
    for design in DESIGNS:
        assert figures[str(design)].num_runs <= figures["(b) 8 seeds each"].num_runs / 3
        assert figures[str(design)].num_runs == design.rules(NUM_CONFIGURATIONS).num_runs


def test_what_the_race_picks_is_as_stable_as_the_best_of_eight_seeds_each(
    figures: dict[str, Figures],
) -> None:
    everywhere = figures["(b) 8 seeds each"]
    for design in DESIGNS:
        assert figures[str(design)].stable > everywhere.stable - 0.02
        assert figures[str(design)].stable > figures["(a) 1 seed each"].stable + 0.05


def test_only_fresh_seeds_report_a_share_that_is_true_on_average(
    figures: dict[str, Figures],
) -> None:
    confirmed = figures[str(DESIGNS[0])]
    assert abs(confirmed.claimed - confirmed.stable) < 0.025
    by_race = figures["  by the race's 8 runs"]
    assert by_race.claimed > by_race.stable + 0.04
    assert figures["(a) 1 seed each"].claimed == 1.0


def test_the_confirmed_interval_covers_as_often_as_it_says(figures: dict[str, Figures]) -> None:
    # A mean over the winners of 250 studies, of an interval that covers 94 to 96 %.
    assert 0.91 < figures[str(DESIGNS[0])].coverage < 0.985


@pytest.mark.parametrize("world", WORLDS)
def test_wilsons_interval_covers_the_winner_in_93_to_97_percent_from_seven_runs_on(
    world: str,
) -> None:
    winners = compare(world, 200).winners
    for num_runs in (7, 8, 10, 16, 20, 40):
        assert 0.93 < coverage("Wilson", num_runs, winners).mean() < 0.97


def test_coverage_is_what_drawing_runs_gives() -> None:
    share = np.array([0.6, 0.93])
    k = np.random.default_rng(0).binomial(7, share, size=(40_000, 2))
    interval = wilson(7)
    drawn = (interval.low[k] <= share) & (share <= interval.high[k])
    assert coverage("Wilson", 7, share) == pytest.approx(drawn.mean(axis=0), abs=0.01)


def test_no_interval_from_seven_runs_covers_every_share_as_it_says() -> None:
    # Discreteness: just beyond where 6 of 7 stops covering, 7 of 7 must do it alone.
    share = np.linspace(0.85, 0.999, 300)
    assert coverage("Wilson", 7, share).min() < 0.86
    assert coverage("Clopper-Pearson", 7, share).min() >= 0.95


def test_clopper_pearson_is_scipys_and_mid_p_lies_inside() -> None:
    exact, middle = clopper_pearson(9), mid_p(9)
    for k in range(10):
        expected = stats.binomtest(k, 9).proportion_ci(0.95, method="exact")
        assert (exact.low[k], exact.high[k]) == pytest.approx((expected.low, expected.high))
    assert np.all((exact.low <= middle.low) & (middle.high <= exact.high))
    assert set(METHODS) == {"Wilson", "Jeffreys", "mid-P", "Clopper-Pearson"}


def test_the_interval_of_quality_is_too_narrow_from_three_seeds_and_right_from_twenty() -> None:
    assert 0.68 < quality_coverage(3, 0.95, num_draws=800) < 0.82
    assert 0.92 < quality_coverage(20, 0.95, num_draws=800) < 0.97


def test_one_rung_is_a_fixed_number_of_seeds() -> None:
    truth = WORLDS["mixture"](np.random.default_rng(0), 20, 12)
    runs = draw_runs(truth, 4, np.random.default_rng(1))
    rules = Design((4,), 1, 0).rules(12)
    picked = [race(rules, runs.stable[i], runs.score[i])[0] for i in range(20)]
    assert picked == fixed_seeds(runs, 4).picked.tolist()


def test_runs_are_as_stable_as_their_configurations_say() -> None:
    truth = WORLDS["surface"](np.random.default_rng(0), 5, 8)
    runs: Runs = draw_runs(truth, 4_000, np.random.default_rng(1))
    assert runs.stable.mean(axis=2) == pytest.approx(truth.stable, abs=0.04)
    assert np.all((runs.score >= 0) & (runs.score <= 1))


def test_whole_searches_end_with_a_choice_and_repeat() -> None:
    tpe, lab = plain_tpe(20, 2), whole_planner(Design((1, 2), 2, 3), 12, 2)
    assert tpe.num_runs.tolist() == [20, 20]
    assert np.all(lab.num_runs >= Design((1, 2), 2, 3).rules(12).num_runs)
    for result in (tpe, lab):
        assert np.all(result.stable <= result.summit)
        assert np.all(result.claim.low <= result.share)
    again = whole_planner(Design((1, 2), 2, 3), 12, 2)
    assert np.array_equal(again.stable, lab.stable)


def _drawn(world: str, num_studies: int, num_seeds: int = 100) -> tuple[Configurations, Runs]:
    generator = np.random.default_rng(4)
    truth = WORLDS[world](generator, num_studies, NUM_CONFIGURATIONS)
    return truth, draw_runs(truth, num_seeds, generator)


def _regret(truth: Configurations, winner: np.ndarray) -> np.ndarray:
    return np.asarray(truth.stable.max(axis=1) - truth.stable[np.arange(winner.size), winner])


def test_the_race_over_many_studies_at_once_is_the_labs() -> None:
    _, runs = _drawn("mixture", 25)
    rules = Rules(tuple(rungs(BEST)), tuple(range(17)), ())
    raced = halving(rungs(BEST), runs)
    one_by_one = [race(rules, runs.stable[i], runs.score[i]) for i in range(25)]
    assert list(zip(raced.winner, raced.num_runs, strict=True)) == one_by_one


def test_losers_that_stop_early_save_runs_and_never_those_of_the_winner() -> None:
    _, runs = _drawn("even", 100)
    raced = halving(rungs(LAZY), runs)
    assert np.all(raced.lazy_runs <= raced.num_runs)
    assert np.all(raced.lazy_runs >= NUM_CONFIGURATIONS + LAZY[-1][1] - 1)
    assert raced.lazy_runs.mean() < raced.num_runs.mean() - 3


@pytest.mark.parametrize("at_a_time", [1, 2])
def test_best_odds_chooses_the_same_whatever_the_number_of_slots(at_a_time: int) -> None:
    _, runs = _drawn("surface", 6)
    seen = one_at_a_time(runs, [80], best_odds, at_a_time)[80]
    assert np.all(seen.runs.sum(axis=1) == 80)
    for i in range(6):
        one, few, many = (
            side_by_side(runs.stable[i], runs.score[i], 80, slots, at_a_time)
            for slots in (at_a_time, 4, 8)
        )
        assert {one.num_stable, few.num_stable, many.num_stable} == {
            tuple(seen.stable[i].tolist())
        }
        assert one.num_runs == 80 <= many.num_runs
        assert many.rounds < few.rounds < one.rounds == 80 / at_a_time


@pytest.mark.parametrize("world", ["mixture", "even", "easy", "plateau", "surface"])
def test_best_odds_chooses_better_than_any_fixed_schedule_found(world: str) -> None:
    truth, runs = _drawn(world, 400)
    seen = one_at_a_time(runs, [99], best_odds)[99]
    gain = _regret(truth, halving(rungs(BEST), runs).winner) - _regret(
        truth, laplace(seen).argmax(axis=1)
    )
    assert gain.mean() > 2 * gain.std() / np.sqrt(gain.size)


def test_knowing_the_world_helps_little_within_a_race_and_more_in_where_runs_go() -> None:
    truth, runs = _drawn("even", 150)
    prior = prior_of(WORLDS["even"])
    by_score = _regret(truth, halving(rungs(BEST), runs).winner).mean()
    ranked = _regret(truth, bayes_halving(prior, rungs(BEST), runs)).mean()
    adaptive = _regret(truth, knowledge_gradient(prior, runs, [99])[99]).mean()
    assert abs(ranked - by_score) < 0.01
    assert adaptive < by_score - 0.01


def test_runs_to_reach_a_regret_are_read_off_between_the_points() -> None:
    curve = [Point(100, 0.04, 0.0), Point(400, 0.02, 0.0)]
    assert runs_to_reach(curve, 0.03) == pytest.approx(200)
    assert runs_to_reach(curve, 0.05) == 100
    assert runs_to_reach(curve, 0.01) == np.inf
