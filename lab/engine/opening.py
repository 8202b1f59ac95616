"""What is opened once on a slot before a search: data, metrics, precision."""

from __future__ import annotations

from typing import Any

from lab.config import make_config
from lab.errors import InputError


def open_on_slot(base: dict[str, Any], device: str, threads: int) -> dict[str, Any]:
    """The record's `data` and `metrics` entries and the `precision` that `auto` stands for.

    Runs as a Ray task where a run would. A person's mistake comes back as `mistake`.
    """
    import torch

    from lab.run.bench import describe, open_bench_for, resolve_precision

    torch.set_num_threads(threads)
    config = make_config(base)
    try:
        bench = open_bench_for(config, device)
    except InputError as error:
        return {"mistake": str(error)}
    precision = resolve_precision(config, bench.shape, bench.device)
    return {**describe(bench), "precision": precision}
