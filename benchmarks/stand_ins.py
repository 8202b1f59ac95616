"""Stand-in runs: they sleep, and write and report what a worker would, but train nothing.

A thousand of them fit into one process. Each writes the real run.json and appends real rows (with
their flush to the disk) in its run's own folder, hands the result to the driver as a trainable's
`step()` would, and waits until it may continue.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lab.record import EVALUATIONS_FILE, RUN_FILE, append_row, write_json
from lab.record.columns import metric_names

SECONDS_BETWEEN_REPORTS = (2.0, 5.0)
NUM_EVALUATIONS = (11, 31)
"""Least and most; the gpu and cluster presets make 21. So a run takes 70 s or so."""
NUM_SIGNALS = 12
NUM_WRITERS = 16


class Report(NamedTuple):
    """What a stand-in run hands to the driver."""

    name: str
    sent: float
    """`time.monotonic()`, one clock for all processes of the machine."""
    result: dict[str, Any]


def rows(order: dict[str, Any], num_begun: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each evaluation's row as stored, and the result that goes to Tune.

    The first `num_begun` runs are somewhere in their middle, so that runs end all the time.
    """
    random = np.random.default_rng(order["trial"])
    names = metric_names("fashion").model_dump().values()
    budget = order["config"]["training"]["budget_images"]
    least, most = NUM_EVALUATIONS
    last = int(random.integers(least, most, endpoint=True)) - 1
    first = int(random.integers(last)) if order["trial"] < num_begun else 0
    for index in range(first, last + 1):
        row = {
            "images_seen": budget * index // (most - 1),
            "step": 64 * index,
            "quality": float(random.random()),
            "seconds_training": 3.0 * index,
            "seconds_evaluating": 0.5 * index,
            **{name: float(random.random()) for name in names},
            **{f"signal_number_{i}": float(random.random()) for i in range(NUM_SIGNALS)},
        }
        result = {"row": json.dumps(row), "done": index == last}
        if result["done"]:
            result |= {"verdict": "stable", "onset_images": None, "score": row["quality"]}
        yield row, result


def seconds_to_report(order: dict[str, Any], row: dict[str, Any]) -> float:
    """The pretended duration of the training until this row."""
    random = np.random.default_rng([order["trial"], row["step"]])
    return float(random.uniform(*SECONDS_BETWEEN_REPORTS))


def write_note(order: dict[str, Any], status: str, score: float | None) -> None:
    """run.json at the run's start and at its end."""
    verdict = {"name": "stable", "onset_images": None, "evidence": "-", "final": True}
    note = {
        "trial": order["trial"],
        "seed": order["config"]["seed"],
        "stage": order["stage"],
        "attempts": order["attempt"],
        "status": status,
        "verdict": verdict if status == "finished" else None,
        "score": score,
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    write_json(Path(order["folder"]) / RUN_FILE, note)


def stand_in_runs(orders: Connection, reports: Queue[Report], num_begun: int) -> None:
    """The process of all stand-in runs; ends when the driver closes its side of `orders`.

    An order is (name, job as JSON) for a new run and (name, None) for the next step.
    """
    asyncio.run(_serve(orders, reports, num_begun))


async def _serve(orders: Connection, reports: Queue[Report], num_begun: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(NUM_WRITERS))
    ended = asyncio.Event()
    go_on: dict[str, asyncio.Event] = {}
    tasks: set[asyncio.Task[None]] = set()

    def take() -> None:
        try:
            name, job = orders.recv()
        except EOFError:
            loop.remove_reader(orders.fileno())
            ended.set()
            return
        if job is None:
            go_on[name].set()
            return
        go_on[name] = asyncio.Event()
        order = json.loads(job)
        task = asyncio.create_task(_one(name, order, rows(order, num_begun), go_on, reports))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_reader(orders.fileno(), take)
    await ended.wait()
    for task in tasks:
        task.cancel()
    reports.cancel_join_thread()


async def _one(
    name: str,
    order: dict[str, Any],
    evaluations: Iterator[Any],
    go_on: dict[str, asyncio.Event],
    reports: Queue[Report],
) -> None:
    await asyncio.to_thread(write_note, order, "running", None)
    for row, result in evaluations:
        await asyncio.sleep(seconds_to_report(order, row))
        await asyncio.to_thread(append_row, Path(order["folder"]) / EVALUATIONS_FILE, row)
        if result["done"]:
            await asyncio.to_thread(write_note, order, "finished", result["score"])
        go_on[name].clear()
        reports.put(Report(name, time.monotonic(), result))
        if not result["done"]:
            await go_on[name].wait()
    del go_on[name]
