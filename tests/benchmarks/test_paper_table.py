"""The table of docs/miyato.md, from a made-up study of methods by settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import paper_table
from lab.cli import run_command
from tests.made_up.raced import write_grid_study


def printed(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    prog = "benchmarks.paper_table"
    code = run_command(paper_table.Arguments, paper_table.main, prog=prog, args=list(args))
    return code, *capsys.readouterr()


def test_the_table_has_a_row_for_each_method_and_a_column_for_each_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = {"a-spectral": "ss", "a-weight": "sc", "d-spectral": "s", "d-weight": "c"}
    code, out, _ = printed(capsys, str(write_grid_study(tmp_path / "grid", cells)))
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert code == 0
    assert lines[0] == "| method | A | D |"
    assert lines[2].startswith("| spectral | 2/2, u ")
    assert lines[3].startswith("| weight | 1/2, u ")
    assert lines[3].endswith("| 0/1, u 0.00 (collapsed) |")


def test_without_a_study_it_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys)
    assert (code, out) == (2, "")
    assert err == "benchmarks.paper_table: give the folder of a study, say studies/miyato\n"


def test_a_folder_without_a_study_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(capsys, str(tmp_path))
    assert (code, out) == (2, "")
    assert err.startswith(f"benchmarks.paper_table: {tmp_path} is not a study: ")
    assert err.count("\n") == 1
