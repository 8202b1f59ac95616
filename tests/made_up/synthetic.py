"""Made-up studies with the shape of real ones, written with the record's own writers.

The space looks like sngan's. Failures are planted by the rates: high rates diverge, unregularised
critics collapse at middling ones, tiny rates stall; so a report of them has something to find.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from lab.config import make_config
from lab.record import (
    IMAGES_SEEN,
    QUALITY,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    STEP,
    UNBROKEN,
    sample_file,
    write_whole,
)
from tests.made_up.pictures import sample_grid
from tests.made_up.rows import CLASS_SHARES, NON_FINITE, SIGNALS
from tests.made_up.runs import SLOW, Fate, Place, plant, run_note
from tests.made_up.space import (
    BUDGET,
    NAMES,
    NUM_EVALUATIONS,
    SCALE,
    UNTRAINED_KID,
    frechet,
    point_of,
    study_card,
)
from tests.made_up.space import KNOWN as KNOWN
from tests.made_up.space import PARAMETERS as PARAMETERS
from tests.made_up.study import put_run, put_study, put_trial, trial_json


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
    put_study(folder, study_card(name, num_trials, num_sobol, status))
    for number in range(num_trials):
        origin, parameters = point_of(number, num_sobol, draw)
        write_trial(folder, number, parameters, origin)
        write_run(folder, number, parameters, draw, verdict=verdict, samples=samples)
    return folder


def write_trial(folder: Path, number: int, parameters: dict[str, Any], origin: str) -> None:
    """trial.json of one configuration."""
    config = make_config({"training": {"budget_images": BUDGET}}, parameters).model_dump()
    put_trial(folder, trial_json(number, parameters=parameters, config=config, origin=origin))


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
    fate = plant(parameters, draw, verdict)
    rows = evaluation_rows(parameters, fate, draw)
    if status in ("running", "pruned", "errored"):
        rows = rows[: max(2, len(rows) // 2)]
    quality = [row[QUALITY] for row in rows]
    note = run_note(
        number, seed, stage, status, fate, quality, rows[-1][IMAGES_SEEN],
        speed=float(draw.uniform(900, 1500)), place=Place(), told=told,
    )  # fmt: skip
    place = put_run(folder, note, rows)
    if samples:
        for row in rows[:: max(1, len(rows) // 4)] + rows[-1:]:
            picture = sample_grid(float(row[QUALITY]), fate.verdict)
            write_whole(sample_file(place, row[IMAGES_SEEN]), picture)


def evaluation_rows(
    parameters: dict[str, Any], fate: Fate, draw: np.random.Generator
) -> list[dict[str, Any]]:
    """Rows from the untrained generator to the end: the distances fall until the failure."""
    speed = 2.5 + 1.2 * math.log10(parameters["optimizer.generator.lr"] / 1e-4)
    speed = SLOW.get(fate.verdict, float(np.clip(speed, 1.2, 6.0)))
    rows = []
    for i in range(NUM_EVALUATIONS + 1):
        images = i * BUDGET // NUM_EVALUATIONS
        alive = fate.onset is None or images < fate.onset or fate.verdict in UNBROKEN
        fall = math.exp(-speed * i / NUM_EVALUATIONS) * math.exp(0.08 * draw.standard_normal())
        quality = max(0.0, 1 - fall) if i else 0.0
        kid = SCALE.distance(quality)
        if not alive and fate.verdict != "diverged":
            kid = UNTRAINED_KID * draw.uniform(0.7, 1.6)
            quality = SCALE.quality(kid)
        broken = not alive and fate.verdict == "diverged"
        noise = math.exp(0.2 * draw.standard_normal())
        lost = not alive and fate.verdict == "collapsed"
        row = {
            IMAGES_SEEN: images,
            STEP: images // 64,
            QUALITY: quality if alive else 0.0,
            SECONDS_TRAINING: 4.8 * i,
            SECONDS_EVALUATING: 0.9 * i,
            NAMES.frechet: math.nan if broken else frechet(kid),
            NAMES.kernel: math.nan if broken else kid,
            NAMES.kernel_error: math.nan if broken else 0.002,
            NAMES.precision: 0.9 * quality,
            NAMES.recall: 0.7 * quality,
            NAMES.density: 0.95 * quality,
            NAMES.coverage: 0.02 if not alive else 0.9 * quality,
            NAMES.ct: 40 * (1 - quality),
            NAMES.authenticity: 1 - 0.3 * quality,
            NAMES.duplicates: 0.95 if lost else 0.01,
            NAMES.rke: 1 + 27 * quality,
            **_class_shares(lost),
            NON_FINITE: 3 if broken else 0,
        }
        rows.append(row | (_signals(i, noise, broken=broken, lost=lost) if i else {}))
        if not alive:
            break
    return rows


def _class_shares(lost: bool) -> dict[str, float]:
    """All classes alike; a collapsed run draws the first two."""
    drawn = CLASS_SHARES[:2] if lost else CLASS_SHARES
    return {name: (name in drawn) / len(drawn) for name in CLASS_SHARES}


def _signals(i: int, noise: float, *, broken: bool, lost: bool) -> dict[str, float]:
    """Signals of the window before evaluation `i`."""
    told = {
        "signal_generator_loss": math.nan if broken else noise,
        "signal_critic_loss": math.nan if broken else 0.8 * noise,
        "signal_logit_real": 0.6 * noise,
        "signal_logit_fake": -0.6 * noise,
        "signal_generator_grad_norm": 1e9 if broken else 0.5 * noise,
        "signal_critic_grad_norm": math.inf if broken else 1.5 * noise,
        "signal_critic_sigma_max": 1.0 + 0.1 * i * noise,
        "signal_diversity": 0.03 if lost else 0.9,
        "signal_critic_accuracy": 0.7,
    }
    return SIGNALS | told
