"""How a search ends: its record closed, its conclusion printed with the resume command."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console

from lab.engine.study import Study
from lab.errors import InputError
from lab.record import (
    IMAGES_SEEN,
    OPTUNA_FILE,
    QUALITY,
    STUDY_FILE,
    UNBROKEN,
    PilotCard,
    RunRecord,
    StorageFailed,
    StudyCard,
    now,
    read_card,
    read_study,
    trial_folder,
    write_card,
)
from lab.record.storage import Storage
from lab.statistics import SUGGESTED_FRESH_SEEDS, wilson_interval
from lab.statistics.pilot import Curve, Pilot, grace_period


def close_record(study: Study, seconds: float) -> None:
    """Write how the search ended, after `seconds` of driving it, into study.json.

    Raises InputError for a storage that fails now; the record is then that of a killed search.
    """
    card = study.card.changed(
        status="finished" if study.planner.finished else "interrupted",
        finished=now(),
        seconds=(study.card.seconds or 0.0) + seconds,
        conclusions=study.planner.conclusions(),
    )
    pilot = measured_pilot(study)
    if pilot is not None:
        card = card.changed(pilot=PilotCard.model_validate(asdict(pilot)))
    try:
        write_card(study.folder / STUDY_FILE, card)
        study.storage.push(STUDY_FILE, OPTUNA_FILE)
    except StorageFailed as failed:
        raise to_be_fixed(str(failed), study.storage) from None


def mark_interrupted(storage: Storage) -> None:
    """Note in study.json that a search ended before it drove the study; others stay as they are.

    Raises InputError for a storage that fails now.
    """
    card = read_card(storage.folder / STUDY_FILE, StudyCard)
    if card.status == "running":
        ended = card.changed(status="interrupted", finished=now())
        write_card(storage.folder / STUDY_FILE, ended)
        storage.push(STUDY_FILE)


def print_conclusion(study: Study, console: Console) -> None:
    """The recommended trial of a race, the grace period of a pilot and errored runs, if any."""
    lines = [recommendation(study), gave_up(study)]
    if (pilot := measured_pilot(study)) is not None:
        lines.append(advice(pilot))
    for line in filter(None, lines):
        console.print(line, highlight=False, soft_wrap=True)


def resume_command(storage: Storage) -> str:
    """The command that continues a study."""
    return f"python -m lab.search --resume {shlex.quote(storage.name)}"


def how_to_go_on(storage: Storage) -> str:
    """What a search prints that ends before its end."""
    return f"the record is kept. Continue with\n  {resume_command(storage)}"


def to_be_fixed(mistake: str, storage: Storage) -> InputError:
    """The error of a search that stopped for something a person has to fix."""
    return InputError(f"{mistake}; fix that and continue with {resume_command(storage)}")


def recommendation(study: Study) -> str | None:
    """The race's winner and its runs on fresh seeds; None for a search without a race."""
    number = study.planner.conclusions().recommended
    if number is None:
        return None
    num_stable, num_runs = study.planner.confirmed(number)
    low, high = wilson_interval(num_stable, num_runs)
    confirmed = (
        f"stable on {num_stable} of {num_runs} fresh seeds (95% interval {low:.0%} to {high:.0%})"
        if num_runs
        else "not confirmed on fresh seeds: "
        f"--resume this study with --confirm {SUGGESTED_FRESH_SEEDS}"
    )
    folder = f"{study.storage.name}/{trial_folder(Path(), number)}"
    return (
        f"recommended trial {number} ({study.planner.explore_job(number).origin}): {confirmed}\n"
        f"  python -m lab.train --trial {shlex.quote(folder)} {study.card.settings.train_options}"
    )


def gave_up(study: Study) -> str | None:
    """The runs that crashed at every attempt, the reason of the first, and the remedy."""
    errored = sorted(study.planner.errored.items())
    if not errored:
        return None
    (trial, seed), error = errored[0]
    lines = error.strip().splitlines()
    reason = lines[-1] if lines else "no reason given"
    first = f"trial {trial} seed {seed}: {reason}"
    if len(errored) == 1:
        what = f"1 run was given up after crashes, which are not the GAN's fault ({first})"
    else:
        what = (
            f"{len(errored):,} runs were given up after crashes, which are not the GANs' fault "
            f"(the first, {first})"
        )
    return f"{what}; try again with\n  {resume_command(study.storage)} --retry-errored"


def measured_pilot(study: Study) -> Pilot | None:
    """What a pilot measured so far; None for any other search."""
    if not study.settings.pilot:
        return None
    budget = study.space.base_config().training.budget_images
    return pilot_of(study.folder, budget, study.settings.seed)


def pilot_of(study: Path, budget_images: int, seed: int) -> Pilot:
    """The rank correlations of a study's finished runs, and the grace period they allow."""
    runs = [run for run in read_study(study).runs if run.status == "finished"]
    rng = np.random.default_rng(seed)
    return grace_period([curve_of(run) for run in runs], budget_images, rng)


def curve_of(run: RunRecord) -> Curve:
    """A run's quality until it failed or ended: the rows of a failure end at its onset."""
    onset = run.card.verdict.onset_images if run.card.verdict else None
    ends = run.verdict not in (None, *UNBROKEN) and onset is not None
    rows = [row for row in run.evaluations if not ends or row[IMAGES_SEEN] < onset]
    return Curve([int(row[IMAGES_SEEN]) for row in rows], [float(row[QUALITY]) for row in rows])


def advice(pilot: Pilot) -> str:
    """A pilot's sentence, and the options that follow from it."""
    if pilot.grace_images is None:
        return pilot.sentence
    return f"{pilot.sentence}\n  --prune asha --grace-kimg {pilot.grace_images / 1000:g}"
