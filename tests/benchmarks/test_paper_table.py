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
    assert lines[2].startswith("| spectral | 2/2 (34–100%), u ")
    assert lines[3].startswith("| weight | 1/2 (9–91%), u ")
    assert lines[3].endswith("; collapsed |")


def test_many_settings_are_a_row_for_each_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = {f"{i:02d}-{method}": "s" for i in range(9) for method in ("dragan", "minimax")}
    study = write_grid_study(tmp_path / "grid", cells | {"03-minimax": "c"}, space="lucic")
    code, out, _ = printed(capsys, str(study))
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert code == 0
    assert out.startswith("# Lucic et al. 2018, ")
    assert lines[0].startswith("| method | stable (Wilson 95%) | best u |")
    assert any(line.startswith("| minimax | 8 of 9 (57–98%) | ") for line in lines)
    assert any(line.endswith("| 8 stable, 1 collapsed |") for line in lines)


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


def test_several_studies_are_chapters_of_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = {"d-spectral": "s", "d-clipping": "c", "e-spectral": "s", "e-clipping": "s"}
    core = write_grid_study(tmp_path / "core", cells, space="miyato_core")
    code, out, _ = printed(capsys, str(core), str(write_grid_study(tmp_path / "whole", cells)))
    assert code == 0
    heads = [line for line in out.splitlines() if line.startswith("#")]
    assert heads[0].startswith("# Miyato et al. 2018, the settings D-F")
    assert heads[1].startswith("## Miyato et al. 2018, settings A-F")
    assert out.count("“Spectral norm holds over A–F”") == 2
