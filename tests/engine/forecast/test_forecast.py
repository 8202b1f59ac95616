"""What planned runs would take, from timings of a few of them."""

from __future__ import annotations

import pytest

from lab.config import RunConfig, make_config
from lab.engine.forecast.forecast import (
    MAX_TIMED,
    cost_of,
    forecast,
    planned_jobs,
    run_seconds,
    share_of,
    timed_configs,
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
def test_what_changes_numbers_only_is_timed_once(values: dict[str, object]) -> None:
    other = make_config(PLAIN.model_dump(), values)
    assert cost_of(other) == cost_of(PLAIN)
    assert len(timed_configs([job(0), job(1, other)])) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"training.batch_size": 20},
        {"training.critic_steps": 1},
        {"penalty.kind": "r1"},
        {"network.critic_norm": "layer"},
        {"loss": "relativistic"},
    ],
)
def test_what_changes_the_time_is_timed_apart(values: dict[str, object]) -> None:
    other = make_config(PLAIN.model_dump(), values)
    assert len(timed_configs([job(0), job(1, other)])) == 2


def test_runs_share_the_slots_in_their_order() -> None:
    seconds = {cost_of(PLAIN): 0.1}
    per_run = 50 * 0.1
    expected = forecast([job(i) for i in range(5)], seconds, 0.0, seen={}, num_left=5, num_slots=2)
    assert expected.per_run == pytest.approx([per_run] * 5)
    assert expected.in_all == pytest.approx(3 * per_run)
    assert expected.total == pytest.approx(5 * per_run)


def test_what_was_not_timed_takes_the_mean_of_what_was() -> None:
    dear = make_config(PLAIN.model_dump(), {"training.critic_steps": 1})
    seconds = {cost_of(PLAIN): 0.1, cost_of(dear): 0.2}
    expected = forecast(
        [job(0), job(1, dear)], seconds, 0.0, seen={(1, 0): 500}, num_left=4, num_slots=4
    )
    assert expected.per_run == pytest.approx([5.0, 10.0, 7.5, 7.5])


def test_nothing_left_takes_no_time() -> None:
    expected = forecast([], {}, 1.0, seen={}, num_left=0, num_slots=2)
    assert (expected.in_all, expected.total) == (0, 0)


def test_a_long_search_is_judged_by_its_first_runs() -> None:
    jobs = planned_jobs(planner(500), 500)
    configs = timed_configs(jobs)
    assert len(configs) == MAX_TIMED
    assert cost_of(jobs[0].config) in configs


def test_a_worker_computes_its_share_of_every_batch() -> None:
    share = share_of(PLAIN, 4)
    assert share.training.batch_size == 3
    assert share.training.critic_steps == PLAIN.training.critic_steps
    assert share_of(PLAIN, 1) is PLAIN


def test_a_worker_with_few_images_accumulates_over_as_many_passes() -> None:
    config = make_config(PLAIN.model_dump(), {"training.accumulate": 5})
    assert share_of(config, 4).training.accumulate == 3
