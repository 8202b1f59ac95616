"""A folder behind a URL (`s3://`, `gs://`, any file system of fsspec), and a local copy of it.

A process pulls what it needs and pushes what it changed, in an order that leaves a whole record
wherever it is interrupted. Storages that fail for a while are waited for (`lab.record.durable`).
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import InputError
from lab.record.durable import (
    LOCK_FILE,
    open_lock,
    patiently,
    sole_writer,
    took_lock,
    write_patiently,
)
from lab.record.names import EVALUATIONS_FILE, REPORT_FILE, RUN_FILE

PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs"}
"""Packages that fsspec needs, by the URL's prefix."""
CLIENTS = frozenset({"botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "azure"})
"""Packages whose exceptions are the storage's, as every OSError is."""

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
        self._files, root = _file_system(name)
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
        paths = ((name.strip("/"), facts) for name, facts in listing.items())
        start = len(self._root.strip("/")) + 1
        inside = {
            name[start:]: _identity(facts)
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
        local = str(self.folder / path)
        self._patiently(lambda: self._files.put_file(local, self._at(path)), path)
        self._note(path)
        self._copied.pop(path, None)

    def _remove(self, path: str) -> None:
        self.remove(path)
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
        return patiently(
            act, target, doing=doing, is_ours=_is_of_storage, is_hopeless=_is_hopeless
        )


def _file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system and the path in it; retries are ours, and no listing is kept."""
    from fsspec.core import url_to_fs

    kind, _, path = url.partition("://")
    if not path:
        raise InputError(f"{url} names no bucket; give a URL like {kind}://bucket/studies")
    options: dict[str, Any] = {"use_listings_cache": False}
    if PACKAGES.get(kind) == "s3fs":
        times = {"connect_timeout": 10, "read_timeout": 60}
        options["config_kwargs"] = {"retries": {"total_max_attempts": 1}, **times}
    try:
        files, root = url_to_fs(url, **options)
    except ImportError as error:
        package = PACKAGES.get(kind)
        remedy = f"pip install {package}" if package else str(error)
        raise InputError(f"{url} needs a package that is not installed; {remedy}") from None
    except ValueError:
        raise InputError(
            f"{url} begins with {kind}://, which fsspec does not support; "
            "give a path, or a URL that begins with s3:// or gs://"
        ) from None
    return files, root


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


def _identity(facts: dict[str, Any]) -> str:
    """What changes when a stored file does."""
    keys = ("ETag", "etag", "md5Hash", "LastModified", "updated", "mtime", "created")
    return repr([facts.get("size"), *(facts.get(key) for key in keys)])


def _is_of_storage(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in CLIENTS


def _is_hopeless(error: Exception) -> bool:
    """Whether waiting does not fix it: a missing file, permission or credentials."""
    if isinstance(error, (FileNotFoundError, PermissionError)):
        return True
    if getattr(error, "code", None) in (400, 401, 403, 404):  # gcsfs
        return True
    return "Credential" in type(error).__name__ or "ParamValidation" in type(error).__name__


@functools.cache
def scratch_folder() -> Path:
    """A folder of this process on the local disk, removed when the process ends.

    It also removes what killed processes left: a living process holds its folder's lock.
    """
    base = Path(tempfile.gettempdir()) / f"gan-lab-{os.getuid()}"
    if _is_own(base):
        with sole_writer(base, wait_seconds=60.0):
            for folder in base.iterdir():
                if folder.is_dir() and not folder.is_symlink() and not _is_held(folder):
                    shutil.rmtree(folder, ignore_errors=True)
            mine, held = _made_in(base)
    else:
        mine, held = _made_in(None)
    atexit.register(held.close)
    atexit.register(shutil.rmtree, mine, ignore_errors=True)
    return mine


def _is_own(base: Path) -> bool:
    """Whether a folder with a foreseeable name is this user's alone; it is made if missing."""
    with suppress(OSError):
        base.mkdir(mode=0o700, exist_ok=True)
        facts = base.lstat()
        is_ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
        return is_ours and not facts.st_mode & 0o022  # nor could others put anything there
    return False


def _made_in(base: Path | None) -> tuple[Path, ExitStack]:
    """A new folder and the hold on it."""
    mine = Path(tempfile.mkdtemp(prefix="gan-lab-" if base is None else "", dir=base))
    held = ExitStack()
    held.enter_context(sole_writer(mine))
    return mine, held


def _is_held(folder: Path) -> bool:
    with open_lock(folder / LOCK_FILE) as lock:
        return not took_lock(lock)
