"""The workers that compute one run together, and their collectives.

Collectives go over torch.distributed's default group and are called by every rank in the same
order; a run on one worker needs no group and pays nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lab.errors import InputError

Made = TypeVar("Made")

_NEWER = "forward_sync_buffers" in inspect.signature(DistributedDataParallel).parameters
WITHOUT_BUFFERS: dict[str, Any] = {
    "forward_sync_buffers" if _NEWER else "broadcast_buffers": False
}
"""torch 2.13 renamed the argument and warns of the old name."""


class RankFailed(RuntimeError):
    """An exception of one rank, raised on all of them so that they stay in step."""


class RanksDisagree(RuntimeError):
    """A tensor that must be equal on every rank differs."""


@dataclass(frozen=True)
class Ranks:
    """This worker among those of its run."""

    rank: int = 0
    num_ranks: int = 1

    @property
    def first(self) -> bool:
        """Whether this is rank 0, the only one that touches the run's folder."""
        return self.rank == 0

    @property
    def several(self) -> bool:
        return self.num_ranks > 1

    def sum(self, values: Tensor) -> Tensor:
        """The sum over ranks, the same bits on each; differentiable any number of times."""
        if not self.several:
            return values
        total: Tensor = _SumOverRanks.apply(values)  # type: ignore[no-untyped-call]
        return total

    def wrapped(self, objective: nn.Module, *, some_unused: bool = False) -> nn.Module:
        """The objective, its gradients averaged over ranks in the backward pass.

        `some_unused`: weights may have no part in it, as those of stages that have not grown yet.
        Buffers are not sent: identical weights give identical spectral vectors, and batch norm
        takes its statistics over all ranks itself.
        """
        if not self.several:
            return objective
        return DistributedDataParallel(
            objective,
            **WITHOUT_BUFFERS,
            gradient_as_bucket_view=True,
            find_unused_parameters=some_unused,
        )

    def from_first(self, make: Callable[[], Made]) -> Made:
        """What `make` returns on rank 0, handed to every rank; what it raises is raised on all."""
        if not self.several:
            return make()
        message: list[Any] = [_outcome(make) if self.first else None]
        dist.broadcast_object_list(message, src=0)
        made: Made = _opened(message[0])
        return made

    def gather(self, mine: Made) -> list[Made] | None:
        """The values of all ranks, in order, on rank 0; None on the others."""
        if not self.several:
            return [mine]
        gathered: list[Any] | None = [None] * self.num_ranks if self.first else None
        dist.gather_object(mine, gathered)
        return gathered

    def everywhere(self, make: Callable[[], Made]) -> Made:
        """What `make` returns here, once it has returned on every rank.

        Rank 0 goes first, so that the others can use its caches. An exception of any rank is
        raised on all.
        """
        if not self.several:
            return make()
        mine = _outcome(make) if self.first else None
        self.from_first(lambda: None)
        if mine is None:
            mine = _outcome(make)
        errors: list[Any] = [None] * self.num_ranks
        dist.all_gather_object(errors, mine.error)
        for rank, error in enumerate(errors):
            if error is not None:
                error.rank = rank  # whose machine it is about
                raise error
        made: Made = _opened(mine)
        return made

    def require_agreement(self, tensors: Mapping[str, Tensor]) -> None:
        """Raise RanksDisagree, naming the first tensor whose bits differ between ranks."""
        if not self.several:
            return
        sums = torch.stack([_bit_sum(tensor) for tensor in tensors.values()])
        extremes = torch.stack([sums, -sums])
        dist.all_reduce(extremes, op=dist.ReduceOp.MAX)
        differing = (extremes[0] != -extremes[1]).nonzero().flatten().tolist()
        if differing:
            name = list(tensors)[differing[0]]
            raise RanksDisagree(
                f"{name} differs between the {self.num_ranks} workers of this run, and with it "
                f"{len(differing) - 1} other tensors; they must hold the same weights: do all "
                "workers run the same versions on the same kind of processor?"
            )


ALONE = Ranks()


class _SumOverRanks(torch.autograd.Function):
    """y = sum over ranks of x. Every rank's y depends on every rank's x, so the gradient is a
    sum over ranks as well, and so is its own."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return _SumOverRanks.apply(gradient)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class _Outcome:
    value: Any = None
    error: Exception | None = None


def _outcome(make: Callable[[], Any]) -> _Outcome:
    try:
        return _Outcome(make())
    except InputError as error:
        return _Outcome(error=error)
    except Exception as error:
        failed = RankFailed(f"{type(error).__name__}: {error}")
        failed.__cause__ = error
        return _Outcome(error=failed)


def _opened(outcome: _Outcome) -> Any:
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def without_sending(objective: nn.Module) -> AbstractContextManager[Any]:
    """Passes in here keep their gradients on the worker; the next one outside sends the sum."""
    if isinstance(objective, DistributedDataParallel):
        context: AbstractContextManager[Any] = objective.no_sync()  # type: ignore[no-untyped-call]
        return context
    return nullcontext()


_BIT_TYPES = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def _bit_sum(tensor: Tensor) -> Tensor:
    """The sum of a tensor's elements, their bits read as integers (modulo 2^64); []."""
    bits = tensor.detach().view(_BIT_TYPES[tensor.element_size()])
    return bits.sum(dtype=torch.int64)
