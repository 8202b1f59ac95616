"""Facts about comparisons: improvement, paired effects, rank correlations and the Pareto front."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lab.statistics import (
    improvement_interval,
    paired_effect,
    pareto_front,
    probability_of_improvement,
    rank_correlations,
)


def test_the_interval_of_improvement_agrees_with_scipys_bootstrap() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(0.6, 1, 25), generator.normal(0, 1, 35)
    found = improvement_interval(a, b, np.random.default_rng(1), num_resamples=8_000)
    expected = stats.bootstrap(
        (a, b),
        lambda x, y: probability_of_improvement(x, y),
        n_resamples=8_000,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.01)
    assert found.low < probability_of_improvement(a, b) < found.high


def test_ties_count_one_half_in_the_interval_too() -> None:
    found = improvement_interval([1.0, 1.0, 1.0], [1.0, 1.0], np.random.default_rng(0))
    assert found == (0.5, 0.5)


@pytest.mark.parametrize(
    ("a", "b"), [([1.0], [0.0, 1.0]), ([1.0, math.nan], [0.0, 1.0]), ([], [])]
)
def test_too_few_runs_or_unknown_ones_have_no_interval(a: list[float], b: list[float]) -> None:
    assert np.isnan(improvement_interval(a, b, np.random.default_rng(0))).all()


def test_a_paired_effect_is_the_mean_of_differences_of_means() -> None:
    effect = paired_effect(
        configuration=["a", "a", "a", "a", "b", "b", "c"],
        seed=[0, 1, 0, 1, 0, 5, 0],
        treated=[True, True, False, False, True, False, True],
        value=[0.9, 0.7, 0.4, 0.6, 0.5, 0.4, 1.0],
        rng=np.random.default_rng(0),
    )
    assert effect.difference == pytest.approx(((0.9 - 0.4 + 0.7 - 0.6) / 2 + 0.1) / 2)
    assert effect.num_configurations == 2
    assert effect.num_paired == 1


def test_where_seeds_are_shared_runs_on_other_seeds_do_not_count() -> None:
    effect = paired_effect(
        ["a"] * 3, [0, 0, 9], [True, False, False], [0.8, 0.5, 0.0], np.random.default_rng(0)
    )
    assert effect.difference == pytest.approx(0.3)
    assert math.isnan(effect.interval.low)


def test_a_choice_never_seen_on_both_sides_has_no_effect_to_tell() -> None:
    effect = paired_effect(["a", "b"], [0, 0], [True, False], [1, 0], np.random.default_rng(0))
    assert math.isnan(effect.difference)
    assert effect.num_configurations == 0


def test_runs_of_one_configuration_do_not_narrow_the_interval() -> None:
    # Six configurations whose gain differs; a hundred identical seeds add nothing.
    gains = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])

    def width(num_seeds: int) -> float:
        configuration = np.repeat(np.arange(6), 2 * num_seeds)
        treated = np.tile(np.repeat([True, False], num_seeds), 6)
        seed = np.tile(np.arange(num_seeds), 12)
        value = np.where(treated, gains[configuration], 0.0)
        found = paired_effect(configuration, seed, treated, value, np.random.default_rng(0))
        return found.interval.high - found.interval.low

    assert width(100) == pytest.approx(width(1))


def test_the_interval_over_configurations_covers_as_often_as_it_says() -> None:
    # 30 configurations with their own base share and gain, 3 seeds a side, mean gain 0.2.
    generator = np.random.default_rng(0)
    configuration, treated = np.repeat(np.arange(30), 6), np.tile([True, False], 90)
    seed = np.tile(np.repeat(np.arange(3), 2), 30)
    covered = []
    for _ in range(600):
        base, gain = generator.uniform(0.1, 0.5, 30), generator.uniform(0.0, 0.4, 30)
        chance = base[configuration] + np.where(treated, gain[configuration], 0)
        stable = generator.random(chance.size) < chance
        low, high = paired_effect(
            configuration, seed, treated, stable, generator, num_resamples=400
        ).interval
        covered.append(low <= 0.2 <= high)
    assert 0.92 < np.mean(covered) < 0.975


def test_ten_thousand_configurations_are_paired_at_once() -> None:
    configuration = np.repeat(np.arange(10_000), 2)
    treated = np.tile([True, False], 10_000)
    value = np.where(treated, 0.25, 0.0) + configuration
    effect = paired_effect(
        configuration, np.zeros(20_000), treated, value, np.random.default_rng(0),
        num_resamples=50,
    )  # fmt: skip
    assert effect.difference == pytest.approx(0.25)
    assert effect.num_paired == 10_000


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_rank_correlation_equals_scipys_spearman(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    generator = np.random.default_rng(0)
    found = rank_correlations(x[:, None], y, generator, num_resamples=20)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found).all()
    else:
        assert found.value[0] == pytest.approx(stats.spearmanr(x, y).statistic)


def test_the_interval_of_a_rank_correlation_agrees_with_scipys_bootstrap() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=40)
    x = y + generator.normal(size=40)
    found = rank_correlations(x[:, None], y, np.random.default_rng(1), num_resamples=6_000)
    expected = stats.bootstrap(
        (x, y),
        lambda a, b: stats.spearmanr(a, b).statistic,
        n_resamples=3_000,
        paired=True,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert found.low[0] == pytest.approx(expected.low, abs=0.02)
    assert found.high[0] == pytest.approx(expected.high, abs=0.02)


def test_columns_are_correlated_as_each_would_be_alone() -> None:
    generator = np.random.default_rng(0)
    columns, outcome = generator.random((15, 3)), generator.random(15)
    together = rank_correlations(columns, outcome, np.random.default_rng(1), num_resamples=200)
    alone = rank_correlations(
        columns[:, [2]], outcome, np.random.default_rng(1), num_resamples=200
    )
    assert (together.low[2], together.high[2]) == (alone.low[0], alone.high[0])


def test_one_run_has_no_order() -> None:
    assert np.isnan(rank_correlations([[1.0]], [2.0], np.random.default_rng(0))).all()


def _on_the_front(rows: list[tuple[float, ...]], i: int) -> bool:
    def dominates(other: tuple[float, ...], this: tuple[float, ...]) -> bool:
        pairs = list(zip(other, this, strict=True))
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    known = [row for row in rows if not any(map(math.isnan, row))]
    return rows[i] in known and not any(dominates(other, rows[i]) for other in known)


@given(
    st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, math.nan])] * 3), min_size=1, max_size=25)
)
def test_the_front_is_what_comparing_every_pair_gives(rows: list[tuple[float, ...]]) -> None:
    found = pareto_front(rows, [True, True, True])
    assert found.tolist() == [_on_the_front(rows, i) for i in range(len(rows))]


def test_no_points_have_an_empty_front() -> None:
    assert pareto_front(np.empty((0, 2)), [True, True]).tolist() == []


def test_less_may_be_better() -> None:
    quality_and_cost = [[0.9, 10.0], [0.8, 5.0], [0.7, 7.0]]
    assert pareto_front(quality_and_cost, [True, False]).tolist() == [True, True, False]


def test_equal_points_share_the_front() -> None:
    assert pareto_front([[1, 1], [1, 1], [0, 1]], [True, True]).tolist() == [True, True, False]


def test_an_unknown_point_is_not_on_the_front_and_dominates_nothing() -> None:
    assert pareto_front([[math.nan, 9], [1, 1]], [True, True]).tolist() == [False, True]


def _half_disc(num_points: int, num_outermost: int) -> np.ndarray:
    angle = np.random.default_rng(0).uniform(0, np.pi / 2, num_points)
    radius = np.where(np.arange(num_points) < num_outermost, 1.0, 0.5)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_the_front_of_ten_thousand_points_is_the_outermost() -> None:
    front = pareto_front(_half_disc(10_000, 300), [True, True])
    assert np.flatnonzero(front).tolist() == list(range(300))


def test_blocks_do_not_change_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.statistics.comparing._BLOCK_PAIRS", 1)
    front = pareto_front(_half_disc(40, 9), [True, True])
    assert np.flatnonzero(front).tolist() == list(range(9))
