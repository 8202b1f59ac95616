"""Facts about the scores of privacy, on Gaussian features."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lab.audit.privacy import (
    Neighbours,
    Scores,
    distance_attack,
    near_copies,
    neighbour_ratio,
    scores,
    within,
)
from lab.metrics.nearest import Nearest, nearest


def draws(count: int, seed: int) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))


def scored(samples: Tensor, members: Tensor, heldout: Tensor) -> Scores:
    neighbours = Neighbours(
        nearest(samples, members),
        nearest(samples, heldout),
        nearest(heldout, members),
        nearest(members, members, itself=True),
    )
    return scores(neighbours, samples, members, heldout)


MEMBERS, HELDOUT = draws(1500, 0), draws(500, 1)


def test_fresh_images_raise_no_alarm() -> None:
    fresh = scored(draws(800, 2), MEMBERS, HELDOUT)
    assert fresh.alarms() == ()
    assert fresh.neighbour_ratio.interval.low < 1 < fresh.neighbour_ratio.interval.high
    assert fresh.near_copies.of_real == pytest.approx(0.01)


def test_copies_of_a_fifth_are_seen_by_every_score() -> None:
    copies = MEMBERS[:160] + 0.02 * draws(160, 3)
    mixed = scored(torch.cat([draws(640, 2), copies]), MEMBERS, HELDOUT)
    assert set(mixed.alarms()) >= {"ct", "authenticity", "neighbour_ratio", "near_copies"}
    assert mixed.near_copies.share.value == pytest.approx(0.2, abs=0.03)


def test_a_generator_of_nothing_but_copies_has_every_alarm() -> None:
    copied = scored(MEMBERS.repeat(2, 1), MEMBERS, HELDOUT)
    assert len(copied.alarms()) == 5
    assert copied.neighbour_ratio.value == math.inf
    assert copied.distance_attack.auc > 0.85


def test_poor_images_raise_no_alarm() -> None:
    assert scored(4 * draws(500, 4), MEMBERS, HELDOUT).alarms() == ()


def test_the_ratio_is_of_odds_over_those_of_the_counts() -> None:
    # Three of four samples are nearest to a member, where members are half of the images.
    near, far = torch.tensor([0.1, 0.1, 0.1, 0.5]), torch.full((4,), 0.3)
    rows = torch.arange(4)
    ratio = neighbour_ratio(Nearest(near, rows), Nearest(far, rows), 100, 100)
    assert ratio.value == pytest.approx(3)
    assert ratio.interval.low < 1 < ratio.interval.high


def test_samples_that_share_their_nearest_image_are_no_independent_draws() -> None:
    near, far = torch.full((400,), 0.1), torch.full((400,), 0.3)
    apart = neighbour_ratio(
        Nearest(near, torch.arange(400)), Nearest(far, torch.arange(400)), 400, 400
    )
    together = neighbour_ratio(
        Nearest(near, torch.zeros(400, dtype=torch.int64)),
        Nearest(far, torch.arange(400)),
        400,
        400,
    )
    assert apart.interval.low > 50
    assert together.interval.low < 1


def test_near_copies_are_counted_against_one_percent_of_the_held_out_images() -> None:
    heldout = torch.arange(200) / 100
    compared = near_copies(torch.tensor([0.0, 0.005, 0.02, 1.0]), heldout)
    assert compared.of_real == 0.01
    assert compared.share.value == 0.5


def test_within_counts_samples_in_the_ball() -> None:
    samples = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    shares = within(torch.tensor([[0.0, 0.0], [3.0, 0.0]]), samples, 1.5)
    assert shares.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_the_attack_takes_as_many_members_as_held_out_images() -> None:
    attacked = distance_attack(MEMBERS, HELDOUT, MEMBERS[:500])
    assert attacked.auc > 0.8
    assert distance_attack(MEMBERS, HELDOUT, MEMBERS[500:]).interval.low < 0.5
