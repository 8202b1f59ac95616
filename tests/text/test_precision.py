"""Facts about R-precision, of vectors that a test makes."""

from __future__ import annotations

import math

import torch

from lab.gan.texts import unit
from lab.text.precision import CHANCE, NUM_WRONG, Count, Ranking, identities

NUM_TEXTS = 1_000


def ranking(size: int = 64) -> Ranking:
    rng = torch.Generator().manual_seed(0)
    vectors = unit(torch.randn(NUM_TEXTS, size, generator=rng))
    everything = torch.arange(NUM_TEXTS)
    return Ranking(vectors, everything, everything)


def test_images_at_their_own_texts_are_all_hits() -> None:
    of = ranking()
    assert of.count(of.vectors, torch.arange(NUM_TEXTS)) == Count(NUM_TEXTS, NUM_TEXTS)


def test_images_of_other_texts_are_hits_by_chance() -> None:
    of = ranking()
    others = torch.arange(NUM_TEXTS).roll(1)
    count = of.count(of.vectors, others)
    spread = math.sqrt(CHANCE * (1 - CHANCE) * NUM_TEXTS)
    assert abs(count.hits - CHANCE * NUM_TEXTS) < 4 * spread


def test_the_same_text_of_another_image_is_no_wrong_one() -> None:
    of = ranking()
    same = Ranking(of.vectors[:1].expand(NUM_TEXTS, -1), torch.zeros(NUM_TEXTS), of.candidates)
    assert same.count(of.vectors[:1], torch.tensor([3])) == Count(1, 1)
    different = Ranking(same.vectors, torch.arange(NUM_TEXTS), of.candidates)
    assert different.count(of.vectors[:1], torch.tensor([3])).hits == 0


def test_a_position_meets_the_same_wrong_texts_whatever_comes_after() -> None:
    of = ranking()
    noisy = unit(of.vectors + 0.25 * torch.randn(NUM_TEXTS, 64))
    whole = of.count(noisy, torch.arange(NUM_TEXTS)).hits
    parts = of.count(noisy[:500], torch.arange(500)).hits
    assert 0 < parts <= whole


def test_equal_texts_have_one_identity() -> None:
    numbers = identities(["flag", "cat", "flag"])
    assert numbers[0] == numbers[2] != numbers[1]


def test_no_images_have_no_share() -> None:
    assert math.isnan(ranking().count(torch.empty(0, 64), torch.empty(0, dtype=torch.long)).share)
    assert 1 / CHANCE == NUM_WRONG + 1
