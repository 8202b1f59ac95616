"""The same run driven by the engine and by the bare iterator; and how soon a slot starts its next.

    python -m benchmarks.engine_overhead [--rounds 3] [--budget-kimg 24] [--quick]

Prints images/s from the first evaluation's samples to the last one's (training and evaluation; the
files' times, taken the same way for both), their ratio, the share of a driven run's time that
passes outside its iterator, and the seconds from the end of one run on a slot until the next is
ready.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import torch

from benchmarks.quick import parsed
from lab.plan import find_preset, load_space
from lab.record import read_json, read_study
from lab.run import run
from lab.search import search

POINT = "laptop"
QUICK = (
    "network.width=0.0625",
    "evaluation.every_images=200",
    "evaluation.num_samples=100",
)


def images_per_second(folder: Path, budget_images: int) -> float:
    """From the sample grids' times: the first is written at 0 images seen, the last at the end."""
    times = [path.stat().st_mtime for path in sorted((folder / "samples").glob("*.webp"))]
    return budget_images / (times[-1] - times[0])


def bare(folder: Path, settings: list[str], budget_images: int) -> float:
    """The run by its iterator, in this process."""
    values = dict(setting.split("=") for setting in settings)
    space = load_space("sngan").with_defaults(find_preset("laptop").base)
    config = space.with_fixed({"training.budget_images": budget_images, **values}).known_config(
        POINT
    )
    for _ in run(config, folder, device="cpu"):
        pass
    return images_per_second(folder, budget_images)


def engine(
    storage: Path, name: str, settings: list[str], budget_images: int, trials: int
) -> tuple[float, Path]:
    """The same run as the first of a search with one slot."""
    search(
        "sngan",
        trials=trials,
        concurrent=1,
        budget_kimg=budget_images / 1000,
        storage=storage,
        name=name,
        preset="laptop",
        set=settings,
    )
    study = storage / name
    return images_per_second(study / "trials" / "0000" / "seed-0", budget_images), study


def share_outside(study: Path) -> float:
    """Share of a driven run's time that passes outside its iterator: Tune, Ray, the display."""
    run = read_study(study).runs[0]
    times = [path.stat().st_mtime for path in sorted((run.folder / "samples").glob("*.webp"))]
    first, last = run.evaluations[0], run.evaluations[-1]
    inside = sum(last[key] - first[key] for key in ("seconds_training", "seconds_evaluating"))
    return 1.0 - float(inside) / (times[-1] - times[0])


def start_gaps(study: Path) -> list[float]:
    """Seconds from the end of each run to the next one on the slot being ready to train."""
    runs = [read_json(run.folder / "run.json") for run in read_study(study).runs]
    ordered = sorted(runs, key=lambda note: str(note["started"]))
    return [
        (
            datetime.fromisoformat(after["started"]) - datetime.fromisoformat(before["ended"])
        ).total_seconds()
        for before, after in pairwise(ordered)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget-kimg", type=float, default=24.0)
    parser.add_argument("--trials", type=int, default=3)
    arguments = parsed(parser, rounds=1, budget_kimg=1.0, trials=2)
    torch.set_num_threads(1)
    budget = round(arguments.budget_kimg * 1000)
    settings = ["training.precision=float32"]
    if arguments.quick:
        settings += QUICK

    ratios, gaps, outside = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.rounds):
            alone = bare(Path(folder) / f"bare-{turn}", settings, budget)
            driven, study = engine(
                Path(folder), f"study-{turn}", settings, budget, arguments.trials
            )
            ratios.append(driven / alone)
            gaps += start_gaps(study)
            outside.append(share_outside(study))
            print(f"bare {alone:7.1f} images/s   engine {driven:7.1f} images/s", flush=True)
    print(f"engine/bare {median(ratios):.3f} (median of {len(ratios)})")
    print(f"outside the iterator {100 * median(outside):.2f} % of a driven run's time (median)")
    print(
        f"next run on a slot ready after {median(gaps):.2f} s (median), {max(gaps):.2f} s (worst)"
    )


if __name__ == "__main__":
    main()
