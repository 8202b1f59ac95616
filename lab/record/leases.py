"""One driver of a study at a time: a lock in a shared folder, a lease in an object store."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.errors import InputError
from lab.record.durable import LOCK_FILE, sole_writer
from lab.record.remote import RemoteFolder, unguarded
from lab.record.storage import SharedFolder, Storage

log = logging.getLogger(__name__)

REFRESH_SECONDS = 15.0
"""How often a driver renews its lease of a remote study."""
LEASE_SECONDS = 90.0
"""A lease that was not renewed for this long is taken over: six renewals have failed by then."""


@contextmanager
def held(storage: Storage) -> Iterator[None]:
    """Be the only driver of a study. Raises InputError when another process drives it."""
    if isinstance(storage, SharedFolder):
        with sole_writer(storage.folder):
            yield
        return
    lease = Lease(storage)
    lease.take()
    storage.guard = lease.check
    renewing = threading.Thread(target=lease.keep, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        lease.over.set()
        renewing.join()
        storage.guard = unguarded
        lease.let_go()


class Lease:
    """An object beside a remote study that names its driver, which renews it while it lives."""

    def __init__(self, storage: RemoteFolder) -> None:
        self._storage = storage
        self._me = {"host": socket.gethostname(), "pid": os.getpid(), "token": uuid.uuid4().hex}
        self.over = threading.Event()
        """Set when the study is to be released: no further renewal."""
        self._taken_over: str | None = None

    def take(self) -> None:
        """Become the study's driver. Raises InputError when it has one."""
        other = self._holder()
        if other is not None and not self._is_gone(other):
            raise InputError(
                f"{self._storage.name} is being written by process {other['pid']} of "
                f"{other['host']}; wait for it or stop it first (one that was killed "
                f"counts as gone after {LEASE_SECONDS:g} s)"
            )
        self._write()
        holder = self._holder()
        if holder is None or holder["token"] != self._me["token"]:
            raise InputError(f"another search took {self._storage.name} at this moment")

    def keep(self) -> None:
        """Renew until `over` is set; a renewal that the storage refuses is not the last one."""
        while not self.over.wait(REFRESH_SECONDS):
            try:
                holder = self._holder()
                if holder is not None and holder["token"] != self._me["token"]:
                    self._taken_over = f"process {holder['pid']} of {holder['host']}"
                    return
                self._write()
            except InputError as error:
                log.warning("%s", error)

    def check(self) -> None:
        """Raise InputError when another driver has taken the study over."""
        if self._taken_over is not None:
            raise InputError(
                f"{self._storage.name} was taken over by {self._taken_over}; this search stops"
            )

    def let_go(self) -> None:
        """Release the study, unless another driver has taken it over."""
        if self._taken_over is None:
            self._storage.remove(LOCK_FILE)

    def _write(self) -> None:
        content = json.dumps({**self._me, "time": time.time()})
        self._storage.write(LOCK_FILE, content.encode())

    def _holder(self) -> dict[str, Any] | None:
        content = self._storage.read(LOCK_FILE)
        if content is None:
            return None
        try:
            entries: dict[str, Any] = json.loads(content)
            return {key: entries[key] for key in ("host", "pid", "token", "time")}
        except (ValueError, LookupError, TypeError):
            return None

    def _is_gone(self, other: dict[str, Any]) -> bool:
        """Whether a holder is dead: its process on this host ended, or a whole lease passed."""
        if other["host"] == self._me["host"]:
            try:
                os.kill(int(other["pid"]), 0)
            except ProcessLookupError:
                return True
            except PermissionError:
                return False
        if time.time() - other["time"] < LEASE_SECONDS:
            return False
        self.over.wait(2 * REFRESH_SECONDS)  # the hosts' clocks may differ: is it renewed?
        return self._holder() == other
