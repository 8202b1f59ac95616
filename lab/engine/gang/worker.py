"""What each worker of a gang does: take an order, carry it out in lock-step, report the outcome.

`carry_out_orders` is the train function of a Ray Train `TorchTrainer`, which has set up the
process group when it calls it. It raises only when the gang must be started again.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from lab.engine.gang.mailbox import Order, RankError
from lab.engine.runs import Answer, Evaluations, JobMessage, answer_of
from lab.errors import InputError


class GangBroken(RuntimeError):
    """Raised out of the train function, so that Ray Train starts the workers again."""


def carry_out_orders(settings: dict[str, Any]) -> None:
    """The train function: serves orders on every rank until the order to end."""
    import ray
    import torch
    import torch.distributed as dist
    from ray.train import get_context
    from ray.train.torch import get_device

    from lab.engine.cluster import this_node, working_machines
    from lab.gan.ranks import Ranks

    torch.set_num_threads(settings["threads"])
    context = get_context()
    ranks = Ranks(context.get_world_rank(), context.get_world_size())
    mailbox = settings["mailbox"]
    name = [uuid.uuid4().hex]
    nodes: list[Any] = [None] * ranks.num_ranks
    dist.all_gather_object(nodes, this_node())
    if ranks.rank == 0:
        ray.get(mailbox.enlist.remote(name[0], tuple(nodes), frozenset(working_machines())))
    dist.broadcast_object_list(name, src=0)
    start = resolve_name(settings["start_run"])
    device = get_device().type  # Ray Train has made it the current one
    rank = _Rank(ranks, name[0], lambda job: start(job, device=device, ranks=ranks), mailbox)
    rank.serve(ray.get)


class _Rank:
    """One worker: the run under way, if any, and the mailbox that it answers to."""

    def __init__(
        self, ranks: Any, group: str, start: Callable[[JobMessage], Evaluations], mailbox: Any
    ) -> None:
        self.ranks = ranks
        self.group = group
        self.start = start
        self.mailbox = mailbox
        self.run: int | None = None
        self.evaluations: Any = None

    def serve(self, get: Callable[[Any], Any]) -> None:
        """Take order after order; returns at the order to end."""
        serial = 0
        while True:
            order = get(self.mailbox.next_order.remote(self.group, serial))
            if order is None:
                raise GangBroken("another worker of this gang failed")
            serial = order.serial
            try:
                answer = self._carry_out(order)
            except Exception as error:
                self._forget()
                report = _rank_error(error, self.ranks.rank)
                if not get(self.mailbox.fail.remote(self.group, self.ranks.rank, serial, report)):
                    raise GangBroken(report.summary) from error
                continue
            if order.action == "end":
                return
            if self.ranks.rank == 0:
                get(self.mailbox.deliver.remote(self.group, serial, answer))

    def _carry_out(self, order: Order) -> Answer:
        if order.run != self.run or order.action != "step":
            self._close()
        if order.action != "step":
            return {}
        if self.evaluations is None:
            assert order.job is not None
            self.evaluations = self.start({**order.job, "attempt": order.attempt})
            self.run = order.run
        answer = answer_of(next(self.evaluations))
        if answer["verdict"] is not None:
            self._close()
        return answer

    def _close(self) -> None:
        evaluations = self.evaluations
        self._forget()
        if evaluations is not None:
            evaluations.close()

    def _forget(self) -> None:
        self.run = self.evaluations = None


def _rank_error(error: Exception, rank: int) -> RankError:
    return RankError(
        "".join(traceback.format_exception(error)),
        mistake=str(error) if isinstance(error, InputError) else None,
        of_rank=getattr(error, "rank", rank),
        usable=_device_answers(),
        collateral=_is_collateral(error),
    )


def _is_collateral(error: Exception) -> bool:
    """Whether a collective was aborted, which another rank or the network caused.

    gloo raises plain RuntimeErrors; they are recognised by the source file that they name.
    """
    import torch.distributed as dist

    return isinstance(error, dist.DistError) or "gloo/transport" in str(error)


def _device_answers() -> bool:
    """Whether the device still works: after an illegal access a GPU fails every call."""
    import torch

    try:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
    except RuntimeError:
        return False
    return True
