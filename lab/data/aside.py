"""Folders that are created completely or not at all, once among several processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from lab.errors import InputError

_LOCK_FILE = "lock"
_MOST_TRIES = 100
_SECONDS_BETWEEN = 0.05


def make_folder_whole(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a folder beside `target`, then rename it; nothing if target exists.

    A process that fails removes what it wrote; the next process removes what a killed one left
    behind, a hidden folder beside the target. Processes with the same target wait for it.
    Raises InputError when the target cannot be written.
    """
    aside = target.with_name(f".{target.name}.part")
    try:
        with _locked(aside, target) as is_ours:
            if not is_ours:
                return
            try:
                _empty(aside)
                fill(aside)
                aside.rename(target)
                (target / _LOCK_FILE).unlink(missing_ok=True)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{target} cannot be written: {reason}; free or allow the space, "
            "or choose another folder (LAB_CACHE names the cache)"
        ) from error


@contextlib.contextmanager
def _locked(aside: Path, target: Path) -> Iterator[bool]:
    """Hold the lock inside `aside` and yield True, or False once `target` exists.

    The lock lies in the folder it guards and travels with the rename. After waiting a
    process checks again: the folder may have become the target, or been removed by a failure.
    """
    tries = 0
    while not target.exists() or _is_empty(target):
        try:
            aside.mkdir(parents=True, exist_ok=True)
            lock = (aside / _LOCK_FILE).open("a")
        except (FileNotFoundError, FileExistsError):  # another process that failed removes it
            _require_no_dead_link(target)
            tries += 1
            if aside.is_file() or tries >= _MOST_TRIES:
                raise
            time.sleep(_SECONDS_BETWEEN)
            continue
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_still(lock, aside / _LOCK_FILE):
                yield True
                return
    yield False


def _require_no_dead_link(target: Path) -> None:
    """Raise InputError when a folder above the target is a link to nothing."""
    for folder in target.parents:
        if folder.is_symlink() and not folder.exists():
            raise InputError(
                f"{target} cannot be written: {folder} is a link to {folder.readlink()}, which is "
                "not there; make that folder, or choose another (LAB_CACHE names the cache)"
            )


def _is_still(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _empty(folder: Path) -> None:
    """Remove all but the lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK_FILE:
            path.unlink()
