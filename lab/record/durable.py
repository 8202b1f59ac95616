"""Durable writes: whole or not at all, by one writer, tried again while the storage fails.

A killed process leaves the old file or the new one. A storage that is full or away is waited for;
a failure that outlasts the patience is a `StorageFailed`, which ends the search but not its runs.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from lab.errors import InputError

log = logging.getLogger(__name__)

LOCK_FILE = ".lock"
PATIENCE = "LAB_STORAGE_PATIENCE"
"""Environment variable: seconds that a failing storage is waited for; 60 where it is not set."""
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
NOT_MENDED_BY_WAITING = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.EFBIG,
        errno.EINVAL,
    }
)

WITHOUT_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})

Result = TypeVar("Result")
Fill = Callable[[IO[bytes]], object]


class StorageFailed(InputError):
    """The storage refused a write (or a read) for longer than the patience, or permanently."""

    def __init__(
        self, target: Path | str, reason: str, waited_seconds: float, doing: str = "written"
    ) -> None:
        tried = f" for {waited_seconds:.0f} s" if waited_seconds else ""
        super().__init__(
            f"{target} could not be {doing}{tried} ({reason}); free space or repair the storage"
        )
        self.target = target
        self.reason = reason
        self.waited_seconds = waited_seconds
        self.doing = doing

    def __reduce__(self) -> tuple[type[StorageFailed], tuple[Path | str, str, float, str]]:
        return StorageFailed, (self.target, self.reason, self.waited_seconds, self.doing)


def patience_seconds() -> float:
    """How long a failing storage is waited for, from the environment.

    Raises InputError for a value that is no number of seconds.
    """
    came = os.environ.get(PATIENCE, "60")
    try:
        seconds = float(came)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InputError(f"{PATIENCE} is '{came}'; it must be a number of seconds, 0 or more")
    return seconds


def patiently(
    act: Callable[[], Result],
    target: Path | str,
    *,
    doing: str = "written",
    is_ours: Callable[[Exception], bool] | None = None,
    is_hopeless: Callable[[Exception], bool] | None = None,
) -> Result:
    """What `act` returns, tried again with growing waits while the storage under it fails.

    `is_ours` decides which errors are the storage's; by default every OSError is. The first wait
    is logged; `doing` is "written" or "read". Raises StorageFailed once the patience is over, and
    at once for an error that waiting does not fix: no permission, a read-only file system, or
    where `is_hopeless` is true.
    """
    patience = patience_seconds()
    started = time.monotonic()
    wait = 0.0
    while True:
        try:
            return act()
        except Exception as error:
            if not (is_ours or _is_of_storage)(error):
                raise
            spent = time.monotonic() - started
            if spent >= patience or (is_hopeless or _is_hopeless)(error):
                raise StorageFailed(
                    target, reason_of(error), spent if wait else 0.0, doing
                ) from None
            if not wait:
                message = "%s cannot be %s (%s); trying again for %g s"
                log.warning(message, target, doing, reason_of(error), patience)
            wait = min(max(FIRST_WAIT_SECONDS, 2 * wait), LONGEST_WAIT_SECONDS, patience - spent)
            time.sleep(wait)


def _is_of_storage(error: Exception) -> bool:
    return isinstance(error, OSError)


def _is_hopeless(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in NOT_MENDED_BY_WAITING


def reason_of(error: Exception) -> str:
    """The system's message for an error, else the first line of the error's text."""
    if isinstance(error, StorageFailed):
        return error.reason
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def write_patiently(path: Path, content: bytes | Fill) -> None:
    """`write_whole`, tried again while the storage fails. Raises StorageFailed."""
    patiently(lambda: write_whole(path, content), path)


def remove_patiently(path: Path) -> None:
    """Remove a file that may be gone already, tried again while the storage fails."""
    patiently(lambda: path.unlink(missing_ok=True), path)


def write_whole(path: Path, content: bytes | Fill) -> None:
    """Write beside and rename, so that a reader sees the old file or the new one, never half.

    `content` is the bytes, or a function that writes them to an open file. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what killed writers left beside their files; only the folder's sole writer may."""
    for aside in folder.glob(".*.part"):
        remove_patiently(aside)


def append_line(path: Path, line: bytes) -> None:
    """Append `line` (with its newline) and flush it to the disk, all or nothing.

    After a torn last line a new line is begun, so that the tear costs one line and not two.
    Raises StorageFailed, the file as it was.
    """
    appending = _Appending(path, line)
    patiently(appending.attempt, path)


class _Appending:
    """One line to append; a failed attempt is undone, at the latest by the next one."""

    def __init__(self, path: Path, line: bytes) -> None:
        self.path = path
        self.line = line
        self.length: int | None = None
        """Bytes of the file before the first attempt."""

    def attempt(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: a buffer would be flushed once more when the file is closed.
        with open(self.path, "a+b", buffering=0, opener=_not_through_a_link) as file:
            if self.length is None:
                self.length = file.seek(0, os.SEEK_END)
            file.truncate(self.length)
            try:
                self._write(file, self._tear(file) + self.line)
            except OSError:
                file.truncate(self.length)
                raise

    def _tear(self, file: IO[bytes]) -> bytes:
        if not self.length:
            return b""
        file.seek(self.length - 1)
        return b"" if file.read(1) == b"\n" else b"\n"

    def _write(self, file: IO[bytes], content: bytes) -> None:
        while content:  # a full disk takes a part of it without an error
            content = content[file.write(content) :]
        os.fsync(file.fileno())


def _not_through_a_link(path: str, flags: int) -> int:
    """In a folder that somebody sent, a link would lead the line into another file."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


@contextmanager
def sole_writer(folder: Path, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Be the only writer of `folder`; the system frees it when this process ends, even if killed.

    Raises InputError when another process still holds it after `wait_seconds`.
    """
    deadline = time.monotonic() + wait_seconds
    with patiently(lambda: _lock_file(folder), folder) as lock:
        while not took_lock(lock):
            if time.monotonic() > deadline:
                raise InputError(
                    f"{folder} is being written by another process; wait for it or stop it first"
                )
            time.sleep(0.1)
        yield


def _lock_file(folder: Path) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return open_lock(folder / LOCK_FILE)


def open_lock(path: Path) -> IO[str]:
    """A lock file, made if it is not there and never emptied. Raises InputError for a link.

    A link that somebody left under this name would have its target written.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.fdopen(os.open(path, flags, 0o666), "r+")
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError(f"{path} is a link, which a lock never is; remove it") from None
        raise


def took_lock(lock: IO[str]) -> bool:
    """Hold a lock file until it is closed, unless another process does.

    Raises InputError on a file system without locks.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        raise InputError(
            f"{Path(str(lock.name)).parent} is on a file system without locks "
            f"({error.strerror}), so nothing would keep two searches apart; mount it with locks, "
            "or choose another folder"
        ) from None
    return True
