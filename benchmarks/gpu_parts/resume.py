"""A run that is killed and resumed has the bits of one left alone, with deterministic algorithms.

Whole runs, each in a process of its own (this file as a script): one is left alone, one beside it
is killed with SIGKILL after its second evaluation and then started again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu_parts.setting import Cases, Setting
from lab.config import DataConfig, make_config
from lab.data import find
from lab.record import EVALUATIONS_FILE, GENERATOR_FILE, RUN_FILE, read_json, read_rows
from lab.run import run
from lab.run.checkpoint import checkpoint_files, checksum, read_checkpoint

NUM_ROWS_BEFORE_KILL = 2
POLL_SECONDS = 0.02
CUDA_RUN: dict[str, Any] = {
    "network.width": 0.5,
    "training.batch_size": 64,
    "training.budget_images": 25_600,
    "evaluation.every_images": 6_400,
    "evaluation.num_samples": 1_000,
}
CPU_RUN: dict[str, Any] = {
    "network.width": 1 / 16,
    "training.batch_size": 16,
    "training.budget_images": 1_280,
    "evaluation.every_images": 320,
    "evaluation.num_samples": 50,
}
RUNS: dict[str, dict[str, Any]] = {
    "dcgan, wgan-gp, conditional, bfloat16": {
        "network.architecture": "dcgan",
        "network.conditional": True,
        "loss": "wasserstein",
        "penalty.kind": "wgan-gp",
        "training.precision": "bfloat16",
    },
    "sngan-resnet, r1, float32": {
        "network.architecture": "sngan-resnet",
        "penalty.kind": "r1",
        "training.precision": "float32",
    },
}
"""The smaller one first: on a CPU it is the only one."""


def cases(setting: Setting) -> Cases:
    """Each run, whole and in two pieces."""
    find(DataConfig())  # packs the images on first use, before two processes want them at once
    for name in list(RUNS)[: 1 if setting.reduced else None]:
        yield name, partial(compared, setting, name)


def compared(setting: Setting, name: str) -> dict[str, Any]:
    """Whether rows (but seconds), verdict, weights and the newest checkpoint are equal."""
    folder = setting.scratch / "resume" / name.split(",")[0]
    whole, pieces = folder / "whole", folder / "pieces"
    alone, victim = _started(setting, name, whole), _started(setting, name, pieces)
    try:
        rows_at_kill = _killed(victim, pieces)
        _ended(_started(setting, name, pieces))
        _ended(alone)
    finally:
        for process in (alone, victim):
            process.kill()
    verdicts = [read_json(folder / RUN_FILE)["verdict"] for folder in (whole, pieces)]
    equal = {
        "rows": _rows(whole) == _rows(pieces),
        "verdict": verdicts[0] == verdicts[1],
        "generator": (whole / GENERATOR_FILE).read_bytes()
        == (pieces / GENERATOR_FILE).read_bytes(),
        "checkpoint": _checksum(whole) == _checksum(pieces),
    }
    return {
        "ok": all(equal.values()),
        **equal,
        "rows_at_kill": rows_at_kill,
        "num_rows": len(_rows(whole)),
        "verdict_name": verdicts[0]["name"],
    }


def _started(setting: Setting, name: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __spec__.name, name, str(folder), setting.device.type]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _killed(victim: subprocess.Popen[str], folder: Path) -> int:
    """Kill the run once it has stored enough rows; the number of rows it has then.

    Raises RuntimeError when the run ends by itself first.
    """
    while len(_rows(folder)) < NUM_ROWS_BEFORE_KILL:
        if victim.poll() is not None:
            break
        time.sleep(POLL_SECONDS)
    victim.kill()
    complaints = victim.communicate()[1]
    if victim.returncode >= 0:
        raise RuntimeError(f"the run ended before it was killed: {complaints.strip()[-300:]}")
    return len(_rows(folder))


def _ended(process: subprocess.Popen[str]) -> None:
    complaints = process.communicate()[1]
    if process.returncode:
        raise RuntimeError(f"a run failed: {complaints.strip()[-300:]}")


def _rows(folder: Path) -> list[str]:
    """The stored rows as text, without their seconds: a NaN equals itself."""
    return [
        json.dumps({key: value for key, value in row.items() if "seconds" not in key})
        for row in read_rows(folder / EVALUATIONS_FILE).rows
    ]


def _checksum(folder: Path) -> int:
    """Of every bit in the newest checkpoint."""
    return checksum(read_checkpoint(checkpoint_files(folder)[0]))


def main(name: str, folder: str, device: str) -> None:
    """Train one of the runs, or continue it."""
    if device == "cpu":
        torch.set_num_threads(1)
    size = CPU_RUN if device == "cpu" else CUDA_RUN
    fixed = {"training.deterministic": True, "stability.stop_on_failure": False}
    for _ in run(make_config({}, {**size, **fixed, **RUNS[name]}), Path(folder), device=device):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
