"""What runs cost, as a table: by stage, by how they ended, and in all; in hours and in money."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from lab.record import STAGES
from lab.record.verdicts import UNFINISHED
from lab.record.words import in_money, in_price
from reports.kit.markup import Html
from reports.kit.outcomes import NO_FAILURES, in_order
from reports.kit.table import Column, TableRow, table
from reports.kit.words import MISSING, counted, listed, number, percent

HEADS = {"stage": "by stage", "outcome": "by verdict", "slots": "slots"}
"""Groups of lines that have a head."""
SLOTS = "slots"
"""The group of rows that states how the slots' time was used."""


class Unit(NamedTuple):
    """In which the page states core- or GPU-hours."""

    name: str
    an_hour: float
    """How many of it are an hour."""


def unit_of(hours: str, most: float) -> Unit:
    """Minutes where even the largest number is below an hour."""
    return Unit(hours, 1.0) if most >= 1 else Unit(hours.replace("hours", "minutes"), 60.0)


def bill_rows(spending: pd.DataFrame) -> pd.DataFrame:
    """One row per line of the bill, of `spending_rows`: of, part, runs, hours.

    `of` is stage, outcome, failures (where runs failed), slots or all. Stages and outcomes count
    training and evaluating, each run once in either. All is what the slots held: those hours,
    starting, and, where the record has the number of slots, idle time.
    """
    runs = spending[spending["group"].isin(STAGES)]
    by_stage, by_outcome = (
        runs.groupby(column, sort=False)[["runs", "hours"]].sum() for column in ("group", "part")
    )
    lines = [("stage", stage, *by_stage.loc[stage]) for stage in by_stage.index]
    outcomes = in_order(set(by_outcome.index))
    lines += [("outcome", outcome, *by_outcome.loc[outcome]) for outcome in outcomes]
    failures = [outcome for outcome in outcomes if _is_failure(outcome)]
    if failures:
        lines.append(("failures", "failures in all", *by_outcome.loc[failures].sum()))
    slots = spending[spending["group"] == SLOTS]
    for part in ("starting", "idle"):
        hours = float(slots["hours"][slots["part"] == part].sum())
        if hours > 0:
            lines.append(("slots", part, 0, hours))
    num_runs, hours = int(runs["runs"].sum()), float(slots["hours"].sum())
    lines.append(("all", "in all", num_runs, hours))
    bill = pd.DataFrame(lines, columns=["of", "part", "runs", "hours"])
    return bill.astype({"runs": int, "hours": float})


def bill_table(bill: pd.DataFrame, hours: str, price: float | None) -> Html:
    """The bill as a table of the page; with a price also in money."""
    whole = float(bill["hours"].iloc[-1])
    unit, an_hour = unit_of(hours, whole)
    names = ["runs", unit, *(["cost"] if price is not None else []), "of all"]
    rows = []
    for of, lines in bill.groupby("of", sort=False):
        if of in HEADS:
            rows.append(TableRow([HEADS[str(of)], *[""] * len(names)], "bill-head"))
        for line in lines.to_dict("records"):
            spent = float(line["hours"])
            cells = [
                str(line["part"]),
                f"{line['runs']:,}" if line["runs"] else MISSING,
                number(spent * an_hour),
                *([in_money(spent * price)] if price is not None else []),
                percent(spent / whole),
            ]
            rows.append(TableRow(cells, f"bill-{of}"))
    heads = [Column(""), *(Column(name, is_number=True) for name in names)]
    return table(rows, heads, kind="stages bill", label=f"Cost in {unit}")


def bill_words(bill: pd.DataFrame, hours: str, price: float) -> str:
    """The bill in a sentence: in all, what failed runs cost, and the confirmation."""
    sums = bill.set_index("of")["hours"]
    parts = []
    if "failures" in sums.index:
        failed = int(bill["runs"][bill["of"] == "failures"].iloc[0])
        parts.append(
            f"{in_money(float(sums['failures']) * price)} for {counted(failed, 'failed run')}"
        )
    confirmed = bill["hours"][bill["part"] == "confirm"]
    if len(confirmed):
        parts.append(f"{in_money(float(confirmed.iloc[0]) * price)} for the confirmation")
    of_that = f", of that {listed(parts)}" if parts else ""
    unit = hours.removesuffix("s")
    return f"At {in_price(price)} a {unit}: {in_money(float(sums['all']) * price)}{of_that}."


def _is_failure(outcome: str) -> bool:
    return outcome not in NO_FAILURES and outcome not in [word.name for word in UNFINISHED]
