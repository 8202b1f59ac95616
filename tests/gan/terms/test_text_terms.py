"""Facts about terms on texts, in closed form."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lab.errors import InputError
from lab.gan.objectives import full
from lab.gan.texts import unit
from tests.gan.games import SHAPE, small_game
from tests.gan.terms.seen import SIZE, critic_seen, generator_seen, now, term_game, the_term

PLAIN = {"network.text_conditioning": "plain"}
AUGMENTED = {"network.text_conditioning": "augmented"}


def test_wrong_texts_replace_a_share_of_the_fakes() -> None:
    game = term_game({**PLAIN, "terms.matching.weight": 0.5})
    texts = unit(torch.randn(SIZE, SHAPE.text_size, dtype=torch.float64))
    seen = critic_seen(game, real_labels=texts, fake_labels=texts)
    features = game.critic.features(seen.real)
    seen = critic_seen(game, real_labels=texts, fake_labels=texts, real_features=features)
    wrong = full(game.critic.logits(features, seen.draw.texts("wrong text")))
    of_fakes = seen.loss.critic(seen.real_logits, seen.fake_logits)
    of_wrong = seen.loss.critic(seen.real_logits, wrong)
    added = the_term(game).critic(seen, now(weight=0.25))
    torch.testing.assert_close(
        of_fakes.mean() + added, (0.75 * of_fakes + 0.25 * of_wrong).mean(), rtol=1e-12, atol=0
    )


def test_the_divergence_is_that_of_a_gaussian_from_the_standard_one() -> None:
    game = term_game({**AUGMENTED, "terms.conditioning.weight": 2.0})
    seen = generator_seen(game)
    augmented = game.generator.conditioning
    assert augmented is not None
    mean, log_sigma = augmented.moments(seen.labels)  # type: ignore[operator]
    gaussian = torch.distributions.Normal(mean, log_sigma.exp())
    standard = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    expected = 2.0 * torch.distributions.kl_divergence(gaussian, standard).mean()
    torch.testing.assert_close(the_term(game).generator(seen, now(weight=2.0)), expected)


def test_the_contrast_is_a_softmax_over_ones_own_text_and_the_wrong_ones() -> None:
    game = term_game({**PLAIN, "terms.alignment.weight": 1.0})
    seen = generator_seen(game)
    settings = now(weight=1.0, sharpness=10.0, num_wrong=3)
    wrong = game.draws.random_texts("texts of the contrast", seen.draw.step, (3,))
    assert game.draws.texts is not None
    assert game.draws.texts.encode is not None
    images = game.draws.texts.encode(seen.fake)
    assert seen.labels is not None
    losses = [
        -torch.log_softmax(10.0 * torch.cat([text[None], wrong]) @ image, dim=0)[0]
        for image, text in zip(images, seen.labels, strict=True)
    ]
    expected = torch.stack(losses).mean()
    torch.testing.assert_close(the_term(game).generator(seen, settings), expected)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"terms.matching.weight": 0.5}, "needs texts"),
        ({"terms.alignment.weight": 1}, "needs texts"),
        ({**PLAIN, "terms.matching.weight": 1.5}, "it is a share"),
        ({**PLAIN, "terms.conditioning.weight": 2}, "has no Gaussian"),
        ({**PLAIN, "network.conditional": True}, "set one of them"),
        ({**PLAIN, "training.game": "vae"}, "takes no texts"),
        ({**PLAIN, "network.pack": 2}, "no single condition"),
        (
            {**PLAIN, "text.interpolated": 0.5, "loss": "relativistic"},
            "compares images of one text",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        small_game(values)
