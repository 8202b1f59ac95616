from pathlib import Path

import numpy as np

from lab.record import (
    RUN_FILE,
    STUDY_FILE,
    StudyRecord,
    read_json,
    read_study,
    run_folder,
    write_json,
)
from reports.study.tables import (
    best_run,
    names_of,
    parameters_of,
    run_table,
    trial_table,
)
from tests.made_up.synthetic import BUDGET, KNOWN, NAMES, write_run, write_study, write_trial

POINT = {
    "optimizer.generator.lr": 2e-4,
    "optimizer.critic.lr": 2e-4,
    "network.critic_norm": "spectral",
    "penalty.kind": "none",
}


def test_a_conditional_parameter_is_none_where_it_was_not_sampled(study: StudyRecord) -> None:
    table = trial_table(study)
    without = table["penalty.kind"] == "none"
    assert without.any()
    assert not without.all()
    assert table["penalty.weight"][without].isna().all()
    assert table["penalty.weight"][~without].notna().all()


def test_only_known_and_sobol_trials_are_unbiased(study: StudyRecord) -> None:
    table = trial_table(study)
    assert set(table["origin"][~table["unbiased"].astype(bool)]) == {"tpe"}
    assert int(table["unbiased"].sum()) == len(KNOWN) + 6


def test_parameters_keep_their_range_and_scale(study: StudyRecord) -> None:
    parameters = {parameter.path: parameter for parameter in parameters_of(study)}
    rate = parameters["optimizer.generator.lr"]
    assert (rate.path, rate.low, rate.high, rate.log) == (
        "optimizer.generator.lr", 1e-5, 1e-2, True,
    )  # fmt: skip


def test_quality_alive_is_the_last_before_the_failure(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 1, verdict="collapsed")
    study = read_study(folder)
    row = run_table(study).iloc[0]
    evaluations = study.runs[0].evaluations
    before = [it["quality"] for it in evaluations if it["images_seen"] < row["onset_images"]]
    assert row["quality_alive"] == before[-1] > 0
    assert row["final_quality"] == 0.0
    assert row["life"] == row["onset_images"] / BUDGET < 1


def test_a_stalled_run_lived_to_its_end(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path, 1, verdict="stalled"))
    row = run_table(study).iloc[0]
    assert row["quality_alive"] == study.runs[0].evaluations[-1]["quality"]
    assert row["life"] == 1.0


def test_a_stable_run_beats_a_failed_one_with_a_higher_score(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 2, verdict="stable")
    path = run_folder(folder, 1, 0) / RUN_FILE
    run = read_json(path)
    run["verdict"] = {"name": "degraded", "onset_images": 32_000, "evidence": "", "final": True}
    write_json(path, run | {"score": 0.99})
    assert best_run(run_table(read_study(folder))) == 0


def test_nothing_scored_has_no_best_run(tmp_path: Path) -> None:
    assert best_run(run_table(read_study(write_study(tmp_path, 0)))) is None


def test_runs_without_a_verdict_are_named_by_their_status(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0)
    for number, status in enumerate(("running", "pruned", "errored")):
        write_trial(folder, number, POINT, "sobol")
        write_run(folder, number, POINT, np.random.default_rng(0), status=status)
    assert run_table(read_study(folder))["outcome"].tolist() == ["running", "pruned", "errored"]


def test_metric_names_of_another_kind_and_of_a_newer_lab_are_left_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0)
    card = read_json(folder / STUDY_FILE)
    card["metrics"]["names"] |= {"recall": [3], "frechet": "fd_mine", "vendi": "vendi_mine"}
    write_json(folder / STUDY_FILE, card)
    names = names_of(read_study(folder))
    assert (names.frechet, names.recall) == ("fd_mine", NAMES.recall)
