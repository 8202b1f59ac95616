"""A made-up record of any size, with the full shape of a real one: what the report is timed on.

    python -m tests.made_up.records FOLDER [--trials 10000] [--seeds 3]

Every trial has one explore run and, with more seeds, race runs; the finalists are confirmed. A
few runs were pruned, crashed, or are unfinished; a few drew pictures. Verdicts are planted by the
rates (tests/made_up/runs.py). Ten thousand trials with three seeds are 30,000 runs and about
250,000 rows of 58 columns.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.record import (
    EVALUATIONS_FILE,
    QUALITY,
    RUN_FILE,
    SAMPLES_FOLDER,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    TRIAL_FILE,
    neighbours_file,
    run_folder,
    sample_file,
    trial_folder,
)
from tests.made_up.pictures import shared_grid
from tests.made_up.rows import COLUMNS, Array, evaluations, num_rows_of, rows_text
from tests.made_up.runs import Fate, plant, run_note
from tests.made_up.slots import Slots, at
from tests.made_up.space import BUDGET, base_config, point_of, study_card
from tests.made_up.study import file_text, put_study, trial_json

FIRST_CONFIRM_SEED = 1000
NUM_CONFIRM = 7
MOST_FINALISTS = 4
PICTURED = 0.02
"""Share of the runs with pictures; all finalists have them."""
UNFINISHED = {"errored": 0.005, "pruned": 0.02, "running": 0.001}
"""Shares of the explore runs without a verdict."""
CHUNK = 500
"""Runs whose rows are made at once."""
QUALITY_COLUMN, TRAINING_COLUMN, EVALUATING_COLUMN = (
    COLUMNS.index(name) for name in (QUALITY, SECONDS_TRAINING, SECONDS_EVALUATING)
)


@dataclass(frozen=True)
class Planned:
    """A run to be made up."""

    trial: int
    seed: int
    stage: str


@dataclass(frozen=True)
class MadeUp:
    """A run as it went: its values [evaluation, column] up to its last evaluation."""

    planned: Planned
    fate: Fate
    status: str
    values: Array

    @property
    def quality(self) -> list[float]:
        qualities: list[float] = self.values[:, QUALITY_COLUMN].tolist()
        return qualities


class Writer:
    """Writes one made-up study."""

    def __init__(self, folder: Path, num_trials: int, seed: int) -> None:
        self.folder = folder
        self.draw = np.random.default_rng(seed)
        self.num_sobol = -(-num_trials // 2)
        self.points = [point_of(i, self.num_sobol, self.draw) for i in range(num_trials)]
        self.slots = Slots(4, 8) if num_trials > 100 else Slots(2, 2)
        self.scores = np.zeros(num_trials)

    def trials(self) -> None:
        """trial.json of every trial, and its folder."""
        base = json.dumps(base_config())
        for number, (origin, parameters) in enumerate(self.points):
            place = trial_folder(self.folder, number)
            place.mkdir(parents=True)
            config = _overridden(json.loads(base), parameters)
            content = trial_json(
                number, parameters=parameters, config=config, origin=origin, created=at(0.0)
            )
            (place / TRIAL_FILE).write_text(file_text(content))

    def runs(self, planned: Sequence[Planned], *, pictured: float = PICTURED) -> None:
        """Make up and write runs, and note how well their trials did."""
        for begin in range(0, len(planned), CHUNK):
            for made in self._made_up(planned[begin : begin + CHUNK]):
                self._write(made, pictures=self.draw.random() < pictured)
                lasted = made.status == "finished" and made.fate.onset is None
                self.scores[made.planned.trial] += sum(made.quality) * lasted
        self.slots.rest()

    def _made_up(self, planned: Sequence[Planned]) -> Iterator[MadeUp]:
        points = [self.points[run.trial][1] for run in planned]
        oscillate = self.draw.random(len(planned)) < 0.02
        fates = [
            plant(point, self.draw, "oscillating" if swings else None)
            for point, swings in zip(points, oscillate, strict=True)
        ]
        rates = np.array([point["optimizer.generator.lr"] for point in points])
        values = evaluations(fates, rates, self.draw)
        names = [*UNFINISHED, "finished"]
        shares = [*UNFINISHED.values(), 1 - sum(UNFINISHED.values())]
        for i, run in enumerate(planned):
            status = (
                str(self.draw.choice(names, p=shares)) if run.stage == "explore" else "finished"
            )
            num_rows = num_rows_of(fates[i])
            if status != "finished":
                num_rows = max(2, num_rows // 2)
            yield MadeUp(run, fates[i], status, values[i, :num_rows])

    def _write(self, made: MadeUp, *, pictures: bool) -> None:
        run = made.planned
        place = run_folder(self.folder, run.trial, run.seed)
        place.mkdir()
        last = made.values[-1]
        images = round(last[0])
        seconds = {
            "starting": float(self.draw.uniform(0.3, 2.0)),
            "training": float(last[TRAINING_COLUMN]),
            "evaluating": float(last[EVALUATING_COLUMN]),
        }
        attempts = 3 if made.status == "errored" else 1 + int(self.draw.random() < 0.02)
        note = run_note(
            run.trial, run.seed, run.stage, made.status, made.fate, made.quality, images,
            speed=images / max(seconds["training"], 1e-3), told=self._told(made),
            place=self.slots.train(seconds, attempts),
        )  # fmt: skip
        (place / RUN_FILE).write_text(file_text(note))
        text = rows_text(made.values, len(made.values), without_r_v=self.draw.random() < 0.3)
        (place / EVALUATIONS_FILE).write_text(text)
        if pictures or run.stage == "confirm":
            _draw_samples(place, made)

    def _told(self, made: MadeUp) -> dict[str, Any]:
        flags = []
        if self.draw.random() < 0.03:
            name = "overfit" if self.draw.random() < 0.7 else "memorised"
            flags = [{"name": name, "onset_images": BUDGET // 2, "evidence": "r_v .8, limit .5"}]
        blind = ["overfit could not be judged without signal_r_v"]
        return {
            "confidence": float(self.draw.integers(5, 12)) / 11,
            "flags": flags,
            "not_judged": blind if self.draw.random() < 0.02 else [],
            "ignored": [],
        }

    def finalists(self) -> list[int]:
        """The trials that did best so far, the best first."""
        order = np.argsort(-self.scores, kind="stable")
        return [int(trial) for trial in order[: min(MOST_FINALISTS, len(order))]]


def write_large_study(folder: Path, num_trials: int, num_seeds: int = 3, seed: int = 0) -> Path:
    """A study of `num_trials` trials with `num_seeds` runs each, and confirm runs of the best.

    With one seed nothing is raced or confirmed. The folder should not hold a study yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(folder, num_trials, seed)
    writer.trials()
    writer.runs([Planned(trial, 0, "explore") for trial in range(num_trials)])
    card = study_card("sngan-fashion", num_trials, writer.num_sobol, "finished")
    if num_seeds > 1:
        seeds = range(1, num_seeds)
        writer.runs([Planned(i, seed, "race") for i in range(num_trials) for seed in seeds])
        _conclude(card, writer, num_seeds)
    card["settings"] |= {"prune": "asha", "concurrent": len(writer.slots.free)}
    card |= {"finished": at(writer.slots.seconds), "seconds": writer.slots.seconds}
    put_study(folder, card)
    return folder


