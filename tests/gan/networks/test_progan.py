"""ProGAN: published sizes, and stages that fade in by the images seen."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lab.gan.networks import Critic, Generator, find_pair
from lab.gan.networks.growth import Level, level_after
from lab.gan.networks.network import Plan
from tests.gan.games import small_game, train, weights_and_buffers
from tests.gan.networks.builds import codes, images, small_critic, small_generator

GROWING: dict[str, Any] = {"architecture": "progan", "grow_images": 100}
GAME = {
    "network.architecture": "progan",
    "network.critic_norm": "none",
    "network.grow_images": 8,
    "penalty.kind": "wgan-gp",
}


def test_networks_of_1024_pixels_have_the_published_parameters() -> None:
    plan = Plan(1024, 3, 0, width=1.0, latent_size=512, critic_norm="none", grow_images=1)
    with torch.device("meta"):
        networks = [build(plan) for build in find_pair("progan")]
    counts = [sum(p.numel() for p in of.parameters()) for of in networks]
    assert counts == [23_079_115, 23_087_249]


def test_stages_fade_in_and_rest_in_turn() -> None:
    expected = {
        0.0: Level(0, 1.0),
        0.9: Level(0, 1.0),
        1.0: Level(0, 1.0),
        1.25: Level(1, 0.25),
        2.0: Level(1, 1.0),
        2.9: Level(1, 1.0),
        3.5: Level(2, 0.5),
        4.5: Level(2, 1.0),
        99.0: Level(2, 1.0),
    }
    assert {at: level_after(at, 2) for at in expected} == expected


def _seen(network: Generator | Critic, images_seen: int) -> Any:
    network.set_images_seen(images_seen)
    return network


def test_a_generator_repeats_the_pixels_of_its_stage() -> None:
    G = small_generator(**GROWING)
    made = _seen(G, 0)(codes())
    assert made.shape == (4, 3, 32, 32)
    assert torch.equal(made, F.interpolate(made[:, :, ::8, ::8], scale_factor=8.0))
    half = _seen(G, 350)(codes())
    assert torch.equal(half, F.interpolate(half[:, :, ::2, ::2], scale_factor=2.0))
    assert not torch.equal(_seen(G, 10**6)(codes())[:, :, ::2], made[:, :, 1::2])


def test_a_critic_sees_the_averages_of_its_stage() -> None:
    D, x = small_critic(**GROWING), images()
    averaged = F.interpolate(F.avg_pool2d(x, 8), scale_factor=8.0)
    torch.testing.assert_close(_seen(D, 50)(x), D(averaged))
    assert not torch.allclose(_seen(D, 10**6)(x), D(averaged))


@pytest.mark.parametrize("start", [100, 300, 500])
def test_a_fade_begins_and_ends_without_a_jump(start: int) -> None:
    for network, x in ((small_generator(**GROWING), codes()), (small_critic(**GROWING), images())):
        outputs: dict[int, Tensor] = {
            at: _seen(network.double(), at)(x.double())
            for at in (start, start + 1, start + 50, start + 99, start + 100)
        }
        whole = (outputs[start + 100] - outputs[start]).abs().max()
        for at in (start, start + 99):
            step = (outputs[at + 1] - outputs[at]).abs().max()
            assert 0 < step < 0.1 * whole


def test_a_stored_generator_keeps_its_stage() -> None:
    G, twin = small_generator(**GROWING), small_generator(**GROWING, seed=3)
    _seen(G, 350)
    twin.load_state_dict(G.state_dict())
    assert torch.equal(G(codes()), twin(codes()))


def test_without_growth_nothing_of_it_is_stored() -> None:
    for build in (small_generator, small_critic):
        assert not any("growth" in name for name in build(architecture="progan").state_dict())


def test_a_stage_trains_from_its_fade_on_and_the_last_image_layer_until_then() -> None:
    game = small_game(GAME)
    before = weights_and_buffers(game)
    train(game, 2)
    after = weights_and_buffers(game)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert "generator.stages.0.conv.weight" in changed
    assert "critic.from_image.0.weight" in changed
    assert not any(".stages.1." in name and "generator" in name for name in changed)
    assert not any("critic.stages" in name or "image.1" in name for name in changed)
    assert game.average.growth.level == level_after(1.0, 3)
    now = weights_and_buffers(train(game, 2))
    assert not torch.equal(
        now["generator.stages.1.conv_1.weight"], after["generator.stages.1.conv_1.weight"]
    )


def test_a_run_continues_in_the_middle_of_a_fade() -> None:
    whole = train(small_game(GAME), 5)
    first = train(small_game(GAME), 3)
    second = small_game(GAME)
    second.load_state(first.state())
    assert second.generator.growth.level == first.generator.growth.level == Level(1, 0.5)
    for z in codes(2)[None, :, :4]:
        assert torch.equal(second.average(z), first.average(z))
    train(second, 2)
    others = weights_and_buffers(second)
    for name, value in weights_and_buffers(whole).items():
        assert torch.equal(value, others[name]), name
