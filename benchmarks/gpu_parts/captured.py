"""Recorded updates (CUDA graphs) have the bits of the same updates played step by step."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu_parts.methods import Values, game_on, images_for, methods
from benchmarks.gpu_parts.setting import Cases, Setting
from lab.gan.capture import CudaGraphs
from lab.gan.game import Game

NUM_STEPS = 8
PRECISIONS = ("float32", "bfloat16")


def cases(setting: Setting) -> Cases:
    """Every method in float32, then the networks in bfloat16; on a CPU nothing is recorded."""
    for precision in PRECISIONS[: 1 if setting.reduced else None]:
        for name, values in methods(reduced=setting.reduced):
            kinds = (value for key, value in values.items() if key.startswith("optimizer."))
            if any(str(kind).startswith("optimistic") for kind in kinds):
                continue  # not recorded: it counts its steps on the host
            if precision == "float32" or "network.architecture" in values:
                yield f"{name} {precision}", partial(one, setting, values, precision)


def one(setting: Setting, values: Values, precision: str) -> dict[str, Any]:
    """How many updates were recorded, tensors that differ, and milliseconds of a round of each."""
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    plain, recorded = (game_on(values, setting.device, precision) for _ in range(2))
    if setting.device.type == "cuda":
        recorded.record_updates(CudaGraphs())
    observed, seconds = zip(*(rounds(game, setting) for game in (plain, recorded)), strict=True)
    others = recorded.tensors()
    apart = [
        name for name, tensor in plain.tensors().items() if not torch.equal(tensor, others[name])
    ]
    recordings = recorded.recordings
    return {
        "ok": not apart
        and torch.equal(*observed)
        and (recordings is None or recordings.failure is None),
        "num_recorded": 0 if recordings is None else recordings.num_recorded,
        "failure": None if recordings is None else recordings.failure,
        "num_apart": len(apart),
        "apart": apart[:3],
        "milliseconds": [round(1e3 * one, 2) for one in seconds],
    }


def rounds(game: Game, setting: Setting) -> tuple[Tensor, float]:
    """What the rounds observed, and the seconds of the last one."""
    source, rows = images_for(game), []
    for _ in range(NUM_STEPS):
        setting.wait()
        started = time.perf_counter()
        rows.append(torch.stack(list(game.step(source).observed)))
        setting.wait()
        seconds = time.perf_counter() - started
    return torch.stack(rows), seconds
