"""Paths that the configuration had before are accepted in settings, spaces and records."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import optuna
import pytest

from lab.config import (
    canonical,
    canonical_data,
    canonical_record,
    make_config,
    read_config,
    with_values,
)
from lab.plan import Mirror, Planner, PlanSettings, load_space, restored_space, study_card
from lab.record import STUDY_FILE, TRIAL_FILE, read_json, read_study, trial_folder, write_json
from tests.plan.simulation import SPACE, Search, write_space

SETTINGS = PlanSettings(trials=10, num_sobol=4, seed=5)
OLD_SPACE = SPACE.replace("optimizer.critic.lr", "optimizer.critic_lr").replace(
    "    if values", '    assert trial.params.get("optimizer.critic_lr", 0) < 1\n    if values'
)


def older(data: Any) -> Any:
    """JSON data with the players' settings named as they were."""
    if not isinstance(data, dict):
        return data
    data = {
        re.sub(r"(generator|critic)\.(lr|beta\d)$", r"\1_\2", k): older(v) for k, v in data.items()
    }
    if isinstance(data.get("optimizer"), dict):
        optimizer = data["optimizer"]
        players = {player: optimizer.pop(player) for player in ("generator", "critic")}
        for player, settings in players.items():
            older_settings = {name: settings[name] for name in ("lr", "beta1", "beta2")}
            optimizer |= {f"{player}_{name}": value for name, value in older_settings.items()}
    return data


@pytest.mark.parametrize("player", ["generator", "critic"])
@pytest.mark.parametrize("name", ["lr", "beta1", "beta2"])
def test_an_older_path_sets_what_it_set(player: str, name: str) -> None:
    assert canonical(f"optimizer.{player}_{name}") == f"optimizer.{player}.{name}"
    new = make_config({}, {f"optimizer.{player}.{name}": 0.25})
    assert new != make_config({})
    assert make_config({}, {f"optimizer.{player}_{name}": 0.25}) == new
    assert make_config({"optimizer": {f"{player}_{name}": 0.25}}) == new


def test_other_paths_stay_as_they_are() -> None:
    for path in (
        "optimizer.schedule",
        "optimizer.critic.lr",
        "critic_lr",
        "training.critic_steps",
    ):
        assert canonical(path) == path


def test_the_newer_name_wins_beside_the_older() -> None:
    both = {"optimizer": {"critic_lr": 0.1, "critic": {"lr": 0.2, "beta1": 0.3}}}
    assert canonical_data(both) == {"optimizer": {"critic": {"lr": 0.2, "beta1": 0.3}}}
    assert with_values({"optimizer": {"critic_lr": 0.1}}, {"optimizer.critic_beta1": 0.3}) == {
        "optimizer": {"critic": {"lr": 0.1, "beta1": 0.3}}
    }


def test_a_damaged_record_stays_as_it_is() -> None:
    for damaged in ({}, {"config": 3, "parameters": [1]}, {"base": {"optimizer": "x"}}):
        assert canonical_record(damaged) == damaged
    space = {"space": {"known": {"a": 3}, "fixed": None}}
    assert canonical_record(space) == space


def test_a_space_of_older_names_is_the_same_space(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old, new = (
        load_space(write_space(tmp_path / "old", OLD_SPACE)),
        load_space(write_space(tmp_path)),
    )
    assert old.parameters() == new.parameters()
    assert old.known_points == new.known_points
    fixed = {"optimizer.critic_lr": 2e-3}
    assert old.with_fixed(fixed).parameters() == new.with_fixed(fixed).parameters()
    assert "optimizer.critic.lr" not in old.with_fixed(fixed).parameters()
    point = {"optimizer.critic_lr": 1e-3, "training.critic_steps": 2, "penalty.kind": "none"}
    assert old.config_of(point).optimizer.critic.lr == 1e-3


def test_a_study_of_older_names_goes_on_as_it_would_have(tmp_path: Path) -> None:
    space = load_space(write_space(tmp_path, OLD_SPACE)).with_fixed({"training.batch_size": 32})
    whole = Search(Planner(space, SETTINGS), tmp_path / "whole")
    whole.go_on()

    study = tmp_path / "study"
    write_json(
        study / STUDY_FILE, older(study_card(space).changed(study="old").model_dump(mode="json"))
    )
    Search(Planner(space, SETTINGS), study).go_on(6)
    for path in study.glob(f"trials/*/{TRIAL_FILE}"):
        write_json(path, older(read_json(path)))
    stored = trial_folder(study, 3) / TRIAL_FILE
    assert "critic_lr" in stored.read_text()
    assert '"critic"' not in stored.read_text()

    record = read_study(study, evaluations=False)
    restored = restored_space(record.card)
    rebuilt = Planner.rebuild(restored, SETTINGS, record)
    Search(rebuilt, study).go_on()
    assert record.trials[3].parameters == whole.planner.explore_job(3).parameters
    assert record.card.parameters.keys() == space.parameters().keys()
    jobs = [planner.explore_job(9) for planner in (rebuilt, whole.planner)]
    assert jobs[0].origin == "tpe"
    assert jobs[0].parameters == jobs[1].parameters
    assert read_config(stored) == whole.planner.explore_job(3).config


def test_the_optuna_file_of_a_resumed_older_study_has_todays_names(tmp_path: Path) -> None:
    path = tmp_path / "optuna.db"
    old = optuna.create_study(storage=f"sqlite:///{path}", study_name="s", direction="maximize")
    range_ = optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True)
    old.enqueue_trial({"optimizer.critic_lr": 1e-3})
    trial = old.ask({"optimizer.critic_lr": range_})
    old.tell(trial, 0.5)

    planner = Planner(load_space(write_space(tmp_path)), PlanSettings(trials=3))
    planner.ask()
    Mirror(path, "s", planner.trials()).close()
    (copied,) = optuna.load_study(study_name="s", storage=f"sqlite:///{path}").trials
    assert "optimizer.critic.lr" in copied.params
    assert json.dumps(copied.params).count("critic_lr") == 0
