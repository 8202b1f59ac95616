"""Several workers without Ray: processes started here, or those of torchrun."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import (
    ProcessContext,
    ProcessExitedException,
    start_processes,
)

from lab.cli import INTERRUPTED, MISTAKEN
from lab.errors import InputError
from lab.gan.ranks import Ranks

GRACE_SECONDS = 10.0
"""How long the other workers may take to end once one has ended with an error."""
Work = Callable[..., int]


def started_by_torchrun() -> bool:
    """Whether torchrun started this process as one of several workers."""
    return dist.is_torchelastic_launched()


def on_workers(num_workers: int, work: Work, *args: Any) -> int:
    """The exit code of `work(ranks, *args)`, called by that many workers in step.

    `work` must be importable. Workers of torchrun are processes already, and this is one of them.
    """
    if started_by_torchrun():
        with joined("env://", int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])) as ranks:
            return work(ranks, *args)
    with tempfile.TemporaryDirectory() as folder:
        context = start_processes(  # type: ignore[no-untyped-call]
            _worker,
            (num_workers, f"file://{folder}/rendezvous", work, args),
            nprocs=num_workers,
            join=False,
            start_method="spawn",
        )
        return _joined(context)


def _joined(context: ProcessContext) -> int:
    try:
        while not context.join(grace_period=GRACE_SECONDS):
            pass
    except ProcessExitedException as ended:
        if ended.exit_code in (MISTAKEN, INTERRUPTED):
            return ended.exit_code
        raise
    except KeyboardInterrupt:  # a terminal sends it to the workers as well
        for process in context.processes:
            process.join(GRACE_SECONDS)
            process.kill()
        return INTERRUPTED
    return 0


def _worker(rank: int, num_ranks: int, rendezvous: str, work: Work, args: tuple[Any, ...]) -> None:
    try:
        with joined(rendezvous, rank, num_ranks) as ranks:
            code = work(ranks, *args)
    except InputError as error:
        if rank == 0:
            print(error, file=sys.stderr)
        code = MISTAKEN
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: threads of gloo that are still alive would abort Python's own shutdown.
    os._exit(code)


@contextmanager
def joined(
    rendezvous: str, rank: int, num_ranks: int, *, timeout: timedelta | None = None
) -> Iterator[Ranks]:
    """This process as a rank of a process group: NCCL with a GPU for each, else gloo."""
    num_gpus = torch.cuda.device_count()
    if num_gpus:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)) % num_gpus)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if num_gpus else "gloo",
        init_method=rendezvous,
        rank=rank,
        world_size=num_ranks,
        timeout=timeout,
    )
    try:
        yield Ranks(rank, num_ranks)
        # Objectives hold the group: they must go first, and no rank may leave while another sends.
        gc.collect()
        dist.barrier()
    finally:
        dist.destroy_process_group()
