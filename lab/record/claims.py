"""The claim on a run's folder behind a URL: only the process that began the run last writes there.

Each start of a run stores `claim.lock` over that of the start before, with its driver's lease as
fencing token. In S3 every file is then written over the version that this process knows, or where
there is none (`If-Match`, `If-None-Match`). A process that was paused, and whose run another one
has continued since, is refused, reads whose claim is stored, and stops. Other stores have no such
writes: there the claim is read before each push.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import InputError
from lab.record.durable import LOCK_FILE
from lab.record.leases import fence, this_process
from lab.record.remote import RemoteFolder, WriteRefused, unguarded

CLAIM_FILE = f"claim{LOCK_FILE}"
"""As every lock it is neither pulled nor listed."""


class Driver(NamedTuple):
    """The driver that a worker works for, as far as its writes depend on it."""

    study: str
    """URL of the study."""
    number: int
    """Of the driver's lease."""
    is_conditional: bool
    """Whether the store refuses a write over another version than the one named."""


@contextmanager
def claimed(storage: RemoteFolder, driver: Driver) -> Iterator[None]:
    """Be the only process that writes a run's folder, which is to be pulled after that.

    Raises InputError when a later driver's worker has claimed it.
    """
    claim = Claim(storage, driver)
    of_study = fence(driver.study, driver.number)

    def guard() -> None:
        of_study()
        if not driver.is_conditional:
            claim.check()

    claim.take()
    storage.guard = guard
    storage.writer = claim.write if driver.is_conditional else None
    try:
        yield
    finally:
        storage.guard, storage.writer = unguarded, None


class Claim:
    """A process's claim on the folder of a run."""

    def __init__(self, storage: RemoteFolder, driver: Driver) -> None:
        self._storage = storage
        self._driver = driver
        self._entries = {
            "fence": driver.number,
            "token": uuid.uuid4().hex,
            **this_process(),
        }

    def take(self) -> None:
        """Store the claim over the one before. Raises InputError when that is a later driver's."""
        content = json.dumps(self._entries).encode()
        if not self._driver.is_conditional:
            self._require_older()
            self._storage.write(CLAIM_FILE, content)
            return
        while True:
            if CLAIM_FILE in self._storage.tags:
                self._require_older()
            if self._replaced(CLAIM_FILE, content):
                return

    def check(self) -> None:
        """Raise InputError when another process has claimed the run, or the claim is gone."""
        stored = self._stored()
        if stored.get("token") != self._entries["token"]:
            raise self._taken(stored)

    def write(self, path: str, content: Path) -> None:
        """Store a local file of the run, unless another process has claimed the run since.

        Raises InputError then, and StorageFailed.
        """
        while not self._replaced(path, content):
            self.check()  # else it is of a paused process that has not noticed yet, or of this one

    def _replaced(self, path: str, content: bytes | Path) -> bool:
        """Whether a file could be stored over the version that is known; else that one is now."""
        try:
            self._storage.replace(path, content)
        except WriteRefused:
            # Its version before the claim: what is written in between is refused again.
            self._storage.look_at(path)
            return False
        return True

    def _require_older(self) -> None:
        stored = self._stored()
        number = stored.get("fence")
        if isinstance(number, int) and number > self._driver.number:
            raise self._taken(stored)

    def _stored(self) -> dict[str, Any]:
        try:
            content = json.loads(self._storage.read(CLAIM_FILE) or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def _taken(self, stored: dict[str, Any]) -> InputError:
        who = f"process {stored.get('pid', '?')} of {stored.get('host', '?')}"
        if not stored:
            who = "somebody who removed its claim"
        return InputError(
            f"the run {self._storage.name} was taken over by {who}; this worker stops"
        )
