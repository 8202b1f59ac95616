"""How many cores this process may use: its affinity, its control group's quota, its SLURM task."""

from __future__ import annotations

import math
import os
from pathlib import Path

SLURM = "SLURM_CPUS_PER_TASK"


def own_cores() -> int:
    """Whole cores that are this process's own, at least 1.

    The least of its affinity, the quota of its control group and SLURM_CPUS_PER_TASK.
    """
    limits = [float(_affinity()), _quota(), _slurm_task()]
    return max(1, int(min(limit for limit in limits if limit is not None)))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _slurm_task() -> float | None:
    text = os.environ.get(SLURM, "")
    return float(text) if text.isdecimal() and int(text) > 0 else None


def _quota() -> float | None:
    return _quota_of(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"))


def _quota_of(root: Path, of: Path) -> float | None:
    """Cores of a control group's quota, the least of it and those above it; None without one."""
    try:
        lines = of.read_text().splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            folder, read = root / path.lstrip("/"), _quota_v2
        elif "cpu" in controllers.split(","):
            folder, read = root / "cpu" / path.lstrip("/"), _quota_v1
        else:
            continue
        # In a container the path may be the host's, and its own group is mounted at the root.
        for group in (folder, *folder.parents):
            if group == root.parent:
                break
            quotas.append(read(group))
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota_v2(group: Path) -> float | None:
    return _share(*(_words(group / "cpu.max") or ("max", "1")))


def _quota_v1(group: Path) -> float | None:
    quota, period = _words(group / "cpu.cfs_quota_us"), _words(group / "cpu.cfs_period_us")
    return _share(quota[0], period[0]) if quota and period else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _share(quota: str, period: str) -> float | None:
    """`max` (version 2) and -1 (version 1) are no quota."""
    try:
        share = float(quota) / float(period)
    except (ValueError, ZeroDivisionError):
        return None
    return share if math.isfinite(share) and share > 0 else None
