"""Facts about P(stable) of many trials: per-trial intervals and empirical Bayes."""

import numpy as np
import pytest
from scipy import stats

from lab.statistics import (
    difference_interval,
    exact_interval,
    shrink,
    stable_shares,
    wilson_interval,
)
from lab.statistics.shares import beta_binomial_log_likelihood


def _population(
    num_trials: int, alpha: float, beta: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True shares, stable runs and runs of made-up trials with 1 to 8 seeds."""
    generator = np.random.default_rng(seed)
    true = generator.beta(alpha, beta, num_trials)
    runs = generator.choice([1, 2, 4, 8], num_trials)
    return true, generator.binomial(runs, true), runs


def test_runs_in_any_order_are_counted_by_trial() -> None:
    found = stable_shares([7, 2, 7, 7, 2, 30], [True, False, False, True, False, True])
    assert found.trial.tolist() == [2, 7, 30]
    assert found.stable.tolist() == [0, 2, 1]
    assert found.runs.tolist() == [2, 3, 1]
    assert (found.low[1], found.high[1]) == wilson_interval(2, 3)


def test_ten_thousand_trials_are_counted_as_a_loop_would() -> None:
    generator = np.random.default_rng(0)
    trial, stable = generator.integers(10_000, size=40_000), generator.random(40_000) < 0.6
    found = stable_shares(trial, stable)
    assert found.runs.sum() == 40_000
    for place in (0, 17, 4_321, found.trial.size - 1):
        chosen = trial == found.trial[place]
        assert (found.runs[place], found.stable[place]) == (chosen.sum(), stable[chosen].sum())
    assert np.all((found.low < found.high) & (found.high <= 1) & (found.low >= 0))


def test_no_run_has_no_trial() -> None:
    found = stable_shares([], [])
    assert [column.size for column in found] == [0] * 5


def test_the_likelihood_is_scipys_beta_binomial() -> None:
    k, n = np.array([0.0, 1, 3, 8, 2]), np.array([1.0, 2, 4, 8, 8])
    ours = beta_binomial_log_likelihood(k, n, 1.7, 0.4)
    theirs = stats.betabinom.logpmf(k, n, 1.7, 0.4) - np.log(stats.binom.pmf(k, n, 0.5) * 2**n)
    assert ours == pytest.approx(theirs)


def test_no_prior_on_a_fine_grid_is_likelier_than_the_fitted_one() -> None:
    _, k, n = _population(200, 1.5, 2.5, seed=4)
    fit = shrink(k, n)
    best = stats.betabinom.logpmf(k, n, fit.alpha, fit.beta).sum()
    grid = np.exp(np.linspace(-1.2, 1.2, 41))
    likelihood = stats.betabinom.logpmf(
        k[:, None, None], n[:, None, None], fit.alpha * grid[:, None], fit.beta * grid[None, :]
    ).sum(axis=0)
    assert likelihood.max() <= best + 1e-6


def test_the_prior_of_a_large_population_is_found_again() -> None:
    _, k, n = _population(10_000, 2.0, 5.0, seed=1)
    fit = shrink(k, n)
    assert fit.fitted
    assert (fit.alpha, fit.beta) == pytest.approx((2.0, 5.0), rel=0.08)


def test_the_posterior_is_a_beta_distribution() -> None:
    _, k, n = _population(60, 1.0, 1.0, seed=2)
    fit = shrink(k, n, confidence=0.9)
    posterior = stats.beta(fit.alpha + k, fit.beta + n - k)
    assert fit.mean == pytest.approx(posterior.mean())
    assert posterior.cdf(fit.low) == pytest.approx(0.05)
    assert posterior.cdf(fit.high) == pytest.approx(0.95)


def test_shrunken_shares_are_closer_to_the_truth_and_their_intervals_cover_it() -> None:
    true, k, n = _population(4_000, 0.6, 1.4, seed=3)
    fit = shrink(k, n)
    assert np.mean((fit.mean - true) ** 2) < 0.7 * np.mean((k / n - true) ** 2)
    assert 0.94 < np.mean((fit.low <= true) & (true <= fit.high)) < 0.96


def test_the_best_looking_of_many_is_not_believed() -> None:
    # docs/science.md section 3: of 50 configurations at 3 seeds the best shows 100 % and is not.
    generator = np.random.default_rng(0)
    claimed, truth, shown = [], [], []
    for _ in range(80):
        true = generator.beta(2, 2, 50)
        k = generator.binomial(3, true)
        best = int(np.argmax(k))
        claimed.append(shrink(k, np.full(50, 3)).mean[best])
        truth.append(true[best])
        shown.append(k[best] / 3)
    assert np.mean(shown) > 0.99
    assert abs(np.mean(claimed) - np.mean(truth)) < 0.04


def test_equal_trials_shrink_to_one_share_but_never_beyond_all_runs() -> None:
    fit = shrink(np.full(40, 2), np.full(40, 4))
    assert fit.alpha + fit.beta == pytest.approx(160, rel=0.05)
    assert fit.mean == pytest.approx(np.full(40, 0.5), abs=1e-3)


@pytest.mark.parametrize(
    ("successes", "runs"),
    [
        ([1, 2], [1, 2]),
        (np.arange(40) % 2, np.ones(40, int)),
        (np.full(30, 3), np.full(30, 3)),
        (np.zeros(30, int), np.full(30, 3)),
    ],
)
def test_where_the_spread_cannot_be_told_the_prior_weighs_two_runs(
    successes: list[int], runs: list[int]
) -> None:
    fit = shrink(successes, runs)
    assert not fit.fitted
    assert fit.alpha + fit.beta == pytest.approx(2.0)
    assert fit.alpha / 2 == pytest.approx((np.sum(successes) + 1) / (np.sum(runs) + 2))
    assert np.all((fit.low < fit.mean) & (fit.mean < fit.high))


def test_a_trial_without_runs_is_what_the_others_are() -> None:
    fit = shrink([0, 3], [0, 4])
    assert fit.mean[0] == pytest.approx(fit.alpha / (fit.alpha + fit.beta))


def test_a_fit_of_ten_thousand_trials_looks_at_distinct_counts_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = []

    def spy(k: np.ndarray, n: np.ndarray, alpha: float, beta: float) -> np.ndarray:
        sizes.append(k.size)
        return beta_binomial_log_likelihood(k, n, alpha, beta)

    monkeypatch.setattr("lab.statistics.shares.beta_binomial_log_likelihood", spy)
    _, k, n = _population(10_000, 2.0, 5.0, seed=1)
    shrink(k, n)
    assert max(sizes) <= 2 + 3 + 5 + 9


def test_exact_intervals_are_clopper_and_pearsons() -> None:
    low, high = exact_interval(np.array([38, 0]), np.array([40, 10]), 0.95)
    expected = stats.binomtest(38, 40).proportion_ci(method="exact")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high))
    assert (low[1], high[1]) == pytest.approx((0.0, 0.3085), abs=1e-4)


def test_a_difference_has_newcombes_published_interval() -> None:
    """Newcombe 1998, Table II, example (a), method 10: 56/70 against 48/80."""
    low, high = difference_interval((56, 70), (48, 80))
    assert (low, high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
