"""Facts about a paper's table: which studies have one, what a cell counts, what agrees."""

from pathlib import Path

import pytest

from lab.record import StudyRecord, read_study
from reports.sections.findings.grid import grid_rows, grid_section, method_rows
from reports.sections.findings.paper import agreements
from tests.made_up.raced import write_grid_study

PAPER = {
    **{f"{letter}-spectral": "sss" for letter in "abcdef"},
    **{f"{letter}-wgan-gp": "sss" for letter in "abc"},
    **{f"{letter}-wgan-gp": "ccc" for letter in "def"},
}


def _grid(folder: Path, cells: dict[str, str], space: str = "miyato") -> StudyRecord:
    return read_study(write_grid_study(folder, cells, space=space))


def _sentences(study: StudyRecord) -> list[str]:
    return [f"{finding.claim} {finding.detail}" for finding in agreements(study)]


def test_a_cell_counts_the_runs_of_its_known_point(tmp_path: Path) -> None:
    rows = grid_rows(_grid(tmp_path, PAPER | {"d-wgan-gp": "csr"}))
    cell = rows.set_index(["setting", "method"]).loc[("d", "wgan-gp")]
    assert (cell["stable"], cell["total"]) == (1, 2)
    assert cell["others"] == ("collapsed",)
    assert 0 < cell["quality"] < 0.6
    assert len(rows) == 12


def test_runs_as_in_the_paper_agree_with_both_claims(tmp_path: Path) -> None:
    spectral, penalty, _ = _sentences(_grid(tmp_path, PAPER))
    assert spectral.startswith("“Spectral norm holds over A–F”: these runs agree.")
    assert "A 3 of 3 (44–100%)" in spectral
    assert penalty.startswith("“WGAN-GP fails at D, E and F”: these runs agree.")
    assert "F 0 of 3 (0–56%)" in penalty
    assert "50%): no setting." in penalty


def test_ten_seeds_a_cell_settle_what_three_cannot(tmp_path: Path) -> None:
    cells = {name: letters[0] * 10 for name, letters in PAPER.items() if name[0] in "de"}
    spectral, penalty, _ = _sentences(_grid(tmp_path, cells))
    assert "50%): D and E." in spectral
    assert "50%): D and E." in penalty
    assert "Not run: A, B, C and F." in spectral


def test_settings_whose_runs_disagree_are_named(tmp_path: Path) -> None:
    spectral, penalty, _ = _sentences(
        _grid(tmp_path, PAPER | {"e-spectral": "ccs", "d-wgan-gp": "sss", "f-wgan-gp": "ssc"})
    )
    assert "these runs agree at A, B, C, D and F, not at E." in spectral
    assert "these runs agree at E, not at D and F." in penalty


def test_a_claim_about_a_method_without_runs_is_not_tested(tmp_path: Path) -> None:
    cells = {"a-layer": "s", "b-layer": "s", "a-spectral": "s", "b-spectral": "s"}
    _, penalty, _ = _sentences(_grid(tmp_path, cells))
    assert "was not tested here" in penalty


def test_another_space_has_the_matrix_but_no_claims(tmp_path: Path) -> None:
    study = _grid(tmp_path, PAPER, space="mine")
    assert len(grid_rows(study)) == 12
    (only,) = _sentences(study)
    assert only.startswith("spectral against the others, on the same settings and seeds:")


def test_methods_are_paired_on_setting_and_seed(tmp_path: Path) -> None:
    cells = {"a-one": "ss", "b-one": "ss", "a-two": "sc", "b-two": "cc", "c-one": "cc"}
    (sentence,) = _sentences(_grid(tmp_path, cells, space="mine"))
    assert "In stable runs: above two +75 points [+50, +100]" in sentence
    assert "resample the 2 settings" in sentence


@pytest.mark.parametrize(
    "cells",
    [
        {"miyato-a": "s", "miyato-b": "s", "miyato-c": "s"},
        {"a-spectral": "s", "b-wgan-gp": "s", "c-layer": "s"},
        {"a-spectral": "s", "b-spectral": "s"},
        {"spectral": "s", "plain": "s"},
    ],
)
def test_points_that_are_no_grid_make_no_matrix(tmp_path: Path, cells: dict[str, str]) -> None:
    assert grid_section(_grid(tmp_path, cells)) is None


def test_the_matrix_states_in_text_what_its_colours_show(tmp_path: Path) -> None:
    section = str(grid_section(_grid(tmp_path, PAPER | {"d-wgan-gp": "ccs"})))
    assert "<b>1/3</b>" in section
    assert "not stable: collapsed" in section
    assert "even all stable shows only that the share is 44–100%" in section
    assert section.count("<td") == 14


def test_a_cell_that_was_not_run_is_labelled_so(tmp_path: Path) -> None:
    cells = {name: letters for name, letters in PAPER.items() if name != "e-wgan-gp"}
    assert str(grid_section(_grid(tmp_path, cells))).count("not run") == 1


def test_more_settings_than_a_table_has_room_for_are_one_row_a_method(tmp_path: Path) -> None:
    cells = {f"{i:02d}-{method}": "s" for i in range(9) for method in ("one", "two")}
    study = _grid(tmp_path, cells | {"03-two": "c"}, space="mine")
    rows = method_rows(study).set_index("method")
    assert (rows["settings"] == 9).all()
    assert rows["share"]["one"].counts == "9 of 9"
    assert rows["outcomes"]["two"] == {"stable": 8, "collapsed": 1}
    section = str(grid_section(study))
    assert "8 of 9 (57–98%)" in section
    assert " 1 collapsed" in section
    assert "03" not in section
