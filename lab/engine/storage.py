"""A study in a storage: one driver at a time, and runs whose every evaluation is stored."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import InputError
from lab.record.durable import LOCK_FILE, sole_writer
from lab.record.remote import RemoteFolder, unguarded
from lab.record.storage import SharedFolder, Storage, for_training, in_its_words, open_storage

log = logging.getLogger(__name__)

REFRESH_SECONDS = 15.0
"""A driver renews its lease of a remote study so often."""
LEASE_SECONDS = 90.0
"""A lease that was not renewed for so long has lost its holder."""

Evaluation = TypeVar("Evaluation")


def stored_run(
    place: str, start: Callable[[Path], Generator[Evaluation, None, None]], *, writes: bool
) -> Generator[Evaluation, None, None]:
    """The evaluations of a run at `place` (a path or URL), each yielded once it is stored there.

    `writes` is whether this worker is the one that touches the folder.
    """
    storage = open_storage(place)
    if isinstance(storage, SharedFolder):
        yield from start(storage.folder)
        return
    with in_its_words(storage):
        if writes:
            storage.pull(for_training)
        evaluations = start(storage.folder)
        try:
            for evaluation in evaluations:
                if writes:
                    storage.push()
                yield evaluation
        finally:
            evaluations.close()
            if writes:
                storage.forget()


@contextmanager
def held(storage: Storage) -> Iterator[None]:
    """Hold a study against other drivers. Raises InputError when another one has it."""
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
    """An object beside a remote study that says who drives it, renewed while that one lives."""

    def __init__(self, storage: RemoteFolder) -> None:
        self._storage = storage
        self._me = {"host": socket.gethostname(), "pid": os.getpid(), "token": uuid.uuid4().hex}
        self.over = threading.Event()
        """Set when the study needs no holding any more."""
        self._taken_over: str | None = None

    def take(self) -> None:
        """Raise InputError when another driver holds the study, else hold it."""
        other = self._holder()
        if other is not None and not self._is_gone(other):
            raise InputError(
                f"{self._storage.name} is being written by process {other['pid']} of "
                f"{other['host']}; wait for it or stop it first (one that was killed is taken "
                f"for gone after {LEASE_SECONDS:g} s)"
            )
        self._write()
        found = self._holder()
        if found is None or found["token"] != self._me["token"]:
            raise InputError(f"another search took {self._storage.name} at this moment")

    def keep(self) -> None:
        """Renew until it is over; a storage that fails meanwhile is tried again the next time."""
        while not self.over.wait(REFRESH_SECONDS):
            try:
                found = self._holder()
                if found is not None and found["token"] != self._me["token"]:
                    self._taken_over = f"process {found['pid']} of {found['host']}"
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
        """Free the study, unless it is another's by now."""
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
            found: dict[str, Any] = json.loads(content)
            return {key: found[key] for key in ("host", "pid", "token", "time")}
        except (ValueError, LookupError, TypeError):
            return None

    def _is_gone(self, other: dict[str, Any]) -> bool:
        """Whether a holder is dead: known so on this host, else silent for a whole lease."""
        if other["host"] == self._me["host"]:
            try:
                os.kill(int(other["pid"]), 0)
            except ProcessLookupError:
                return True
            except PermissionError:
                return False
        if time.time() - other["time"] < LEASE_SECONDS:
            return False
        self.over.wait(2 * REFRESH_SECONDS)  # its clock may be another one: is it renewed?
        return self._holder() == other
