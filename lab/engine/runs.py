"""What a slot's process does: open data and metrics once, then train the run of each job.

Every evaluation is stored before it is reported. Ray imports this file in each process, so it
imports what trains only where that is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lab.errors import InputError
from lab.record.claims import Driver, claimed
from lab.record.storage import SharedFolder, for_training, in_its_words, open_storage

if TYPE_CHECKING:
    from lab.config import RunConfig

JobMessage = dict[str, Any]
"""A `lab.plan.Job` as it travels, with the path or URL of the run's folder for every node.

Behind a URL also `proposal`, the trial.json to store before the run, and `fence`, the fields of
its `Driver`; `avoid` has the identities of nodes that get no worker.
"""
Answer = dict[str, Any]
"""An evaluation (see `answer_of`), an `error`, a person's `mistake`, or the gang's `end`.

`no_room` with an end: the cluster had no room for its workers.
"""


class Evaluated(Protocol):
    """What a run yields, as far as the engine reads it (see `lab.run.Evaluation`)."""

    @property
    def row(self) -> dict[str, Any]: ...

    @property
    def verdict(self) -> Any: ...

    @property
    def score(self) -> float | None: ...


Evaluations = Iterator[Evaluated]
Evaluation = TypeVar("Evaluation")


def open_on_slot(
    base: dict[str, Any], device: str, threads: int, *, anew: bool = False
) -> dict[str, Any]:
    """The record's `data` and `metrics` entries, `precision` and `extractor` for `auto`.

    With `anew`, an extractor that does not fit the data is a mistake; a study that began with one
    continues. Runs as a Ray task where a run would. An InputError comes back as `mistake`, because
    Ray would wrap it.
    """
    import torch

    from lab.config import make_config
    from lab.metrics.extractors import require_fitting
    from lab.run.bench import describe, open_bench_for, resolve_precision

    torch.set_num_threads(threads)
    config = make_config(base)
    if config.trainer is not None:
        return _open_trainer(config)
    try:
        bench = open_bench_for(config, device)
        if anew:
            require_fitting(bench.evaluation, bench.pack.channels)
    except InputError as error:
        import ray

        return {"mistake": str(error), "node": ray.util.get_node_ip_address()}  # type: ignore[no-untyped-call]
    precision = resolve_precision(config, bench.shape, bench.device)
    return {**describe(bench), "precision": precision, "extractor": bench.evaluation.extractor}


def _open_trainer(config: Any) -> dict[str, Any]:
    """`open_on_slot` for a training of the person's own, which opens its data itself."""
    from lab.trainer.check import described_study, require_startable

    try:
        require_startable(config)
    except InputError as error:
        import ray

        return {"mistake": str(error), "node": ray.util.get_node_ip_address()}  # type: ignore[no-untyped-call]
    return described_study(config)


def start_run(job: JobMessage, *, device: str, ranks: Any = None) -> Evaluations:
    """The run that a job describes, on the worker that calls; see `lab.run.run`.

    Of a training of the person's own: `lab.trainer.loop.run_trainer`.
    """
    from lab.config import make_config
    from lab.gan.ranks import ALONE

    ranks = ranks or ALONE
    config = make_config(job["config"])
    driver = driver_of(job)
    start, more = _loop_of(config, job, ranks)
    label = {key: job[key] for key in ("trial", "stage", "attempt")}
    fence = driver.number if driver else None
    return stored_run(
        job["folder"],
        lambda folder: start(config, folder, **label, fence=fence, device=device, **more),
        writes=ranks.rank == 0,
        driver=driver,
    )


def _loop_of(config: RunConfig, job: JobMessage, ranks: Any) -> tuple[Any, dict[str, Any]]:
    """The function that makes the run, and what it alone is given."""
    if config.trainer is None:
        from lab.run import run

        return run, {"ranks": ranks}
    from lab.trainer.loop import run_trainer

    return run_trainer, {
        "gpus": math.ceil(job.get("gpus", 0)),
        "threads": job.get("threads", 1),
    }


def stored_run(
    address: str,
    start: Callable[[Path], Generator[Evaluation, None, None]],
    *,
    writes: bool,
    driver: Driver | None = None,
) -> Generator[Evaluation, None, None]:
    """The evaluations of the run at `address` (a path or URL), each yielded once it is stored.

    `writes`: whether this worker is the one that reads and writes the folder. A worker of a
    `driver` that another one has followed stops, and one whose run was begun again elsewhere.
    """
    storage = open_storage(address)
    if isinstance(storage, SharedFolder):
        yield from start(storage.folder)
        return
    with in_its_words(storage), ExitStack() as claim:
        if writes:
            if driver is not None:
                claim.enter_context(claimed(storage, driver))
            storage.pull(for_training)
        evaluations = start(storage.folder)
        try:
            for evaluation in evaluations:
                if writes:
                    storage.push()
                yield evaluation
        finally:
            evaluations.close()
            if writes:
                storage.forget()


def driver_of(job: JobMessage) -> Driver | None:
    """The driver that sent a job, of a study behind a URL."""
    return Driver(*job["fence"]) if job.get("fence") else None


def finite_numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an evaluation that a tracker can draw and Tune takes."""
    return {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }


def answer_of(evaluation: Evaluated) -> Answer:
    """An evaluation as it travels: the row is JSON, because Tune takes finite numbers only."""
    verdict = evaluation.verdict
    return {
        "row": json.dumps(evaluation.row),
        "verdict": None if verdict is None else verdict.name,
        "onset_images": None if verdict is None else verdict.onset_images,
        "score": evaluation.score,
    }
