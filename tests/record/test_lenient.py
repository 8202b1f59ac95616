"""Facts about records whose parts are of the wrong kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.record import STUDY_FILE, TRIAL_FILE, read_json, read_study, trial_folder, write_json
from tests.made_up.synthetic import write_study


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"settings": ["no", "object"]}, "study.json: settings"),
        ({"metrics": 3}, "study.json: metrics"),
        ({"parameters": {"loss": "hinge"}}, "study.json: parameters.loss"),
        ({"parameters": {"rate": {"kind": "float", "low": 2, "high": 1}}},
         "study.json: parameters.rate"),
    ],
)  # fmt: skip
def test_a_part_of_another_kind_is_left_out_and_named(
    tmp_path: Path, entry: dict[str, Any], told: str
) -> None:
    write_study(tmp_path, 2, samples=False)
    write_json(tmp_path / STUDY_FILE, read_json(tmp_path / STUDY_FILE) | entry)
    study = read_study(tmp_path)
    assert told in map(str, study.problems)
    assert len(study.runs) == 2


def test_a_trial_without_an_object_of_parameters_keeps_its_runs(tmp_path: Path) -> None:
    write_study(tmp_path, 2, samples=False)
    place = trial_folder(tmp_path, 1) / TRIAL_FILE
    write_json(place, read_json(place) | {"parameters": "none"})
    study = read_study(tmp_path)
    assert list(map(str, study.problems)) == ["trials/0001/trial.json: parameters"]
    assert [run.trial for run in study.runs] == [0, 1]


def test_a_whole_record_misses_nothing(tmp_path: Path) -> None:
    assert read_study(write_study(tmp_path, 2, samples=False)).problems == []
