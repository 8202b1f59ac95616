"""A process's own folder on the local disk, for copies of what is stored elsewhere."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import stat
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from lab.record.durable import LOCK_FILE, open_lock, sole_writer, took_lock


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
