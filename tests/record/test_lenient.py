"""Facts about records whose parts are of the wrong kind."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lab.data.pack import PackCard
from lab.errors import InputError
from lab.plan import PlanSettings
from lab.record import (
    STUDY_FILE,
    TRIAL_FILE,
    DataCard,
    FlagCard,
    PilotCard,
    RunCard,
    SettingsCard,
    VerdictCard,
    read_json,
    read_rows,
    read_study,
    trial_folder,
    write_json,
)
from lab.record.card import validated
from lab.stability.flags import Flag
from lab.stability.verdict import Verdict
from lab.statistics.pilot import Pilot
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


RUN: dict[str, Any] = {"trial": 3, "seed": 1, "status": "finished"}


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({"score": "high"}, ["score"]),
        ({"score": True}, ["score"]),
        ({"hosts": ["a", 7, "b"]}, ["hosts.1"]),
        ({"verdict": {"name": "stable", "confidence": "x", "flags": [7, {"name": "overfit"}]}},
         ["verdict.confidence", "verdict.flags.0"]),
        ({"verdict": "stable"}, ["verdict"]),
        ({"seconds": {"training": "long", "evaluating": 2}}, ["seconds.training"]),
        ({"score": None, "stage": None, "verdict": None}, []),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_kind_has_its_default_and_the_others_stay(
    entry: dict[str, Any], wrong: list[str]
) -> None:
    card, left_out = validated(RunCard, RUN | entry | {"images_seen": 640})
    assert sorted(left_out) == wrong
    assert card is not None
    assert (card.trial, card.score, card.images_seen) == (3, None, 640)
    if card.verdict is not None:
        assert card.verdict.name == "stable"
        assert [flag.name for flag in card.verdict.flags] == ["overfit"]


@pytest.mark.parametrize("entry", [{"trial": "3"}, {"seed": None}, {"status": 1}, {"trial": 3.5}])
def test_a_run_without_number_seed_or_status_is_none(entry: dict[str, Any]) -> None:
    card, _ = validated(RunCard, RUN | entry)
    assert card is None


def test_what_a_later_version_adds_is_kept() -> None:
    later = RUN | {"verdict": {"name": "stable", "why": {"a": 1}}, "colour": "blue"}
    card, wrong = validated(RunCard, later)
    assert card is not None
    assert not wrong
    assert card.changed(stage="race").stored() == later | {"stage": "race"}
    assert "colour" not in card.without("colour").stored()


def test_the_settings_of_the_planner_are_all_in_the_record() -> None:
    assert set(PlanSettings.model_fields) <= set(SettingsCard.model_fields)
    settings = PlanSettings(trials=5, seeds=(1, 2), race=1, confirm=3, grace_images=100)
    assert validated(SettingsCard, settings.model_dump(mode="json"))[1] == []


def test_a_card_says_what_the_writer_of_the_verdict_says() -> None:
    assert {field.name for field in fields(Verdict)} == set(VerdictCard.model_fields)
    assert {field.name for field in fields(Flag)} == set(FlagCard.model_fields)
    assert {field.name for field in fields(Pilot)} == set(PilotCard.model_fields)
    assert set(PackCard.model_fields) == set(DataCard.model_fields)


def test_a_link_among_the_trials_is_no_trial_and_is_told(tmp_path: Path) -> None:
    """It would lead the reader, and a resume's writer, out of the study."""
    write_json(tmp_path / "study" / "study.json", {"study": "x"})
    write_json(tmp_path / "elsewhere" / "trial.json", {"number": 0})
    (tmp_path / "study" / "trials").mkdir()
    (tmp_path / "study" / "trials" / "0000").symlink_to(tmp_path / "elsewhere")
    record = read_study(tmp_path / "study")
    assert record.trials == []
    assert [problem.file for problem in record.problems] == ["trials/0000"]


@pytest.mark.parametrize("text", ['{"format": 2, "seconds": ' + "9" * 400 + "}", "[" * 9000])
def test_a_card_that_no_reader_could_hold_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(InputError, match="is damaged"):
        read_study(tmp_path)


def test_a_row_that_no_reader_could_hold_is_a_torn_one(tmp_path: Path) -> None:
    rows = ['{"images_seen": 1}', '{"images_seen": 2, "x": ' + "9" * 400 + "}", "[" * 9000]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    read = read_rows(tmp_path / "rows.jsonl")
    assert (len(read.rows), read.num_torn) == (1, 2)
