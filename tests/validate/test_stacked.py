"""Stacked images: the KL and its floor, planted samplers, the pack, a tiny training."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from lab.data import find, open_pack
from lab.validate.stacked import paper_checks, planted_checks, training_checks, validate
from lab.validate.stacked.modes import (
    NUM_MODES,
    Spread,
    classified,
    divergence_error,
    expected_divergence,
    read_classifier,
    spread_of,
)
from lab.validate.stacked.training import (
    METHODS,
    ORIGINALS,
    Trained,
    Training,
    stacked_pack,
    train,
)


def test_every_mode_once_has_no_divergence() -> None:
    every = torch.cartesian_prod(*[torch.arange(10)] * 3)
    found = spread_of(every)
    assert found.modes == NUM_MODES
    assert found.divergence == pytest.approx(0.0, abs=1e-12)


def test_one_mode_has_the_largest_divergence() -> None:
    found = spread_of(torch.full((50, 3), 7))
    assert found == Spread(1, pytest.approx(math.log(1000)), 50)


def test_the_floor_is_close_to_999_over_2n() -> None:
    assert expected_divergence(26_000) == pytest.approx(999 / 52_000, rel=0.01)
    assert expected_divergence(26_000, 500) == pytest.approx(math.log(2) + 499 / 52_000, abs=1e-3)


def test_the_floor_is_what_a_perfect_sampler_measures() -> None:
    draw = torch.Generator().manual_seed(0)
    found = [
        spread_of(torch.randint(10, (5_000, 3), generator=draw)).divergence for _ in range(30)
    ]
    mean = sum(found) / len(found)
    error = divergence_error(5_000)
    assert mean == pytest.approx(expected_divergence(5_000), abs=4 * error / math.sqrt(30))
    assert torch.tensor(found).std() == pytest.approx(error, rel=0.5)


def test_planted_samplers_are_counted_from_their_pixels() -> None:
    originals = find(ORIGINALS)
    images, truth = originals.heldout[:], originals.heldout.labels
    classes = classified(read_classifier(), images)[:, 0]
    assert (classes == truth).double().mean() > 0.85
    assert all(check.holds for check in planted_checks(images, classes, truth))


def test_a_stack_is_classified_channel_by_channel() -> None:
    images = find(ORIGINALS).heldout[:60]
    network = read_classifier()
    alone = classified(network, images)[:, 0]
    assert torch.equal(classified(network, images.view(20, 3, 28, 28)), alone.view(20, 3))


def test_the_pack_holds_triples_and_a_tiny_training_is_counted() -> None:
    with stacked_pack(200) as folder:
        assert open_pack(folder).channels == 3
        tiny = Training(METHODS[0], folder, 64, 16, 1 / 16, 60)
        first, second = train(tiny), train(tiny)
    assert first.before.num_samples == 60
    assert first.after is not None
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


UNTRAINED = Spread(1, 6.9, 100)


def test_a_method_that_learned_nothing_fails_its_claim() -> None:
    learned = Trained("a", UNTRAINED, Spread(300, 2.0, 100), 1.0)
    stuck = Trained("b", UNTRAINED, Spread(3, 6.0, 100), 1.0)
    broken = Trained("c", UNTRAINED, None, 1.0)
    checks = training_checks([learned, stuck, broken], None)
    assert [check.holds for check in checks] == [True, False, False]


def test_the_papers_ordering_is_claimed_at_its_scale_only() -> None:
    better = Trained(METHODS[0].name, UNTRAINED, Spread(1000, 0.03, 100), 1.0)
    worse = Trained(METHODS[1].name, UNTRAINED, Spread(959, 0.73, 100), 1.0)
    style = Trained(METHODS[2].name, UNTRAINED, Spread(940, 0.42, 100), 1.0)
    assert len(training_checks([better, worse, style], None)) == 3
    assert [it.holds for it in training_checks([better, worse, style], 10_000)[3:]] == [True] * 2
    swapped = [replace(better, after=worse.after), replace(worse, after=better.after), style]
    checks = paper_checks({one.method: one for one in swapped})
    assert [check.holds for check in checks] == [False, False]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_quick_part_passes() -> None:
    assert validate(True, 1, lambda line: None).passed
