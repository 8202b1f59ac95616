"""Terms of images: mode seeking, content, path length."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lab.errors import InputError
from lab.metrics.extractors import FASHION_WEIGHTS
from lab.metrics.network import fitted
from lab.metrics.weights_file import read_weights
from tests.gan.games import small_game
from tests.gan.terms.seen import SIZE, generator_seen, images, now, term_game, the_term
from tests.gan.worlds import MAPPED


def test_mode_seeking_is_the_inverse_of_image_over_code_distance() -> None:
    game = term_game({"terms.mode_seeking.weight": 1, "network.conditional": True})
    seen = generator_seen(game)
    value = the_term(game).generator(seen, now(weight=2.0))
    codes = seen.draw.normal("mode seeking", 4)
    fake, others = seen.fake.detach(), game.generator(codes, seen.labels).detach()
    ratios = [
        float((fake[i] - others[i]).abs().mean() / (seen.z[i] - codes[i]).abs().mean())
        for i in range(SIZE)
    ]
    assert float(value.detach()) == pytest.approx(2.0 / (sum(ratios) / SIZE + 1e-5))


def test_mode_seeking_falls_as_images_differ_more() -> None:
    game = term_game({"terms.mode_seeking.weight": 1})
    before = the_term(game).generator(generator_seen(game), now())
    with torch.no_grad():
        game.generator.to_pixels.weight.mul_(3)
    after = the_term(game).generator(generator_seen(game), now())
    assert float(after) < float(before)


@pytest.mark.parametrize("paired", [0, 1])
def test_content_compares_the_critics_features(paired: int) -> None:
    values = {"terms.content.weight": 1, "terms.content.paired": paired}
    game = term_game({**values, "network.critic_norm": "none"})
    seen = generator_seen(game)
    real, fake = game.critic.features(seen.real), game.critic.features(seen.fake)
    objective = game.generator_objective
    with_term, _ = objective(seen.z, None, seen.real, None, seen.draw)
    without, _ = objective(seen.z, None, None, None)
    direct = (real - fake).square() if paired else (real.mean(0) - fake.mean(0)).square()
    torch.testing.assert_close(with_term - without, direct.mean())


def test_content_of_an_encoder_is_the_distance_of_the_extractors_features() -> None:
    game = term_game({"terms.content.weight": 1, "terms.content.kind": 1})
    levels = torch.randint(0, 256, (SIZE, 1, 32, 32), generator=torch.Generator().manual_seed(1))
    network, card = read_weights(FASHION_WEIGHTS)
    expected = network.features(fitted(levels.to(torch.uint8), 1, card.side)).mean(0)
    fake = (levels.double() / 127.5 - 1).requires_grad_()
    term = the_term(game)
    value = term.generator(generator_seen(game, fake=fake, real=-fake.detach()), now())
    opposite = network.features(fitted((255 - levels).to(torch.uint8), 1, card.side)).mean(0)
    assert float(value) == pytest.approx(float((expected - opposite).square().mean()), rel=1e-4)
    (gradient,) = torch.autograd.grad(value, fake)
    assert float(gradient.abs().sum()) > 0


def test_the_encoder_is_no_part_of_the_state_and_never_changes() -> None:
    game = term_game({"terms.content.weight": 1, "terms.content.kind": 1})
    assert game.terms.state_dict() == {}
    (encoder,) = the_term(game)._encoder
    assert not any(weight.requires_grad for weight in encoder.parameters())
    assert all(weight.dtype == torch.float64 for weight in encoder.parameters())


def test_path_length_is_the_jacobian_of_images_times_noise() -> None:
    game = term_game({"network.architecture": MAPPED, "terms.path_length.weight": 2})
    seen, term = generator_seen(game), the_term(game)
    value = term.generator(seen, now(weight=3.0))
    lengths, generator = [], game.generator
    noise = seen.draw.normal("path length", 1, 32, 32) / 32
    extra = seen.draw.normal("noise of the generator", generator.first.weight.shape[0])

    class Noise:
        def __init__(self, i: int) -> None:
            self.i = i

        def normal(self, purpose: str, *shape: int) -> Tensor:
            return extra[self.i : self.i + 1]

    for i in (0, 2):  # every second sample

        def image(w: Tensor, i: int = i) -> Tensor:
            return generator.from_mapped(w[None], Noise(i))[0]

        w = generator.mapped(seen.z[i : i + 1], None)[0]
        jacobian = torch.func.jacrev(image)(w)  # [1, 32, 32, L, W]
        pulled = torch.einsum("chw,chwlk->lk", noise[i], jacobian)
        lengths.append(math.sqrt(float(pulled.square().sum(1).mean())))
    mean = 0.01 * sum(lengths) / 2
    assert float(term.mean) == pytest.approx(mean)
    expected = 3.0 * sum((length - mean) ** 2 for length in lengths) / 2
    assert float(value) == pytest.approx(expected)


def test_path_length_reaches_every_weight_of_the_generator() -> None:
    values = {"network.architecture": MAPPED, "terms.path_length.weight": 2}
    game = term_game({**values, "terms.path_length.shrink": 1})
    value = the_term(game).generator(generator_seen(game), now())
    weights = [layer.weight for layer in (game.generator.mapping, game.generator.last)]
    for gradient in torch.autograd.grad(value, weights):
        assert float(gradient.abs().sum()) > 0


WRONG = {
    "no mapping": (
        {"terms.path_length.weight": 2},
        r"terms\.path_length\.weight is not 0 and the generator of network\.architecture 'dcgan'",
    ),
    "a small batch": (
        {
            "terms.path_length.weight": 2,
            "terms.path_length.shrink": 8,
            "network.architecture": MAPPED,
        },
        r"training\.batch_size is 4 and terms\.path_length\.shrink 8; .* needs at least 8",
    ),
    "half a sample": (
        {"terms.path_length.weight": 2, "terms.path_length.shrink": 1.5},
        r"terms\.path_length\.shrink is 1\.5; it must be a whole number",
    ),
    "another kind": (
        {"terms.content.weight": 1, "terms.content.kind": 0.5},
        r"terms\.content\.kind is 0\.5; it must be 0 or 1",
    ),
    "a kind that changes": (
        {
            "terms.content.weight": 1,
            "terms.content.kind": {"start": 0.0, "end": 1.0, "until_images": 10},
        },
        r"terms\.content\.kind has a schedule; it must be one number",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_settings_that_do_not_fit_are_one_sentence(mistake: str) -> None:
    values, sentence = WRONG[mistake]
    with pytest.raises(InputError, match=sentence):
        small_game(values)


def test_images_of_other_sides_reach_the_encoder() -> None:
    game = term_game({"terms.content.weight": 1, "terms.content.kind": 1})
    (encoder,) = the_term(game)._encoder
    pixels = images(game)
    assert encoder(pixels[:, :, 2:30, 2:30]).shape == (SIZE, 64)
    assert encoder(pixels.repeat(1, 3, 2, 2)).shape == (SIZE, 64)
