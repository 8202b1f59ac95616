"""Several ranks on this machine: a function called on each in a process of its own, over gloo."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing as multiprocessing

from lab.run.launch import joined

TIMEOUT = timedelta(seconds=60)


def on_ranks(num_ranks: int, function: Callable[..., Any], *args: Any) -> list[Any]:
    """What `function(ranks, *args)` returns on each rank; it must be importable."""
    with tempfile.TemporaryDirectory() as place:
        multiprocessing.start_processes(
            _on_rank, (num_ranks, place, function, args), nprocs=num_ranks, start_method="spawn"
        )
        return [
            torch.load(Path(place, f"{rank}.pt"), weights_only=False) for rank in range(num_ranks)
        ]


def _on_rank(
    rank: int, num_ranks: int, place: str, function: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    torch.set_num_threads(1)
    with joined(f"file://{place}/rendezvous", rank, num_ranks, timeout=TIMEOUT) as ranks:
        torch.save(function(ranks, *args), Path(place, f"{rank}.pt"))
    os._exit(0)
