"""The made-up record that the report is timed on has the shape of what the lab writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.config import make_config
from lab.record import (
    EVALUATIONS_FILE,
    FAILURES,
    IMAGES_SEEN,
    QUALITY,
    RUN_FILE,
    RunRecord,
    StudyRecord,
    neighbours_file,
    read_json,
    read_rows,
    read_study,
)
from lab.record.columns import LIVE_PREFIX, MetricNames
from lab.stability.validated import PUBLISHED, detector
from reports.study.tables import names_of
from tests.made_up.detector import detector_entry
from tests.made_up.records import MOST_FINALISTS, NUM_CONFIRM, write_large_study
from tests.made_up.rows import R_V
from tests.made_up.synthetic import write_study
from tests.runs import NAMES as PLAIN_NAMES
from tests.runs import finish, plain_metrics, small_run, write_small_pack

NUM_TRIALS, NUM_SEEDS = 80, 3


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder = tmp_path_factory.mktemp("made") / "up"
    return read_study(write_large_study(folder, NUM_TRIALS, NUM_SEEDS))


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """A small study from the record's own writers."""
    return read_study(write_study(tmp_path_factory.mktemp("by") / "hand", 3, verdict="stable"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny run that the lab trained."""
    folder = tmp_path_factory.mktemp("trained")
    with plain_metrics():
        finish(small_run(write_small_pack(folder / "pack")), folder / "seed-0")
    return folder / "seed-0"


def finished(study: StudyRecord, verdict: str = "stable") -> RunRecord:
    return next(run for run in study.runs if run.verdict == verdict)


def told_apart(row: dict[str, Any], names: MetricNames) -> set[str]:
    """Columns of a row, its metrics by their role."""
    roles = {column: role for role, column in names.model_dump().items()}
    return {roles.get(column, column) for column in row}


def test_every_file_is_whole_and_every_run_is_there(made_up: StudyRecord) -> None:
    assert made_up.problems == []
    assert made_up.num_torn_rows == 0
    assert len(made_up.trials) == NUM_TRIALS
    assert len(made_up.runs) == NUM_TRIALS * NUM_SEEDS + MOST_FINALISTS * NUM_CONFIRM
    assert all(run.evaluations[0][IMAGES_SEEN] == 0 for run in made_up.runs)


def test_every_verdict_and_status_occurs(made_up: StudyRecord) -> None:
    without_texts = set(FAILURES) - {"deaf"}
    assert {run.verdict for run in made_up.runs} >= {"stable", "short", *without_texts}
    assert {run.status for run in made_up.runs} >= {"finished", "pruned"}
    assert len({run.card.host for run in made_up.runs}) > 1


def test_its_files_equal_those_written_by_hand(made_up: StudyRecord, by_hand: StudyRecord) -> None:
    for large, small in [
        (made_up.trials[0].stored(), by_hand.trials[0].stored()),
        (made_up.trials[0].config, by_hand.trials[0].config),
        (finished(made_up).card.stored(), finished(by_hand).card.stored()),
    ]:
        assert set(large) == set(small)
    assert set(made_up.card.stored()) - {"conclusions"} == set(by_hand.card.stored())
    first, *rest = finished(by_hand).evaluations
    columns = [tuple(row) for row in finished(made_up).evaluations]
    assert set(columns[0]) == set(first)
    assert all(set(row) | {R_V} == set(rest[0]) for row in columns[1:])


def test_a_trial_has_the_configuration_of_its_parameters(made_up: StudyRecord) -> None:
    base = made_up.card.base
    for trial in made_up.trials[:5]:
        assert trial.config == make_config(base, trial.parameters).model_dump()


def test_a_run_states_what_one_trained_by_the_lab_states(
    made_up: StudyRecord, trained: Path
) -> None:
    real, ours = read_json(trained / RUN_FILE), finished(made_up).card.stored()
    assert set(ours) == set(real)
    assert set(ours["verdict"]) == set(real["verdict"])
    assert set(ours["seconds"]) == set(real["seconds"])


def test_its_rows_have_the_columns_of_a_run_that_the_lab_trained(
    made_up: StudyRecord, trained: Path
) -> None:
    """But for class shares, which the tiny run's metrics lack, r_v, which may be missing, and the
    distances of the live generator, which the last row alone has."""
    real = read_rows(trained / EVALUATIONS_FILE).rows
    ours = finished(made_up).evaluations
    for row, other in [(ours[0], real[0]), (ours[-1], real[-1])]:
        columns = {name for name in row if not name.startswith("class_share_")}
        named = told_apart(dict.fromkeys(columns, 0), names_of(made_up))
        averaged = {name: to for name, to in other.items() if not name.startswith(LIVE_PREFIX)}
        assert named | {R_V} == told_apart(averaged, PLAIN_NAMES) | {R_V}


def test_quality_ends_with_the_failure(made_up: StudyRecord) -> None:
    run = next(it for it in made_up.runs if it.verdict == "diverged" and len(it.evaluations) > 2)
    assert [row[QUALITY] > 0 for row in run.evaluations[-2:]] == [True, False]
    assert run.card.final_quality == 0.0
    assert run.evaluations[-1]["signal_critic_grad_norm"] == float("inf")


def test_confirmed_runs_show_samples_and_neighbours(made_up: StudyRecord) -> None:
    confirmed = [run for run in made_up.runs if run.card.stage == "confirm"]
    for run in confirmed:
        assert neighbours_file(run.folder, run.card.images_seen).is_file()


@pytest.mark.skipif(not PUBLISHED.exists(), reason="no validation is published with the lab yet")
def test_the_detectors_rates_have_the_published_shape() -> None:
    settings = make_config({}).stability
    ours, published = detector_entry(settings), detector(settings).stored()
    assert set(ours) == set(published)
    for part in ("verdicts", "flags", "healthy"):
        assert set(ours[part]) == set(published[part])
    assert set(ours["verdicts"]["diverged"]) == set(published["verdicts"]["diverged"])
