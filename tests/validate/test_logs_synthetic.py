"""Synthetic logs: each kind shows its truth, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from lab.validate.logs.synthetic import (
    DRIFT_EVALUATIONS,
    HEALTHY,
    KINDS,
    LATE,
    NEAR,
    NEVER_BELOW,
    NUM_EVALUATIONS,
    NUM_SPIKES,
    PLATEAUS,
    START,
    STILL_FALLING,
    Array,
    Cell,
    Logs,
    healthy,
    make_logs,
)

NUM_LOGS = 200


def curves(kind: str, factor: float = 3.0) -> Logs:
    return KINDS[kind].make(np.random.default_rng(0), NUM_LOGS, factor)


def raised(kind: str, factor: float = 3.0) -> tuple[Array, Logs]:
    """How many times higher each evaluation is than on the healthy curve beneath."""
    logs = curves(kind, factor)
    return logs.distances / healthy(np.random.default_rng(0), NUM_LOGS).distances, logs


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_so_many_positive_curves_and_onsets_within(kind: str) -> None:
    logs = curves(kind)
    assert logs.distances.shape == (NUM_LOGS, NUM_EVALUATIONS)
    assert (logs.distances > 0).all()
    if logs.onsets is not None:
        assert logs.onsets.shape == (NUM_LOGS,)
        assert (logs.onsets > 0).all()
        assert (logs.onsets < NUM_EVALUATIONS).all()
        assert len(set(logs.onsets)) > 1


def test_a_healthy_curve_falls_from_the_start_to_a_plateau() -> None:
    distances = curves("healthy").distances
    assert distances[:, 0] == pytest.approx(START)
    assert (np.diff(distances) <= 1e-9).all()
    low, high = PLATEAUS
    assert (distances[:, -1] >= low).all()
    assert (distances[:, -1] <= high * (1 + NEAR)).all()


def test_a_late_starter_learns_nothing_at_first_and_ends_as_a_healthy_one() -> None:
    distances = curves("late start").distances
    first = int(LATE * NUM_EVALUATIONS)
    assert distances[:, :first] == pytest.approx(START)
    assert (distances[:, -1] <= PLATEAUS[1] * (1 + NEAR)).all()


def test_a_step_stays_from_its_onset_to_the_end() -> None:
    ratio, logs = raised("step")
    assert logs.onsets is not None
    after = np.arange(NUM_EVALUATIONS)[None, :] >= logs.onsets[:, None]
    assert ratio == pytest.approx(np.where(after, 3.0, 1.0))


def test_a_drift_rises_by_equal_factors_and_stays() -> None:
    ratio, logs = raised("drift")
    assert logs.onsets is not None
    for log, onset in zip(ratio, logs.onsets, strict=True):
        rises = np.diff(np.log(log[onset - 1 : onset + DRIFT_EVALUATIONS]))
        assert rises == pytest.approx(np.log(3.0) / DRIFT_EVALUATIONS)
        assert log[:onset] == pytest.approx(1.0)
        assert log[onset + DRIFT_EVALUATIONS - 1 :] == pytest.approx(3.0)


@pytest.mark.parametrize("num_evaluations", [1, 4, 8])
def test_a_dip_lasts_so_many_evaluations_and_recovers(num_evaluations: int) -> None:
    ratio, _ = raised(f"dip of {num_evaluations}")
    assert ((ratio > 2.9).sum(axis=1) == num_evaluations).all()
    assert (ratio[:, -1] < 1.1).all()


def test_spikes_are_single_evaluations() -> None:
    ratio, _ = raised("spikes")
    high = ratio > 1.4
    assert (high.sum(axis=1) == NUM_SPIKES).all()
    assert not (high[:, 1:] & high[:, :-1]).any()
    assert not high[:, -1].any()


def test_a_run_that_never_learned_stays_near_its_start() -> None:
    assert (curves("low plateau").distances >= NEVER_BELOW * START).all()


def test_a_short_run_still_falls_at_its_end() -> None:
    distances = curves("still falling").distances
    low, high = STILL_FALLING
    assert (distances[:, -1] >= low - 1e-9).all()
    assert (distances[:, -1] <= high + 1e-9).all()
    third = 2 * NUM_EVALUATIONS // 3
    assert (distances[:, third] / distances[:, -1] > 1.15).all()


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
def test_noise_is_normal_in_the_logarithm(noise: float) -> None:
    logs = np.log(make_logs(Cell("healthy", noise, num_logs=2_000), 0).distances)
    bends = np.diff(logs[:, -12:], n=2)
    assert bends.std() == pytest.approx(np.sqrt(6) * noise, rel=0.03)


def test_a_cell_repeats_with_its_seed_and_differs_with_another() -> None:
    cell = Cell("step", 0.1, 2.0, 3)
    first, again, other = (make_logs(cell, seed).distances for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_dips_of_one_evaluation_are_healthy_and_longer_ones_are_not_claimed() -> None:
    assert set(HEALTHY) == {"healthy", "late start", "spikes", "dip of 1"}
    assert KINDS["dip of 4"].truth is KINDS["dip of 8"].truth is None
