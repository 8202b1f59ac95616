"""A folder behind a URL (`s3://`, `gs://`, any file system of fsspec), and a local copy of it.

A process pulls what it needs and pushes what it changed, in an order that leaves a whole record
wherever it is interrupted. Storages that fail for a while are waited for (`lab.record.durable`).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import InputError
from lab.record.durable import LOCK_FILE, patiently, write_patiently
from lab.record.names import EVALUATIONS_FILE, REPORT_FILE, RUN_FILE
from lab.record.scratch import scratch_folder
from lab.record.stores import (
    file_system,
    identity_of,
    is_hopeless,
    is_of_storage,
    is_refusal,
    is_s3,
)

IN_PARTS_BYTES = 100 * 2**20
"""From this size on s3fs uploads a file in parts, for which it passes no `If-Match` on."""
LISTINGS = 5
"""How often one pull lists a folder in which files go away meanwhile."""
FETCHED_AT_ONCE = 32

Result = TypeVar("Result")
Wanted = Callable[[str], bool]
"""Whether a file, by its path below the folder, is wanted."""


def everything(path: str) -> bool:
    """Every file."""
    return True


def unguarded() -> None:
    """No other process writes here."""


class WriteRefused(Exception):
    """The store holds another version of a file than the one to be written over."""


class RemoteFolder:
    """A folder behind a URL, and a local copy of it that this process alone uses."""

    def __init__(self, url: str) -> None:
        kind, _, path = url.partition("://")
        name = f"{kind}://{path.strip('/')}"
        digest = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
        self.name = name
        """The URL, as a person gives it."""
        self.folder = scratch_folder() / digest / name.rpartition("/")[2]
        """The local copy."""
        self.guard: Callable[[], None] = unguarded
        """Called before a push; raises when this process may not write here any more."""
        self.fence: int | None = None
        """Number of this process's lease, while it drives the study here."""
        self.is_conditional = False
        """Whether the store is known to refuse writes over another version than the one named."""
        self.writer: Callable[[str, Path], None] | None = None
        """Stores a local file in place of a plain write, while the folder is claimed."""
        self.tags: dict[str, str] = {}
        """Path -> the store's tag of the version that this process knows, where it has tags."""
        self.has_tags = is_s3(name)
        """Whether its files have tags that a write can name: with fsspec only those in S3."""
        self._files, root = file_system(name)
        self._root: str = root.rstrip("/")
        self._sent: dict[str, tuple[int, int]] = {}
        """Path -> size and time of the local file that is stored as it is."""
        self._copied: dict[str, str] = {}
        """Path -> identity of the stored file that the local one is a copy of."""

    def pull(self, wanted: Wanted = everything) -> None:
        """Bring the local folder to what is stored, as far as wanted. Raises StorageFailed.

        Beside a run in progress, files go away between the listing and the reading (an old
        checkpoint does): then what is stored is listed again, so that what replaced them is here
        as well.
        """
        for _ in range(LISTINGS):
            stored = {path: facts for path, facts in self._listed().items() if wanted(path)}
            if not self._fetch_changed(stored):
                break
        for path in self._local():
            if wanted(path) and path not in stored:
                (self.folder / path).unlink()
                self._sent.pop(path, None)

    def fetch(self, *paths: str) -> None:
        """Bring these files to what is stored: one request each, and no listing.

        Raises StorageFailed.
        """
        contents = self._contents(list(paths))
        for path in paths:
            content = contents[self._at(path).strip("/")]
            if content is None:
                (self.folder / path).unlink(missing_ok=True)
                self._sent.pop(path, None)
                continue
            write_patiently(self.folder / path, content)
            self._note(path)
            self._copied.pop(path, None)

    def push(self, *names: str) -> None:
        """Store what changed, pictures and rows first, run.json last, then remove what is gone.

        A reader and a resume get a whole record wherever this is interrupted.
        Raises StorageFailed, and InputError when another driver has taken the folder over.
        """
        self.guard()
        if names:
            local = [path for path in names if (self.folder / path).is_file()]
        else:
            local = self._local()
        for path in sorted(local, key=_turn):
            if not self._is_sent(path):
                self._send(path)
        for path in sorted(set(self._sent).intersection(names or self._sent) - set(local)):
            self._remove(path)

    def is_free(self) -> bool:
        """Whether nothing is stored here."""
        return not self._listed()

    def forget(self) -> None:
        """Remove the local copy."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._sent.clear()
        self._copied.clear()
        self.tags.clear()

    def read(self, path: str) -> bytes | None:
        """A stored file's content; None when it is not there."""

        def act() -> bytes | None:
            try:
                content: bytes = self._files.cat_file(self._at(path))
                return content
            except FileNotFoundError:
                return None

        return self._patiently(act, path, "read")

    def write(self, path: str, content: bytes) -> None:
        """Store a small file that has no local copy."""
        self._patiently(lambda: self._files.pipe_file(self._at(path), content), path)

    def create(self, path: str, content: bytes) -> bool:
        """Store a small file only if there is none; returns whether it is this one's.

        Raises StorageFailed.
        """

        def act() -> bool:
            try:
                self._files.pipe_file(self._at(path), content, mode="create")
            except Exception:
                # Another's file, or this one's whose answer was lost on the way.
                stored = self.read(path)
                if stored is None:
                    raise
                return stored == content
            return True

        return self._patiently(act, path)

    def replace(self, path: str, content: bytes | Path) -> None:
        """Store a file over the version that `tags` has of it, or where there is none.

        `content`: its bytes, or the local file. Raises WriteRefused when another version is
        stored, and StorageFailed.
        """
        tag = self.tags.get(path)
        condition = {"IfMatch": tag} if tag else {"mode": "create"}

        def act() -> Any:
            try:
                if isinstance(content, bytes):
                    return self._files.pipe_file(self._at(path), content, **condition)
                if content.stat().st_size < IN_PARTS_BYTES:
                    return self._files.pipe_file(self._at(path), content.read_bytes(), **condition)
                return self._files.put_file(str(content), self._at(path), **condition)
            except Exception as error:
                if is_refusal(error):
                    raise WriteRefused(path) from None
                raise

        answer = self._patiently(act, path)
        self.tags.pop(path, None)
        if answer and "ETag" in answer:
            self.tags[path] = answer["ETag"]

    def look_at(self, path: str) -> None:
        """Take the stored version of a file as the known one. Raises StorageFailed."""

        def act() -> str | None:
            try:
                tag: str = self._files.info(self._at(path))["ETag"]
                return tag
            except FileNotFoundError:
                return None

        tag = self._patiently(act, path, "read")
        self.tags.pop(path, None)
        if tag is not None:
            self.tags[path] = tag

    def names(self) -> list[str]:
        """Names of the files and folders right here, without a look into the folders."""

        def act() -> list[str]:
            try:
                return list(self._files.ls(self._root, detail=False))
            except FileNotFoundError:
                return []

        stored = self._patiently(act, "", "read")
        return [name.rstrip("/").rpartition("/")[2] for name in stored]

    def remove(self, path: str) -> None:
        """Remove a stored file that may be gone already."""

        def act() -> None:
            try:
                self._files.rm_file(self._at(path))
            except FileNotFoundError:
                return

        self._patiently(act, path)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _local(self) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [
            path.relative_to(self.folder).as_posix()
            for path in files
            if path.name != LOCK_FILE and not path.name.endswith((".part", "-journal"))
        ]

    def _listed(self) -> dict[str, str]:
        """Path -> identity of every stored file."""

        def act() -> dict[str, Any]:
            try:
                listing: dict[str, Any] = self._files.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
            return listing

        listing = self._patiently(act, "", "read")
        paths = [(name.strip("/"), facts) for name, facts in listing.items()]
        start = len(self._root.strip("/")) + 1
        if self.has_tags:
            self.tags = {name[start:]: facts["ETag"] for name, facts in paths if "ETag" in facts}
        inside = {
            name[start:]: identity_of(facts)
            for name, facts in paths
            if not name.endswith(LOCK_FILE) and len(name) > start
        }
        for path in inside:
            if not is_inside(path):
                raise InputError(
                    f"{self.name} holds an object named {path!r}, which would be a file outside "
                    "the study; remove it, and do not trust what else is stored there"
                )
        return inside

    def _fetch_changed(self, stored: dict[str, str]) -> list[str]:
        """Copy the listed files that differ from the local ones; returns those that are gone."""
        changed = [
            path
            for path, identity in stored.items()
            if self._copied.get(path) != identity or not self._is_sent(path)
        ]
        gone = []
        for start in range(0, len(changed), FETCHED_AT_ONCE):
            paths = changed[start : start + FETCHED_AT_ONCE]
            contents = self._contents(paths)
            for path in paths:
                content = contents[self._at(path).strip("/")]
                if content is None:
                    gone.append(path)
                    continue
                write_patiently(self.folder / path, content)
                self._note(path)
                self._copied[path] = stored[path]
        return gone

    def _contents(self, paths: list[str]) -> dict[str, bytes | None]:
        """Stored name -> content; None for a file that is not there (any more)."""

        def act() -> dict[str, bytes | None]:
            names = [self._at(path) for path in paths]
            answers: dict[str, bytes | Exception] = self._files.cat(names, on_error="return")
            contents: dict[str, bytes | None] = {}
            for name, answer in answers.items():
                if isinstance(answer, Exception) and not isinstance(answer, FileNotFoundError):
                    raise answer
                contents[name.strip("/")] = answer if isinstance(answer, bytes) else None
            return contents

        return self._patiently(act, "", "read")

    def _send(self, path: str) -> None:
        local = self.folder / path
        if self.writer is not None:
            self.writer(path, local)
        else:
            self._patiently(lambda: self._files.put_file(str(local), self._at(path)), path)
        self._note(path)
        self._copied.pop(path, None)

    def _remove(self, path: str) -> None:
        self.remove(path)
        self.tags.pop(path, None)
        self._sent.pop(path, None)
        self._copied.pop(path, None)

    def _note(self, path: str) -> None:
        facts = (self.folder / path).stat()
        self._sent[path] = (facts.st_size, facts.st_mtime_ns)

    def _is_sent(self, path: str) -> bool:
        file = self.folder / path
        if not file.exists():
            return False
        facts = file.stat()
        return self._sent.get(path) == (facts.st_size, facts.st_mtime_ns)

    def _patiently(self, act: Callable[[], Result], path: str, doing: str = "written") -> Result:
        target = f"{self.name}/{path}" if path else self.name
        return patiently(act, target, doing=doing, is_ours=is_of_storage, is_hopeless=is_hopeless)


def is_inside(path: str) -> bool:
    """Whether a path with / between its parts stays below the folder that it is joined to."""
    parts = path.split("/")
    return not any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts)


def _turn(path: str) -> tuple[int, str]:
    """Pictures and rows come before their checkpoint, after which they are not made again.

    run.json comes when everything that it refers to is stored.
    """
    name = path.rpartition("/")[2]
    if name.endswith(".webp"):
        return 0, path
    if name == EVALUATIONS_FILE:
        return 1, path
    if name.endswith(".pt"):
        return 2, path
    return {RUN_FILE: 4, REPORT_FILE: 5}.get(name, 3), path