def _conclude(card: dict[str, Any], writer: Writer, num_seeds: int) -> None:
    """Confirm the finalists and note them in study.json."""
    finalists = writer.finalists()
    fresh = [FIRST_CONFIRM_SEED + i for i in range(NUM_CONFIRM)]
    writer.runs([Planned(i, seed, "confirm") for i in finalists for seed in fresh])
    card["stages"] = ["explore", "race", "confirm"]
    card["settings"] |= {"seeds": [1, num_seeds], "race": len(finalists), "confirm": len(fresh)}
    card["conclusions"] = {
        "finalists": finalists,
        "recommended": finalists[0] if finalists else None,
        "confirm_seeds": fresh,
        "pareto": finalists[:2],
    }


def _overridden(config: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a trial; `make_config` checks it too, which takes ten times as long."""
    for path, value in parameters.items():
        *sections, name = path.split(".")
        node = config
        for section in sections:
            node = node[section]
        node[name] = value
    return config


def _draw_samples(place: Path, made: MadeUp) -> None:
    (place / SAMPLES_FOLDER).mkdir()
    for row in [*made.values[:: max(1, len(made.values) // 4)], made.values[-1]]:
        picture = shared_grid(float(row[QUALITY_COLUMN]), made.fate.verdict)
        sample_file(place, round(row[0])).write_bytes(picture)
    if made.status == "finished":
        neighbours_file(place, round(made.values[-1][0])).write_bytes(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print(write_large_study(arguments.folder, arguments.trials, arguments.seeds))


if __name__ == "__main__":
    main()
