"""Consistency terms: what each adds to the losses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.losses import HINGE
from lab.gan.networks import Critic, Generator
from lab.gan.terms import CriticSeen, GeneratorSeen
from lab.gan.terms.consistency import Balanced, Improved, Latent
from tests.gan.games import small_config, small_game, train
from tests.gan.test_augment import N, pass_draws, pictures


class Codes(nn.Module):
    """An image of one pixel that shows twice the first number of its code."""

    draws = False

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return 2 * z[:, :1, None, None]


def first_pixel(images: Tensor, labels: Tensor | None = None) -> Tensor:
    return 3 * images[:, 0, 0, 0]


def total(images: Tensor, labels: Tensor | None = None) -> Tensor:
    return images.sum(dim=(1, 2, 3))


def seen(critic: Any, real: Tensor, fake: Tensor, z: Tensor | None = None) -> CriticSeen:
    return CriticSeen(
        critic=cast(Critic, critic),
        generator=cast(Generator, Codes()),
        loss=HINGE,
        real=real,
        fake=fake,
        real_labels=None,
        fake_labels=None,
        real_logits=critic(real),
        fake_logits=critic(fake),
        z=z,
        draw=pass_draws(),
    )


def now(**settings: float) -> SimpleNamespace:
    return SimpleNamespace(every_steps=1, step=0, **settings)


def test_bcr_is_zero_for_constant_images_and_positive_for_others() -> None:
    term, flat = Balanced(small_config()), torch.ones(N, 1, 16, 16, dtype=torch.float64)
    assert float(term.critic(seen(first_pixel, flat, -flat), now(weight=10.0))) == 0.0  # type: ignore[arg-type]
    both = term.critic(seen(first_pixel, pictures(1), pictures(1, seed=1)), now(weight=10.0))
    assert both is not None
    assert float(both) > 1.0


def test_bcr_sees_flips_and_small_shifts_alone() -> None:
    """A flip keeps an image's sum, and a reflected shift keeps that of one that is 0 outside."""
    images = torch.zeros(N, 1, 16, 16, dtype=torch.float64)
    images[:, :, 4:12, 4:12] = pictures(1, 8)
    value = Balanced(small_config()).critic(seen(total, images, -images), now(weight=10.0))
    assert value is not None
    assert float(value) < 1e-20


def test_zcr_measures_both_changes_of_a_linear_generator() -> None:
    sigma, z = 0.07, torch.randn(N, 4, generator=torch.Generator().manual_seed(0)).double()
    images = Codes()(z)
    change = 2 * sigma * pass_draws().normal("change of codes", 4)[:, 0]
    term = Latent(small_config())
    of_critic = term.critic(seen(first_pixel, images, images, z), now(weight=5.0, sigma=sigma))
    assert of_critic is not None
    assert float(of_critic) == pytest.approx(5 * float((3 * change).square().mean()))
    of_generator = term.generator(
        GeneratorSeen(
            critic=cast(Critic, first_pixel),
            generator=cast(Generator, Codes()),
            fake=images,
            labels=None,
            logits=first_pixel(images),
            losses=-first_pixel(images),
            z=z,
            real=None,
            real_labels=None,
            draw=pass_draws(),
        ),
        now(weight=5.0, generator_weight=0.5, sigma=sigma),
    )
    assert of_generator is not None
    assert float(of_generator) == pytest.approx(-0.5 * float(change.square().mean()))


def test_icr_is_the_sum_of_both() -> None:
    z = torch.zeros(N, 4, dtype=torch.float64)
    given = seen(first_pixel, pictures(1), pictures(1, seed=1), z)
    parts = [
        Balanced(small_config()).critic(given, now(weight=10.0)),
        Latent(small_config()).critic(given, now(weight=5.0, sigma=0.07)),
    ]
    settings = now(weight=10.0, latent_weight=5.0, generator_weight=0.5, sigma=0.07)
    both = Improved(small_config()).critic(given, settings)
    assert both is not None
    assert float(both) == pytest.approx(sum(float(cast(Tensor, part)) for part in parts))


@pytest.mark.parametrize("name", ["bcr", "zcr", "icr"])
def test_a_term_trains_and_changes_the_run(name: str) -> None:
    values = {f"terms.{name}.weight": 5.0, "augmentation.kind": "diffaugment"}
    game = train(small_game({**values, "penalty.kind": "r1"}, precision="bfloat16"), 2)
    usual = train(
        small_game(
            {"augmentation.kind": "diffaugment", "penalty.kind": "r1"}, precision="bfloat16"
        ),
        2,
    )
    assert all(value.isfinite().all() for value in game.tensors().values())
    assert not torch.equal(game.critic.head.weight, usual.critic.head.weight)


def test_icr_contains_the_others() -> None:
    with pytest.raises(InputError, match=r"terms.icr.weight and terms.zcr.weight are both"):
        small_game({"terms.icr.weight": 10.0, "terms.zcr.weight": 5.0})
