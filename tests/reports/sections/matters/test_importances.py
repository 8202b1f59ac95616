from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

from lab.record import RUN_FILE, StudyRecord, read_json, read_study, run_folder, write_json
from reports.kit.panel import Panel
from reports.sections.matters.importances import (
    GOALS,
    MOST_TRIALS,
    importances_rows,
    sample_of,
)
from reports.sections.matters.matters import draw_importances, importances_panel
from tests.made_up.handmade import Run, handmade
from tests.made_up.synthetic import PARAMETERS, write_study

SPACE = {
    "a": {"kind": "float", "low": 0.0, "high": 1.0},
    "b": {"kind": "float", "low": 0.0, "high": 1.0},
    "c": {"kind": "categorical", "choices": ["x", "y"]},
}


def _planted(num_trials: int = 120, origin: str = "sobol") -> StudyRecord:
    """Stable where a is below a half; among the stable ones quality grows with b alone."""
    draw = np.random.default_rng(0)
    points = [
        {"a": float(draw.random()), "b": float(draw.random()), "c": "xy"[i % 2]}
        for i in range(num_trials)
    ]
    runs = [
        Run(i, "stable" if point["a"] < 0.5 else "diverged", quality=0.5 + 0.4 * point["b"])
        for i, point in enumerate(points)
    ]
    return handmade(SPACE, [(origin, point) for point in points], runs)


def _panel(study: StudyRecord) -> Panel | str:
    return importances_panel(study, importances_rows(study))


def test_stability_and_quality_may_depend_on_different_parameters() -> None:
    rows = importances_rows(_planted())
    leads = {goal: of_goal.iloc[0] for goal, of_goal in rows.groupby("goal")}
    assert (leads["stability"]["parameter"], leads["quality"]["parameter"]) == ("a", "b")
    for lead in leads.values():
        assert lead["importance"] > 3 * lead["chance"]
    others = rows[~rows["parameter"].isin(["a", "b"])]
    assert (others["importance"] < others["chance"]).all()


def test_importances_of_a_goal_sum_to_1() -> None:
    sums = importances_rows(_planted()).groupby("goal")["importance"].sum()
    assert sums.tolist() == pytest.approx([1.0, 1.0])


def test_failed_runs_do_not_count_for_the_quality_of_stable_ones() -> None:
    study = _planted()
    stable = sum(run.verdict == "stable" for run in study.runs)
    assert len(sample_of(study, "quality").outcomes) == stable
    assert len(sample_of(study, "stability").outcomes) == 120


def test_a_rare_success_is_distinguished_from_failure() -> None:
    """Fewer than one stable trial in ten: the best tenth would contain failures."""
    draw = np.random.default_rng(1)
    points = [{"a": float(draw.random()), "b": float(draw.random()), "c": "x"} for _ in range(200)]
    runs = [
        Run(i, "stable" if point["a"] < 0.05 else "diverged") for i, point in enumerate(points)
    ]
    rows = importances_rows(handmade(SPACE, [("sobol", point) for point in points], runs))
    stability = rows[rows["goal"] == "stability"]
    assert stability["parameter"].iloc[0] == "a"
    assert stability["importance"].iloc[0] > stability["chance"].iloc[0]


def test_trials_that_the_optimizer_chose_are_left_out_where_others_suffice() -> None:
    study = _planted()
    mixed = handmade(
        SPACE,
        [("sobol" if i < 40 else "tpe", trial.parameters) for i, trial in enumerate(study.trials)],
        [Run(i) for i in range(120)],
    )
    assert (len(sample_of(mixed, "stability").outcomes), sample_of(mixed, "stability").chosen) == (
        40,
        False,
    )
    assert sample_of(_planted(30, "tpe"), "stability").chosen


def test_optimizer_trials_alone_are_used_with_a_warning() -> None:
    panel = _panel(_planted(60, "tpe"))
    assert isinstance(panel, Panel)
    assert "The optimizer chose some of these trials" in panel.note


def test_of_many_trials_an_even_sample_is_taken_and_noted() -> None:
    study = _planted(MOST_TRIALS + 300)
    assert len(sample_of(study, "stability").outcomes) == MOST_TRIALS
    panel = _panel(study)
    assert isinstance(panel, Panel)
    assert f"from {MOST_TRIALS} of {MOST_TRIALS + 300} trials, evenly spaced" in panel.note


