"""Which run's generator leaves: a run that is named, or one of a study's recommended trial."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.errors import InputError
from lab.record import (
    GENERATOR_FILE,
    RUN_FILE,
    STABLE,
    STUDY_FILE,
    RunCard,
    RunRecord,
    StudyRecord,
    read_card,
    read_study,
)
from lab.record.names import STAGES
from lab.record.storage import is_url, open_storage
from lab.run.finished import local_folder


@dataclass(frozen=True)
class Chosen:
    """A finished run."""

    name: str
    """As a command line names it."""
    folder: Path
    card: RunCard
    stage: str = ""
    """Stage of the runs that are counted; empty for a run that was named itself."""
    num_stable: int = 0
    num_runs: int = 0
    """Finished runs of its trial in that stage, and those of them that were stable."""


def chosen_run(name: str) -> Chosen:
    """The run of that name, or of a study's recommended trial the stable run of median score.

    Of a trial the runs of its last stage count: on fresh seeds, where there are some. Raises
    InputError for what is neither, and for a study without a stable run that kept its generator.
    """
    last = name.rstrip("/").rpartition("/")[2]
    if last.startswith("seed-") or (not is_url(name) and (Path(name) / RUN_FILE).exists()):
        folder = local_folder(name)
        if not (folder / RUN_FILE).exists():
            raise InputError(f"{name} is no run: it has no {RUN_FILE}; give a run or a study")
        return Chosen(name, folder, read_card(folder / RUN_FILE, RunCard))
    storage = open_storage(name)
    storage.pull(lambda path: path.endswith(".json"))
    if not (storage.folder / STUDY_FILE).exists():
        raise InputError(
            f"{name} is neither a study nor a run: it has no {STUDY_FILE} and no {RUN_FILE}; give "
            "studies/mine, or a run's folder, say studies/mine/trials/0007/seed-3"
        )
    record = read_study(storage.folder, evaluations=False)
    trial = record.best()
    runs = [] if trial is None else _of_last_stage(record, trial.number)
    stable = [run for run in runs if run.verdict == STABLE]
    if not stable:
        raise InputError(f"no trial of {name} has a stable run; name a run's folder to export it")
    run = sorted(stable, key=lambda it: (it.card.score or 0.0, -it.seed))[(len(stable) - 1) // 2]
    inside = run.folder.relative_to(storage.folder)
    storage.pull(lambda path: path == f"{inside.as_posix()}/{GENERATOR_FILE}")
    named = f"{name.rstrip('/')}/{inside.as_posix()}"
    return Chosen(named, run.folder, run.card, run.card.stage, len(stable), len(runs))


def _of_last_stage(record: StudyRecord, trial: int) -> list[RunRecord]:
    """The trial's finished runs of the last stage that has some."""
    finished = [run for run in record.runs if run.trial == trial and run.status == "finished"]
    stages = [stage for stage in STAGES if any(run.card.stage == stage for run in finished)]
    last = stages[-1] if stages else "explore"
    return [run for run in finished if run.card.stage == last]
