"""Folders of logs that people have: curves by setting and seed, as files of several programs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

INITIAL = 300.0
ROWS = 21
EVERY = 50_000


def curve(seed: int, *, breaks: bool = False) -> list[float]:
    """A distance that falls from INITIAL, and stays high from the middle on if the run breaks."""
    rng = np.random.default_rng(seed)
    values = [
        (INITIAL - 10) * math.exp(-0.4 * i) + 10 * math.exp(0.02 * rng.normal())
        for i in range(ROWS)
    ]
    values[0] = INITIAL
    return values[:12] + [180.0] * (ROWS - 12) if breaks else values


def table(values: list[float], metric: str = "fid") -> str:
    lines = [f"{i * EVERY},{value:.4f},1.0" for i, value in enumerate(values)]
    return "\n".join([f"images_seen,{metric},d_loss", *lines]) + "\n"


def grid(folder: Path, *, seeds: int = 2) -> Path:
    """CSV logs of three rates and two optimizers; `sgd` breaks at the largest rate."""
    folder.mkdir(parents=True, exist_ok=True)
    for rate in (1e-4, 1e-3, 1e-2):
        for optimizer in ("adam", "sgd"):
            for seed in range(seeds):
                breaks = rate == 1e-2 and optimizer == "sgd"
                text = table(curve(seed, breaks=breaks))
                (folder / f"lr{rate:g}-{optimizer}-seed{seed}.csv").write_text(text)
    return folder


def settings_table(folder: Path) -> Path:
    """The settings of `grid` as a table beside it."""
    lines = ["run,lr,optimizer,seed"]
    for path in sorted(folder.glob("*.csv")):
        rate, optimizer, seed = path.stem.removeprefix("lr").rsplit("-", 2)
        lines.append(f"{path.stem},{rate},{optimizer},{seed.removeprefix('seed')}")
    file = folder.parent / "settings.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def stylegan(folder: Path, gamma: float, seed: int) -> None:
    """A folder of StyleGAN's train.py."""
    folder.mkdir(parents=True)
    rows = [
        {"results": {"fid50k_full": value}, "snapshot_pkl": f"network-snapshot-{50 * i:06d}.pkl"}
        for i, value in enumerate(curve(seed))
    ]
    (folder / "metric-fid50k_full.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = {
        "loss_kwargs": {"class_name": "training.loss", "r1_gamma": gamma},
        "random_seed": seed,
        "batch_size": 32,
        "run_dir": str(folder),
        "betas": [0.0, 0.99],
    }
    (folder / "training_options.json").write_text(json.dumps(options))


def ray(folder: Path, lr: float, seed: int) -> None:
    """A trial's folder of Ray Tune."""
    folder.mkdir(parents=True)
    rows = [
        {"fid": value, "images": i * EVERY, "config": {"lr": lr}, "trial_id": folder.name}
        for i, value in enumerate(curve(seed))
    ]
    (folder / "result.json").write_text("\n".join(map(json.dumps, rows)))
    (folder / "params.json").write_text(json.dumps({"lr": lr, "net": {"width": 8}, "seed": seed}))


def mlflow(experiment: Path, run: str, lr: float, seed: int) -> None:
    """A run's folder of MLflow's file store."""
    (experiment / run / "metrics").mkdir(parents=True)
    (experiment / run / "params").mkdir()
    (experiment / run / "artifacts" / "logs").mkdir(parents=True)
    (experiment / run / "artifacts" / "logs" / "other.csv").write_text(table(curve(9)))
    lines = [f"1613000000000 {value} {i}" for i, value in enumerate(curve(seed))]
    (experiment / run / "metrics" / "fid").write_text("\n".join(lines))
    for name, value in {"lr": lr, "seed": seed, "batch": 64, "amp": True}.items():
        (experiment / run / "params" / name).write_text(str(value))


def lightning(folder: Path, lr: float, seed: int) -> None:
    """A version's folder of Lightning's CSV logger."""
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(table(curve(seed)))
    (folder / "hparams.yaml").write_text(f"lr: {lr}\nseed: {seed}\noptim:\n  name: adam\n")
