"""Facts about the table of all runs as it stands in the page before any script."""

from __future__ import annotations

import re
from pathlib import Path

from lab.record import StudyRecord, read_study
from reports.sections.parameters.trial_table import FIRST_ROWS, table_block, table_rows
from reports.study.conclusions import leading_trial
from tests.made_up.raced import write_raced_study
from tests.reports.test_page import HOSTILE, write_hostile_study


def test_the_leading_trials_runs_come_first_then_the_others_by_score(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "sc", 9: "ss"}, raced="s"))
    rows = table_rows(study)
    assert rows["trial"].head(4).tolist() == [5, 5, 5, 5]
    others = rows[rows["trial"] != 5]["score"].dropna().tolist()
    assert others == sorted(others, reverse=True)
    assert len(rows) == len(study.runs)


def test_without_scripts_the_first_rows_stand_there_and_the_rest_is_counted(
    large_study: StudyRecord,
) -> None:
    block = table_block(large_study)
    bare = re.search(r"<noscript>(.*)</noscript>", block)
    assert bare is not None
    assert bare[1].count('scope="row"') == FIRST_ROWS
    assert "The first 50 of 300 runs" in bare[1]
    assert f'scope="row">{leading_trial(large_study)}<' in bare[1]
    assert len(block) < 60_000


def test_few_runs_all_stand_there(study: StudyRecord) -> None:
    block = table_block(study)
    assert block.count('scope="row"') == 20
    assert "<caption>20 runs</caption>" in block


def test_markup_in_values_is_text(tmp_path: Path) -> None:
    block = table_block(read_study(write_hostile_study(tmp_path)))
    assert HOSTILE not in block
    assert "<img" not in block
