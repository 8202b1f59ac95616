"""Ends runs that hang: one whose worker gives no evaluation for too long is tried again.

The worker itself may be stopped in its tracks, so its process is killed from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


def _kill(actor: Any) -> None:
    import ray

    ray.kill(actor)


class Watchdog:
    """Told when a run begins, is evaluated and is over. No polling: one timer a run."""

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
        if run in self._actors:
            self._wind_up(run)

    async def over(self, run: str) -> None:
        """A run ended or was dropped; there is nothing to watch any more."""
        self._actors.pop(run, None)
        if run in self._timers:
            self._timers.pop(run).cancel()

    async def reason(self, run: str) -> str | None:
        """Why a run's worker was killed, if it was killed from here."""
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
            f"no evaluation for {minutes:g} minutes, so the run was taken for hung and its "
            "worker ended (--hung-after sets how long is waited)"
        )
        self._kill(self._actors.pop(run))
