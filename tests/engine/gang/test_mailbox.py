"""Orders and answers between a slot and its gang, played without Ray: the ranks are coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from lab.engine.gang.mailbox import Mailbox, Order, RankError

ROW = {"row": "{}", "verdict": None, "score": None}
PATIENCE = 0.05
ONE, TWO = ("here",), ("here", "there")
"""The machines of a group's ranks."""


def job(attempt: int = 1) -> dict[str, Any]:
    return {"attempt": attempt, "max_attempts": 3}


def error(says: str = "ValueError: no", **values: Any) -> RankError:
    return RankError(f"Traceback\n{says}\n", **{"mistake": None, **values})


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 20))


async def ordered(mailbox: Mailbox, run: int = 1, attempt: int = 1) -> asyncio.Task[Any]:
    """An order that is given and waited for elsewhere."""
    task = asyncio.create_task(mailbox.carry_out("step", run, job(attempt)))
    await asyncio.sleep(0)
    return task


async def taken(mailbox: Mailbox, group: str, after: int = 0) -> Order:
    order = await mailbox.next_order(group, after)
    assert order is not None
    return order


async def died(mailbox: Mailbox, group: str) -> Order | None:
    """A group takes the order and dies; None when the order had been given up."""
    await mailbox.enlist(group, TWO)
    waiting = asyncio.create_task(mailbox.next_order(group, 0))
    done, _ = await asyncio.wait([waiting], timeout=PATIENCE)
    await mailbox.failed(machine_was_taken=False)
    return waiting.result() if done else None


def test_every_rank_gets_the_order_and_rank_0_answers() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", TWO)
        asked = [asyncio.create_task(mailbox.next_order("a", 0)) for _ in range(2)]
        answer = await ordered(mailbox)
        first, second = await asyncio.gather(*asked)
        assert first == second == Order(1, "step", 1, job(), 1)
        await mailbox.deliver("a", 1, ROW)
        assert await answer == {**ROW, "attempt": 1}

    play(scene())


def test_an_order_given_before_the_workers_are_there_waits_for_them() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox)
        await mailbox.enlist("a", TWO)
        order = await taken(mailbox, "a")
        assert order.attempt == 1
        await mailbox.deliver("a", order.serial, ROW)
        assert (await answer)["attempt"] == 1

    play(scene())


def test_an_answered_order_is_not_taken_again() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", ONE)
        answer = await ordered(mailbox)
        await taken(mailbox, "a")
        await mailbox.deliver("a", 1, ROW)
        await answer
        await mailbox.enlist("b", ONE)
        waiting = asyncio.create_task(mailbox.next_order("b", 0))
        await asyncio.wait([waiting], timeout=PATIENCE)
        assert not waiting.done()
        await ordered(mailbox)
        assert (await waiting).serial == 2

    play(scene())


def test_a_group_that_died_leaves_the_order_to_the_next_one() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox)
        order = await died(mailbox, "a")
        late = asyncio.create_task(mailbox.next_order("a", order.serial))
        await mailbox.enlist("b", TWO)
        again = await taken(mailbox, "b")
        assert (again.serial, again.job, again.attempt) == (order.serial, order.job, 2)
        assert await late is None
        await mailbox.deliver("a", order.serial, {**ROW, "score": 9.0})
        assert not answer.done()
        await mailbox.deliver("b", order.serial, ROW)
        assert (await answer)["score"] is None

    play(scene())


def test_a_run_that_kills_every_group_is_given_up_after_its_attempts() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox)
        attempts = [(await died(mailbox, group)).attempt for group in "abc"]
        assert attempts == [1, 2, 3]
        assert await died(mailbox, "d") is None
        given_up = await answer
        assert "died 3 times since its last evaluation" in given_up["error"]
        assert given_up["attempt"] == 3

    play(scene())


def test_attempts_before_this_gang_count() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox, attempt=3)
        assert (await died(mailbox, "a")).attempt == 3
        assert await died(mailbox, "b") is None
        assert "died once" in (await answer)["error"]

    play(scene())


def test_an_evaluation_between_deaths_is_progress() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        for death in range(6):
            answer = await ordered(mailbox)
            order = await died(mailbox, f"a{death}")
            await mailbox.enlist(f"b{death}", TWO)
            again = await taken(mailbox, f"b{death}", order.serial - 1)
            assert again.attempt == 2
            await mailbox.deliver(f"b{death}", again.serial, ROW)
            assert "row" in await answer

    play(scene())


def test_growth_and_lost_machines_cost_a_run_nothing() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox)
        order = None
        for event in ("grew", "grew", "grew", "preempted", "lost", "lost"):
            await mailbox.enlist(event, TWO, frozenset({"here", "elsewhere"}))
            order = await taken(mailbox, event)
            assert order.attempt == 1
            if event == "preempted":
                await mailbox.failed(machine_was_taken=True)
            if event == "lost":  # the machine "there", though Ray tells of a plain failure
                await mailbox.failed(machine_was_taken=False)
        await mailbox.enlist("last", ("here", "elsewhere"), frozenset({"here", "elsewhere"}))
        assert (await taken(mailbox, "last")).attempt == 1
        await mailbox.failed(machine_was_taken=False)  # both machines are there: its own fault
        await mailbox.enlist("again", ("here", "elsewhere"), frozenset({"here", "elsewhere"}))
        assert (await taken(mailbox, "again")).attempt == 2
        answer.cancel()

    play(scene())


