"""One driver of a study at a time: a lock in a shared folder, a numbered lease in an object store.

A lease is an object `lease-NNNNNNNN.lock` beside the study that names its driver, which renews it
while it lives. The newest number drives. Each is created only if it is not there (S3's
`If-None-Match`), so that of two drivers that ask at once one gets it, and the newest is never
removed: a driver that was paused, or whose host was cut off, finds a newer one and stops, also
when that one has ended.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from lab.errors import InputError
from lab.record.durable import LOCK_FILE, sole_writer
from lab.record.remote import RemoteFolder, unguarded
from lab.record.storage import SharedFolder, Storage, open_storage

log = logging.getLogger(__name__)

REFRESH_SECONDS = 15.0
"""How often a driver renews its lease of a remote study."""
LEASE_SECONDS = 90.0
"""A lease that was not renewed for this long is taken over: six renewals have failed by then."""
LOOK_SECONDS = 5.0
"""How often a driver that waits looks at the present lease."""
LEASE_FILE = re.compile(r"lease-(\d{8,})" + re.escape(LOCK_FILE))
OLD_NUMBER = 0
"""The lease of version 0.1, an object that is only called .lock."""


class Held(NamedTuple):
    """The newest lease of a study."""

    number: int
    entries: dict[str, Any]
    """Its content; empty where it cannot be read."""

    @property
    def is_free(self) -> bool:
        return bool(self.entries.get("released"))

    @property
    def driver(self) -> str:
        """Who has it, in words."""
        return f"process {self.entries.get('pid', '?')} of {self.entries.get('host', '?')}"


@contextmanager
def held(storage: Storage, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Be the only driver of a study.

    Raises InputError when another process still drives it after `wait_seconds`.
    """
    if isinstance(storage, SharedFolder):
        with sole_writer(storage.folder, wait_seconds=wait_seconds):
            yield
        return
    lease = Lease(storage)
    lease.take(wait_seconds)
    storage.guard = lease.check
    storage.fence = lease.number
    storage.is_conditional = storage.has_tags and lease.is_proof()
    renewing = threading.Thread(target=lease.keep, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        lease.over.set()
        renewing.join()
        storage.guard, storage.fence, storage.is_conditional = unguarded, None, False
        lease.let_go()


class Lease:
    """A driver's claim on a remote study."""

    def __init__(self, storage: RemoteFolder) -> None:
        self._storage = storage
        self._me = {"token": uuid.uuid4().hex, **this_process()}
        self.number = -1
        """Which lease of the study it is, once taken; larger than any before."""
        self.over = threading.Event()
        """Set when the study is to be released: no further renewal."""
        self._lost: str | None = None
        """Who has the study now, once it is another's."""
        self._renewed = 0.0

    def take(self, wait_seconds: float = 0.0) -> None:
        """Become the study's driver; a lease that is not renewed any more is taken over.

        Raises InputError when it has another driver after `wait_seconds`.
        """
        deadline = time.monotonic() + wait_seconds
        seen, since = newest_lease(self._storage), time.monotonic()
        while not self._may_follow(seen, time.monotonic() - since) or not self._created(seen):
            if time.monotonic() > deadline and not _seems_left(seen):
                driver = seen.driver if seen else "another process"
                raise InputError(
                    f"{self._storage.name} is being written by {driver}; wait for it (--wait "
                    "MINUTES) or stop it first (one that was killed counts as gone after "
                    f"{LEASE_SECONDS:g} s)"
                )
            self.over.wait(LOOK_SECONDS)
            now = newest_lease(self._storage)
            if now != seen:
                seen, since = now, time.monotonic()

    def is_proof(self) -> bool:
        """Whether the store refuses to create what is there: some take it for a plain write."""
        return not self._storage.create(lease_file(self.number), self._content(again=True))

    def keep(self) -> None:
        """Renew until `over` is set; a renewal that the storage refuses is not the last one."""
        while not self.over.wait(REFRESH_SECONDS) and self._lost is None:
            try:
                self._renew()
            except InputError as error:
                log.warning("%s", error)

    def check(self) -> None:
        """Raise InputError when another driver has taken the study over.

        A driver that was paused does not rely on what it knew before.
        """
        if self._lost is None and time.monotonic() - self._renewed > 2 * REFRESH_SECONDS:
            self._renew()
        if self._lost is not None:
            raise taken_over(self._storage, self._lost)

    def let_go(self) -> None:
        """Release the study, unless another driver has taken it over."""
        newest = newest_lease(self._storage)
        if self._lost is None and newest is not None and newest.number == self.number:
            self._write(released=True)

    def _may_follow(self, newest: Held | None, unchanged_seconds: float) -> bool:
        """Whether the newest lease has no driver any more."""
        if newest is None or newest.is_free or _has_ended(newest.entries):
            return True
        # The hosts' clocks may differ, so its time alone does not decide: is it renewed?
        least = 2 * REFRESH_SECONDS if _seems_left(newest) else LEASE_SECONDS
        return unchanged_seconds >= least

    def _created(self, newest: Held | None) -> bool:
        """Whether the next lease is this one."""
        number = newest.number + 1 if newest else OLD_NUMBER + 1
        if not self._storage.create(lease_file(number), self._content()):
            return False
        self.number, self._renewed = number, time.monotonic()
        for older in _numbers(self._storage):
            if older < number:
                self._storage.remove(lease_file(older))
        return True

    def _renew(self) -> None:
        newest = newest_lease(self._storage)
        if newest is None:
            self._lost = "somebody who removed its lease"
        elif newest.number != self.number:
            self._lost = newest.driver
        else:
            self._write()
            self._renewed = time.monotonic()

    def _write(self, **more: Any) -> None:
        self._storage.write(lease_file(self.number), self._content(**more))

    def _content(self, **more: Any) -> bytes:
        return json.dumps({**self._me, "time": time.time(), **more}).encode()


def fence(study: str, number: int) -> Callable[[], None]:
    """A check for a worker of the driver with lease `number`: raises once a newer one drives.

    It asks the store at most every REFRESH_SECONDS, with one request.
    """
    asked = -REFRESH_SECONDS

    def check() -> None:
        nonlocal asked
        if time.monotonic() - asked < REFRESH_SECONDS:
            return
        storage = open_storage(study)
        assert isinstance(storage, RemoteFolder), study
        if max(_numbers(storage), default=number) > number:
            newest = newest_lease(storage)
            raise taken_over(storage, newest.driver if newest else "another process")
        asked = time.monotonic()

    return check


def taken_over(storage: RemoteFolder, driver: str) -> InputError:
    """The error of a search whose study is another's."""
    return InputError(f"{storage.name} was taken over by {driver}; this search stops")


def newest_lease(storage: RemoteFolder) -> Held | None:
    """The lease that counts; None for a study that never had a driver."""
    numbers = _numbers(storage)
    if not numbers:
        return None
    entries: dict[str, Any] = {}
    with suppress(ValueError):
        content = json.loads(storage.read(lease_file(max(numbers))) or b"{}")
        entries = content if isinstance(content, dict) else {}
    return Held(max(numbers), entries)


def lease_file(number: int) -> str:
    """The name of a lease, in order of number."""
    return LOCK_FILE if number == OLD_NUMBER else f"lease-{number:08d}{LOCK_FILE}"


def _numbers(storage: RemoteFolder) -> list[int]:
    names = storage.names()
    numbers = [int(match[1]) for match in map(LEASE_FILE.fullmatch, names) if match]
    return numbers + [OLD_NUMBER] * (LOCK_FILE in names)


def _seems_left(newest: Held | None) -> bool:
    """Whether a whole lease has passed since its time, by this host's clock."""
    written = newest.entries.get("time") if newest else None
    return isinstance(written, (int, float)) and time.time() - written >= LEASE_SECONDS


def this_process() -> dict[str, Any]:
    """What distinguishes a process: a number is unique within one PID namespace only."""
    return {"host": socket.gethostname(), "pid": os.getpid(), **_process(os.getpid()), **_kernel()}


def _has_ended(entries: dict[str, Any]) -> bool:
    """Whether a driver under this very kernel and PID namespace runs no more."""
    kernel = _kernel()
    if not kernel or any(entries.get(key) != value for key, value in kernel.items()):
        return False
    pid = entries.get("pid")
    return type(pid) is int and _process(pid) != {"started": entries.get("started")}


def _process(pid: int) -> dict[str, Any]:
    """When a process started; a number is given again to others."""
    with suppress(psutil.Error):
        return {"started": psutil.Process(pid).create_time()}
    return {}


def _kernel() -> dict[str, str]:
    """This boot of this machine and this process's PID namespace; empty where unknown."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return {"boot": boot, "pid_namespace": str(Path("/proc/self/ns/pid").readlink())}
    return {}
