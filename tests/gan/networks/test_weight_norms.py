"""Facts about weight normalisation and the orthonormal regularisation."""

from __future__ import annotations

import pytest
import torch

from lab.gan.networks.initialisation import normal
from lab.gan.networks.layers import Conv2d, Embedding, Linear
from lab.gan.networks.spectral import Layer, TopSingularValues, orthonormal_departure
from tests.gan.networks.builds import images, seeded, small_critic


def _ready(layer: Layer) -> Layer:
    layer = layer.double()
    layer.initialise(seeded())
    return layer


def _layers() -> list[Layer]:
    fill = normal(0.3)
    return [
        _ready(Conv2d(5, 8, 3, fill=fill, weight_norm="weight")),
        _ready(Linear(12, 3, fill=fill, weight_norm="weight")),
        _ready(Embedding(10, 6, fill=fill, weight_norm="weight")),
    ]


@pytest.mark.parametrize("layer", _layers())
def test_a_gain_is_the_length_of_its_row_and_rows_start_as_drawn(layer: Layer) -> None:
    torch.testing.assert_close(layer.effective_weight(), layer.weight)
    assert layer.gain is not None
    with torch.no_grad():
        layer.gain.copy_(torch.arange(1.0, len(layer.gain) + 1))
        layer.weight.mul_(7.0)
    lengths = torch.linalg.vector_norm(layer.effective_weight().flatten(1), dim=1)
    torch.testing.assert_close(lengths, layer.gain)


def test_the_gradients_are_those_of_the_paper() -> None:
    layer = _layers()[1]
    assert layer.gain is not None
    upstream = torch.randn(3, 12, dtype=torch.float64, generator=seeded(1))
    (layer.effective_weight() * upstream).sum().backward()
    v, g = layer.weight.detach(), layer.gain.detach()[:, None]
    length = torch.linalg.vector_norm(v, dim=1, keepdim=True)
    # Salimans & Kingma 2016, eq. 3
    to_gain = (upstream * v).sum(1, keepdim=True) / length
    to_weight = g / length * upstream - g * to_gain / length**2 * v
    torch.testing.assert_close(layer.gain.grad, to_gain.squeeze(1))
    torch.testing.assert_close(layer.weight.grad, to_weight)


def test_a_row_of_one_number_is_left_as_it_is() -> None:
    layer = Conv2d(1, 4, 1, fill=normal(0.3), weight_norm="weight")
    assert layer.gain is None
    assert layer.effective_weight() is layer.weight


def test_weight_norm_adds_a_gain_a_row_and_other_norms_no_parameter() -> None:
    def size(norm: str) -> int:
        return sum(weight.numel() for weight in small_critic(critic_norm=norm).parameters())

    rows = sum(len(layer.weight) for layer in small_critic().layers())
    assert size("weight") == size("none") + rows
    assert size("orthonormal") == size("spectral") == size("none")


def test_the_departure_is_zero_for_orthonormal_rows_or_columns() -> None:
    wide, tall = (Linear(*size, fill=normal(1.0)).double() for size in ((7, 3), (3, 7)))
    for layer in (wide, tall):
        torch.nn.init.orthogonal_(layer.weight, generator=seeded())
    assert orthonormal_departure([wide, tall]).item() < 1e-20


def test_the_departure_has_the_gradient_of_the_papers_product() -> None:
    layer = _ready(Conv2d(5, 8, 3, fill=normal(0.3), weight_norm="none"))
    (ours,) = torch.autograd.grad(orthonormal_departure([layer]), layer.weight)
    matrix = layer.weight.flatten(1)
    paper = (matrix.t() @ matrix - torch.eye(45, dtype=matrix.dtype)).square().sum()
    (theirs,) = torch.autograd.grad(paper, layer.weight)
    torch.testing.assert_close(ours, theirs)


def test_reading_singular_values_moves_no_vector_of_spectral_norm() -> None:
    critic = small_critic()
    sigmas = TopSingularValues(critic.layers(), seeded())
    before = {name: value.clone() for name, value in critic.state_dict().items()}
    critic(images()).sum().backward()
    sigmas.read()
    assert all(torch.equal(before[name], now) for name, now in critic.state_dict().items())
    assert not sigmas.state_dict()
