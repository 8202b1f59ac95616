"""Trains nothing, and logs as StyleGAN's train.py does: the Dirac-GAN with R1 in its place.

One number theta is the generator, one number psi the critic. A step of size lr with R1 of weight
gamma multiplies their distance from the equilibrium by sqrt(1 - lr gamma + lr^2) (Mescheder et al.
2018): it converges where gamma > lr, and diverges elsewhere. The distance stands for the FID.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

BATCH = 64

parser = argparse.ArgumentParser()
parser.add_argument("--outdir", type=Path, required=True)
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--gamma", type=float, required=True)
parser.add_argument("--kimg", type=float, default=100)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--tick", type=int, default=2)
parser.add_argument("--snap", type=int, default=5)
parser.add_argument("--seconds-per-kimg", type=float, default=0.01)
parser.add_argument("--resume", type=Path)
options = parser.parse_args()

rng = random.Random(options.seed)
theta, psi, kimg = 1.0 + 0.1 * rng.random(), 0.0, 0
if options.resume:
    theta, psi, kimg = json.loads(options.resume.read_text())
    print(f"resuming from {options.resume} at kimg {kimg}")
runs = [int(path.name[:5]) for path in options.outdir.glob("[0-9]" * 5 + "-*")]
folder = options.outdir / f"{max(runs, default=-1) + 1:05d}-toy"
folder.mkdir(parents=True)


def append(name: str, row: dict[str, object]) -> None:
    with (folder / name).open("a") as file:
        file.write(json.dumps({**row, "timestamp": time.time()}) + "\n")


def one_number(value: float) -> dict[str, float]:
    return {"num": 1, "mean": value, "std": 0.0}


while True:
    losses = {"Loss/D/loss": one_number(theta * psi), "Loss/G/loss": one_number(-theta * psi)}
    append("stats.jsonl", {**losses, "Progress/kimg": one_number(kimg)})
    if kimg % (options.tick * options.snap) == 0 or kimg >= options.kimg:
        snapshot = folder / f"network-snapshot-{kimg:06d}.pkl"
        snapshot.write_text(json.dumps([theta, psi, kimg]))
        fid = (8 + 300 * math.hypot(theta, psi)) * (1 + 0.02 * rng.gauss(0, 1))
        result = {"results": {"fid50k_full": fid}, "metric": "fid50k_full"}
        append("metric-fid50k_full.jsonl", {**result, "snapshot_pkl": snapshot.name})
        print(f"kimg {kimg:<8} fid50k_full {fid:.4g}")
    if kimg >= options.kimg:
        break
    for _ in range(options.tick * 1000 // BATCH):
        theta, psi = theta - options.lr * psi, psi + options.lr * (theta - options.gamma * psi)
    kimg += options.tick
    time.sleep(options.tick * options.seconds_per_kimg)
