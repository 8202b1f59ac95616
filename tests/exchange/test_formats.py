"""Facts about the settings that programs write beside or into their logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.exchange.finding import FoundRun, found_runs
from lab.exchange.judging import JudgedRun
from lab.exchange.trials import TAKEN, trials_of
from lab.stability.log_columns import LogOptions
from lab.stability.logs.settings import as_setting, flat_settings, printed_settings
from reports.study.tables import RUN_COLUMNS
from tests.exchange.logs import curve, lightning, mlflow, ray, stylegan, table
from tests.stability.test_log_formats import wandb_file


def settings_by_run(*paths: Path) -> dict[str, dict[str, object]]:
    found = found_runs(paths, LogOptions(), lambda items, _: items)
    assert found.left_out == []
    return {run.name: dict(run.settings) for run in found.runs}


def test_stylegans_options_are_settings(tmp_path: Path) -> None:
    stylegan(tmp_path / "00000-a", 1.0, 0)
    stylegan(tmp_path / "00001-a", 10.0, 1)
    settings = settings_by_run(tmp_path)
    assert list(settings) == ["00000-a", "00001-a"]
    assert settings["00001-a"]["loss_kwargs.r1_gamma"] == 10.0
    assert settings["00001-a"]["random_seed"] == 1
    assert settings["00001-a"]["betas"] == "[0.0, 0.99]"


def test_rays_params_are_settings_and_its_rows_are_not(tmp_path: Path) -> None:
    ray(tmp_path / "train_a", 1e-3, 3)
    assert settings_by_run(tmp_path) == {"train_a": {"lr": 1e-3, "net.width": 8, "seed": 3}}


def test_mlflows_params_are_settings_and_artifacts_no_runs(tmp_path: Path) -> None:
    mlflow(tmp_path / "mlruns" / "1", "0a1b", 1e-3, 0)
    mlflow(tmp_path / "mlruns" / "1", "2c3d", 1e-2, 1)
    settings = settings_by_run(tmp_path / "mlruns")
    assert settings["1/2c3d"] == {"lr": 1e-2, "seed": 1, "batch": 64, "amp": True}
    assert list(settings) == ["1/0a1b", "1/2c3d"]


def test_hparams_in_yaml_are_settings(tmp_path: Path) -> None:
    lightning(tmp_path / "version_0", 0.002, 5)
    assert settings_by_run(tmp_path / "version_0") == {
        "version_0": {"lr": 0.002, "seed": 5, "optim.name": "adam"}
    }


def test_a_folder_with_one_log_and_its_config_is_a_run(tmp_path: Path) -> None:
    for seed in (0, 1):
        folder = tmp_path / "lr0.1" / f"seed{seed}"
        folder.mkdir(parents=True)
        (folder / "log.csv").write_text(table(curve(seed)))
        config = {"model": {"width": 64}, "seed": seed}
        (folder / "config.json").write_text(json.dumps(config))
    settings = settings_by_run(tmp_path)
    assert list(settings) == ["lr0.1/seed0", "lr0.1/seed1"]
    assert settings["lr0.1/seed1"] == {"model.width": 64, "seed": 1}
    files = sorted(tmp_path.rglob("log.csv"))
    assert [run["seed"] for run in settings_by_run(*files).values()] == [0, 1]


def test_tensorboards_hparams_are_settings(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    settings = {"lr": 0.1, "layers": 4, "norm": "spectral"}
    with SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_hparams(settings, {"end": 1.0}, run_name=".")
        for i, value in enumerate(curve(0)):
            writer.add_scalar("fid", value, i)
    assert settings_by_run(tmp_path / "run") == {"run": settings}


def test_wandbs_config_is_read_from_its_file(tmp_path: Path) -> None:
    messages = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    start = messages.Record()
    start.run.config.update.add(key="net", value_json='{"width": 8}')
    start.run.config.update.add(key="_wandb", value_json='{"version": 1}')
    change = messages.Record()
    change.config.update.add(nested_key=["lr"], value_json="0.1")
    records = [start, change]
    for i, value in enumerate(curve(0)):
        record = messages.Record()
        for name, cell in {"fid": value, "images": i}.items():
            record.history.item.add(key=name, value_json=json.dumps(cell))
        records.append(record)
    folder = tmp_path / "wandb" / "offline-run-1"
    wandb_file(folder / "run-1.wandb", [record.SerializeToString() for record in records])
    assert settings_by_run(tmp_path) == {"wandb/offline-run-1": {"net.width": 8, "lr": 0.1}}


def test_studiogans_dictionaries_are_settings() -> None:
    lines = ["[INFO] 2021 > {'batch_size': 64, 'd': {'lr': 2e-4}}", "[INFO] 2021 > {broken"]
    assert printed_settings(lines) == {"batch_size": 64, "d.lr": 2e-4}


def test_texts_become_the_values_that_they_stand_for() -> None:
    values = [as_setting(text) for text in ("8", "8.0", "1e-3", "True", " adam ", "0x1")]
    assert values == [8, 8.0, 1e-3, True, "adam", "0x1"]
    config = {"a": {"value": 3, "desc": None}, "_wandb": {"x": 1}, "long": "x" * 999, "n": None}
    assert flat_settings(config) == {"a": 3}


def run(name: str, **settings: object) -> JudgedRun:
    found = FoundRun(name, [], settings, Path(name))  # type: ignore[arg-type]
    return JudgedRun(found, [], None)


def test_equal_numbers_are_one_setting_and_names_of_runs_are_none() -> None:
    runs = [
        run(f"r{i}", lr=1 if i % 2 else 1.0, run_dir=f"out/{i}", tag=f"t{i}", batch=64, seed=i)
        for i in range(6)
    ]
    trials = trials_of(runs)
    assert len(trials.trials) == 1
    assert list(trials.trials[0].runs) == [0, 1, 2, 3, 4, 5]
    assert trials.space == {}
    assert trials.base.keys() == {"lr", "batch"}
    assert "run_dir, tag" in trials.notes[0]


def test_settings_that_some_runs_lack_are_absent_there() -> None:
    trials = trials_of([run("a", gamma=1.0), run("b", gamma=3), run("c", clip=True)])
    assert [trial.parameters for trial in trials.trials] == [
        {"gamma": 1.0},
        {"gamma": 3.0},
        {"clip": True},
    ]
    assert not trials.space["gamma"].log
    assert trials.space["clip"].choices == (True,)


def test_ignored_settings_and_a_named_seed(tmp_path: Path) -> None:
    runs = [run("a", lr=1, trial=4, day=1), run("b", lr=1, trial=7, day=2)]
    (trial,) = trials_of(runs, "trial", ["day"]).trials
    assert list(trial.runs) == [4, 7]


def test_settings_never_have_the_name_of_a_column_of_runs() -> None:
    assert set(RUN_COLUMNS) | {"origin", "unbiased"} <= TAKEN
    trials = trials_of([run("a", cost=1.0), run("b", cost=2.0)])
    assert list(trials.space) == ["setting.cost"]
