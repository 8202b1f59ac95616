from pathlib import Path

import optuna
import pytest

from lab.record import RUN_FILE, StudyRecord, read_json, read_study, run_folder, write_json
from reports.figures.importances import importances_panel, importances_rows, scored_trials
from reports.figures.panel import Panel
from tests.reports.synthetic import PARAMETERS, write_study


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """60 trials whose score depends on beta1 alone."""
    folder = write_study(tmp_path_factory.mktemp("planted"), 60, num_sobol=60, samples=False)
    for trial in read_study(folder, evaluations=False).trials:
        path = run_folder(folder, trial["number"], 0) / RUN_FILE
        run = read_json(path)
        write_json(path, run | {"score": 0.9 - trial["parameters"]["optimizer.generator_beta1"]})
    return read_study(folder)


def test_a_planted_parameter_stands_above_chance(planted: StudyRecord) -> None:
    rows = importances_rows(planted).set_index("parameter")
    assert rows.index[0] == "optimizer.generator_beta1"
    assert rows["importance"].iloc[0] > rows["chance"].iloc[0]
    assert rows["importance"].sum() == pytest.approx(1.0)


def test_conditional_parameters_are_kept(planted: StudyRecord) -> None:
    assert set(importances_rows(planted)["parameter"]) == set(PARAMETERS)


def test_the_numbers_do_not_change_between_two_pages(planted: StudyRecord) -> None:
    first, second = importances_rows(planted), importances_rows(planted)
    assert first.equals(second)


def test_too_few_trials_give_a_sentence(tmp_path: Path) -> None:
    said = importances_panel(read_study(write_study(tmp_path, 5, samples=False)))
    assert said == (
        "Too few runs: 5 trials with a score inside the space; importances are drawn from 12 on."
    )


def test_a_trial_outside_the_space_is_left_out_and_counted(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 14, samples=False)
    path = folder / "trials" / "0000" / "trial.json"
    trial = read_json(path)
    trial["parameters"]["optimizer.critic_lr"] = 0.5
    write_json(path, trial)
    study = read_study(folder)
    assert len(scored_trials(study)) == 13
    panel = importances_panel(study)
    assert isinstance(panel, Panel)
    assert "1 trial without a score, or outside the space, left out." in panel.note


def test_optunas_own_verbosity_is_left_as_it_was(planted: StudyRecord) -> None:
    before = optuna.logging.get_verbosity()
    importances_rows(planted)
    assert optuna.logging.get_verbosity() == before
