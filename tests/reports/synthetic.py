"""Made-up studies with the shape of real ones, written with the record's own writers.

The space looks like sngan's. Failures are planted by the rates: high rates diverge, unregularised
critics collapse at middling ones, tiny rates stall; so a report of them has something to find.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from lab.config import make_config, metric_names
from lab.record import (
    EVALUATIONS_FILE,
    IMAGES_SEEN,
    QUALITY,
    RUN_FILE,
    STEP,
    STUDY_FILE,
    TRIAL_FILE,
    run_folder,
    sample_file,
    trial_folder,
    write_json,
    write_rows,
    write_whole,
)

BUDGET = 64_000
NUM_EVALUATIONS = 10
NAMES = metric_names("fashion")
UNTRAINED_KID, REAL_KID = 0.42, 0.0004
KNOWN = {
    "miyato-c": {"optimizer.generator_lr": 2e-4, "optimizer.critic_lr": 2e-4},
    "miyato-e": {"optimizer.generator_lr": 1e-3, "optimizer.critic_lr": 1e-3},
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "optimizer.generator_lr": {"kind": "float", "low": 1e-5, "high": 1e-2, "log": True},
    "optimizer.critic_lr": {"kind": "float", "low": 1e-5, "high": 1e-2, "log": True},
    "optimizer.generator_beta1": {"kind": "float", "low": 0.0, "high": 0.9, "log": False},
    "training.batch_size": {"kind": "categorical", "choices": [16, 32, 64, 128]},
    "training.critic_steps": {"kind": "int", "low": 1, "high": 5, "log": False},
    "network.critic_norm": {"kind": "categorical", "choices": ["spectral", "none", "layer"]},
    "penalty.kind": {"kind": "categorical", "choices": ["none", "r1", "wgan-gp"]},
    "penalty.weight": {"kind": "float", "low": 0.1, "high": 100.0, "log": True},
    "loss": {"kind": "categorical", "choices": ["hinge", "non-saturating", "relativistic"]},
}


@dataclass(frozen=True)
class Fate:
    """How a made-up run ends: its verdict, and when (images seen; None when stable)."""

    verdict: str
    onset: int | None
    evidence: str


def write_study(
    folder: Path,
    num_trials: int,
    *,
    seed: int = 0,
    name: str = "sngan-fashion",
    status: str = "finished",
    verdict: str | None = None,
    num_sobol: int | None = None,
    samples: bool = True,
) -> Path:
    """A study of `num_trials` runs of one seed each; `verdict` plants one verdict everywhere."""
    draw = np.random.default_rng(seed)
    num_sobol = max(1, num_trials // 3) if num_sobol is None else num_sobol
    write_json(folder / STUDY_FILE, study_card(name, num_trials, num_sobol, status))
    for number in range(num_trials):
        origin, parameters = point_of(number, num_sobol, draw)
        write_trial(folder, number, parameters, origin)
        write_run(folder, number, parameters, draw, verdict=verdict, samples=samples)
    return folder


def write_trial(folder: Path, number: int, parameters: dict[str, Any], origin: str) -> None:
    """trial.json of one configuration."""
    config = make_config({"training": {"budget_images": BUDGET}}, parameters).model_dump()
    write_json(
        trial_folder(folder, number) / TRIAL_FILE,
        {
            "number": number,
            "parameters": parameters,
            "config": config,
            "origin": origin,
            "created": "2026-03-01T10:00:00+00:00",
        },
    )


def write_run(
    folder: Path,
    number: int,
    parameters: dict[str, Any],
    draw: np.random.Generator,
    *,
    seed: int = 0,
    stage: str = "explore",
    status: str = "finished",
    verdict: str | None = None,
    samples: bool = True,
    told: dict[str, Any] | None = None,
) -> None:
    """run.json, evaluations and samples of one run that ends as `verdict`, or as its rates say.

    `told` is what the verdict says besides its name, onset and evidence.
    """
    place = run_folder(folder, number, seed)
    fate = plant(parameters, draw, verdict)
    rows = evaluation_rows(parameters, fate, draw)
    if status in ("running", "pruned", "errored"):
        rows = rows[: max(2, len(rows) // 2)]
    finished = status == "finished"
    quality = [row[QUALITY] for row in rows]
    write_rows(place / EVALUATIONS_FILE, rows)
    write_json(
        place / RUN_FILE,
        {
            "trial": number,
            "seed": seed,
            "stage": stage,
            "status": status,
            "verdict": {
                "name": fate.verdict,
                "onset_images": fate.onset,
                "evidence": fate.evidence,
                "final": True,
                **(told or {}),
            }
            if finished
            else None,
            "score": float(sum(quality) / (NUM_EVALUATIONS + 1)) if finished else None,
            "final_quality": (quality[-1] if fate.onset is None else 0.0) if finished else None,
            "images_seen": rows[-1][IMAGES_SEEN],
            "budget_images": BUDGET,
            "precision": "float32",
            "host": "laptop",
            "device": "cpu",
            "attempts": 1,
            "started": "2026-03-01T10:00:00+00:00",
            "ended": "2026-03-01T10:01:00+00:00" if finished else None,
            "seconds": {"starting": 0.4, "training": 48.0, "evaluating": 9.0},
            "images_per_second": float(draw.uniform(900, 1500)),
            "error": "RuntimeError: the worker died" if status == "errored" else None,
            "num_parameters": {"generator": 412_033, "critic": 366_977},
        },
    )
    if samples:
        for row in rows[:: max(1, len(rows) // 4)] + rows[-1:]:
            picture = sample_grid(float(row[QUALITY]), fate.verdict)
            write_whole(sample_file(place, row[IMAGES_SEEN]), picture)


def plant(parameters: dict[str, Any], draw: np.random.Generator, verdict: str | None) -> Fate:
    """The fate the rates and the regularisation suggest, with some luck."""
    heat = math.log10(parameters["optimizer.generator_lr"] * parameters["optimizer.critic_lr"])
    heat += 0.6 * draw.standard_normal()
    calm = {"spectral": 1.2, "layer": 0.4, "none": -0.4}[parameters["network.critic_norm"]]
    calm += 0.0 if parameters["penalty.kind"] == "none" else 0.6
    if verdict is None:
        if heat > -6.6 + calm:
            verdict = "diverged"
        elif heat > -7.2 + calm:
            verdict = "collapsed"
        elif heat < -8.4:
            verdict = "stalled"
        else:
            verdict = "degraded" if draw.random() < 0.08 else "stable"
    share = {"diverged": 0.25, "collapsed": 0.5, "degraded": 0.8, "oscillating": 0.7}
    if verdict == "stable":
        return Fate(verdict, None, "no failure before the budget; final quality above 0.50")
    if verdict == "stalled":
        return Fate(verdict, BUDGET, "final quality 0.18 is below the target 0.50")
    onset = share[verdict] * BUDGET * draw.uniform(0.6, 1.2)
    step = BUDGET // NUM_EVALUATIONS
    onset_images = max(step, int(onset // step) * step)
    evidence = {
        "diverged": f"3 non-finite gradients in the critic at {onset_images:,} images",
        "collapsed": "coverage 0.04 of real images' at two evaluations in a row",
        "degraded": "quality 0.31 below its best at two evaluations in a row",
        "oscillating": "quality swung by 0.4 with no net gain",
    }
    return Fate(verdict, onset_images, evidence[verdict])


def evaluation_rows(
    parameters: dict[str, Any], fate: Fate, draw: np.random.Generator
) -> list[dict[str, Any]]:
    """Rows from the untrained generator to the end: the distances fall until the failure."""
    speed = 2.5 + 1.2 * math.log10(parameters["optimizer.generator_lr"] / 1e-4)
    speed = 0.3 if fate.verdict == "stalled" else float(np.clip(speed, 1.2, 6.0))
    rows = []
    for i in range(NUM_EVALUATIONS + 1):
        images = i * BUDGET // NUM_EVALUATIONS
        alive = fate.onset is None or images < fate.onset or fate.verdict == "stalled"
        fall = math.exp(-speed * i / NUM_EVALUATIONS) * math.exp(0.08 * draw.standard_normal())
        kid = max(UNTRAINED_KID * fall if i else UNTRAINED_KID, REAL_KID)
        if not alive and fate.verdict != "diverged":
            kid = UNTRAINED_KID * draw.uniform(0.7, 1.6)
        broken = not alive and fate.verdict == "diverged"
        quality = float(np.clip(1 - (kid - REAL_KID) / (UNTRAINED_KID - REAL_KID), 0, 1))
        noise = math.exp(0.2 * draw.standard_normal())
        rows.append(
            {
                IMAGES_SEEN: images,
                STEP: images // 64,
                QUALITY: quality if alive else 0.0,
                "seconds_training": 4.8 * i,
                "seconds_evaluating": 0.9 * i,
                NAMES.frechet: math.nan if broken else 900 * kid + 8,
                NAMES.kernel: math.nan if broken else kid,
                NAMES.kernel_error: math.nan if broken else 0.002,
                NAMES.precision: 0.9 * quality,
                NAMES.recall: 0.7 * quality,
                NAMES.density: 0.95 * quality,
                NAMES.coverage: 0.02 if not alive else 0.9 * quality,
                "signal_generator_loss": math.nan if broken else noise,
                "signal_critic_loss": math.nan if broken else 0.8 * noise,
                "signal_logit_real": 0.6 * noise,
                "signal_logit_fake": -0.6 * noise,
                "signal_generator_grad_norm": 1e9 if broken else 0.5 * noise,
                "signal_critic_grad_norm": math.inf if broken else 1.5 * noise,
                "signal_critic_sigma_max": 1.0 + 0.1 * i * noise,
                "signal_diversity": 0.03 if fate.verdict == "collapsed" and not alive else 0.9,
                "signal_non_finite": 3 if broken else 0,
                "signal_critic_accuracy": 0.7,
            }
        )
        if not alive:
            break
    return rows


def sample_grid(quality: float, verdict: str, *, columns: int = 6, side: int = 28) -> bytes:
    """A small grid of shirts that come out of the noise as quality rises, as webp."""
    draw = np.random.default_rng(17)
    tiles = []
    for i in range(columns * columns):
        look = 3 if verdict == "collapsed" else i
        canvas = Image.new("L", (side, side), 0)
        pen = ImageDraw.Draw(canvas)
        wide, grey = 6 + look % 4, 120 + 12 * (look % 11)
        pen.rectangle((14 - wide, 6, 14 + wide, 25 - look % 5), fill=grey)
        if look % 3:
            pen.rectangle((2, 6, 26, 10 + look % 4), fill=grey - 20)
        noise = draw.uniform(0, 255, (side, side))
        tiles.append(quality * np.asarray(canvas, float) + (1 - quality) * noise)
    lines = [np.hstack(tiles[row * columns : (row + 1) * columns]) for row in range(columns)]
    file = io.BytesIO()
    Image.fromarray(np.vstack(lines).astype(np.uint8)).save(file, "WEBP", quality=60)
    return file.getvalue()


def study_card(name: str, num_trials: int, num_sobol: int, status: str) -> dict[str, Any]:
    """study.json."""
    return {
        "study": name,
        "space": {
            "name": "sngan",
            "description": "Spectral norm and its rivals on a small CNN",
            "file": "search_spaces/sngan.py",
            "known": KNOWN,
        },
        "parameters": PARAMETERS,
        "base": make_config({"training": {"budget_images": BUDGET}}).model_dump(),
        "preset": "laptop",
        "settings": {
            "trials": num_trials,
            "budget_images": BUDGET,
            "concurrent": 2,
            "cpus_per_worker": 1,
            "gpus_per_worker": 0,
            "seed": 0,
            "num_startup": num_sobol,
        },
        "command": ["python", "-m", "lab.search", "--space", "sngan", "--trials", str(num_trials)],
        "created": "2026-03-01T10:00:00+00:00",
        "versions": {"python": "3.12.3", "torch": "2.13.0", "ray": "2.60.0", "lab": "0.1.0"},
        "hardware": {
            "host": "laptop",
            "cpus": 2,
            "memory_gib": 16.0,
            "gpus": [],
            "device": "cpu",
        },
        "data": {
            "name": "fashion-mini",
            "fingerprint": "b2:5a0c1f77e3d94b12",
            "num_images": 10_000,
            "resolution": 32,
            "channels": 1,
            "class_names": ["t-shirt", "trouser"],
            "licence": "MIT",
            "attribution": "Fashion-MNIST, Zalando Research",
            "splits": {"train": 8_000, "heldout": 2_000},
        },
        "metrics": {
            "extractor": "fashion-v1",
            "family": "fashion",
            "num_samples": 2_000,
            "nearest_k": 5,
            "reference": "train split, 8000 images",
            "names": NAMES.model_dump(),
            "baseline": {
                NAMES.frechet: 2.1,
                NAMES.kernel: REAL_KID,
                NAMES.precision: 0.81,
                NAMES.recall: 0.79,
                NAMES.density: 1.0,
                NAMES.coverage: 0.93,
            },
        },
        "stages": ["explore"],
        "status": status,
        "finished": "2026-03-01T10:09:30+00:00" if status == "finished" else None,
        "seconds": 570.0,
    }


def point_of(number: int, num_sobol: int, draw: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Origin and parameters: known points, then a uniform design, then a narrowing optimiser."""
    names = list(KNOWN)
    origin = f"known:{names[number]}" if number < len(names) else "sobol"
    if number >= len(names) + num_sobol:
        origin = "tpe"
    parameters: dict[str, Any] = {}
    for path, spec in PARAMETERS.items():
        if spec["kind"] == "categorical":
            parameters[path] = spec["choices"][int(draw.integers(len(spec["choices"])))]
            continue
        low, high = spec["low"], spec["high"]
        share = draw.beta(4, 4) if origin == "tpe" else draw.random()
        value = low * (high / low) ** share if spec["log"] else low + (high - low) * share
        parameters[path] = round(value) if spec["kind"] == "int" else float(value)
    if parameters["penalty.kind"] == "none":
        del parameters["penalty.weight"]
    if origin.startswith("known:"):
        parameters |= KNOWN[names[number]]
    return origin, parameters
