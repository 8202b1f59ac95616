"""A local Ray that ends before its search, which then ends in order as well.

A batch system may send SIGTERM to every process of a job, and a machine without memory may kill
any. Ray's client waits for a minute for its control service and then ends the process as it is, in
the middle of whatever call; a thread closes the record before that.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.record.scratch import scratch_folder

VITAL = ("raylet", "gcs_server")
"""The processes without which Ray does nothing."""
LOOK_SECONDS = 0.5
GRACE_SECONDS = 2.0
"""How long Tune, which may be about to end, has after Ray has ended."""


@contextmanager
def in_order_without_ray(conclude: Callable[[str], None]) -> Iterator[None]:
    """While inside, call `conclude` with what ended, by a thread, when this process's Ray does.

    Whoever leaves meanwhile waits until `conclude` has returned. A Ray that was joined has no
    processes here, and none is watched.
    """
    over = threading.Event()
    concluding = threading.Lock()

    def watch() -> None:
        while not (gone := ended_processes()):
            if over.wait(LOOK_SECONDS):
                return
        if not over.wait(GRACE_SECONDS):
            with concluding:
                if not over.is_set():
                    conclude(" and ".join(gone))

    threading.Thread(target=watch, name="ray-end", daemon=True).start()
    try:
        yield
    finally:
        with concluding:
            over.set()


def ended_processes() -> list[str]:
    """Names of the processes of a Ray started here that have ended by themselves."""
    from ray._private import worker  # private: nothing public knows the processes

    node = worker._global_node
    if node is None:
        return []
    return sorted({str(kind) for kind, _ in node.dead_processes() if kind in VITAL})


def leave_process(code: int) -> None:
    """End this process at once, whatever its threads wait for; its temporary files go first."""
    from ray._private import worker

    sys.stdout.flush()
    sys.stderr.flush()
    node = worker._global_node
    if node is not None and "RAY_TMPDIR" not in os.environ:
        shutil.rmtree(node.get_temp_dir_path(), ignore_errors=True)
    shutil.rmtree(scratch_folder(), ignore_errors=True)
    os._exit(code)
