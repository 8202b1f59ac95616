"""Facts about counted randomness."""

import pytest
import torch

from lab.randomness import counted_generator, counted_seed


@pytest.mark.parametrize(
    ("seed", "purpose", "step", "expected"),
    [
        (0, "latent", 0, 6_467_630_312_298_756_058),
        (0, "latent", 1, 4_788_397_249_629_006_450),
        (7, "penalty", 123_456, 7_632_794_600_183_131_560),
    ],
)
def test_seeds_are_the_same_on_every_machine(
    seed: int, purpose: str, step: int, expected: int
) -> None:
    assert counted_seed(seed, purpose, step) == expected


def test_each_part_changes_the_seed() -> None:
    seeds = {
        counted_seed(seed, purpose, step)
        for seed in range(20)
        for purpose in ("latent", "penalty", "order", "mirror")
        for step in range(50)
    }
    assert len(seeds) == 20 * 4 * 50


def test_digits_do_not_run_together() -> None:
    assert counted_seed(1, "a", 11) != counted_seed(11, "a", 1)
    assert counted_seed(1, "1", 1) != counted_seed(1, "11", 1)


def test_seeds_are_ones_that_torch_takes() -> None:
    seeds = [counted_seed(3, "latent", step) for step in range(200)]
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert max(seeds) > 2**62


def test_equal_parts_draw_equal_numbers() -> None:
    draws = [torch.randn(8, generator=counted_generator(3, "latent", 5)) for _ in range(2)]
    assert torch.equal(draws[0], draws[1])


@pytest.mark.parametrize("other", [(4, "latent", 5), (3, "penalty", 5), (3, "latent", 6)])
def test_other_parts_draw_other_numbers(other: tuple[int, str, int]) -> None:
    first = torch.randn(8, generator=counted_generator(3, "latent", 5))
    assert not torch.equal(first, torch.randn(8, generator=counted_generator(*other)))


def test_drawing_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    torch.randn(8, generator=counted_generator(3, "latent", 5))
    assert torch.equal(before, torch.get_rng_state())


def test_draws_of_neighbouring_steps_are_not_correlated() -> None:
    draws = [torch.randn(4_000, generator=counted_generator(0, "latent", i)) for i in range(8)]
    correlation = torch.corrcoef(torch.stack(draws)) - torch.eye(8)
    assert correlation.abs().max() < 0.08  # five standard errors of 1/sqrt(4000)
