"""Runs that only act: what happens at each evaluation is written in the job's `script`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist

from lab.errors import InputError
from lab.stability.verdict import Verdict

START = f"{__name__}:start"


class Measured(NamedTuple):
    row: dict[str, Any]
    verdict: Verdict | None
    score: float | None


def job(folder: Path, *script: str, attempt: int = 1) -> dict[str, Any]:
    """A run that is measured once a word of its script; the last word is its verdict."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "folder": str(folder),
        "trial": 0,
        "stage": "explore",
        "attempt": attempt,
        "max_attempts": 3,
        "script": script,
    }


def start(job: dict[str, Any], *, device: str, ranks: Any = None) -> Iterator[Measured]:
    """Continues after the evaluations that the folder knows of, as a run does.

    The words: `row` and any other give a row, `stable` ends the run; `fail`, `mistake` and `kill`
    do so on every rank, on one rank when followed by its number (`kill-1`), and only at the run's
    first start when followed by `once` (`kill-1-once`).
    """
    folder = Path(job["folder"])
    rank = 0 if ranks is None else ranks.rank
    several = ranks is not None and ranks.num_ranks > 1
    (folder / f"started-{rank}-{os.getpid()}").touch()
    done = len(list(folder.glob("row-*")))
    if several:
        dist.barrier()
    for place, word in list(enumerate(job["script"]))[done:]:
        act, *when = word.split("-")
        if _applies(rank, when, job["attempt"]):
            _act(act)
        total = torch.ones(1)
        if several:
            dist.all_reduce(total)
        if rank == 0:
            (folder / f"row-{place}").touch()
        row = {"images_seen": place, "num_ranks": int(total), "attempt": job["attempt"]}
        row |= {"pid": os.getpid(), "quality": 0.5}
        if word == "stable":
            yield Measured(row, Verdict("stable", None, "all went well", True), 0.5)
            return
        yield Measured(row, None, None)


def _applies(rank: int, when: list[str], attempt: int) -> bool:
    ranks = [int(word) for word in when if word.isdigit()]
    return (not ranks or rank in ranks) and ("once" not in when or attempt == 1)


def _act(act: str) -> None:
    if act == "fail":
        raise ValueError("the run failed")
    if act == "mistake":
        raise InputError("the disk is full; make room")
    if act == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "freeze":
        os.kill(os.getpid(), signal.SIGSTOP)
