"""Between a slot and the workers of its gang: orders one way, answers the other.

A gang is a long-lived group of ranks that take run after run. The slot gives one order at a time;
every rank asks for the newest, all carry it out in lock-step, and rank 0 answers. An order is
complete in itself, so a group that died and was started again carries out the same order: the run
continues from its checkpoint. This file imports no Ray; `lab.engine.gang.gang` makes it an actor.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lab.engine.runs import Answer, JobMessage

AGREEMENT_SECONDS = 5.0
"""Ranks that fail together report within this time; a gang with silent ranks is started again."""


class Order(NamedTuple):
    """What every rank of a gang does next."""

    serial: int
    action: Literal["step", "close", "end"]
    run: int
    """Counts the runs of the gang: another number is another run."""
    job: JobMessage | None
    attempt: int
    """Starts since the run's last stored evaluation."""


class RankError(NamedTuple):
    """What one rank raised."""

    text: str
    """The traceback."""
    mistake: str | None
    """The sentence of an InputError, which is a person's mistake."""
    of_rank: int = 0
    """The rank that raised it first; others may have raised it with that one."""
    usable: bool = True
    """Whether the rank's device still answers."""
    collateral: bool = False
    """Whether the error only means that another rank is gone."""

    @property
    def summary(self) -> str:
        """One line."""
        return self.mistake or self.text.strip().rpartition("\n")[2]


@dataclass
class _Group:
    """One start of the gang's workers."""

    name: str
    nodes: tuple[str, ...]
    """Identity of each rank's machine."""
    errors: dict[int, RankError] = field(default_factory=dict)
    """By rank, of the outstanding order."""
    all_failed: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False
    """Whether it gets no further orders because it is to be started again."""


