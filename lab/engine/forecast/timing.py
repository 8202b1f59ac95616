"""How long a run takes on a slot: a few timed rounds of its configuration, and one evaluation."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from lab.engine.cluster import ENVIRONMENT, on_node
from lab.engine.slots import Slot
from lab.errors import InputError

MIN_ROUNDS, MIN_SECONDS = 3, 0.5
"""Rounds are timed until both are reached; the first one allocates memory and is left out."""

Measured = dict[str, Any]
Measure = Callable[[str, list[dict[str, Any]], str], list[Measured]]
"""(what to measure, configurations, node) -> measurements, taken side by side, as runs train.

The node is Ray's identity of it; empty for any, and on this machine.
"""


def measure(what: str, config: dict[str, Any], device: str, threads: int) -> Measured:
    """Measure one configuration where a run would train.

    `opening`: the entries of `open_on_slot`, and `evaluation` in seconds. `rounds`: `round` in
    seconds. The sentence of an InputError is `mistake`.
    """
    import torch

    from lab.config import make_config
    from lab.engine.runs import open_on_slot

    if what == "opening":
        opened = open_on_slot(config, device, threads)
        if "mistake" in opened:
            return opened
        values = {"training.precision": opened["precision"]}
        return {**opened, "evaluation": _evaluation_seconds(make_config(config, values), device)}
    torch.set_num_threads(threads)
    return {"round": _round_seconds(make_config(config), device)}


@contextmanager
def measuring_here(slot: Slot, num_workers: int) -> Iterator[Measure]:
    """Measure in as many processes of this machine as will train; with GPUs in one alone."""
    os.environ.update({name: os.environ.get(name, to) for name, to in ENVIRONMENT.items()})
    num_processes = 1 if slot.gpus else num_workers
    with ProcessPoolExecutor(num_processes, mp_context=get_context("spawn")) as pool:

        def measure_all(what: str, configs: list[dict[str, Any]], node: str) -> list[Measured]:
            assert not node
            asked = [pool.submit(measure, what, c, slot.device, slot.threads) for c in configs]
            return _without_mistake([answer.result() for answer in asked])

        yield measure_all


@contextmanager
def measuring_on_cluster(slot: Slot, num_workers: int) -> Iterator[Measure]:
    """Measure in tasks of the connected Ray, as many at a time as will train."""
    import ray

    task = ray.remote(measure).options(num_cpus=slot.cpus, num_gpus=slot.gpus)

    def measure_all(what: str, configs: list[dict[str, Any]], node: str) -> list[Measured]:
        there = task.options(scheduling_strategy=on_node(node)) if node else task
        answers: list[Measured] = []
        for start in range(0, len(configs), num_workers):
            asked = configs[start : start + num_workers]
            answers += ray.get([there.remote(what, c, slot.device, slot.threads) for c in asked])
        return _without_mistake(answers)

    yield measure_all


def _without_mistake(answers: list[Measured]) -> list[Measured]:
    for answer in answers:
        if "mistake" in answer:
            raise InputError(answer["mistake"])
    return answers


def _round_seconds(config: Any, device: str) -> float:
    """Median seconds of a round of the game on one real batch."""
    from statistics import median

    import torch

    from lab.gan.games import game_class
    from lab.gan.rounds import RealBatch
    from lab.run.bench import open_bench_for, resolve_precision, wait_for

    bench = open_bench_for(config, device)
    precision = resolve_precision(config, bench.shape, bench.device)
    make_game = game_class(config)
    game = make_game(config, bench.shape, device=bench.device, precision=precision)
    images = bench.pack.train.resident(bench.device)
    indices = torch.arange(config.training.batch_size) % len(images)
    taken = images.batch(indices, bench.device)
    batch = RealBatch(taken.images, taken.labels)
    seconds: list[float] = []
    while len(seconds) <= MIN_ROUNDS or sum(seconds[1:]) < MIN_SECONDS:
        start = time.perf_counter()
        game.step(lambda critic_step: batch)
        wait_for(bench.device)
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:])


def _evaluation_seconds(config: Any, device: str) -> float:
    """Seconds of the second of two evaluations: the first one allocates memory."""
    from lab.gan.games import game_class
    from lab.gan.sampling import generate, latents
    from lab.run.bench import open_bench_for, resolve_precision

    bench = open_bench_for(config, device)
    precision = resolve_precision(config, bench.shape, bench.device)
    make_game = game_class(config)
    game = make_game(config, bench.shape, device=bench.device, precision=precision)
    for _ in range(2):
        start = time.perf_counter()
        codes = latents(
            bench.evaluator.num_samples,
            config.network.latent_size,
            bench.shape.num_classes,
            seed=config.seed,
            purpose="evaluation",
        )
        images = generate(game.average, codes, autocast=game.autocast())
        assert images is not None  # an untrained generator is finite
        bench.evaluator.measure(images)
        seconds = time.perf_counter() - start
    return seconds
