"""PacGAN: the critic judges m images together, and every contract of a logit an image holds."""

from __future__ import annotations

import pytest
import torch

from lab.config import NetworkConfig
from lab.engine.forecast.forecast import share_of
from lab.errors import InputError
from lab.gan.networks import Critic, build_critic
from lab.gan.networks.network import joined
from lab.gan.objectives import CriticBatch
from lab.gan.share import Share
from tests.gan.games import small_config, small_game


def critic(pack: int, channels: int = 1) -> Critic:
    config = NetworkConfig(architecture="dcgan", width=1 / 16, pack=pack, critic_norm="none")
    rng = torch.Generator().manual_seed(0)
    built = build_critic(config, resolution=32, channels=channels, num_classes=0, rng=rng)
    return built.double()


def pixels(count: int, channels: int = 1) -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.rand(count, channels, 32, 32, generator=rng, dtype=torch.float64) * 2 - 1


def test_only_the_first_layer_grows() -> None:
    sizes = {pack: sum(w.numel() for w in critic(pack, 3).parameters()) for pack in (1, 2, 3)}
    of_first = 4 * 3 * 4 * 4
    assert sizes[2] - sizes[1] == sizes[3] - sizes[2] == of_first


@pytest.mark.parametrize(("pack", "channels"), [(2, 1), (3, 3)])
def test_each_image_has_the_logit_of_its_pack(pack: int, channels: int) -> None:
    D, images = critic(pack, channels), pixels(2 * pack, channels)
    logits = D(images)
    packs = torch.stack([torch.cat(list(images[:pack])), torch.cat(list(images[pack:]))])
    direct = D.head(D.trunk(packs)).squeeze(1)
    assert logits.shape == (2 * pack,)
    torch.testing.assert_close(logits, direct.repeat_interleave(pack))


def test_the_last_pack_of_a_measurement_is_completed() -> None:
    D, images = critic(3), pixels(4)
    completed = torch.cat([images, images[:2]])
    assert torch.equal(joined(images, 3), joined(completed, 3))
    torch.testing.assert_close(D(images), D(completed)[:4])


@pytest.mark.parametrize("kind", ["r1", "r2", "r1-r2", "zero-gp", "wgan-gp"])
def test_a_penalty_is_that_of_the_pack(kind: str) -> None:
    values = {"network.pack": 2, "penalty.kind": kind, "network.critic_norm": "none"}
    game = small_game(values, precision="float64")
    real, fake, mix = pixels(4), pixels(4).flip(2) ** 2, torch.rand(4, 1, 1, 1).double()
    batch = CriticBatch(real, fake, None, None, mix, None)
    penalty = game.critic_objective(batch, 1.0).loss - game.critic_objective(batch, 0.0).loss

    def squared(images: torch.Tensor) -> torch.Tensor:
        """|grad D|^2 of the two packs, [2], from the trunk that sees them."""
        packs = images.reshape(2, 2, 32, 32).detach().requires_grad_()
        logits = game.critic.head(game.critic.trunk(packs)).sum()
        (gradient,) = torch.autograd.grad(logits, packs)
        return gradient.square().sum((1, 2, 3))

    first = mix[::2].repeat_interleave(2, 0)
    between = squared(real + first * (fake - real))
    expected = {
        "r1": squared(real) / 2,
        "r2": squared(fake) / 2,
        "r1-r2": (squared(real) + squared(fake)) / 2,
        "zero-gp": between,
        "wgan-gp": (between.sqrt() - 1).square(),
    }
    torch.testing.assert_close(penalty, expected[kind].mean())


@pytest.mark.parametrize(("num_ranks", "num_parts"), [(1, 2), (2, 1), (2, 2), (3, 1)])
def test_a_share_never_cuts_a_pack(num_ranks: int, num_parts: int) -> None:
    batch = torch.arange(15)
    shares = [Share(rank, num_ranks, num_parts, 3) for rank in range(num_ranks)]
    cuts = [cut for share in shares for cut in share.cut(batch)]
    assert torch.equal(torch.cat(cuts).sort().values, batch)
    assert all(len(cut) % 3 == 0 and cut[0] % 3 == 0 for cut in cuts)


def test_packs_that_do_not_fit_are_one_sentence() -> None:
    with pytest.raises(InputError, match=r"training\.batch_size is 4; network\.pack is 3, which"):
        small_config({"network.pack": 3})
    with pytest.raises(InputError, match=r"network\.pack is 2 and network\.conditional is set;"):
        small_game({"network.pack": 2, "network.conditional": True})
    with pytest.raises(InputError, match=r"training\.accumulate 3 of packs of 2 need at least 6"):
        small_game({"network.pack": 2, "training.accumulate": 3})


def test_what_one_of_several_workers_computes_has_whole_packs() -> None:
    config = small_config({"network.pack": 2, "training.batch_size": 6})
    assert share_of(config, 2).training.batch_size == 4


def test_without_packs_the_critic_is_what_it_was() -> None:
    usual = small_game().critic
    assert usual.pack == 1
    assert usual(torch.zeros(3, 1, 32, 32)).shape == (3,)
