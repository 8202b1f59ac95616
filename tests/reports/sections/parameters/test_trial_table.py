"""Facts about the element of the table of all runs, before the script fills it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from lab.record import StudyRecord, read_study
from reports.__main__ import main
from reports.sections.parameters.trial_table import table_block
from tests.reports.test_page import HOSTILE, write_hostile_study


def test_without_scripts_the_command_that_writes_all_runs_is_given(
    large_study: StudyRecord, tmp_path: Path
) -> None:
    bare = re.search(r"<noscript>(.*)</noscript>", table_block(large_study))
    assert bare is not None
    command = re.search(r"python -m reports (\S+) --csv tables", bare[1])
    assert command is not None
    assert main([command[1], "--csv", str(tmp_path)]) == 0
    rows = pd.read_csv(tmp_path / "runs.csv")
    assert len(rows) == len(large_study.runs) == 300
    assert {"trial", "seed", "outcome", "evidence", "optimizer.generator.lr"} <= set(rows.columns)


def test_markup_in_values_is_text(tmp_path: Path) -> None:
    block = table_block(read_study(write_hostile_study(tmp_path)))
    assert HOSTILE not in block
    assert "<img" not in block
