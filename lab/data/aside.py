"""Folders that appear whole or not at all, made once however many processes want them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from lab.errors import InputError

_LOCK_FILE = "lock"


def make_folder_whole(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a folder beside `target`, then rename it; nothing if target exists.

    A process that fails removes what it wrote; what a killed one left is hidden beside the target
    and removed by the next. Others that want the same target meanwhile wait, then find it made.
    Raises InputError when the place cannot be written.
    """
    aside = target.with_name(f".{target.name}.part")
    try:
        with _locked(aside, target) as mine:
            if not mine:
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
            "or choose another place (LAB_CACHE names the cache)"
        ) from error


@contextlib.contextmanager
def _locked(aside: Path, target: Path) -> Iterator[bool]:
    """Hold the lock inside `aside` and yield True, or False once `target` exists.

    The lock lies in the folder it guards and travels with the rename. So a process that waited
    for it must look again: the folder may have become the target, or been removed by a failure.
    """
    while not target.exists() or _is_empty(target):
        try:
            aside.mkdir(parents=True, exist_ok=True)
            lock = (aside / _LOCK_FILE).open("a")
        except FileNotFoundError:
            continue
        except FileExistsError:  # when one who failed removes it just as it is looked at
            if aside.is_file():
                raise
            continue
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_still(lock, aside / _LOCK_FILE):
                yield True
                return
    yield False


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
