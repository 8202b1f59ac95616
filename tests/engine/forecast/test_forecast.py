"""What planned runs would take, from timings of a few of them."""

from __future__ import annotations

import pytest

from lab.config import RunConfig, make_config
from lab.engine.forecast.forecast import (
    MAX_ASKED,
    Speed,
    forecast,
    in_time,
    mean_run_seconds,
    planned_jobs,
    round_seconds,
    run_seconds,
    share_of,
    timed_configs,
    work_of,
)
from lab.plan import Job, Planner, PlanSettings, find_preset, load_space

PLAIN = make_config(
    {},
    {
        "training.budget_images": 1000,
        "training.batch_size": 10,
        "training.critic_steps": 2,
        "evaluation.every_images": 300,
    },
)


def job(trial: int, config: RunConfig = PLAIN) -> Job:
    return Job(trial, 0, "explore", "sobol", {}, config)


def planner(trials: int) -> Planner:
    space = load_space("sngan").with_defaults(find_preset("laptop").base)
    return Planner(space, PlanSettings(trials=trials))


def test_a_run_takes_its_rounds_and_its_evaluations() -> None:
    # 50 rounds of 20 images; evaluations at 0, 300, 600, 900 and 1000 images
    assert run_seconds(PLAIN, 0, 0.1, 2.0) == pytest.approx(50 * 0.1 + 5 * 2.0)


def test_an_interrupted_run_takes_what_is_left_of_it() -> None:
    assert run_seconds(PLAIN, 600, 0.1, 2.0) == pytest.approx(20 * 0.1 + 2 * 2.0)
    assert run_seconds(PLAIN, 1000, 0.1, 2.0) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"optimizer.critic.lr": 1e-3},
        {"seed": 3},
        {"loss": "wasserstein"},
        {"penalty.weight": 3.0},
        {"stability.target_quality": 0.7},
    ],
)
def test_what_changes_numbers_only_costs_the_same(values: dict[str, object]) -> None:
    other = make_config(PLAIN.model_dump(), values)
    assert work_of(other) == work_of(PLAIN)
    assert timed_configs(PLAIN, [PLAIN, other]) == [PLAIN]


@pytest.mark.parametrize(
    "values",
    [
        {"training.batch_size": 20},
        {"training.generator_batch_multiplier": 2},
        {"penalty.kind": "r1"},
        {"network.width": 2.0},
    ],
)
def test_what_is_known_to_cost_more_is_timed_apart(values: dict[str, object]) -> None:
    other = make_config(PLAIN.model_dump(), values)
    assert work_of(other) > work_of(PLAIN)
    assert timed_configs(PLAIN, [other, PLAIN]) == [PLAIN, other]


def test_both_extremes_are_timed_and_the_base_between_them() -> None:
    sizes = {size: make_config(PLAIN.model_dump(), {"training.batch_size": size})
             for size in (5, 8, 10, 15, 20)}  # fmt: skip
    planned = [sizes[size] for size in (15, 5, 20, 8)]
    assert timed_configs(sizes[10], planned) == [sizes[5], sizes[10], sizes[20]]
    assert timed_configs(sizes[5], [sizes[20], sizes[8]]) == [sizes[8], sizes[20]]
    assert timed_configs(PLAIN, []) == []


def test_rounds_between_timed_ones_are_interpolated_by_their_updates() -> None:
    wide = make_config(PLAIN.model_dump(), {"network.width": 4.0})
    timed = {work_of(PLAIN): 0.1, work_of(wide): 1.6}
    assert round_seconds(PLAIN, timed) == pytest.approx(3 * 0.1)
    assert round_seconds(wide, timed) == pytest.approx(3 * 1.6)
    between = make_config(PLAIN.model_dump(), {"network.width": 2.0})
    assert round_seconds(between, timed) == pytest.approx(3 * 0.4)
    more = make_config(PLAIN.model_dump(), {"training.critic_steps": 5})
    assert round_seconds(more, timed) == pytest.approx(6 * 0.1)


def test_runs_share_the_slots_in_their_order() -> None:
    timed = {work_of(PLAIN): 0.1 / 3}
    per_run = 50 * 0.1
    here = Speed("GPU", 2, timed, 0.0)
    expected = forecast([job(i) for i in range(5)], [here], seen={}, num_left=5)
    assert expected.per_run == pytest.approx([per_run] * 5)
    assert expected.in_all == pytest.approx(3 * per_run)
    assert expected.total == pytest.approx(5 * per_run)


def test_runs_not_planned_yet_take_the_mean_of_those_that_are() -> None:
    dear = make_config(PLAIN.model_dump(), {"training.batch_size": 20})
    timed = {work_of(PLAIN): 0.1 / 3, work_of(dear): 0.4 / 3}
    here = Speed("GPU", 4, timed, 0.0)
    expected = forecast([job(0), job(1, dear)], [here], seen={(1, 0): 500}, num_left=4)
    # 50 rounds, and from 500 of 1000 images 13 of twice as many images
    assert expected.per_run == pytest.approx([5.0, 5.2, 5.1, 5.1])


def test_a_faster_kind_of_node_makes_more_of_the_runs() -> None:
    fast = Speed("H100", 2, {work_of(PLAIN): 0.1 / 3}, 1.0)  # 5 s of rounds, 5 evaluations
    slow = Speed("T4", 1, {work_of(PLAIN): 0.3 / 3}, 3.0)
    jobs = [job(i) for i in range(7)]
    expected = forecast(jobs, [fast, slow], seen={}, num_left=7)
    assert expected.per_run == pytest.approx([10, 10, 30, 10, 10, 10, 10])
    assert expected.by_kind == pytest.approx({"H100": 10, "T4": 30})
    assert expected.in_all == pytest.approx(30)
    # in 30 s three slots make seven runs
    assert mean_run_seconds(jobs, [fast, slow]) == pytest.approx(90 / 7)


def test_nothing_left_takes_no_time() -> None:
    expected = forecast([], [Speed("GPU", 2, {}, 1.0)], seen={}, num_left=0)
    assert (expected.in_all, expected.total) == (0, 0)


def test_a_long_search_is_estimated_by_its_first_runs_and_three_timings() -> None:
    jobs = planned_jobs(planner(500), 500)
    assert len(jobs) == MAX_ASKED
    space = load_space("sngan").with_defaults(find_preset("laptop").base)
    assert len(timed_configs(space.base_config(), [one.config for one in jobs])) == 3


def test_a_worker_computes_its_share_of_every_batch() -> None:
    share = share_of(PLAIN, 4)
    assert share.training.batch_size == 3
    assert share.training.critic_steps == PLAIN.training.critic_steps
    assert share_of(PLAIN, 1) is PLAIN


def test_a_worker_with_few_images_accumulates_over_as_many_passes() -> None:
    config = make_config(PLAIN.model_dump(), {"training.accumulate": 5})
    assert share_of(config, 4).training.accumulate == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.25, "0.25 s"),
        (48.2, "48 s"),
        (389, "6 min 29 s"),
        (18_420, "5 h 07 min"),
        (3.2 * 86_400, "3 days 4 h"),
    ],
)
def test_times_are_said_in_two_units_at_most(seconds: float, said: str) -> None:
    assert in_time(seconds) == said