def test_race_runs_do_not_count() -> None:
    study = handmade(
        SPACE,
        [("sobol", {"a": 0.1, "b": 0.2, "c": "x"})],
        [Run(0, "diverged"), Run(0, "stable", 1, "race"), Run(0, "stable", 2, "race")],
    )
    assert sample_of(study, "stability").outcomes.tolist() == [0.0]


def test_conditional_parameters_are_kept(tmp_path: Path) -> None:
    rows = importances_rows(read_study(write_study(tmp_path, 60, num_sobol=60, samples=False)))
    assert set(rows[rows["goal"] == "stability"]["parameter"]) == set(PARAMETERS)


def test_chance_above_the_whole_is_an_arrow_at_the_axis_end() -> None:
    shared = {"goal": "quality", "num_trials": 50, "num_known": 50, "chosen": False}
    rows = pd.DataFrame(
        [
            shared | {"parameter": "a", "importance": 0.9, "chance": 20.0},
            shared | {"parameter": "b", "importance": 0.1, "chance": 0.3},
        ]
    )
    figure = draw_importances(rows).figure
    low, high = figure.layout.xaxis.range
    assert (low, high) == (0, pytest.approx(1.1))
    chance = figure.data[1]
    assert list(chance.marker.symbol) == ["triangle-right", "line-ns"]
    assert max(chance.x) < high


def test_settings_of_a_family_stand_under_its_name_the_most_important_first() -> None:
    shared = {"goal": "stability", "chance": 0.1, "num_trials": 50, "num_known": 50}
    paths = ["penalty.weight", "network.critic_norm", "loss"]
    rows = pd.DataFrame(
        [
            shared | {"chosen": False, "parameter": path, "importance": 0.5 - 0.1 * i}
            for i, path in enumerate(paths)
        ]
    )
    figure = draw_importances(rows).figure
    assert list(figure.layout.yaxis.ticktext) == [
        "<b>OBJECTIVE</b>", "penalty weight", "loss", "<b>NETWORK</b>", "critic norm",
    ]  # fmt: skip
    assert list(figure.data[0].y) == [1, 4, 2]


def test_the_numbers_do_not_change_between_two_pages() -> None:
    first, second = importances_rows(_planted()), importances_rows(_planted())
    assert first.equals(second)


def test_too_few_trials_give_a_sentence(tmp_path: Path) -> None:
    sentence = _panel(read_study(write_study(tmp_path, 5, samples=False)))
    assert sentence == (
        "Too few runs: 5 trials with a verdict inside the space; importances are drawn for 12 or "
        "more."
    )


def test_a_study_without_a_failure_has_no_importances_for_stability() -> None:
    points = [("sobol", {"a": i / 20, "b": 0.5, "c": "x"}) for i in range(20)]
    panel = _panel(handmade(SPACE, points, [Run(i, quality=0.8) for i in range(20)]))
    assert panel == "No importances: all 20 trials were stable."


def test_a_parameter_without_a_known_range_is_left_out() -> None:
    space = {**SPACE, "d": {"kind": "tensor"}, "e": {"kind": "float", "log": True}}
    study = _planted(40)
    trials = [("sobol", trial.parameters | {"d": 1}) for trial in study.trials]
    runs = [Run(i, "stable" if i % 3 else "diverged") for i in range(40)]
    importances = importances_rows(handmade(space, trials, runs))
    assert set(importances["parameter"]) == {"a", "b", "c"}


def test_parameters_that_never_vary_give_a_sentence() -> None:
    space = {"a": {"kind": "float", "low": 1.0, "high": 1.0}}
    runs = [Run(i, "stable" if i % 3 else "diverged") for i in range(20)]
    sentence = _panel(handmade(space, [("sobol", {"a": 1.0})] * 20, runs))
    assert sentence == "No importances: no parameter varied."


def test_a_trial_outside_the_space_is_left_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 14, samples=False)
    path = folder / "trials" / "0000" / "trial.json"
    trial = read_json(path)
    trial["parameters"]["optimizer.critic.lr"] = 0.5
    write_json(path, trial)
    assert len(sample_of(read_study(folder), "stability").outcomes) == 13


def test_a_run_without_a_final_quality_is_left_out_of_quality_alone(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 14, verdict="stable", samples=False)
    path = run_folder(folder, 3, 0) / RUN_FILE
    write_json(path, read_json(path) | {"final_quality": None})
    study = read_study(folder)
    assert [len(sample_of(study, goal).outcomes) for goal in GOALS] == [14, 13]


def test_optunas_own_verbosity_is_left_as_it_was() -> None:
    before = optuna.logging.get_verbosity()
    importances_rows(_planted(30))
    assert optuna.logging.get_verbosity() == before
