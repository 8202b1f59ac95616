"""Facts about a study as files of other tools, and about its way back."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import optuna
import pandas as pd
import pytest

from lab.exchange.tables import evaluation_rows, run_rows
from lab.plan.exported import ExportedTrial, write_optuna
from lab.record import ParameterCard, StudyRecord, read_study
from lab.record.__main__ import main
from tests.exchange.logs import grid
from tests.made_up.synthetic import write_study

PATTERN = "lr{lr}-{optimizer}-seed{seed}"
JUDGED = ("--initial=300", "--target=fid=20")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder = tmp_path_factory.mktemp("export")
    logs = str(grid(folder / "logs"))
    storage = f"--storage={folder / 'studies'}"
    assert main(["import", logs, "--name=mine", storage, f"--pattern={PATTERN}", *JUDGED]) == 0
    return read_study(folder / "studies" / "mine")


def exported(study: StudyRecord, to: str, out: Path) -> Path:
    assert main(["export", str(study.folder), f"--to={to}", f"--out={out}"]) == 0
    return out


def outcomes(study: StudyRecord) -> Sequence[tuple[object, ...]]:
    """Settings, seed, verdict and score of every run, in order."""
    parameters = {trial.number: trial.parameters for trial in study.trials}
    return sorted(
        (sorted(parameters[run.trial].items()), run.seed, run.verdict, run.card.score)
        for run in study.runs
    )


def test_csv_has_a_row_a_run_and_a_row_an_evaluation(study: StudyRecord, tmp_path: Path) -> None:
    folder = exported(study, "csv", tmp_path / "tables")
    with (folder / "runs.csv").open(newline="") as file:
        runs = list(csv.DictReader(file))
    assert len(runs) == len(study.runs) == 12
    assert {run["verdict"] for run in runs} == {"stable", "degraded"}
    assert {run["params.optimizer"] for run in runs} == {"adam", "sgd"}
    assert float(runs[0]["final.fid"]) == study.runs[0].evaluations[-1]["fid"]
    rows = pd.read_csv(folder / "evaluations.csv")
    assert len(rows) == study.evaluations.num_rows
    assert rows.columns[:3].tolist() == ["trial", "seed", "images_seen"]
    assert rows["fid"].tolist() == study.evaluations.column("fid").tolist()


def test_parquet_has_the_same_tables_with_types(study: StudyRecord, tmp_path: Path) -> None:
    folder = exported(study, "parquet", tmp_path / "tables")
    runs = pd.read_parquet(folder / "runs.parquet")
    assert runs["params.lr"].tolist() == [row["params.lr"] for row in run_rows(study)]
    rows = pd.read_parquet(folder / "evaluations.parquet")
    first = next(evaluation_rows(study))
    assert {name: rows[name][0] for name in first} == first


def test_a_study_of_the_lab_keeps_absent_and_odd_values(tmp_path: Path) -> None:
    lab = read_study(write_study(tmp_path / "study", 12, samples=False))
    folder = exported(lab, "parquet", tmp_path / "tables")
    runs = pd.read_parquet(folder / "runs.parquet")
    assert len(runs) == len(lab.runs)
    lacking = [trial.number for trial in lab.trials if "penalty.weight" not in trial.parameters]
    assert runs[runs["trial"].isin(lacking)]["params.penalty.weight"].isna().all()


def test_optuna_reads_trials_with_distributions_and_curves(
    study: StudyRecord, tmp_path: Path
) -> None:
    path = exported(study, "optuna", tmp_path / "study.db")
    loaded = optuna.load_study(study_name="mine", storage=f"sqlite:///{path}")
    assert len(loaded.trials) == len(study.trials)
    for trial, card in zip(loaded.trials, study.trials, strict=True):
        runs = [run for run in study.runs if run.trial == card.number]
        assert trial.params == card.parameters
        assert trial.value == sum(run.card.score or 0.0 for run in runs) / 2
        assert trial.user_attrs["verdicts"]["explore seed 1"] == runs[1].verdict
        assert trial.intermediate_values[0] == 0.0
    rate = loaded.trials[0].distributions["lr"]
    assert rate == optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True)


def test_optuna_takes_failed_trials_and_values_beyond_the_range(tmp_path: Path) -> None:
    space = {
        "lr": ParameterCard(kind="float", low=0.1, high=1.0, log=True),
        "depth": ParameterCard(kind="int", low=2, high=8, step=2),
        "norm": ParameterCard(choices=("none", True)),
    }
    trials = [
        ExportedTrial({"lr": 3.0, "depth": 2, "norm": "batch"}, 0.5, curve={0: 0.1}),
        ExportedTrial({"lr": 0.5, "older": 1}, None),
        ExportedTrial({"norm": True}, None, is_pruned=True),
    ]
    path = tmp_path / "study.log"
    write_optuna(path, "mine", space, trials)
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    loaded = optuna.load_study(study_name="mine", storage=optuna.storages.JournalStorage(backend))
    assert [trial.state.name for trial in loaded.trials] == ["COMPLETE", "FAIL", "PRUNED"]
    assert loaded.trials[0].params == {"lr": 3.0, "depth": 2, "norm": "batch"}
    assert loaded.trials[1].user_attrs == {"older": 1}


def test_mlflow_and_back_gives_the_same_settings_and_verdicts(
    study: StudyRecord, tmp_path: Path
) -> None:
    pytest.importorskip("mlflow")
    path = exported(study, "mlflow", tmp_path / "mlflow.db")
    storage = f"--storage={tmp_path / 'studies'}"
    assert main(["import", str(path), "--name=again", storage, *JUDGED]) == 0
    again = read_study(tmp_path / "studies" / "again")
    assert outcomes(again) == outcomes(study)
    assert again.card.parameters == study.card.parameters
    assert math.isclose(again.runs[0].evaluations[3]["fid"], study.runs[0].evaluations[3]["fid"])


def test_what_exists_is_never_overwritten(
    study: StudyRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.db"
    out.write_text("kept")
    for to in ("csv", "parquet", "optuna", "mlflow"):
        assert main(["export", str(study.folder), f"--to={to}", f"--out={out}"]) == 2
        assert "exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.db"]
    assert out.read_text() == "kept"
    assert main(["export", str(tmp_path), "--to=csv", f"--out={tmp_path / 'x'}"]) == 2
    assert "is not a study" in capsys.readouterr().err
    under = out / "tables"
    assert main(["export", str(study.folder), "--to=csv", f"--out={under}"]) == 2
    assert "cannot be written" in capsys.readouterr().err
