"""Workers: shares of one global batch, and the gradient that averaging over workers gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.testing._internal.distributed.fake_pg import FakeStore

from lab.config import LossName, PenaltyKind, choices
from lab.gan.objectives import CriticBatch, CriticObjective
from lab.gan.ranks import ALONE, Ranks
from lab.gan.share import Share
from tests.gan.games import Draws, real_images, small_game, watched

PENALISED = {
    "penalty.kind": "dragan",
    "network.conditional": True,
    "training.generator_batch_multiplier": 3,
}


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process group of two in which nobody answers: what comes back is what was sent."""
    monkeypatch.setattr(Ranks, "wrapped", lambda ranks, objective, **_: objective)
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    yield
    dist.destroy_process_group()


def draws_of(ranks: Ranks) -> Draws:
    game = small_game(PENALISED, ranks=ranks)
    draws = watched(game)
    game.step(real_images(game))
    return draws


def test_the_shares_of_a_batch_are_disjoint_and_cover_it() -> None:
    batch = torch.arange(11)
    for num_ranks in (1, 2, 3, 8, 11):
        parts = [Share(rank, num_ranks).of(batch) for rank in range(num_ranks)]
        assert torch.equal(torch.cat(parts), batch)
        sizes = [len(part) for part in parts]
        assert max(sizes) - min(sizes) <= 1


@pytest.mark.usefixtures("unheard")
def test_two_workers_draw_the_two_halves_of_one_workers_batches() -> None:
    whole, first, second = draws_of(ALONE), draws_of(Ranks(0, 2)), draws_of(Ranks(1, 2))

    assert [len(z) for z in whole.latents] == [4, 12]
    for parts in (
        (whole.latents, first.latents, second.latents),
        (whole.classes, first.classes, second.classes),
    ):
        for together, one, two in zip(*parts, strict=True):
            assert torch.equal(torch.cat([one, two]), together)
    for field in ("real", "real_labels", "fake_labels", "mix", "noise"):
        together, one, two = (
            getattr(draws.critic_batches[0], field) for draws in (whole, first, second)
        )
        assert len(one) == len(two) == 2
        assert torch.equal(torch.cat([one, two]), together), field


@pytest.mark.usefixtures("unheard")
def test_a_relativistic_generator_pairs_alike_on_one_worker_and_on_two() -> None:
    values = {"loss": "relativistic", "training.generator_batch_multiplier": 3}
    seen: list[tuple[Tensor, Tensor]] = []
    for ranks in (ALONE, Ranks(0, 2), Ranks(1, 2)):
        game = small_game(values, ranks=ranks)
        objective = game.generator_objective

        def noted(z: Tensor, labels: Any, real: Tensor, *rest: Any, o: Any = objective) -> Any:
            seen.append((z, real))
            return o(z, labels, real, *rest)

        game.generator_objective = noted  # type: ignore[assignment]
        game.step(real_images(game))

    whole, first, second = seen
    for i in range(2):
        assert torch.equal(torch.cat([first[i], second[i]]), whole[i])


def random_batch(size: int = 4) -> CriticBatch:
    draw = torch.Generator().manual_seed(0)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=draw, dtype=torch.float64)

    return CriticBatch(
        real=2 * uniform(size, 1, 32, 32) - 1,
        fake=2 * uniform(size, 1, 32, 32) - 1,
        real_labels=torch.arange(size) % 3,
        fake_labels=torch.arange(size) % 2,
        mix=uniform(size, 1, 1, 1),
        noise=uniform(size, 1, 32, 32),
    )


def half(batch: CriticBatch, rank: int) -> CriticBatch:
    """What a rank of two has of it."""
    parts = batch._asdict()
    mine = {name: Share(rank, 2).of(part) for name, part in parts.items() if torch.is_tensor(part)}
    return batch._replace(**mine)


def gradient(objective: CriticObjective, batch: CriticBatch) -> Tensor:
    """All of the critic's gradients, flat."""
    objective.zero_grad()
    objective(batch, 2.5).loss.backward()
    grads = [weight.grad for weight in objective.critic.parameters()]
    return torch.cat([grad.flatten() for grad in grads if grad is not None]).clone()


@pytest.mark.parametrize("norm", ["spectral", "layer", "none"])
@pytest.mark.parametrize("loss", choices(LossName))
@pytest.mark.parametrize("kind", [kind for kind in choices(PenaltyKind) if kind != "none"])
def test_gradients_averaged_over_two_workers_are_those_of_one(
    kind: str, loss: str, norm: str
) -> None:
    values = {"loss": loss, "penalty.kind": kind, "network.critic_norm": norm}
    game = small_game({**values, "network.conditional": True}, precision="float64")
    batch = random_batch()
    halves = [half(batch, rank) for rank in (0, 1)]

    whole = gradient(game.critic_objective, batch)
    average = sum(gradient(game.critic_objective, half) for half in halves) / 2

    assert whole.norm() > 0
    torch.testing.assert_close(average, whole, rtol=1e-9, atol=1e-13)
