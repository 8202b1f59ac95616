"""The filter box: what each kind of term matches, against the record itself."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from lab.record import read_study
from reports.study.tables import run_table, trial_table
from tests.reports.browser.visits import Visit


@pytest.fixture(scope="module")
def runs(pages: Any) -> pd.DataFrame:
    """One row a run of the study of 500 trials, with its trial's parameters."""
    study = read_study(pages.study("500"))
    return run_table(study).join(trial_table(study), on="trial")


def rate(runs: pd.DataFrame) -> pd.Series[float]:
    return runs["optimizer.generator.lr"].astype(float)


GRAMMAR = {
    "verdict=collapsed": lambda runs: runs["outcome"] == "collapsed",
    "verdict=collapsed|stalled": lambda runs: runs["outcome"].isin(["collapsed", "stalled"]),
    "verdict=short": lambda runs: runs["outcome"] == "short",
    "stage=race": lambda runs: runs["stage"] == "race",
    "-stage=race": lambda runs: runs["stage"] != "race",
    "loss=hinge": lambda runs: runs["loss"] == "hinge",
    "generator_lr=1e-4..1e-3": lambda runs: rate(runs).between(1e-4, 1e-3),
    "optimizer.generator.lr=..0.001": lambda runs: rate(runs) <= 1e-3,
    "score=.5..": lambda runs: runs["score"] >= 0.5,
    "trial=7": lambda runs: runs["trial"] == 7,
    "seed=2": lambda runs: runs["seed"] == 2,
    "batch_size=32|64": lambda runs: runs["training.batch_size"].isin([32, 64]),
    "penalty.weight=none": lambda runs: runs["penalty.weight"].isna(),
    "loss=hinge stage=explore -verdict=stable": lambda runs: (
        (runs["loss"] == "hinge") & (runs["stage"] == "explore") & (runs["outcome"] != "stable")
    ),
    "STAGE=Confirm": lambda runs: runs["stage"] == "confirm",
}


@pytest.mark.parametrize("where", GRAMMAR)
def test_a_term_matches_the_runs_it_says(medium: Visit, runs: pd.DataFrame, where: str) -> None:
    wanted = runs.index[GRAMMAR[where](runs).astype(bool)]
    medium.select(where=where)
    assert 0 < len(wanted) < len(runs)
    assert medium.page.evaluate("selection.matched()") == list(wanted)


def test_a_word_matches_what_a_run_is_called(medium: Visit, runs: pd.DataFrame) -> None:
    medium.select(where="pruned")
    matched = medium.page.evaluate("selection.matched()")
    assert set(runs.index[runs["outcome"] == "pruned"]) == set(matched) != set()


def test_a_term_that_nothing_meets_says_none_of_them(visit: Visit) -> None:
    visit.select(where="nosuchword")
    assert visit.state()["matched"] == 0
    assert visit.page.text_content("#filter-count").startswith("0 of ")
    assert visit.page.locator("#runs-table tbody tr[aria-rowindex]").count() == 0


def test_typing_filters_table_figures_and_address(visit: Visit) -> None:
    visit.page.fill("#filter", "verdict=stable")
    visit.until("selection.where === 'verdict=stable'")
    visit.settle()
    matched = visit.state()["matched"]
    assert visit.page.text_content("#runs-count").startswith(f"showing {matched:,} of ")
    verdicts = visit.page.locator("#runs-table tbody tr[aria-rowindex] td:nth-child(3)")
    assert set(verdicts.all_text_contents()) == {"stable"}
    assert "where=verdict%3Dstable" in visit.state()["hash"]


def test_the_button_clears_the_filter(visit: Visit) -> None:
    assert visit.page.locator("#filter-clear").is_hidden()
    visit.select(where="verdict=stable")
    visit.page.click("#filter-clear")
    assert visit.state()["where"] == ""
    assert visit.page.input_value("#filter") == ""


@pytest.mark.parametrize(
    "where", ['"', "=", "=..", "-", "a=b=c", "generator_lr=x..y", "|", '"a b']
)
def test_half_typed_terms_break_nothing(medium: Visit, where: str) -> None:
    medium.select(where=where)
    assert medium.page.text_content("#filter-count")
