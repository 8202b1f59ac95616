"""Ends runs that hang: one that reports no evaluation for too long is tried again.

The worker itself may be stopped, so its process is killed from outside. Without a limit of the
person's, a run may take ten times the longest interval between two evaluations seen in the search;
before its first evaluation nothing but a silent process ends it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from lab.engine.cluster import on_this_node, this_node

TIMES_THE_LONGEST = 10.0
"""Intervals between evaluations: so many times the longest one seen is taken for a hang."""
LEAST_LIMIT_SECONDS = 600.0
"""No run is taken to hang sooner, however short its intervals are."""
BEAT_SECONDS = 20.0
"""Between two signs of life of a process that trains."""
SILENCE_SECONDS = 300.0
"""A process that was silent for so long is killed: it is stopped, or its machine hangs."""
LOOK_SECONDS = 5.0
"""How often the watchdog looks."""
ANSWER_SECONDS = 10.0
"""How long the search's loop waits for the watchdog's answer."""


class Fate(NamedTuple):
    """What the watchdog knows about a run whose worker is gone."""

    reason: str | None = None
    """Why it killed the worker, if it did."""
    node: str | None = None
    """Identity of the machine that the worker was on."""


def start_watchdog(limit_seconds: float | None) -> Any:
    """A watchdog as an actor on this node: as the driver, it must outlive every other node.

    `limit_seconds`: without an evaluation; None for a multiple of the intervals seen. One that is
    killed is started again, and learns of each run at the run's next sign of life.
    """
    import ray

    actor: Any = ray.remote(Watchdog)
    options = actor.options(num_cpus=0, max_restarts=-1, scheduling_strategy=on_this_node())
    return options.remote(limit_seconds)


def fate_of(watchdog: Any, run: str) -> Fate:
    """The fate of a run; an empty one when the watchdog does not answer in time."""
    import ray

    with suppress(ray.exceptions.RayError, TimeoutError):
        fate: Fate = ray.get(watchdog.fate.remote(run), timeout=ANSWER_SECONDS)
        return fate
    return Fate()


def stop_watchdog(watchdog: Any) -> None:
    """End it for good."""
    import ray

    with suppress(ray.exceptions.RayError):
        ray.kill(watchdog)


def _kill(actor: Any) -> None:
    import ray

    ray.kill(actor)


@dataclass
class _Watched:
    """One run under way."""

    actor: Any
    node: str
    began: float
    """When its time began, the start of its gang included."""
    beat: float
    """When its process last gave a sign of life."""
    evaluated: float | None = None


class Watchdog:
    """Receives when a run begins, gives a sign of life, is evaluated and ends."""

    def __init__(
        self,
        limit_seconds: float | None,
        kill: Callable[[Any], None] = _kill,
        *,
        least_seconds: float = LEAST_LIMIT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._limit_seconds = limit_seconds
        self._kill = kill
        self._least_seconds = least_seconds
        self._silence_seconds = silence_seconds
        self._look_seconds = look_seconds
        self._runs: dict[str, _Watched] = {}
        self._fates: dict[str, Fate] = {}
        self._longest = 0.0
        """Seconds of the longest interval between two evaluations of one run."""
        self._looking: asyncio.Task[None] | None = None

    async def began(
        self, run: str, actor: Any, node: str = "", *, extra_seconds: float = 0.0
    ) -> None:
        """A run began on an actor that may be killed for it.

        `extra_seconds`: what the first evaluation may take beyond the person's limit.
        """
        self._fates.pop(run, None)
        now = time.monotonic()
        self._runs[run] = _Watched(actor, node, now + extra_seconds, now)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_again_and_again())

    async def beat(self, run: str, actor: Any, node: str = "") -> None:
        """A run's process lives."""
        if run in self._fates:  # sent before it was ended
            return
        if run not in self._runs:  # this watchdog was started again since
            await self.began(run, actor, node)
        self._runs[run].beat = time.monotonic()

    async def evaluated(self, run: str, actor: Any, node: str = "") -> None:
        """A run reported an evaluation: its time starts again."""
        await self.beat(run, actor, node)
        watched = self._runs.get(run)
        if watched is None:
            return
        if watched.evaluated is not None:
            self._longest = max(self._longest, watched.beat - watched.evaluated)
        watched.evaluated = watched.beat

    async def over(self, run: str) -> None:
        """A run ended or was dropped; there is nothing to watch any more."""
        self._runs.pop(run, None)

    async def fate(self, run: str) -> Fate:
        """What is known about a run whose worker is gone."""
        watched = self._runs.pop(run, None)
        if watched is not None:
            return Fate(None, watched.node or None)
        return self._fates.pop(run, Fate())

    async def _look_again_and_again(self) -> None:
        looked = time.monotonic()
        while True:
            await asyncio.sleep(self._look_seconds)
            now = time.monotonic()
            if now - looked > 3 * self._look_seconds:
                # This process itself had stood still: signs of life may still wait to be read.
                for watched in self._runs.values():
                    watched.beat = now
            looked = now
            for run, watched in list(self._runs.items()):
                if (reason := self._why_end(watched, now)) is not None:
                    self._end(run, reason)

    def _why_end(self, watched: _Watched, now: float) -> str | None:
        """Why a run is taken to hang; None while it is not."""
        if now - watched.beat > self._silence_seconds:
            return (
                f"its process gave no sign of life for {_minutes(self._silence_seconds)}, so it "
                "was taken to hang and killed"
            )
        since = watched.began if watched.evaluated is None else watched.evaluated
        if self._limit_seconds is not None:
            limit, remedy = self._limit_seconds, "(--hung-after sets the limit)"
        elif watched.evaluated is not None and self._longest > 0:
            limit = max(self._least_seconds, TIMES_THE_LONGEST * self._longest)
            remedy = (
                f"(the longest interval between evaluations in this search was "
                f"{_minutes(self._longest)}; --hung-after sets another limit)"
            )
        else:
            return None
        if now - since <= limit:
            return None
        return (
            f"no evaluation for {_minutes(limit)}, so the run was taken to hang and its worker "
            f"was killed {remedy}"
        )

    def _end(self, run: str, reason: str) -> None:
        watched = self._runs.pop(run)
        self._fates[run] = Fate(reason, watched.node or None)
        self._kill(watched.actor)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.3g} minutes"


class Leash:
    """A slot's side of the watchdog, if there is one; no call waits for an answer."""

    def __init__(self, watchdog: Any) -> None:
        self._watchdog = watchdog
        self._run: str | None = None
        self._in_turn = threading.Lock()
        """No sign of life is sent after the news that its run is over."""
        if watchdog is not None:
            import ray

            self._me = ray.get_runtime_context().current_actor
            self._node = this_node()
            threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def began(self, run: str, extra_seconds: float) -> None:
        """The slot's process trains a run from now on, and may be killed for it."""
        if self._watchdog is not None:
            self._watchdog.began.remote(run, self._me, self._node, extra_seconds=extra_seconds)
        self._run = run

    def evaluated(self) -> None:
        """The run reported an evaluation."""
        if self._watchdog is not None and self._run is not None:
            self._watchdog.evaluated.remote(self._run, self._me, self._node)

    def over(self) -> None:
        """The run ended or was dropped."""
        with self._in_turn:
            run, self._run = self._run, None
            if self._watchdog is not None and run is not None:
                self._watchdog.over.remote(run)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            with self._in_turn:
                if self._run is not None:
                    self._watchdog.beat.remote(self._run, self._me, self._node)
