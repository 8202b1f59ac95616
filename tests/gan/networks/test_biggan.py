"""Facts about self-attention, SAGAN and BigGAN."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.networks.attention import SelfAttention
from lab.gan.networks.biggan import BigGANGenerator
from lab.gan.networks.initialisation import orthogonal
from lab.gan.networks.layers import Embedding
from lab.gan.networks.network import layers_of
from lab.gan.networks.normalisation import VectorBatchNorm
from lab.gan.networks.spectral import Layer
from tests.gan.games import small_game, train
from tests.gan.networks.builds import codes, images, labels, seeded, small_critic, small_generator

GOLDEN = {
    ("sagan", "generator"): (-1699.77728, 2761.37709),
    ("sagan", "critic"): (-1.07779, 12.51806),
    ("biggan", "generator"): (9.22396, 2794.61232),
    ("biggan", "critic"): (-20.43245, 391.76258),
}
"""Sum and sum of squares of what the small networks of seed 0 return, by our own code."""


def attention(num_channels: int = 16) -> SelfAttention:
    module = SelfAttention(num_channels, fill=orthogonal, weight_norm="none").double()
    for seed, layer in enumerate(layers_of(module)):
        layer.initialise(seeded(seed))
    nn.init.constant_(module.gain, 0.7)
    return module


def test_self_attention_is_the_formula_pixel_by_pixel() -> None:
    module = attention()
    x = torch.randn(2, 16, 4, 6, generator=seeded(), dtype=torch.float64)

    def mapped(layer: nn.Module, image: Tensor) -> Tensor:
        assert isinstance(layer, Layer)
        return torch.einsum("oi,bihw->bohw", layer.weight[:, :, 0, 0], image)

    query = mapped(module.query, x)
    key = mapped(module.key, x).view(2, 2, 2, 2, 3, 2).amax((3, 5))
    value = mapped(module.value, x).view(2, 8, 2, 2, 3, 2).amax((3, 5))
    scores = torch.einsum("bchw,bcij->bhwij", query, key)
    weights = scores.flatten(3).softmax(-1).view_as(scores)
    attended = torch.einsum("bhwij,bcij->bchw", weights, value)
    torch.testing.assert_close(module(x), x + 0.7 * mapped(module.output, attended))


def test_self_attention_begins_as_the_identity() -> None:
    module = attention()
    nn.init.zeros_(module.gain)
    x = torch.randn(1, 16, 4, 4, generator=seeded(), dtype=torch.float64)
    assert torch.equal(module(x), x)


def test_self_attention_is_differentiable_twice() -> None:
    module = attention(8)
    x = torch.randn(1, 8, 4, 4, generator=seeded(), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(module, (x,))


def test_orthogonal_weights_have_orthonormal_rows_or_columns() -> None:
    for shape in ((4, 3, 3, 3), (20, 5)):
        weight = torch.empty(shape)
        orthogonal(weight, seeded())
        rows = weight.flatten(1)
        small = rows @ rows.t() if shape[0] < rows.shape[1] else rows.t() @ rows
        torch.testing.assert_close(small, torch.eye(len(small)))


def test_the_gain_of_a_vector_batch_norm_is_one_plus_a_linear_map() -> None:
    norm = VectorBatchNorm(3, 2, fill=orthogonal, weight_norm="none")
    for layer in layers_of(norm):
        layer.initialise(seeded())
    x, vector = torch.randn(4, 3, 2, 2), torch.randn(4, 2)
    plain = torch.nn.functional.batch_norm(x, None, None, training=True)
    gain, bias = 1 + norm.to_gain(vector), norm.to_bias(vector)
    expected = plain * gain[..., None, None] + bias[..., None, None]
    torch.testing.assert_close(norm(x, vector), expected)


def test_biggan_gives_each_block_its_chunk_of_the_code() -> None:
    G = small_generator(architecture="biggan", conditional=True).eval()
    assert isinstance(G, BigGANGenerator)
    assert G.chunks == [4, 4, 4, 4]
    seen: list[Tensor] = []
    for block in G.blocks:
        block.register_forward_pre_hook(lambda _, given: seen.append(given[1]))
    z = codes(2)
    G(z, labels(2))
    assert G.embedding is not None
    for index, vector in enumerate(seen, start=1):
        assert torch.equal(vector[:, :128], G.embedding(labels(2)))
        assert torch.equal(vector[:, 128:], z[:, 4 * index : 4 * index + 4])


def test_what_remains_of_a_code_joins_its_first_chunk() -> None:
    G = small_generator(architecture="biggan", resolution=64)
    assert isinstance(G, BigGANGenerator)
    assert G.chunks == [4, 3, 3, 3, 3]


def test_a_code_with_too_few_numbers_is_one_sentence() -> None:
    values = {"network.architecture": "biggan", "network.latent_size": 3}
    with pytest.raises(InputError, match=r"network\.latent_size is 3, .*biggan .* 4 chunks"):
        small_game(values)


@pytest.mark.parametrize("architecture", ["sagan", "biggan"])
def test_both_networks_have_spectral_norm_but_for_the_embedding(architecture: str) -> None:
    sizes: dict[str, Any] = {"architecture": architecture, "conditional": True}
    G, D = small_generator(**sizes), small_critic(**sizes)
    without = [layer for layer in layers_of(G) if not layer.spectral]
    assert [type(layer) for layer in without] == [Embedding] * (architecture == "biggan")
    assert all(layer.spectral for layer in layers_of(D))


@pytest.mark.parametrize("architecture", ["sagan", "biggan"])
def test_a_game_follows_the_generator_s_singular_values_and_its_average_s(
    architecture: str,
) -> None:
    game = small_game({"network.architecture": architecture, "network.conditional": True})
    before = [layer.left.clone() for layer in layers_of(game.generator) if layer.spectral]
    train(game, 12)
    after = [layer for layer in layers_of(game.generator) if layer.spectral]
    assert any(not torch.equal(a, b.left) for a, b in zip(before, after, strict=True))
    for network in (game.generator, game.average):
        for layer in layers_of(network):
            if layer.spectral:
                exact = torch.linalg.matrix_norm(layer.matrix(), 2)
                torch.testing.assert_close(layer.top_singular_value(), exact, rtol=0.05, atol=0.0)


@pytest.mark.parametrize("architecture", ["sagan", "biggan"])
def test_a_game_with_spectral_generator_continues_bit_for_bit(architecture: str) -> None:
    values = {"network.architecture": architecture, "network.conditional": True}
    whole = train(small_game(values), 4)
    first = train(small_game(values), 2)
    second = small_game(values)
    second.load_state(first.state())
    train(second, 2)
    for name, value in whole.tensors().items():
        assert torch.equal(value, second.tensors()[name]), name


@pytest.mark.parametrize(("architecture", "player"), GOLDEN)
def test_small_networks_return_what_they_returned(architecture: str, player: str) -> None:
    sizes: dict[str, Any] = {"architecture": architecture, "conditional": True}
    of_generator = player == "generator"
    network = small_generator(**sizes) if of_generator else small_critic(**sizes)
    nn.init.constant_(network.attention.gain, 0.5)  # type: ignore[union-attr, arg-type]
    made = network(codes() if of_generator else images(), labels()).detach().double()
    total, squares = GOLDEN[architecture, player]
    assert float(made.sum()) == pytest.approx(total, rel=1e-5, abs=1e-3)
    assert float(made.square().sum()) == pytest.approx(squares, rel=1e-5)
