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


@pytest.mark.parametrize(("architecture", "norm"), with_norms())
@pytest.mark.parametrize(("autocast", "resolution"), [(False, 28), (True, 32)])
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


@pytest.mark.parametrize(
    ("architecture", "norm", "channels"),
    [(*build, 1 + 2 * (index % 2)) for index, build in enumerate(with_norms())],
)
def test_channels_last_equals_contiguous(architecture: str, norm: str, channels: int) -> None:
    def outcomes(build: Callable[..., Any], memory: torch.memory_format) -> list[Tensor]:
        network = build(architecture=architecture, critic_norm=norm, channels=channels)
        network.double().to(memory_format=memory)
        x = codes() if build is small_generator else images(channels=channels)
        made = network(x.double())
        made.square().sum().backward()
        outcome = [made, *(parameter.grad for parameter in network.parameters())]
        if build is small_critic:
            outcome += [network.features(x.double()), orthonormal_departure(network.layers())]
            outcome.append(TopSingularValues(network.layers(), seeded()).read())
        return outcome

    for build in (small_generator, small_critic):
        plain = outcomes(build, torch.contiguous_format)
        last = outcomes(build, torch.channels_last)
        for a, b in zip(plain, last, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)
