"""The validation on a terminal: one line a claim with its evidence, then the tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from lab.validate.part import Cell, Check, Part, Table

MOST_ROWS = 24
"""Longer tables are cut on the terminal; the page has them whole."""


def show_opening(console: Console, names: Sequence[str], quick: bool) -> None:
    """What will be checked."""
    size = "quick" if quick else "full"
    console.print(f"[bold]Validation[/bold], {size} size: {', '.join(names)}")


def show_part(console: Console, part: Part) -> None:
    """A part's claims and tables."""
    console.print()
    console.rule(f"[bold]{escape(part.name)}[/bold]", align="left")
    console.print(f"[italic]{escape(part.question)}[/italic]")
    for check in part.checks:
        _show_check(console, check)
    for table in part.tables:
        _show_table(console, table)
    console.print(f"[dim]{part.seconds:.0f} s[/dim]")


def _show_check(console: Console, check: Check) -> None:
    mark = "[green]✓[/green]" if check.holds else "[red bold]✗[/red bold]"
    console.print(f"{mark} {escape(check.claim)}")
    console.print(f"  [dim]{escape(check.evidence)}[/dim]", highlight=False)


def _show_table(console: Console, table: Table) -> None:
    grid = Grid(title=escape(table.title), title_justify="left", caption=escape(table.note))
    grid.caption_justify = "left"
    for index, column in enumerate(table.columns):
        is_words = any(isinstance(row[index], str) for row in table.rows)
        grid.add_column(escape(column), justify="left" if is_words else "right")
    for row in table.rows[:MOST_ROWS]:
        grid.add_row(*(escape(shown(cell)) for cell in row))
    console.print(grid)
    if len(table.rows) > MOST_ROWS:
        console.print(f"  [dim]and {len(table.rows) - MOST_ROWS} more rows on the page[/dim]")


def shown(cell: Cell) -> str:
    """A cell as a reader meets it: a dash for none, few digits."""
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def show_result(
    console: Console, parts: Sequence[Part], seconds: float, files: Sequence[Path]
) -> None:
    """How many claims hold, and where the findings are."""
    checks = [check for part in parts for check in part.checks]
    held = sum(check.holds for check in checks)
    empty = [part.name for part in parts if not part.checks]
    colour = "green" if held == len(checks) and not empty else "red"
    console.print()
    console.print(f"[{colour}]{held} of {len(checks)} claims hold[/{colour}] ({seconds:.0f} s)")
    if empty:
        console.print(f"[red]without a claim: {', '.join(empty)}[/red]")
    for file in files:
        console.print(f"  {escape(str(file))}", highlight=False)
