"""Reading a stored study: the only input of the report and of outside tools."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab.config import canonical_record
from lab.errors import InputError
from lab.record.card import AnyCard, Problem, validated
from lab.record.cards import RunCard, StudyCard, TrialCard
from lab.record.columns import under_columns
from lab.record.evaluations import Evaluations, Row
from lab.record.files import NewerFormat, Rows, read_json, read_rows, write_json
from lab.record.names import (
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    run_folder,
    trial_folder,
)
from lab.record.rescaled import is_rescaled, rescaled_rows, rescaled_run, scale_of
from lab.record.scale import Scale
from lab.record.study_parts import MetricsCard

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class RunRecord:
    """One run as stored: `card` is run.json, `evaluations` the rows of evaluations.jsonl."""

    folder: Path
    card: RunCard
    evaluations: Sequence[Row]

    @property
    def trial(self) -> int:
        return self.card.trial

    @property
    def seed(self) -> int:
        return self.card.seed

    @property
    def status(self) -> str:
        return self.card.status

    @property
    def verdict(self) -> str | None:
        """The verdict's name, or None while a run has none."""
        return self.card.verdict.name if self.card.verdict else None


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """A study as stored, with what could not be read.

    `evaluations` holds the rows of all runs as columns; those of `runs[i]` are its run i.
    """

    folder: Path
    card: StudyCard
    trials: list[TrialCard]
    runs: list[RunRecord]
    num_torn_rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    """Files and folders that are missing or damaged, and fields of the wrong kind."""
    evaluations: Evaluations = field(default_factory=Evaluations)

    @property
    def scale(self) -> Scale | None:
        """What a kernel distance means; None where the record does not have the anchors."""
        rows = (run.evaluations[0] for run in self.runs if run.evaluations)
        column = self.card.metrics.columns.kernel
        return scale_of(self.card, [row[column] for row in rows if _is_number(row, column)])

    @property
    def is_rescaled(self) -> bool:
        """Whether quality was made anew from the distances, as version 0.1 had another scale."""
        return is_rescaled(self.card)

    def best(self) -> TrialCard | None:
        """The recommended trial: the race's winner, not the luckiest run.

        Of a study without a race, the trial of whose runs the largest share was stable, then the
        one with the highest mean score; None when no run was stable.
        """
        by_number = {trial.number: trial for trial in self.trials}
        if self.card.conclusions.recommended in by_number:
            return by_number[self.card.conclusions.recommended]
        done: dict[int, list[RunRecord]] = {}
        for run in self.runs:
            if run.status == "finished" and run.trial in by_number:
                done.setdefault(run.trial, []).append(run)
        ranked = [
            (
                sum(run.verdict == "stable" for run in runs) / len(runs),
                sum(run.card.score or 0.0 for run in runs) / len(runs),
                -number,
            )
            for number, runs in done.items()
        ]
        share, _, number = max(ranked, default=(0.0, 0.0, 0))
        return by_number[-number] if share > 0 else None

    def frame(self) -> DataFrame:
        """One row a run: trial, seed, stage, status, verdict, score, final quality, and the
        sampled parameters by path."""
        import pandas as pd

        parameters = {trial.number: trial.parameters for trial in self.trials}
        rows = [
            {
                "trial": run.trial,
                "seed": run.seed,
                "stage": run.card.stage,
                "status": run.status,
                "verdict": run.verdict,
                "score": run.card.score,
                "final_quality": run.card.final_quality,
                "images_seen": run.card.images_seen,
                **parameters.get(run.trial, {}),
            }
            for run in self.runs
        ]
        return pd.DataFrame(rows)

    def export(self, path: str | Path) -> Path:
        """Write the best trial's configuration for `python -m lab.train --config PATH`.

        Raises InputError when there is no best trial.
        """
        best = self.best()
        if best is None:
            raise InputError(
                f"{self.name} has no stable run, so there is no best trial to export; take one "
                "of study.trials yourself"
            )
        stored = best.stored()
        write_json(Path(path), {name: stored.get(name, {}) for name in ("config", "files")})
        return Path(path)

    @property
    def name(self) -> str:
        """The study's name; its folder's where the record has none."""
        return self.card.study or self.folder.name


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study."""
    return (folder / STUDY_FILE).is_file()


def require_study(folder: Path) -> None:
    """Raise InputError with one sentence unless `folder` holds a study."""
    if not is_study(folder):
        raise InputError(
            f"{folder} is not a study: it has no {STUDY_FILE}; "
            "give the folder that `python -m lab.search` printed"
        )


def read_study(folder: Path, *, evaluations: bool = True) -> StudyRecord:
    """Everything a study left on disk, trials and runs in order of their numbers.

    A file with the numbers of another folder counts as damaged. `evaluations=False` leaves the
    rows out (the planner needs none).
    Raises InputError when `folder` is no study, or was made by a newer format.
    """
    require_study(folder)
    problems: list[Problem] = []
    study = _lenient(folder / STUDY_FILE, StudyCard, folder, problems)
    assert study is not None, "every field of study.json has a default"
    trials: list[TrialCard] = []
    runs: list[RunRecord] = []
    torn = 0
    evaluated = Evaluations()
    stored: list[tuple[Path, RunCard, list[Row]]] = []
    for path in _in_order(folder / "trials", folder, problems):
        trial = _readable(path / TRIAL_FILE, TrialCard, folder, problems)
        if trial is None:
            continue
        if trial_folder(folder, trial.number) != path:
            problems.append(Problem(str((path / TRIAL_FILE).relative_to(folder))))
            continue
        trials.append(trial)
        seeds = [run for run in _in_order(path, folder, problems) if run.name.startswith("seed-")]
        if not seeds:
            problems.append(Problem(f"{path.relative_to(folder)}/seed-*"))
        for seed_folder in seeds:
            run = _readable(seed_folder / RUN_FILE, RunCard, folder, problems)
            if run is None:
                continue
            if run_folder(folder, run.trial, run.seed) != seed_folder:
                problems.append(Problem(str((seed_folder / RUN_FILE).relative_to(folder))))
                continue
            rows = read_rows(seed_folder / EVALUATIONS_FILE) if evaluations else Rows([], 0)
            torn += rows.num_torn
            kept = _as_named(rows.rows, study.metrics)
            if is_rescaled(study) and evaluations:
                stored.append((seed_folder, run, kept))
            else:
                runs.append(RunRecord(seed_folder, run, evaluated.append(kept)))
    if stored:
        runs = list(_on_todays_scale(study, stored, evaluated))
    return StudyRecord(folder, study, trials, runs, torn, problems, evaluated)


def _on_todays_scale(
    study: StudyCard, stored: Sequence[tuple[Path, RunCard, list[Row]]], into: Evaluations
) -> Iterator[RunRecord]:
    """The runs of a study of version 0.1, their quality made anew from their distances."""
    column = study.metrics.columns.kernel
    starts = [rows[0][column] for _, _, rows in stored if rows and _is_number(rows[0], column)]
    scale = scale_of(study, starts)
    for folder, card, rows in stored:
        if scale is not None:
            rows = rescaled_rows(rows, column, scale)
            card = rescaled_run(card, rows, study.budget_images)
        yield RunRecord(folder, card, into.append(rows))


def _is_number(row: Row, column: str) -> bool:
    return isinstance(row.get(column), (int, float))


def _as_named(rows: list[Row], metrics: MetricsCard) -> list[Row]:
    """The rows under the columns that study.json names.

    A study of before version 0.2 that a later version resumed has rows of both spellings.
    """
    kernel = metrics.columns.kernel
    if all(kernel in row for row in (*rows[:1], *rows[-1:])):
        return rows
    columns = set(metrics.names.values())
    return [under_columns(row, columns) for row in rows]


def _in_order(folder: Path, study: Path, problems: list[Problem]) -> list[Path]:
    """The folders in a folder by their numbers, which may have more digits than usual.

    A link is none: it would lead out of the study.
    """
    if not folder.is_dir():
        return []
    with os.scandir(folder) as scan:
        entries = [(folder / entry.name, entry.is_symlink()) for entry in scan if entry.is_dir()]
    problems += [Problem(str(path.relative_to(study))) for path, is_link in entries if is_link]
    folders = [path for path, is_link in entries if not is_link]
    return sorted(folders, key=lambda path: (len(path.name), path.name))


def read_card(path: Path, kind: type[AnyCard]) -> AnyCard:
    """The card of one file; a field of the wrong kind has its default.

    Raises InputError when the file is missing, torn, made by a newer format, or lacks a field
    that has no default.
    """
    problems: list[Problem] = []
    card = _lenient(path, kind, path.parent, problems)
    if card is None:
        needed = [name for name, field in kind.model_fields.items() if field.is_required()]
        raise InputError(
            f"{path} is damaged: it needs {' and '.join(needed)}; restore it or remove its folder"
        )
    return card


def _readable(
    path: Path, kind: type[AnyCard], study: Path, problems: list[Problem]
) -> AnyCard | None:
    """As `_lenient`; a file that cannot be read at all is a problem too."""
    try:
        return _lenient(path, kind, study, problems)
    except NewerFormat:
        raise
    except InputError:
        problems.append(Problem(str(path.relative_to(study))))
        return None


def _lenient(
    path: Path, kind: type[AnyCard], study: Path, problems: list[Problem]
) -> AnyCard | None:
    """The card of a file and a problem for each wrong field; None where it cannot be made.

    Raises InputError as `read_json` does.
    """
    card, wrong = validated(kind, canonical_record(read_json(path)))
    if card is None:
        problems.append(Problem(str(path.relative_to(study))))
    elif wrong:
        file = str(path.relative_to(study))
        problems += [Problem(file, name) for name in wrong]
    return card
