"""Principal directions on activations whose components are known."""

from __future__ import annotations

import torch

from lab.explore.directions import NUM_SLIDERS, directions_of_w, directions_of_z
from lab.explore.recipe import Recipe
from lab.explore.shelf import Shelf


def test_directions_of_w_are_its_axes_by_their_deviation() -> None:
    deviations = torch.tensor([1.0, 5.0, 3.0, 0.1])
    w = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(0)) * deviations + 7
    found = directions_of_w(w)
    wanted = torch.diag(deviations)[[1, 2, 0, 3]]
    torch.testing.assert_close(found.shifts, wanted, atol=0.15, rtol=0.0)
    shares = deviations.square().sort(descending=True).values / deviations.square().sum()
    torch.testing.assert_close(found.shares, shares, atol=0.02, rtol=0.0)


def test_directions_of_z_are_the_first_layers_singular_vectors(
    shelf: Shelf, recipe: Recipe
) -> None:
    # Of activations W z with normal z the components are W's left singular vectors, and what the
    # regression carries them back to are the right ones.
    explored = shelf.opened(recipe.run)
    weight = explored.run.generator.dense.weight.detach()
    values = torch.linalg.svdvals(weight)
    found = directions_of_z(explored.run)
    assert len(found.shifts) == min(NUM_SLIDERS, 4)
    lengths = found.shifts.norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(4), atol=0.1, rtol=0.0)
    spread = (weight @ (found.shifts / lengths[:, None]).T).norm(dim=0)
    torch.testing.assert_close(spread, values, rtol=0.1, atol=0.0)
    assert bool((found.shares.diff() <= 0).all())
    assert abs(float(found.shares.sum()) - 1) < 1e-3


def test_directions_are_the_same_every_time(shelf: Shelf, recipe: Recipe) -> None:
    run = shelf.opened(recipe.run).run
    state = torch.get_rng_state()
    first, second = directions_of_z(run), directions_of_z(run)
    # Not bit by bit: where arrays lie in memory decides the order of their sums.
    torch.testing.assert_close(first.shifts, second.shifts, rtol=1e-4, atol=1e-5)
    assert torch.equal(state, torch.get_rng_state()), "the global state is left as it was"
