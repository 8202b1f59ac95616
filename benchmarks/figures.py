"""What driving many runs costs the driver; shared by both parts of benchmarks/scale."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HEADER = (
    "  runs driver  fill s  reports/s  cores  ms/report  RSS MB  "
    "delay ms: median     99 %    worst   ask ms"
)


@dataclass
class Figures:
    """What a driver cost while every slot was busy."""

    num_runs: int
    driver: str
    filling: float
    """Seconds until every slot had its first run."""
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of the driver's process, all threads."""
    memory: float = 0.0
    """Resident bytes of the driver's process."""
    delays: list[float] = field(default_factory=list)
    """Seconds from each report to the run's next step."""
    asks: list[float] = field(default_factory=list)
    """Seconds of each `suggest` that gave a run."""

    def __str__(self) -> str:
        milliseconds = 1e3 * np.array(self.delays)
        middle, late = np.percentile(milliseconds, [50, 99])
        ask = f"{1e3 * np.median(self.asks):8.1f}" if self.asks else "       -"
        count = len(self.delays)
        return (
            f"{self.num_runs:6} {self.driver:6} {self.filling:7.1f} {count / self.seconds:10.1f} "
            f"{self.cpu / self.seconds:6.2f} {1e3 * self.cpu / count:10.2f} "
            f"{self.memory / 2**20:7.0f} {middle:17.2f} {late:8.1f} "
            f"{milliseconds.max():8.1f} {ask}"
        )


def resident_bytes() -> int:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
