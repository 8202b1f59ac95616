"""Storages that fail: a disk that is full for real, and calls that fail a number of times."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab.record.storage import remote_folder

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


@contextmanager
def s3_server(patch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A real S3 server on loopback with a bucket `lab`, which fsspec finds by the environment."""
    import fsspec

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fresh_storages()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _await_listener(port, server)
            fsspec.filesystem("s3").mkdir("lab")
            yield server
        finally:
            server.send_signal(signal.SIGCONT)
            server.kill()
            fresh_storages()


def fresh_storages() -> None:
    """Forget opened storages: fsspec would go on with the server of an earlier test."""
    import s3fs

    remote_folder.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


def _await_listener(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, "the S3 server ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.05)
