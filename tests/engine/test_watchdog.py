"""When a run counts as hanging; the watchdog runs without Ray, its kills are a list."""

from __future__ import annotations

import asyncio
from typing import Any

from lab.engine.watchdog import Watchdog

LIMIT = 0.2


def test_only_a_run_without_an_evaluation_is_ended() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        watchdog = Watchdog(LIMIT, killed.append)
        for run in ("hung", "over", "again"):
            await watchdog.began(run, f"actor of {run}")
        await watchdog.began("starting", "actor of starting", extra_seconds=60)
        await watchdog.over("over")
        for _ in range(5):
            await asyncio.sleep(LIMIT / 2)
            await watchdog.evaluated("again")
        assert killed == ["actor of hung"]
        assert "taken to hang" in str(await watchdog.reason("hung"))
        assert await watchdog.reason("again") is None
        await watchdog.over("again")
        await watchdog.over("starting")

    asyncio.run(scene())


def test_a_run_that_was_ended_is_watched_again_when_it_is_tried_again() -> None:
    killed: list[Any] = []

    async def scene() -> None:
        watchdog = Watchdog(LIMIT, killed.append)
        for actor in ("first", "second"):
            await watchdog.began("run", actor)
            await asyncio.sleep(1.5 * LIMIT)
        await watchdog.evaluated("run")

    asyncio.run(scene())
    assert killed == ["first", "second"]
