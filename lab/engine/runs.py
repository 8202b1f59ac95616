"""A job's run on the worker that trains it, each evaluation stored before it is reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lab.record.storage import SharedFolder, for_training, in_its_words, open_storage

JobMessage = dict[str, Any]
"""A `lab.plan.Job` as it travels, and the run's folder as every node knows it: a path or a URL."""
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
StartRun = Callable[..., Evaluations]
"""(job, device=, ranks=) -> the run's iterator."""
Evaluation = TypeVar("Evaluation")


def start_run(job: JobMessage, *, device: str, ranks: Any = None) -> Evaluations:
    """The run that a job describes, on the worker that calls; see `lab.run.run`."""
    from lab.config import make_config
    from lab.gan.ranks import ALONE
    from lab.run import run

    ranks = ranks or ALONE
    config = make_config(job["config"])
    label = {key: job[key] for key in ("trial", "stage", "attempt")}
    return stored_run(
        job["folder"],
        lambda folder: run(config, folder, **label, device=device, ranks=ranks),
        writes=ranks.rank == 0,
    )


def stored_run(
    address: str, start: Callable[[Path], Generator[Evaluation, None, None]], *, writes: bool
) -> Generator[Evaluation, None, None]:
    """The evaluations of the run at `address` (a path or URL), each yielded once it is stored.

    `writes`: whether this worker is the one that reads and writes the folder.
    """
    storage = open_storage(address)
    if isinstance(storage, SharedFolder):
        yield from start(storage.folder)
        return
    with in_its_words(storage):
        if writes:
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


def answer_of(evaluation: Evaluated) -> Answer:
    """An evaluation as it travels: the row is JSON, because Tune takes finite numbers only."""
    verdict = evaluation.verdict
    return {
        "row": json.dumps(evaluation.row),
        "verdict": None if verdict is None else verdict.name,
        "onset_images": None if verdict is None else verdict.onset_images,
        "score": evaluation.score,
    }
