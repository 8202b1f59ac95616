"""A step never waits for the device: nothing of it reads a tensor's value on the host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lab.config import LossName, PenaltyKind, choices
from lab.gan.average import update_average
from lab.stability.signals import SignalWindow
from tests.gan.games import real_images, small_game

READS = {
    torch.ops.aten._local_scalar_dense.default,  # item(), bool(), int(), float(), `if tensor:`
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.equal.default,
    torch.ops.aten.is_nonzero.default,
}


class Waited(AssertionError):
    pass


class _NoReads(TorchDispatchMode):
    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        indices = args[1] if func is torch.ops.aten.index.Tensor else ()
        by_mask = any(index is not None and index.dtype == torch.bool for index in indices)
        if func in READS or by_mask:  # the size of what a mask picks is read on the host
            raise Waited(str(func))
        return func(*args, **(kwargs or {}))


@contextmanager
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raise Waited for whatever would make the host wait for a GPU."""

    def refused(tensor: torch.Tensor, *_: object) -> None:
        raise Waited("copied to the host")

    with monkeypatch.context() as patch, _NoReads():
        for name in ("tolist", "numpy", "cpu", "__array__"):
            patch.setattr(torch.Tensor, name, refused)
        yield


@pytest.mark.parametrize(
    "read",
    [
        torch.Tensor.item,
        torch.Tensor.tolist,
        torch.Tensor.cpu,
        bool,
        float,
        lambda one: torch.arange(3)[one.expand(3) > 0],
        lambda one: torch.nn.utils.get_total_norm([one], error_if_nonfinite=True),
    ],
)
def test_the_guard_catches_a_read(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = torch.ones(())
    name = getattr(read, "__name__", "")
    with pytest.raises(Waited), no_waiting(monkeypatch):
        getattr(one, name)() if name in ("tolist", "cpu") else read(one)


@pytest.mark.parametrize("kind", choices(PenaltyKind))
@pytest.mark.parametrize("loss", choices(LossName))
def test_no_step_waits(loss: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game = small_game(
        {
            "loss": loss,
            "penalty.kind": kind,
            "penalty.clip": 1.0,
            "network.conditional": True,
            "optimizer.schedule": "linear",
        }
    )
    window = SignalWindow()
    batches = [real_images(game)(i) for i in range(2)]
    with no_waiting(monkeypatch):
        for batch in batches:
            step = game.step(lambda _, batch=batch: batch)
            window.add(game.images_seen, step.observed._asdict())

    assert game.num_steps_done == 2
    assert window.close()["signal_non_finite"] == 0


@pytest.mark.parametrize("norm", ["spectral", "none"])
def test_no_probed_step_waits(norm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from lab.run.probe import Probe

    game = small_game({"network.critic_norm": norm})
    batch, probe = real_images(game)(0), Probe(game)
    window = SignalWindow()
    with no_waiting(monkeypatch):
        probed = probe.step(lambda _: batch, batch)
        window.add(game.images_seen, probed.observed._asdict(), *probed.sampled)
        after = probe.step_after(lambda _: batch)
        window.add(game.images_seen, after.observed._asdict(), *after.sampled)
        update_average(game.average, game.generator, 0.5)

    assert {"signal_lipschitz", "signal_critic_update_cosine"} < set(window.close())
