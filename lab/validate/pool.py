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
    told: Callable[[Job, Result], str],
) -> list[Result]:
    """`work` of every job, in the order of the jobs; `told` is said as each is done.

    Results do not depend on `processes`: one works here, several in processes that are spawned,
    each with one thread of torch. The jobs at the front start first: put the longest there.
    """
    if processes == 1:
        return [_told(job, _alone(work, job), say, told) for job in jobs]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(processes, len(jobs)), mp_context=context, initializer=_one_thread
    ) as pool:
        futures = {pool.submit(work, job): index for index, job in enumerate(jobs)}
        results: dict[int, Result] = {}
        for future in as_completed(futures):
            index = futures[future]
            results[index] = _told(jobs[index], future.result(), say, told)
    return [results[index] for index in range(len(jobs))]


def _told(job: Job, result: Result, say: Say, told: Callable[[Job, Result], str]) -> Result:
    say(told(job, result))
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
