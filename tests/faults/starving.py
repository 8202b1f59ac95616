"""A process that the kernel ends for want of memory: it moves into a control group of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

VERSION_1 = Path("/sys/fs/cgroup/memory")
VERSION_2 = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def no_more_memory() -> Iterator[Path]:
    """A control group whose processes get not one page more; write a pid into its `cgroup.procs`.

    What they have stays counted where they got it, so the next page they ask for ends them.
    Skips where there can be no such group.
    """
    first = (VERSION_1 / "memory.limit_in_bytes").exists()
    group = (VERSION_1 if first else VERSION_2) / f"gan-lab-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no memory control group can be made: {error}")
    try:
        try:
            (group / ("memory.limit_in_bytes" if first else "memory.max")).write_text("4096")
        except OSError as error:
            pytest.skip(f"no memory control group can be limited: {error}")
        yield group
    finally:
        group.rmdir()


def starve(pid: int, group: Path) -> None:
    (group / "cgroup.procs").write_text(str(pid))
