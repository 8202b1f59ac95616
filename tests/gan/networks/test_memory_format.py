"""Facts about channels-last: the same numbers, and no hidden copies to another layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lab.gan.networks.spectral import TopSingularValues, orthonormal_departure
from tests.gan.networks.builds import (
    ARCHITECTURES,
    codes,
    images,
    labels,
    seeded,
    small_critic,
    small_generator,
    with_norms,
)

BATCH = 5
VIEWS = ("view", "permute", "expand", "split", "slice", "transpose")


class _LayoutWatch(TorchDispatchMode):
    """Notes each operation, forward and backward, that makes an activation of another layout."""

    def __init__(self) -> None:
        super().__init__()
        self.watched = 0
        self.strayed: list[str] = []

    def __torch_dispatch__(
        self,
        operation: Any,
        types: Sequence[type],
        arguments: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:
        result = operation(*arguments, **(named or {}))
        for made in result if isinstance(result, (tuple, list)) else (result,):
            if not isinstance(made, Tensor) or made.dim() != 4 or made.shape[0] != BATCH:
                continue
            if any(f"aten.{view}" in str(operation) for view in VIEWS):
                continue
            self.watched += 1
            if not made.is_contiguous(memory_format=torch.channels_last):
                self.strayed.append(f"{operation} {tuple(made.shape)} {made.stride()}")
        return result


def ways() -> list[Any]:
    """Every critic both ways; one of each, in turn, is slow."""
    both = [(False, 28), (True, 32)]
    return [
        pytest.param(*build, *way, marks=pytest.mark.slow if (index + i) % 2 else ())
        for index, build in enumerate(with_norms())
        for i, way in enumerate(both)
    ]


@pytest.mark.parametrize(("architecture", "norm", "autocast", "resolution"), ways())
def test_activations_and_their_gradients_stay_channels_last(
    architecture: str, norm: str, autocast: bool, resolution: int
) -> None:
    sizes = {"architecture": architecture, "resolution": resolution, "conditional": True}
    G = small_generator(**sizes).to(memory_format=torch.channels_last)
    D = small_critic(critic_norm=norm, **sizes).to(memory_format=torch.channels_last)
    with _LayoutWatch() as watch:
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = D(G(codes(BATCH), labels(BATCH)), labels(BATCH))
        logits.sum().backward()
    assert watch.watched > 20
    assert watch.strayed == []


def test_the_watch_notices_a_copy_to_another_layout() -> None:
    with _LayoutWatch() as watch:
        images(BATCH).to(memory_format=torch.channels_last).contiguous()
    assert watch.strayed


def layouts_agree(build: Callable[..., Any], channels: int, **network: Any) -> None:
    """Outputs and gradients of a network are those of the other layout."""

    def outcomes(memory: torch.memory_format) -> list[Tensor]:
        made = build(channels=channels, **network).double().to(memory_format=memory)
        x = (codes() if build is small_generator else images(channels=channels)).double()
        outputs = made(x)
        outputs.square().sum().backward()
        outcome = [outputs, *(parameter.grad for parameter in made.parameters())]
        if build is small_critic:
            outcome += [made.features(x), orthonormal_departure(made.layers())]
            outcome.append(TopSingularValues(made.layers(), seeded()).read())
        return outcome

    plain, last = outcomes(torch.contiguous_format), outcomes(torch.channels_last)
    for a, b in zip(plain, last, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("architecture", "norm", "channels"),
    [(*build, 1 + 2 * (index % 2)) for index, build in enumerate(with_norms())],
)
def test_critics_channels_last_equal_contiguous(
    architecture: str, norm: str, channels: int
) -> None:
    layouts_agree(small_critic, channels, architecture=architecture, critic_norm=norm)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("channels", [1, 3])
def test_generators_channels_last_equal_contiguous(architecture: str, channels: int) -> None:
    layouts_agree(small_generator, channels, architecture=architecture)
