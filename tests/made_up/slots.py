"""Where and when made-up runs are trained: in slots on several hosts, one run after another."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta

from tests.made_up.runs import BEGUN, Place

START = datetime.fromisoformat(BEGUN)


class Slots:
    """Free slots by the time they are free at."""

    def __init__(self, num_hosts: int, slots_each: int) -> None:
        self.free = [
            (0.0, f"node-{host}", slot) for host in range(num_hosts) for slot in range(slots_each)
        ]
        heapq.heapify(self.free)

    def train(self, seconds: dict[str, float], attempts: int) -> Place:
        """Give the run that takes so long to the slot that is free first."""
        begun, host, slot = heapq.heappop(self.free)
        ended = begun + sum(seconds.values())
        heapq.heappush(self.free, (ended + 0.2, host, slot))
        return Place(host, at(begun), at(ended), seconds, attempts)

    def rest(self) -> None:
        """A stage begins when the one before it is done."""
        last = max(free for free, _, _ in self.free)
        self.free = [(last, host, slot) for _, host, slot in self.free]
        heapq.heapify(self.free)

    @property
    def seconds(self) -> float:
        """From the study's start to the end of its last run."""
        return max(free for free, _, _ in self.free)


def at(seconds: float) -> str:
    """The time so long after the study's start, as the record writes it."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
