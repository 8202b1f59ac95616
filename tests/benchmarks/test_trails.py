"""The trails that a reader follows through the files stay short."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.trails import measured


def test_a_nan_is_followed_to_its_sentence_in_findings_through_twenty_files(
    tmp_path: Path,
) -> None:
    trail = measured("nan", tmp_path)
    assert list(trail.moments) == [
        "a value of a step is not finite",
        "the window's row counts it",
        "the judge reads the row",
        "the rule holds",
        "the verdict is given",
        "run.json is written",
        "run.json is read",
        "the table of runs has it",
        "the sentence is made",
        "the sentence is on the page",
    ]
    assert "lab/stability/rules/diverged.py" in trail.moments["the rule holds"]
    assert len(trail.files) <= 20, trail.files


def test_a_setting_of_lab_train_is_followed_to_the_optimizer_through_six_files(
    tmp_path: Path,
) -> None:
    trail = measured("train", tmp_path)
    assert list(trail.moments) == [
        "the option is parsed",
        "the configuration has it",
        "torch makes the optimizer",
    ]
    assert len(trail.files) <= 6, trail.files


@pytest.mark.slow
def test_a_setting_of_a_search_is_followed_to_the_optimizer_through_fourteen_files(
    tmp_path: Path,
) -> None:
    trail = measured("search", tmp_path)
    assert list(trail.moments) == [
        "the option is parsed",
        "the configuration has it",
        "the planner makes the job",
        "the job is handed to Tune",
        "the worker reads the job",
        "torch makes the optimizer",
    ]
    assert len(trail.files) <= 14, trail.files
