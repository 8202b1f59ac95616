"""Augmentations: what they do to images, their derivatives, and how ADA finds its probability."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.errors import InputError
from lab.gan.augment import view_of
from lab.gan.augment.ada import Ada
from lab.gan.augment.diffaugment import NUM_DRAWS, POLICY, STEPS, DiffAugment
from lab.gan.augment.diffaugment import parameters as diffaugment_parameters
from lab.gan.augment.pipeline import (
    GATES,
    NUM_NORMAL,
    NUM_UNIFORM,
    Parameters,
    Pipeline,
    colour,
    geometry,
    levels,
    parameters,
    recoloured,
)
from lab.gan.augment.resample import resampled, spread, spread_in_order
from lab.gan.augment.shift import shifted
from lab.gan.draws import Draws, PassDraws
from lab.gan.rounds import ImageShape
from lab.gan.terms import Means
from tests.gan.games import small_config, small_game, train

N = 6
POINTS = ImageShape(resolution=1, channels=2, num_classes=0)


def pictures(channels: int = 3, side: int = 16, *, seed: int = 0) -> Tensor:
    """[N, channels, side, side] in [-1, 1], float64."""
    rng = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(N, channels, side, side, generator=rng, dtype=torch.float64) - 1


def drawn(*, applied: bool = True, seed: int = 0, side: int = 16) -> Parameters:
    """Parameters of the pipeline with every transformation applied, or none."""
    rng = torch.Generator().manual_seed(seed)
    gates = torch.full((N, len(GATES)), applied)
    u = torch.rand(N, NUM_UNIFORM, generator=rng, dtype=torch.float64)
    normal = torch.randn(N, NUM_NORMAL, generator=rng, dtype=torch.float64)
    return parameters(gates, u, normal, side)


def pass_draws(values: dict[str, Any] | None = None, step: int = 0) -> PassDraws:
    config = small_config({"training.batch_size": N, **(values or {})})
    draws = Draws(config, 0, torch.device("cpu"), torch.float64)
    return draws.of_pass("critic", step, slice(0, N))


def only(**changed: Tensor) -> Parameters:
    return drawn(applied=False)._replace(**changed)


def full(value: float) -> Tensor:
    return torch.full((N,), value, dtype=torch.float64)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 28, 32])
def test_no_transformation_leaves_an_image_as_it_is(channels: int, side: int) -> None:
    images, to = pictures(channels, side), drawn(applied=False, side=side)
    same = recoloured(resampled(images, geometry(to)), colour(to))
    assert torch.allclose(same, images, atol=1e-11)


def test_a_whole_shift_shows_the_reflected_image() -> None:
    images = pictures()
    by = torch.tensor([2.0, -3.0], dtype=torch.float64).expand(N, 2)
    moved = resampled(images, geometry(only(whole_shift=by)))
    expected = shifted(images, full(3), full(-2), reflect=True)
    assert torch.allclose(moved, expected, atol=1e-11)


def test_flips_and_quarter_turns_move_smooth_images_as_they_should() -> None:
    at = torch.linspace(-1, 1, 33, dtype=torch.float64)
    blob = torch.exp(-8 * ((at[None, :] - 0.3).square() + (at[:, None] + 0.1).square()))
    images = blob.expand(N, 1, 33, 33)
    # The filter is not quite symmetric, so what is mirrored lies a little aside.
    flipped = resampled(images, geometry(only(flip=full(1))))
    turned = resampled(images, geometry(only(quarter_turns=full(1))))
    assert torch.allclose(flipped, images.flip(3), atol=2e-2)
    assert torch.allclose(turned, torch.rot90(images, 1, (2, 3)), atol=2e-2)
    assert not torch.allclose(turned, images, atol=0.1)


def test_a_rotation_happens_with_the_probability_of_one() -> None:
    rotates = torch.tensor([gate.endswith("rotation") for gate in GATES])
    at = dict(zip(GATES, levels(torch.ones(len(GATES)), rotates, 0.36).tolist(), strict=True))
    assert at["flip"] == pytest.approx(0.36)
    assert at["rotation"] == at["second rotation"] == pytest.approx(0.2)


def test_colours_turn_round_grey() -> None:
    images = pictures()
    third = recoloured(images, colour(only(hue=full(2 * math.pi / 3))))
    assert torch.allclose(third, images.roll(1, dims=1))
    flipped = recoloured(images, colour(only(luma_flip=full(1))))
    assert torch.allclose(flipped.mean(1), -images.mean(1))
    assert torch.allclose(flipped - flipped.mean(1, True), images - images.mean(1, True))
    grey = recoloured(images, colour(only(saturation=full(0))))
    assert torch.allclose(grey, images.mean(1, keepdim=True).expand_as(images))


def test_a_grey_image_changes_as_three_equal_channels_do() -> None:
    grey, matrix = pictures(1), colour(drawn())
    of_three = recoloured(grey.expand(-1, 3, -1, -1), matrix)
    assert torch.allclose(recoloured(grey, matrix), of_three.mean(1, keepdim=True))


def test_every_derivative_of_the_pipeline_is_right() -> None:
    images = pictures(3, 8)[:2].requires_grad_()
    to = Parameters(*(one[:2] for one in drawn(side=8)))

    def changed(x: Tensor) -> Tensor:
        return recoloured(resampled(x, geometry(to)), colour(to)).square()

    assert torch.autograd.gradcheck(changed, images, fast_mode=True)
    assert torch.autograd.gradgradcheck(changed, images, fast_mode=True)


def test_every_derivative_of_diffaugment_is_right() -> None:
    images = pictures(3, 8)[:2].requires_grad_()
    u = torch.rand(2, NUM_DRAWS, generator=torch.Generator().manual_seed(1))
    to = diffaugment_parameters(u.double(), 8, 1.0)

    def changed(x: Tensor) -> Tensor:
        for word in POLICY:
            x = STEPS[word](x, to)
        return x.square()

    assert torch.autograd.gradcheck(changed, images, fast_mode=True)
    assert torch.autograd.gradgradcheck(changed, images, fast_mode=True)


def test_spreading_in_order_gives_the_same_sums() -> None:
    rng = torch.Generator().manual_seed(2)
    values = torch.randn(N, 3, 5, 5, generator=rng, dtype=torch.float64)
    grid = 2 * torch.rand(N, 5, 5, 2, generator=rng, dtype=torch.float64) - 1
    grid[0, 0, 0], grid[0, 0, 1] = 1.0, -1.0
    assert torch.allclose(spread(values, grid, 9), spread_in_order(values, grid, 9))


def test_diffaugment_follows_its_parameters() -> None:
    images = pictures(1)
    u = torch.zeros(N, NUM_DRAWS, dtype=torch.float64)
    u[:, 5:8] = torch.tensor([0.75, 0.5, 0.5])
    u[:, 8:10] = torch.tensor([0.99, 0.0])
    u[:, 10:] = 0.5
    to = diffaugment_parameters(u, 16, 1.0)
    assert torch.allclose(STEPS["colour"](images, to), images + 0.25)
    moved = STEPS["translation"](images, to)
    assert torch.equal(moved[..., :-2, 2:], images[..., 2:, :-2])
    assert moved[..., -2:, :].abs().max() == 0
    holed = STEPS["cutout"](images, to)
    assert holed[..., 4:12, 4:12].abs().max() == 0
    assert (holed != 0).sum() == N * (16**2 - 8**2)


@pytest.mark.parametrize("kind", [DiffAugment, Pipeline])
def test_the_probability_is_that_of_each_image(kind: type[DiffAugment] | type[Pipeline]) -> None:
    config = small_config({"augmentation.kind": kind.__name__.lower()})
    augmentation, images = kind(config).double(), pictures()
    none = augmentation.apply_to(images, pass_draws(), "real", 0.0)
    assert torch.allclose(none, images, atol=1e-6)
    some = augmentation.apply_to(images, pass_draws(), "real", torch.tensor(0.1))
    changed = (some - images).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert 0 < int(changed.sum()) < N
    fake = augmentation.apply_to(images, pass_draws(), "fake", 1.0)
    real = augmentation.apply_to(images, pass_draws(), "real", 1.0)
    assert not torch.allclose(fake, real, atol=0.1)
    assert torch.equal(real, augmentation.apply_to(images, pass_draws(), "real", 1.0))


GOLDEN = {
    "diffaugment": (-0.076017996, 0.375936634),
    "pipeline": (0.096603986, 0.151495164),
}
"""Mean and mean square of six images of 16 pixels, made with equal draws by this code."""


@pytest.mark.parametrize("kind", GOLDEN)
def test_golden_values(kind: str) -> None:
    view = view_of(small_config({"augmentation.kind": kind})).double()
    assert view.augmentation is not None
    images = view.augmentation.apply_to(pictures(), pass_draws(), "real", 1.0)
    values = float(images.mean()), float(images.square().mean())
    assert values == pytest.approx(GOLDEN[kind], abs=1e-5)


def test_r3gans_policy_halves_the_colours_and_cuts() -> None:
    policy = "blit,geometric,half-colour,cutout"
    config = small_config({"augmentation.kind": "pipeline", "augmentation.policy": policy})
    strengths = dict(zip(GATES, Pipeline(config).strengths.tolist(), strict=True))
    assert strengths["hue"] == 0.5
    assert strengths["cutout"] == strengths["flip"] == strengths["second rotation"] == 1.0


def ada(**settings: float) -> Ada:
    values = {f"augmentation.{name}": to for name, to in settings.items()}
    return Ada(small_config({"augmentation.kind": "ada", **values}))


def shown(augmentation: Ada, signs: list[float]) -> list[float]:
    """p after each critic step with these mean signs."""
    path = []
    for sign in signs:
        zero = torch.zeros(())
        augmentation.observe(Means(zero, zero, torch.tensor(sign)))
        path.append(float(augmentation.p))
    return path


def test_ada_moves_every_four_steps_and_stays_in_bounds() -> None:
    augmentation = ada(adjust_images=40)  # 4 steps of 4 images: .4 a move
    low, high = [-1.0] * 4, [1.0, 1.0, 0.2, 0.6]
    path = shown(augmentation, [*low, *high, *high, *high, *low])
    after = [path[i] for i in (3, 6, 7, 11, 15, 19)]
    assert after == pytest.approx([0.0, 0.0, 0.4, 0.8, 1.0, 0.6])


def test_ada_runs_are_continued_bit_for_bit() -> None:
    values = {"augmentation.kind": "ada", "augmentation.adjust_images": 40}
    values["augmentation.target_sign"] = -0.9
    game = train(small_game(values), 6)
    state = copy.deepcopy(game.state())
    train(game, 4)
    again = small_game(values)
    again.load_state(state)
    train(again, 4)
    for name, value in game.tensors().items():
        assert torch.equal(value, again.tensors()[name]), name
    assert set(game.present_signals()) == {"augmentation_p"}
    assert small_game().present_signals() == {}


@pytest.mark.parametrize("kind", ["diffaugment", "pipeline", "ada"])
def test_a_game_trains_with_penalties_in_half_precision(kind: str) -> None:
    values = {"augmentation.kind": kind, "penalty.kind": "r1-r2"}
    game = train(small_game(values, precision="bfloat16"), 2)
    assert all(value.isfinite().all() for value in game.tensors().values())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "diffaugment", "policy": "color"}, "has 'color'; did you mean 'colour'?"),
        (
            {"kind": "pipeline", "policy": "blit,translation"},
            "words of augmentation.kind pipeline",
        ),
    ],
)
def test_a_policy_has_words_of_its_kind(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        small_game({f"augmentation.{name}": to for name, to in values.items()})
    assert sentence in str(error.value)


@pytest.mark.parametrize("kind", ["diffaugment", "pipeline", "ada"])
def test_points_are_no_images(kind: str) -> None:
    view = view_of(small_config({"augmentation.kind": kind}))
    with pytest.raises(InputError, match=f"augmentation.kind is {kind}, .* 2 channels of 1x1"):
        view.require(POINTS)
    view.require(ImageShape(28, 1, 10))


def test_ada_needs_logits_with_a_sign() -> None:
    with pytest.raises(InputError, match="kind is ada and loss is relativistic"):
        small_game({"augmentation.kind": "ada", "loss": "relativistic"})
