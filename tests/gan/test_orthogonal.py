"""Orthogonal regularisation against its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Conv2d, Embedding, Linear
from lab.gan.terms.orthogonal import overlaps
from tests.gan.games import small_game, train
from tests.gan.networks.builds import seeded


def formula(weight: Tensor) -> Tensor:
    """|W W^T * (1 - I)|_F^2"""
    rows = weight.flatten(1)
    return ((rows @ rows.t()) * (1 - torch.eye(len(rows)))).square().sum()


@pytest.mark.parametrize("sizes", [(2, 5), (40, 3)])
def test_the_sum_over_different_rows_is_right_for_wide_and_tall_weights(
    sizes: tuple[int, int],
) -> None:
    convolution = Conv2d(sizes[1], sizes[0], 3, fill=normal(1.0), weight_norm="spectral")
    dense = Linear(sizes[1], sizes[0], fill=normal(1.0))
    for layer in (convolution, dense):
        layer.initialise(seeded())
    expected = formula(convolution.weight) + formula(dense.weight)
    torch.testing.assert_close(overlaps([convolution, dense]), expected, rtol=1e-4, atol=1e-3)


def test_embeddings_are_left_out_and_orthogonal_rows_cost_nothing() -> None:
    embedding = Embedding(5, 4, fill=normal(1.0), weight_norm="none")
    embedding.initialise(seeded())
    dense = Linear(4, 3, fill=normal(1.0))
    dense.weight.data.copy_(torch.eye(3, 4) * 7)
    assert float(overlaps([embedding, dense]).detach()) == 0.0


def test_the_term_changes_the_generator_alone_in_its_first_step() -> None:
    with_term = train(small_game({"terms.orthogonal.weight": 1.0}), 1)
    without = train(small_game(), 1)
    for player, same in (("critic", True), ("generator", False)):
        pairs = zip(
            getattr(with_term, player).parameters(),
            getattr(without, player).parameters(),
            strict=True,
        )
        assert all(torch.equal(a, b) for a, b in pairs) is same
