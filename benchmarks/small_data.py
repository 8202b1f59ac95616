"""Few images: does a critic memorise them, and which remedy keeps it from that, over seeds?

    python -m benchmarks.small_data [--limit 500] [--seeds 5] [--images 250000] [--at-once 8]
        [--remedies none diffaugment ada] [--device cuda|cpu] [--minutes 10] [--out FILE.json]
    python -m benchmarks.small_data --show FILE.json

The points of the space small_data on fashion-mini with larger batches, several whole runs at a
time, each in a process of its own, whatever becomes of them (no run ends early). Runs that are not
done after the minutes are left out. Prints a line a remedy: in how many runs the flag `overfit`
was raised and how many were stable (Clopper and Pearson); r_v of the critic and the distance at
the end, interquartile means over seeds; and the paired differences from the first remedy. All
intervals are of 95 %. Needs neither Ray nor Plotly.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lab.config import DataConfig, make_config
from lab.data import find
from lab.record import EVALUATIONS_FILE, RUN_FILE, read_json, read_rows
from lab.run import run
from lab.statistics import bootstrap_interval, exact_interval, interquartile_mean
from search_spaces.small_data import BASE, PLAIN, REMEDIES

FIXED: dict[str, Any] = {
    "network.latent_size": 64,
    "training.precision": "float32",
    "training.ema_half_life_images": 5_000,
    "evaluation.num_samples": 2_000,
    "stability.stop_on_failure": False,
}
SIZES: dict[str, dict[str, Any]] = {
    "cuda": {
        "network.width": 0.5,
        "training.batch_size": 64,
        "evaluation.every_images": 25_000,
    },
    "cpu": {
        "network.width": 0.25,
        "training.batch_size": 32,
        "evaluation.every_images": 5_000,
    },
}
FRECHET, GAP = "fd_fashion_2k", "signal_r_v"
COLUMNS = (
    *("images_seen", "quality", FRECHET, "kid_fashion_2k", "coverage_fashion_2k"),
    *("ct_fashion_2k", "authenticity_fashion_2k", GAP, "signal_r_t", "signal_critic_accuracy"),
    *("signal_augmentation_p", "seconds_training"),
)
"""Of the rows that --out keeps."""
QUICK = ("--remedies", "diffaugment", "--seeds", "1", "--images", "640", "--at-once", "1")
NUM_CHARACTERS = 500


def main(args: Sequence[str] | None = None) -> int:
    """Play the runs and print the table; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--remedies", nargs="+", default=["none", "diffaugment", "ada"])
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, default=250_000)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--device", choices=tuple(SIZES), default="cuda")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", type=Path, help="print the table of stored results")
    parser.add_argument("--quick", action="store_true", help="one short run on the CPU")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = sys.argv[1:] if args is None else list(args)
    if "--quick" in given:
        given += [*QUICK, "--device", "cpu"]
    arguments = parser.parse_args(given)
    if arguments.one:
        play(**json.loads(arguments.one))
        return 0
    if arguments.show:
        print(*table(json.loads(arguments.show.read_text())), sep="\n")
        return 0
    find(DataConfig())  # packs the images on first use, before many processes want them at once
    end = time.monotonic() + 60 * arguments.minutes
    with tempfile.TemporaryDirectory(prefix="small-data-") as scratch:
        jobs = [
            {"remedy": remedy, "seed": seed, "folder": f"{scratch}/{remedy}-{seed}"}
            | {name: getattr(arguments, name) for name in ("limit", "images", "device")}
            for seed in range(arguments.seeds)
            for remedy in arguments.remedies
        ]
        with ThreadPoolExecutor(arguments.at_once) as pool:
            results = list(pool.map(partial(outcome, end=end), jobs))
    print(*table(results), sep="\n")
    if arguments.out:
        lines = ",\n".join(map(json.dumps, results))
        arguments.out.write_text(f"[\n{lines}\n]\n")
    return 0


def play(remedy: str, seed: int, folder: str, limit: int, images: int, device: str) -> None:
    """One run, into its folder."""
    if device == "cpu":
        torch.set_num_threads(1)
    values = {
        **BASE,
        **PLAIN,
        **FIXED,
        **SIZES[device],
        **REMEDIES[remedy],
        "data.limit": limit,
        "training.budget_images": images,
        "seed": seed,
    }
    for _ in run(make_config({}, values), Path(folder), device=device):
        pass


def outcome(job: dict[str, Any], *, end: float) -> dict[str, Any]:
    """What a run in a process of its own has stored when it is over, or at the end of the time."""
    command = [sys.executable, "-m", "benchmarks.small_data", "--one", json.dumps(job)]
    started = time.monotonic()
    complaints = ""
    if (left := end - started) > 0:
        try:
            ended = subprocess.run(
                command, stderr=subprocess.PIPE, text=True, timeout=left, check=False
            )
            complaints = ended.stderr[-NUM_CHARACTERS:] if ended.returncode else ""
        except subprocess.TimeoutExpired:
            complaints = "out of time"
    folder = Path(job["folder"])
    stored = read_json(folder / RUN_FILE) if (folder / RUN_FILE).exists() else {}
    rows = read_rows(folder / EVALUATIONS_FILE).rows if stored else []
    seconds = round(time.monotonic() - started, 1)
    print(f"{job['remedy']} seed {job['seed']}: {seconds} s {complaints}", file=sys.stderr)
    verdict = stored.get("verdict") or {"name": None, "flags": []}
    return {
        "remedy": job["remedy"],
        "seed": job["seed"],
        "device": stored.get("device"),
        "images_per_second": stored.get("images_per_second"),
        "verdict": verdict["name"],
        "flags": [flag["name"] for flag in verdict["flags"]],
        "rows": [{name: row[name] for name in COLUMNS if name in row} for row in rows],
    }


def table(results: list[dict[str, Any]]) -> list[str]:
    """A line a remedy; runs that did not end are left out."""
    ended = [result for result in results if result["verdict"]]
    remedies = list(dict.fromkeys(result["remedy"] for result in ended))
    return [_line(remedy, remedies[0], ended) for remedy in remedies] or ["no run ended"]


def _line(remedy: str, first: str, ended: list[dict[str, Any]]) -> str:
    of_remedy = [result for result in ended if result["remedy"] == remedy]
    flagged = sum("overfit" in result["flags"] for result in of_remedy)
    stable = sum(result["verdict"] == "stable" for result in of_remedy)
    words = [
        f"{remedy:12s} overfit {_share(flagged, len(of_remedy))}",
        f"stable {_share(stable, len(of_remedy))}",
    ]
    for name, column in (("r_v", GAP), ("fd", FRECHET)):
        words.append(f"{name} {_mean(list(_last(ended, remedy, column).values()))}")
        if remedy != first:
            mine, others = (_last(ended, one, column) for one in (remedy, first))
            apart = [mine[seed] - others[seed] for seed in mine if seed in others]
            words.append(f"less {first}'s {_mean(apart)}")
    return ", ".join(words)


def _last(ended: list[dict[str, Any]], remedy: str, column: str) -> dict[int, float]:
    """Seed -> the column's value in the last row."""
    return {
        result["seed"]: result["rows"][-1].get(column, math.nan)
        for result in ended
        if result["remedy"] == remedy
    }


def _share(successes: int, runs: int) -> str:
    low, high = exact_interval(np.array(successes), np.array(runs))
    return f"{successes}/{runs} [{float(low):.2f}, {float(high):.2f}]"


def _mean(values: list[float]) -> str:
    low, high = bootstrap_interval([values], np.random.default_rng(0))
    return f"{float(interquartile_mean(values)):.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    sys.exit(main())
