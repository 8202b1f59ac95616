"""Storages that fail: a disk that is full for real, and calls that fail a number of times."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BLOCK = 4096


@contextmanager
def small_disk(folder: Path, num_bytes: int) -> Iterator[Path]:
    """A memory disk of so many bytes mounted at `folder`; skips where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={num_bytes}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk of our own can be mounted: {error}")
    if mounted.returncode:
        pytest.skip(f"no disk of our own can be mounted: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, but: int = 0) -> Path:
    """A file that takes all of a disk's space but so many bytes (in whole blocks)."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        free = os.statvfs(disk)
        left = free.f_bavail * free.f_frsize - but
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
    return ballast


def failing(
    patch: pytest.MonkeyPatch, place: Any, name: str, times: int, code: int = errno.ENOSPC
) -> Callable[[], int]:
    """`place.name` fails so many times and then works; returns how often it was called."""
    original = getattr(place, name)
    calls = []

    def call(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) <= times:
            raise OSError(code, os.strerror(code))
        return original(*args, **options)

    patch.setattr(place, name, call)
    return lambda: len(calls)
