"""Pages of empty, unfinished and hostile records in a browser: shown, and never obeyed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.record import EVALUATIONS_FILE, RUN_FILE, run_folder
from reports import write_report
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.browser.visits import Visit, visiting
from tests.reports.study.test_tables import POINT
from tests.reports.test_bad_input import FIELDS, NAMES, edit_run, write_named


def nothing_finished(folder: Path) -> Path:
    write_study(folder, 0, status="running")
    write_trial(folder, 0, POINT, "sobol")
    write_run(folder, 0, POINT, np.random.default_rng(0), status="running", samples=False)
    return folder


def damaged(folder: Path) -> Path:
    """Rows torn, a run without rows, one without run.json, and each field missing somewhere."""
    write_study(folder, len(FIELDS), samples=False)
    for trial, field in enumerate(FIELDS):
        edit_run(folder, trial, lambda run, field=field: run.pop(field))
    (run_folder(folder, 1, 0) / EVALUATIONS_FILE).unlink()
    (run_folder(folder, 2, 0) / RUN_FILE).write_text("{")
    with (run_folder(folder, 3, 0) / EVALUATIONS_FILE).open("a") as rows:
        rows.write('{"images_seen": 64')
    return folder


RECORDS: dict[str, Callable[[Path], Path]] = {
    "empty": lambda folder: write_study(folder, 0),
    "one run": lambda folder: write_study(folder, 1),
    "all failed": lambda folder: write_study(folder, 14, verdict="diverged", samples=False),
    "nothing finished": nothing_finished,
    "damaged": damaged,
    "markup": lambda folder: write_named(folder, NAMES["markup"]),
    "right to left": lambda folder: write_named(folder, NAMES["right to left"]),
    "long": lambda folder: write_named(folder, NAMES["long"]),
}

SLOW = ("all failed", "nothing finished", "right to left")
"""Whose page `tests/reports/test_bad_input.py` has looked at without a browser."""


def walk(visit: Visit) -> None:
    """Scroll to every figure and select a trial in sight of each."""
    visit.page.wait_for_selector("html[data-complete]")
    for panel in visit.panels("!panel.usesWebgl"):
        visit.show(panel)
    for trial in visit.page.evaluate("store.trials.number.slice(0, 5)"):
        visit.select(trial=trial)
    visit.select(where="stable")


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.slow) if kind in SLOW else kind for kind in RECORDS],
)
def test_a_bad_record_draws_without_complaint(browser: Any, tmp_path: Path, kind: str) -> None:
    page = write_report(RECORDS[kind](tmp_path / "study"))
    with visiting(browser, page) as visit:
        walk(visit)
        assert visit.complaints == []
        assert visit.page.query_selector("img[src=x]") is None


@pytest.mark.parametrize("kind", ["long", "damaged", "empty"])
def test_a_bad_record_fits_a_phone(browser: Any, tmp_path: Path, kind: str) -> None:
    page = write_report(RECORDS[kind](tmp_path / "study"))
    with visiting(browser, page, width=390, complete=True) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
