"""Quantiles of distributions, and what counts as inside one."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lab.plan.suggest import at_unit, contains, from_random

NEARLY_ONE = math.nextafter(1.0, 0.0)


@pytest.mark.parametrize(
    ("distribution", "low", "middle", "high"),
    [
        (FloatDistribution(2.0, 4.0), 2.0, 3.0, 4.0),
        (FloatDistribution(1e-4, 1e-2, log=True), 1e-4, 1e-3, 1e-2),
        (FloatDistribution(0.0, 1.0, step=0.25), 0.0, 0.5, 1.0),
        (IntDistribution(1, 5), 1, 3, 5),
        (IntDistribution(2, 10, step=4), 2, 6, 10),
        (IntDistribution(1, 100, log=True), 1, 7, 100),
        (CategoricalDistribution(["a", "b", "c"]), "a", "b", "c"),
    ],
)
def test_quantiles_span_the_range(
    distribution: BaseDistribution, low: object, middle: object, high: object
) -> None:
    found = [at_unit(distribution, u) for u in (0.0, 0.5, NEARLY_ONE)]
    assert found == [pytest.approx(value) for value in (low, middle, high)]
    assert all(contains(distribution, value) for value in found)


def test_steps_and_choices_are_equally_likely() -> None:
    for distribution in (
        IntDistribution(3, 12, step=3),
        FloatDistribution(0.0, 0.3, step=0.1),
        CategoricalDistribution([1, 2, 4, 8]),
    ):
        counts = Counter(at_unit(distribution, i / 400) for i in range(400))
        assert sorted(counts.values()) == [100] * 4


@pytest.mark.parametrize(
    ("distribution", "value"),
    [
        (FloatDistribution(0.0, 1.0), 1.5),
        (FloatDistribution(0.0, 1.0), "0.5"),
        (FloatDistribution(0.0, 1.0), math.nan),
        (FloatDistribution(0.0, 1.0, step=0.25), 0.3),
        (IntDistribution(0, 4), True),
        (IntDistribution(0, 4), 2.5),
        (IntDistribution(0, 4, step=2), 3),
        (CategoricalDistribution([0, 1]), True),
        (CategoricalDistribution(["a"]), "b"),
    ],
)
def test_values_outside_or_of_another_kind_are_not_contained(
    distribution: BaseDistribution, value: object
) -> None:
    assert not contains(distribution, value)


def test_random_answers_depend_on_name_index_and_seed_only() -> None:
    distribution = FloatDistribution(0.0, 1.0)

    def answers(seed: int) -> list[float]:
        return [
            from_random(seed, "test", i)(name, distribution) for i in range(9) for name in "ab"
        ]

    assert answers(0) == answers(0)
    assert len({*answers(0), *answers(1)}) == 36
