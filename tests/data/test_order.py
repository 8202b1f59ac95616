"""The order of training images and the held-out split."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lab.data import training_indices
from lab.data.order import given_order, stratified_order


def test_every_epoch_is_another_permutation_of_all_rows() -> None:
    epochs = [training_indices(100, seed=3, start=100 * epoch, count=100) for epoch in range(6)]
    for epoch in epochs:
        assert torch.equal(epoch.sort().values, torch.arange(100))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 6


@pytest.mark.parametrize("step", [1, 7, 64, 100, 250])
def test_pieces_of_any_size_join_to_the_same_stream(step: int) -> None:
    whole = training_indices(100, seed=3, start=0, count=1000)
    pieces = [training_indices(100, 3, start, step) for start in range(0, 1000, step)]
    assert torch.equal(torch.cat(pieces)[:1000], whole)


def test_the_stream_is_the_same_after_other_streams_were_read() -> None:
    first = training_indices(64, seed=1, start=640, count=32)
    for seed in range(10):
        training_indices(64, seed, start=0, count=640)
    assert torch.equal(training_indices(64, seed=1, start=640, count=32), first)


def test_the_stream_depends_on_the_seed() -> None:
    assert not torch.equal(training_indices(100, 0, 0, 100), training_indices(100, 1, 0, 100))


def test_writing_into_the_indices_leaves_the_stream_alone() -> None:
    before = training_indices(100, seed=5, start=0, count=10)
    training_indices(100, seed=5, start=0, count=10).zero_()
    assert torch.equal(training_indices(100, seed=5, start=0, count=10), before)


def test_the_stream_ignores_and_leaves_the_global_random_state() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = training_indices(50, seed=9, start=0, count=50)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(training_indices(50, seed=9, start=0, count=50), first)


def test_no_images_asked_for_are_no_indices() -> None:
    assert training_indices(10, 0, 5, 0).shape == (0,)
    assert training_indices(10, 0, 5, 0).dtype == torch.int64


def test_a_fifth_of_every_class_is_held_out() -> None:
    labels = np.repeat([0, 1, 2, 3], [1000, 500, 100, 10])
    order = stratified_order(labels)
    assert np.array_equal(np.sort(order.indices), np.arange(1610))
    heldout = np.bincount(labels[order.indices[order.num_train :]])
    assert heldout.tolist() == [200, 100, 20, 2]


def test_at_most_ten_thousand_are_held_out_in_proportion() -> None:
    labels = np.repeat([0, 1], [90_000, 10_000])
    order = stratified_order(labels)
    heldout = np.bincount(labels[order.indices[order.num_train :]])
    assert heldout.tolist() == [9_000, 1_000]


def test_classes_too_small_for_a_fifth_share_what_is_left() -> None:
    labels = np.repeat(np.arange(10), 3)
    order = stratified_order(labels)
    heldout = np.bincount(labels[order.indices[order.num_train :]], minlength=10)
    assert heldout.sum() == 6
    assert heldout.max() == 1


def test_a_class_of_one_image_keeps_it_for_training() -> None:
    labels = np.array([0] * 20 + [1])
    order = stratified_order(labels)
    assert 20 in order.indices[: order.num_train]


def test_both_parts_of_a_split_are_shuffled() -> None:
    labels = np.repeat([0, 1], 500)
    order = stratified_order(labels)
    for part in (order.indices[: order.num_train], order.indices[order.num_train :]):
        first_half = labels[part[: len(part) // 2]]
        assert 0.3 < first_half.mean() < 0.7


def test_a_given_split_is_kept() -> None:
    order = given_order(30, num_train=20)
    assert order.num_train == 20
    assert set(order.indices[:20]) == set(range(20))
    assert set(order.indices[20:]) == set(range(20, 30))