class Mailbox:
    """Holds at most one order; answers to earlier orders, or from earlier groups, are dropped."""

    def __init__(self, agreement_seconds: float = AGREEMENT_SECONDS) -> None:
        self._agreement_seconds = agreement_seconds
        self._order: Order | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._group: _Group | None = None
        self._taken = False
        """Whether a rank of the present group or an earlier one took the outstanding order."""
        self._deaths: list[_Group] = []
        """Groups that died at the present run since its last evaluation, by its own fault as far
        as is known yet."""
        self._has_progressed = False
        """Whether the present run has stored an evaluation since the gang took it."""
        self._failure: Literal["own", "machine"] | None = None
        """How the present group failed; None while it has not."""
        self._collateral = ""
        self._end: Answer | None = None
        self._news = asyncio.Condition()

    async def carry_out(
        self, action: Literal["step", "close"], run: int, job: JobMessage
    ) -> Answer:
        """Give an order and wait for its answer."""
        if self._end is not None:
            return self._end
        assert self._answer is None, self._order
        if self._order is None or self._order.run != run:
            self._deaths, self._collateral, self._has_progressed = [], "", False
        self._post(action, run, job)
        self._answer = asyncio.get_running_loop().create_future()
        await self._announce()
        return await self._answer

    async def finish(self) -> None:
        """Order every rank to return; an outstanding order is dropped."""
        self._settle({"end": "the gang was asked to end"})
        self._post("end", 0, None)
        await self._announce()

    async def ended(self, end: Answer) -> None:
        """The gang is gone: `end` answers the outstanding order and every later one."""
        self._end = end
        self._settle(end)
        await self._announce()

    async def failed(self, *, machine_was_taken: bool) -> None:
        """Ray Train saw workers of the present group fail; it starts a new group.

        `machine_was_taken`: by Ray's own account a machine was preempted.
        """
        self._failure = "machine" if machine_was_taken else "own"

    async def enlist(
        self, group: str, nodes: tuple[str, ...], alive: frozenset[str] | None = None
    ) -> None:
        """A group of workers is ready; the outstanding order is for them.

        `nodes`: the machine of each rank; `alive`: the machines that the cluster has now.
        A run that killed as many groups in a row as it may have attempts is given up. A group
        that was replaced because there is room for more workers counts as no death, and neither
        does one that lost a machine.
        """
        before, failure = self._group, self._failure
        self._group, self._failure = _Group(group, nodes), None
        if self._answer is not None and self._taken:
            self._taken = False
            if failure == "own" and before is not None:
                self._deaths.append(before)
            if alive is not None:  # the loss of a machine may be known at the next death only
                self._deaths = [one for one in self._deaths if alive.issuperset(one.nodes)]
            self._give_up_if_poisonous()
        await self._announce()

    async def next_order(self, group: str, after: int) -> Order | None:
        """The order after number `after`, once there is one; None for a group that is to leave."""
        async with self._news:
            await self._news.wait_for(lambda: not self._is_present(group) or self._is_new(after))
        if not self._is_present(group):
            return None
        self._taken = True
        return self._order

    async def deliver(self, group: str, serial: int, answer: Answer) -> None:
        """Take rank 0's answer to an order."""
        if self._is_present(group) and self._is_outstanding(serial):
            self._deaths, self._collateral = [], ""
            self._has_progressed |= "row" in answer
            self._settle(answer)

    async def fail(self, group: str, rank: int, serial: int, error: RankError) -> bool:
        """Take what a rank raised at an order; returns whether the rank may take the next one.

        A group whose ranks all raised the same error is in step and stays. In any other, a rank
        may be stuck in a collective: the group is broken, and its ranks leave when they ask
        again.
        """
        present = self._group
        if present is None or present.name != group or not self._is_outstanding(serial):
            return False
        if error.collateral:
            present.broken, self._collateral = True, error.text
            return False
        present.errors[rank] = error
        all_failed = present.all_failed
        if len(present.errors) == len(present.nodes):
            self._conclude_failure(present)
        try:
            await asyncio.wait_for(all_failed.wait(), self._agreement_seconds)
        except TimeoutError:
            self._conclude_failure(present)
        return not present.broken

    def _conclude_failure(self, group: _Group) -> None:
        """Answer with what was raised, and release the ranks that wait in `fail`."""
        if group.all_failed.is_set() or not group.errors:
            return
        errors = [error for _, error in sorted(group.errors.items())]
        is_same = len({error.summary for error in errors}) == 1
        complete = len(errors) == len(group.nodes)
        group.broken = not (is_same and complete and all(error.usable for error in errors))
        mistaken = [error for error in errors if error.mistake is not None]
        if mistaken:
            node = group.nodes[mistaken[0].of_rank]
            self._settle({"mistake": mistaken[0].mistake, "node": node})
        else:
            texts = [error.text for error in errors]
            self._settle({"error": texts[0] if is_same else "\n".join(texts)})
        group.all_failed.set()
        if not group.broken:
            group.errors = {}
            group.all_failed = asyncio.Event()

    def _give_up_if_poisonous(self) -> None:
        order = self._order
        assert order is not None
        if order.action != "step":
            return
        assert order.job is not None
        attempt = self._attempt_of(order.job)
        if attempt > order.job["max_attempts"]:
            times = f"{len(self._deaths)} times" if len(self._deaths) > 1 else "once"
            died = f"the workers of this run died {times} since its last evaluation"
            self._settle({"error": f"{self._collateral}\n{died}".strip()})
            return
        self._order = order._replace(attempt=attempt)

    def _post(
        self, action: Literal["step", "close", "end"], run: int, job: JobMessage | None
    ) -> None:
        serial = 1 if self._order is None else self._order.serial + 1
        attempt = 0 if job is None else self._attempt_of(job)
        self._order = Order(serial, action, run, job, attempt)
        self._taken = False

    def _attempt_of(self, job: JobMessage) -> int:
        """Starts of the run since its last stored evaluation, the present one included."""
        first: int = 1 if self._has_progressed else job["attempt"]
        return first + len(self._deaths)

    def _settle(self, answer: Answer) -> None:
        if self._answer is None:
            return
        assert self._order is not None
        waiting, self._answer = self._answer, None
        if not waiting.done():
            waiting.set_result({**answer, "attempt": self._order.attempt})

    def _is_present(self, group: str) -> bool:
        present = self._group
        return present is not None and present.name == group and not present.broken

    def _is_new(self, after: int) -> bool:
        order = self._order
        if order is None or order.serial <= after:
            return False
        return self._answer is not None or order.action == "end"

    def _is_outstanding(self, serial: int) -> bool:
        order = self._order
        return self._answer is not None and order is not None and order.serial == serial

    async def _announce(self) -> None:
        async with self._news:
            self._news.notify_all()
