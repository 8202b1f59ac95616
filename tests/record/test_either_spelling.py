"""A study that began before columns had numbers of samples is read under its own names."""

from __future__ import annotations

from pathlib import Path

from lab.record import EVALUATIONS_FILE, read_rows, read_study, write_rows
from lab.record.columns import metric_names, under_columns
from tests.record.before import copied


def test_rows_that_a_later_version_added_have_the_names_of_the_study(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    before = read_study(folder)
    path = before.runs[0].folder / EVALUATIONS_FILE
    rows = read_rows(path).rows
    later = under_columns(rows[-1], metric_names("fashion", 2_000).model_dump().values())
    assert "fd_fashion_2k" in later
    write_rows(path, [*rows[:-1], later])

    after = read_study(folder)
    assert list(after.runs[0].evaluations) == list(before.runs[0].evaluations)
