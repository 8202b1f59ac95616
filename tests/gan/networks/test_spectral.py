"""Facts about the estimate of the top singular value and its division."""

from __future__ import annotations

import copy

import pytest
import torch

from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Conv2d, Embedding, Linear
from lab.gan.networks.spectral import Layer, TopSingularValues
from tests.gan.networks.builds import images, seeded, small_critic


def _layers() -> dict[str, Layer]:
    fill = normal(0.3)
    return {
        "conv3": Conv2d(5, 8, 3, fill=fill, weight_norm="spectral"),
        "conv1": Conv2d(5, 8, 1, fill=fill, weight_norm="spectral"),
        "grey": Conv2d(1, 8, 3, fill=fill, weight_norm="spectral"),
        "linear": Linear(12, 3, fill=fill, weight_norm="spectral"),
        "embedding": Embedding(10, 6, fill=fill, weight_norm="spectral"),
    }


@pytest.mark.parametrize("name", _layers())
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_vectors_converge_to_the_top_singular_value(
    name: str, memory: torch.memory_format
) -> None:
    layer = _layers()[name].double().to(memory_format=memory)
    layer.initialise(seeded())
    for _ in range(500):
        layer.iterate()
    true = torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]
    torch.testing.assert_close(layer.top_singular_value().detach(), true)
    normalised = torch.linalg.svdvals(layer.effective_weight().detach().flatten(1))[0]
    torch.testing.assert_close(normalised, torch.ones_like(true))


def test_fresh_vectors_are_already_close() -> None:
    layer = Conv2d(16, 32, 3, fill=normal(0.02), weight_norm="spectral")
    layer.initialise(seeded())
    true = torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]
    assert 0.9 * true < layer.top_singular_value() <= true * (1 + 1e-5)


def test_gradient_is_that_of_weight_over_sigma_with_the_vectors_constant() -> None:
    layer = Linear(6, 4, fill=normal(1.0), weight_norm="spectral").double()
    layer.initialise(seeded())
    upstream = torch.randn(4, 6, dtype=torch.float64, generator=seeded(1))
    (layer.effective_weight() * upstream).sum().backward()
    weight, u, v = layer.weight.detach(), layer.left, layer.right
    sigma = u @ weight @ v
    # Miyato et al. 2018, eq. 12, for one upstream gradient
    expected = (upstream - (upstream * weight).sum() / sigma * torch.outer(u, v)) / sigma
    assert layer.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, expected)


def test_a_forward_pass_moves_no_vector_and_an_update_moves_each() -> None:
    critic = small_critic(conditional=True)
    before = copy.deepcopy(dict(critic.named_buffers()))
    critic(images(), torch.zeros(4, dtype=torch.int64)).sum().backward()
    assert all(torch.equal(before[name], now) for name, now in critic.named_buffers())
    with torch.no_grad():
        for layer in critic.layers():
            layer.weight.add_(torch.randn(layer.weight.shape, generator=seeded(7)))
    critic.update_spectral_vectors()
    moved = [name for name, now in critic.named_buffers() if not torch.equal(before[name], now)]
    assert sum(name.endswith("right") for name in moved) == len(critic.layers())


@pytest.mark.parametrize("norm", ["spectral", "weight", "none"])
def test_top_singular_values_follow_the_weights(norm: str) -> None:
    critic = small_critic(critic_norm=norm).double()
    with torch.no_grad():
        for layer in critic.layers():
            layer.weight.mul_(3.0)
    sigmas = TopSingularValues(critic.layers(), seeded())
    for _ in range(300):
        critic.update_spectral_vectors()
        estimates = sigmas.read()
    true = [torch.linalg.matrix_norm(layer.matrix().detach(), 2) for layer in critic.layers()]
    torch.testing.assert_close(estimates, torch.stack(true), rtol=1e-3, atol=0.0)
    assert not estimates.requires_grad


def test_without_spectral_norm_weights_apply_as_they_are_and_updates_cost_nothing() -> None:
    critic = small_critic(critic_norm="none")
    before = copy.deepcopy(critic.state_dict())
    critic.update_spectral_vectors()
    assert all(torch.equal(before[name], now) for name, now in critic.state_dict().items())
    assert all(layer.effective_weight() is layer.weight for layer in critic.layers())


def test_sigma_is_taken_in_full_precision_under_autocast() -> None:
    layer = Conv2d(16, 16, 3, fill=normal(1.0), weight_norm="spectral")
    layer.initialise(seeded())
    with torch.autocast("cpu", torch.bfloat16):
        inside, weight = layer.top_singular_value(), layer.effective_weight()
    assert inside.dtype == weight.dtype == torch.float32
    assert torch.equal(inside, layer.top_singular_value())


def test_a_frozen_layer_adds_nothing_to_the_graph() -> None:
    critic = small_critic().requires_grad_(False)
    assert all(not layer.effective_weight().requires_grad for layer in critic.layers())
