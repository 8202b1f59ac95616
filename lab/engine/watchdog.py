"""Ends runs that hang: one that reports no evaluation for too long is tried again.

The worker itself may be stopped, so its process is killed from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lab.engine.cluster import on_this_node


def start_watchdog(limit_seconds: float) -> Any:
    """A watchdog as an actor on this node: as the driver, it must outlive every other node."""
    import ray

    actor: Any = ray.remote(Watchdog)
    return actor.options(num_cpus=0, scheduling_strategy=on_this_node()).remote(limit_seconds)


def _kill(actor: Any) -> None:
    import ray

    ray.kill(actor)


class Watchdog:
    """Receives when a run begins, is evaluated and ends. No polling: one timer a run."""

    def __init__(self, limit_seconds: float, kill: Callable[[Any], None] = _kill) -> None:
        self._limit_seconds = limit_seconds
        self._kill = kill
        self._actors: dict[str, Any] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._reasons: dict[str, str] = {}

    async def began(self, run: str, actor: Any, extra_seconds: float = 0.0) -> None:
        """A run began on an actor that may be killed for it.

        `extra_seconds`: what the first evaluation may take beyond the limit.
        """
        self._reasons.pop(run, None)
        self._actors[run] = actor
        self._wind_up(run, extra_seconds)

    async def evaluated(self, run: str) -> None:
        """A run reported an evaluation: its time starts again."""
        if run in self._actors:
            self._wind_up(run)

    async def over(self, run: str) -> None:
        """A run ended or was dropped; there is nothing to watch any more."""
        self._actors.pop(run, None)
        if run in self._timers:
            self._timers.pop(run).cancel()

    async def reason(self, run: str) -> str | None:
        """Why the watchdog killed a run's worker; None if it did not."""
        return self._reasons.pop(run, None)

    def _wind_up(self, run: str, extra_seconds: float = 0.0) -> None:
        if run in self._timers:
            self._timers[run].cancel()
        loop = asyncio.get_running_loop()
        self._timers[run] = loop.call_later(self._limit_seconds + extra_seconds, self._bite, run)

    def _bite(self, run: str) -> None:
        del self._timers[run]
        minutes = self._limit_seconds / 60
        self._reasons[run] = (
            f"no evaluation for {minutes:g} minutes, so the run was taken to hang and its worker "
            "was killed (--hung-after sets the limit)"
        )
        self._kill(self._actors.pop(run))


class Leash:
    """A slot's side of the watchdog, if there is one; no call waits for an answer."""

    def __init__(self, watchdog: Any) -> None:
        self._watchdog = watchdog
        self._run = ""

    def began(self, run: str, extra_seconds: float) -> None:
        """The slot's process trains a run from now on, and may be killed for it."""
        self._run = run
        if self._watchdog is not None:
            import ray

            me = ray.get_runtime_context().current_actor
            self._watchdog.began.remote(run, me, extra_seconds)

    def evaluated(self) -> None:
        """The run reported an evaluation."""
        if self._watchdog is not None:
            self._watchdog.evaluated.remote(self._run)

    def over(self) -> None:
        """The run ended or was dropped."""
        if self._watchdog is not None:
            self._watchdog.over.remote(self._run)
