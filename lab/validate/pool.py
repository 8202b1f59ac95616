"""Jobs of a part, side by side in processes of one thread each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

import torch

from lab.validate.part import Say

Job = TypeVar("Job")
Result = TypeVar("Result")


def done_by(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    processes: int,
    say: Say,
    *,
    describe: Callable[[Job, Result], str],
) -> list[Result]:
    """Results of `work`, in the order of the jobs; `say` receives `describe` of each.

    Results do not depend on `processes`: with one the jobs run in this process, else in spawned
    processes of one torch thread each. Jobs start in order: put the longest first.
    """
    if processes == 1:
        return [_reported(job, _alone(work, job), say, describe) for job in jobs]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(processes, len(jobs)), mp_context=context, initializer=_one_thread
    ) as pool:
        futures = {pool.submit(work, job): index for index, job in enumerate(jobs)}
        results: dict[int, Result] = {}
        for future in as_completed(futures):
            index = futures[future]
            results[index] = _reported(jobs[index], future.result(), say, describe)
    return [results[index] for index in range(len(jobs))]


def _reported(
    job: Job, result: Result, say: Say, describe: Callable[[Job, Result], str]
) -> Result:
    say(describe(job, result))
    return result


def _alone(work: Callable[[Job], Result], job: Job) -> Result:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return work(job)
    finally:
        torch.set_num_threads(threads)


def _one_thread() -> None:
    torch.set_num_threads(1)
