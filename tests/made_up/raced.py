"""Made-up studies that raced and confirmed, or that run a paper's grid of known points."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab.record import STUDY_FILE, TRIAL_FILE, read_json, trial_folder
from tests.made_up.study import put_study
from tests.made_up.synthetic import point_of, study_card, write_run, write_study, write_trial


def write_raced_study(
    folder: Path,
    confirmed: dict[int, str],
    *,
    num_trials: int = 20,
    raced: str = "",
    objective: str = "score",
    pareto: tuple[int, ...] = (),
    samples: bool = False,
) -> Path:
    """A study that raced, its finalists in the order of `confirmed`, the winner first.

    `confirmed` spells each finalist's confirm runs, `raced` the winner's race runs after its
    explore run: `s` a stable one, `c` collapsed, `r` still running.
    """
    write_study(folder, num_trials, num_sobol=num_trials - 6, samples=samples)
    draw = np.random.default_rng(1)
    for place, (trial, letters) in enumerate(confirmed.items()):
        parameters = read_json(trial_folder(folder, trial) / TRIAL_FILE)["parameters"]
        race = raced if place == 0 else "s" * len(raced)
        runs = [(0, "explore", "s")]
        runs += [(1 + i, "race", letter) for i, letter in enumerate(race)]
        runs += [(1000 + i, "confirm", letter) for i, letter in enumerate(letters)]
        for seed, stage, letter in runs:
            write_run(
                folder, trial, parameters, draw, seed=seed, stage=stage, samples=samples,
                status="running" if letter == "r" else "finished",
                verdict="collapsed" if letter == "c" else "stable",
            )  # fmt: skip
    finalists = list(confirmed)
    most = max((len(letters) for letters in confirmed.values()), default=0)
    card = read_json(folder / STUDY_FILE)
    card["settings"] |= {
        "seeds": [1, 1 + len(raced)], "race": len(finalists), "confirm": most,
        "objective": objective, "prune": "none",
    }  # fmt: skip
    card["conclusions"] = {
        "finalists": finalists,
        "recommended": finalists[0] if finalists else None,
        "confirm_seeds": [1000 + i for i in range(most)],
        "pareto": list(pareto),
    }
    put_study(folder, card)
    return folder


def write_grid_study(folder: Path, cells: dict[str, str], *, space: str = "miyato") -> Path:
    """A study of known points alone; each spells its runs as `write_raced_study` does."""
    draw = np.random.default_rng(0)
    card = study_card("paper", len(cells), 0, "finished")
    card["space"] |= {"name": space, "known": {name: {} for name in cells}}
    put_study(folder, card)
    _, parameters = point_of(2, 1, draw)
    for number, (name, letters) in enumerate(cells.items()):
        write_trial(folder, number, parameters, f"known:{name}")
        for seed, letter in enumerate(letters):
            write_run(
                folder, number, parameters, draw, seed=seed, samples=False,
                status="running" if letter == "r" else "finished",
                verdict="collapsed" if letter == "c" else "stable",
            )  # fmt: skip
    return folder
