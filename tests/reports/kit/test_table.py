"""Facts about tables of the page."""

from reports.kit.markup import element
from reports.kit.table import Cell, Column, TableRow, table


def test_the_first_cell_names_its_row_and_numbers_are_set_to_the_right() -> None:
    made = table([("a", "1.5")], ["what", Column("took", "s", is_number=True)])
    assert made == (
        '<table class="facts"><thead><tr><th scope="col">what</th>'
        '<th scope="col" class="number">took, s</th></tr></thead>'
        '<tbody><tr><th scope="row">a</th><td class="number">1.5</td></tr></tbody></table>'
    )


def test_a_table_with_a_label_scrolls_under_that_name() -> None:
    assert table([("a",)], label="Runs").startswith(
        '<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table'
    )


def test_without_columns_there_is_no_head_and_rows_need_no_names() -> None:
    made = table([("a", "b")], are_named=False)
    assert "<th" not in made
    assert made.count("<td>") == 2


def test_cells_and_rows_carry_attributes_of_their_own() -> None:
    row = TableRow(["a", Cell([element("b", "k"), " < n"], {"style": "--share:5%"})], "best")
    assert (
        '<tr class="best"><th scope="row">a</th><td style="--share:5%"><b>k</b> &lt; n</td></tr>'
    ) in table([row])
