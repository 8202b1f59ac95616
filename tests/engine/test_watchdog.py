"""When a run counts as hanging; the watchdog runs without Ray, its kills are a list."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from lab.engine.watchdog import Fate, Watchdog

LIMIT = 0.4
LOOK = 0.05


def watchdog(killed: list[Any], limit: float | None = LIMIT, **values: float) -> Watchdog:
    return Watchdog(limit, killed.append, look_seconds=LOOK, **values)


async def until(killed: list[Any], count: int) -> None:
    while len(killed) < count:
        await asyncio.sleep(LOOK)


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 30))


def test_only_a_run_without_an_evaluation_is_ended() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        dog = watchdog(killed)
        for run in ("hung", "over", "again"):
            await dog.began(run, f"actor of {run}", "node")
        await dog.began("starting", "actor of starting", extra_seconds=60)
        await dog.over("over")
        for _ in range(8):
            await asyncio.sleep(LIMIT / 4)
            await dog.evaluated("again", "actor of again")
        assert killed == ["actor of hung"]
        fate = await dog.fate("hung")
        assert "taken to hang" in str(fate.reason)
        assert fate.node == "node"
        assert await dog.fate("hung") == Fate()
        assert (await dog.fate("again")).reason is None

    play(scene())


def test_a_run_that_was_ended_is_watched_again_when_it_is_tried_again() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        dog = watchdog(killed)
        for number, actor in enumerate(("first", "second")):
            await dog.began("run", actor)
            await until(killed, number + 1)

    play(scene())
    assert killed == ["first", "second"]


def test_without_a_limit_the_intervals_of_the_search_decide() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        dog = watchdog(killed, None, least_seconds=0.0)
        await dog.began("slow to start", "a")
        await dog.began("hangs later", "b")
        await dog.evaluated("hangs later", "b")
        await asyncio.sleep(6 * LOOK)
        assert killed == []  # no interval is known yet
        await dog.began("normal", "c")
        for _ in range(3):
            await dog.evaluated("normal", "c")
            await asyncio.sleep(LOOK)
        await until(killed, 1)
        assert killed == ["b"]  # far beyond ten times the longest interval; the first never is
        assert "longest interval" in str((await dog.fate("hangs later")).reason)
        await dog.over("normal")

    play(scene())


def test_a_silent_process_is_ended_before_its_first_evaluation() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        dog = watchdog(killed, None, silence_seconds=LIMIT)
        await dog.began("stopped", "a")
        await dog.began("lives", "b")
        for _ in range(8):
            await asyncio.sleep(LIMIT / 4)
            await dog.beat("lives", "b")
        assert killed == ["a"]
        assert "no sign of life" in str((await dog.fate("stopped")).reason)

    play(scene())


def test_a_watchdog_that_was_started_again_learns_of_runs_from_their_signs_of_life() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        dog = watchdog(killed)
        await dog.evaluated("run", "its actor", "node")
        await until(killed, 1)
        assert await dog.fate("unknown") == Fate()

    play(scene())
    assert killed == ["its actor"]


def test_a_sign_of_life_that_arrives_after_the_end_changes_nothing() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        dog = watchdog(killed)
        await dog.began("run", "a", "node")
        await until(killed, 1)
        await dog.beat("run", "a", "node")
        await dog.evaluated("run", "a", "node")
        assert "taken to hang" in str((await dog.fate("run")).reason)

    play(scene())
    assert killed == ["a"]
