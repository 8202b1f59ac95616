"""Facts about texts as conditions."""

from __future__ import annotations

import pytest
import torch

from lab.gan.sampling import captions, latents
from lab.gan.texts import unit
from tests.gan.games import SHAPE, small_game, small_texts, train

ARCHITECTURES = ("dcgan", "sngan-cnn", "sngan-resnet", "sagan", "biggan", "progan", "stylegan2")


def test_each_image_is_drawn_as_often_whatever_its_number_of_captions() -> None:
    texts = small_texts()
    rng = torch.Generator().manual_seed(0)
    numbers = texts.numbers(torch.rand(20_000, 2, generator=rng))
    shares = torch.bincount(numbers, minlength=7) / 20_000
    expected = torch.tensor([1 / 4, 1 / 8, 1 / 8, 1 / 4, 1 / 12, 1 / 12, 1 / 12])
    assert (shares - expected).abs().max() < 0.015


def test_the_ends_of_the_draws_are_the_first_and_the_last_caption() -> None:
    texts = small_texts()
    ends = torch.tensor([[0.0, 0.0], [1 - 2**-24, 1 - 2**-24]])
    assert texts.numbers(ends).tolist() == [0, 6]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_one_hot_vector_is_a_class(architecture: str) -> None:
    game = small_game({"network.architecture": architecture, "network.conditional": True})
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([2, 0, 1])
    one_hot = torch.nn.functional.one_hot(labels, 3).float()
    images = game.generator.eval()(z, labels)
    torch.testing.assert_close(game.generator(z, one_hot), images, rtol=1e-4, atol=1e-5)
    logits = game.critic(images, labels)
    torch.testing.assert_close(game.critic(images, one_hot), logits, rtol=1e-4, atol=1e-5)


def test_evaluations_take_the_mean_of_the_conditioning() -> None:
    game = small_game({"network.text_conditioning": "augmented"})
    texts = unit(torch.randn(4, SHAPE.text_size))
    draw = game.draws.of_pass("generator", 0, slice(0, 4))
    assert torch.equal(game.generator.conditioned(texts), game.generator.conditioned(texts))  # type: ignore[arg-type]
    assert not torch.equal(
        game.generator.conditioned(texts, draw),  # type: ignore[arg-type]
        game.generator.conditioned(texts),  # type: ignore[arg-type]
    )


def test_interpolated_texts_are_the_generators_alone() -> None:
    game = small_game({"network.text_conditioning": "plain", "text.interpolated": 1.0})
    known = small_texts().vectors
    _, of_critic = game.draws.latents("critic", 0)
    _, of_generator = game.draws.latents("generator", 0)
    assert of_critic is not None
    assert of_generator is not None
    assert (of_critic.flatten(0, 1) @ known.t()).amax(dim=1).min() > 1 - 1e-6
    lengths = of_generator.norm(dim=2)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    nearest = (of_generator.flatten(0, 1) @ known.t()).amax(dim=1)
    assert nearest.min() < 0.99


def test_a_game_without_texts_at_hand_draws_directions() -> None:
    game = small_game({"network.text_conditioning": "plain"})
    game.draws.texts = None
    train(game, 2)
    _, texts = game.draws.latents("critic", 0)
    assert texts is not None
    assert texts.shape == (4, 1, SHAPE.text_size)


def test_more_evaluation_codes_begin_with_the_same_texts() -> None:
    texts = small_texts()
    few = captions(20, texts, seed=1, purpose="evaluation")
    assert torch.equal(captions(600, texts, seed=1, purpose="evaluation")[:20], few)
    (z, labels), *_ = latents(20, 4, 0, seed=1, purpose="evaluation", texts=texts)
    assert z.shape == (20, 4)
    assert torch.equal(labels, texts.vectors[few])