def test_a_loss_of_a_machine_that_is_known_late_is_taken_back() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox)
        everything = frozenset("abcdef")
        for group, gone in zip("abcde", ("", "", "a", "ab", "abc"), strict=True):
            await mailbox.enlist(group, (group,), everything - set(gone))
            order = await taken(mailbox, group)
            assert order.attempt == (1 if group == "a" else 2)
            await mailbox.failed(machine_was_taken=False)
        answer.cancel()

    play(scene())


def test_attempts_before_an_evaluation_count_no_more() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox, attempt=3)
        await mailbox.enlist("a", TWO)
        await mailbox.deliver("a", (await taken(mailbox, "a")).serial, ROW)
        assert (await answer)["attempt"] == 3
        answer = await ordered(mailbox, attempt=3)
        assert [(await died(mailbox, group)).attempt for group in "bcd"] == [1, 2, 3]
        assert await died(mailbox, "e") is None
        assert (await answer)["attempt"] == 3

    play(scene())


def test_ranks_that_fail_alike_stay_and_take_the_next_run() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", TWO)
        answer = await ordered(mailbox)
        await taken(mailbox, "a")
        stays = await asyncio.gather(*(mailbox.fail("a", rank, 1, error()) for rank in (0, 1)))
        assert stays == [True, True]
        assert await answer == {"error": error().text, "attempt": 1}
        await ordered(mailbox, run=2)
        assert (await taken(mailbox, "a", 1)).run == 2

    play(scene())


def test_a_rank_that_fails_alone_leaves_after_a_while() -> None:
    async def scene() -> None:
        mailbox = Mailbox(PATIENCE)
        await mailbox.enlist("a", TWO)
        answer = await ordered(mailbox)
        await taken(mailbox, "a")
        assert not await mailbox.fail("a", 1, 1, error())
        assert (await answer)["error"] == error().text
        assert await mailbox.next_order("a", 1) is None
        next_answer = await ordered(mailbox, run=2)
        await mailbox.enlist("b", TWO)
        assert (await taken(mailbox, "b")).attempt == 1
        await mailbox.deliver("b", 2, ROW)
        assert "row" in await next_answer

    play(scene())


def test_ranks_that_fail_differently_leave() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", TWO)
        answer = await ordered(mailbox)
        both = (mailbox.fail("a", 0, 1, error("A")), mailbox.fail("a", 1, 1, error("B")))
        assert await asyncio.gather(*both) == [False, False]
        assert (await answer)["error"] == error("A").text + "\n" + error("B").text

    play(scene())


def test_a_rank_whose_device_is_lost_takes_no_further_run() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", ONE)
        answer = await ordered(mailbox)
        assert not await mailbox.fail("a", 0, 1, error(usable=False))
        assert "error" in await answer

    play(scene())


def test_a_broken_collective_is_a_death_and_no_error_of_the_run() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", TWO)
        answer = await ordered(mailbox)
        await taken(mailbox, "a")
        assert not await mailbox.fail("a", 1, 1, error("reset by peer", collateral=True))
        assert not answer.done()
        await mailbox.failed(machine_was_taken=False)
        await mailbox.enlist("b", TWO)
        assert (await taken(mailbox, "b")).attempt == 2
        answer.cancel()

    play(scene())


def test_a_mistake_arrives_as_its_sentence() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", ONE)
        answer = await ordered(mailbox)
        assert await mailbox.fail("a", 0, 1, error(mistake="the disk is full"))
        assert await answer == {"mistake": "the disk is full", "attempt": 1, "node": "here"}

    play(scene())


def test_a_mistake_names_the_machine_of_the_rank_that_met_it() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", TWO)
        answer = await ordered(mailbox)
        await taken(mailbox, "a")
        met = error(mistake="the cache cannot be written", of_rank=1)
        assert all(await asyncio.gather(*(mailbox.fail("a", rank, 1, met) for rank in (0, 1))))
        assert (await answer)["node"] == "there"

    play(scene())


def test_who_waits_is_told_when_the_gang_is_gone() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        answer = await ordered(mailbox)
        await mailbox.ended({"end": "the controller died"})
        assert (await answer)["end"] == "the controller died"
        assert await mailbox.carry_out("step", 2, job()) == {"end": "the controller died"}

    play(scene())


def test_the_order_to_end_reaches_ranks_that_wait_and_those_that_come_later() -> None:
    async def scene() -> None:
        mailbox = Mailbox()
        await mailbox.enlist("a", ONE)
        waiting = asyncio.create_task(mailbox.next_order("a", 0))
        await asyncio.sleep(0)
        await mailbox.finish()
        assert (await waiting).action == "end"
        await mailbox.enlist("b", ONE)
        assert (await taken(mailbox, "b")).action == "end"

    play(scene())
