"""A study of runs that were trained elsewhere: written beside its place, then renamed to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.cli import command_line
from lab.config import RunConfig, make_config
from lab.errors import InputError, printable
from lab.exchange.beside import written_beside
from lab.exchange.finding import LeftOut
from lab.exchange.judging import Judged, JudgedRun
from lab.exchange.trials import ImportedTrial, Trials
from lab.record import (
    EVALUATIONS_FILE,
    IMAGES_SEEN,
    IMPORTED,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    DataCard,
    ImportCard,
    LeftOutCard,
    MetricsCard,
    RunCard,
    SettingsCard,
    SpaceCard,
    StudyCard,
    TrialCard,
    now,
    run_folder,
    trial_folder,
    write_card,
    write_rows,
)
from lab.stability.validated import detector
from lab.trainer.check import described_study


def require_free(folder: Path) -> None:
    """Raise InputError where a study's folder is taken already."""
    if folder.exists() or folder.is_symlink():
        raise InputError(
            f"{folder} exists already; give another --name, or remove it to import again"
        )


def write_study(
    folder: Path,
    judged: Judged,
    trials: Trials,
    sources: Sequence[Path],
    left_out: Sequence[LeftOut],
    *,
    is_initial_given: bool,
) -> None:
    """Write the whole record, or nothing.

    Raises InputError for a folder that is taken or cannot be written.
    """
    require_free(folder)
    cannot = f"no study can be written in {folder.parent}"
    with written_beside(folder, cannot, "give another --storage") as study:
        imported = ImportCard(
            sources=tuple(printable(str(path)) for path in sources),
            initial_from="given" if is_initial_given else "logs",
            notes=(*judged.notes, *trials.notes),
            left_out=tuple(
                LeftOutCard(name=printable(entry.name), reason=printable(entry.reason))
                for entry in left_out
            ),
        )
        study.mkdir()
        write_card(study / STUDY_FILE, _study(folder.name, judged, trials, imported))
        for number, trial in enumerate(trials.trials):
            _write_trial(study, number, trial, judged, trials.base)
        require_free(folder)


def _nested(judged: Judged, parameters: dict[str, Any]) -> dict[str, Any]:
    """What is known of a configuration: metric, parameters, budget, and limits that were given."""
    limits = judged.settings.model_dump(include=judged.settings.model_fields_set)
    return {
        "training": {"budget_images": judged.budget_images},
        "stability": limits,
        "trainer": {"metric": judged.metric.model_dump(), "parameters": parameters},
    }


def _study(name: str, judged: Judged, trials: Trials, imported: ImportCard) -> StudyCard:
    base = _nested(judged, trials.base)
    described = described_study(_config(judged))
    num_runs = sum(len(trial.runs) for trial in trials.trials)
    return StudyCard(
        study=name,
        space=SpaceCard(
            name="imported runs",
            description=f"{num_runs} runs that were trained elsewhere, with settings of people",
        ),
        parameters=trials.space,
        base=base,
        settings=SettingsCard(trials=len(trials.trials)),
        command=tuple(command_line()),
        created=now(),
        data=DataCard.model_validate(described["data"]),
        metrics=MetricsCard.model_validate(described["metrics"]),
        detector=detector(judged.settings),
        stages=("explore",),
        status="finished",
        finished=now(),
        imported=imported,
    )


def _config(judged: Judged) -> RunConfig:
    return make_config(_nested(judged, {}))


def _write_trial(
    study: Path, number: int, trial: ImportedTrial, judged: Judged, base: dict[str, Any]
) -> None:
    card = TrialCard(
        number=number,
        origin=IMPORTED,
        parameters=trial.parameters,
        config=_nested(judged, {**base, **trial.parameters}),
        created=now(),
    )
    write_card(trial_folder(study, number) / TRIAL_FILE, card)
    for seed, run in trial.runs.items():
        folder = run_folder(study, number, seed)
        write_rows(folder / EVALUATIONS_FILE, run.rows)
        write_card(folder / RUN_FILE, _run(number, seed, run, judged.budget_images))


def _run(trial: int, seed: int, run: JudgedRun, budget_images: int) -> RunCard:
    facts: dict[str, Any] = {
        "trial": trial,
        "seed": seed,
        "stage": "explore",
        "budget_images": budget_images,
        "source": printable(str(run.log.source)),
    }
    if run.rows:
        facts["images_seen"] = run.rows[-1][IMAGES_SEEN]
    if run.verdict is None:
        return RunCard(status="errored", error=printable(run.error), **facts)
    return RunCard(
        status="finished",
        verdict=run.verdict.stored(),
        score=run.score,
        final_quality=run.final_quality,
        **facts,
    )
