"""Storages for tests: stores in memory and on an S3 server, full disks, and calls that fail."""

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

import lab.record.durable
from lab.record.durable import PATIENCE
from lab.record.remote import RemoteFolder
from lab.record.storage import Storage, remote_folder

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


@contextmanager
def memory_stores(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty stores behind `memory://`; a storage that fails is waited for 0.2 s."""
    import fsspec

    patch.setenv(PATIENCE, "0.2")
    patch.setattr(lab.record.durable, "FIRST_WAIT_SECONDS", 0.01)
    fresh_storages()
    try:
        yield
    finally:
        fsspec.filesystem("memory").store.clear()
        fresh_storages()


def another_process(url: str) -> RemoteFolder:
    """The same place with a local copy of its own, as another machine has it."""
    storage = RemoteFolder(url)
    storage.folder = storage.folder.parent / f"copy-{time.monotonic_ns()}" / storage.folder.name
    return storage


def stored(url: str) -> dict[str, bytes]:
    """The files behind a URL: path and content."""
    import fsspec

    files, root = fsspec.core.url_to_fs(url)
    found = files.find(root)
    return {name.strip("/")[len(root.strip("/")) + 1 :]: files.cat_file(name) for name in found}


def put(storage: Storage, path: str, content: str = "x") -> None:
    """Write a file of the local folder; it is not pushed."""
    file = storage.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


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
