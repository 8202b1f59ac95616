"""What the numbers allow to be said, in sentences that are never stronger than their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lab.record import StudyRecord
from reports.groups import (
    CHOICES,
    difference,
    group_rows,
    outcome_rows,
    rate_parameters,
)
from reports.tables import finished, run_table
from reports.verdicts import in_order
from reports.words import (
    counted,
    images,
    listed,
    percents,
    share,
    short_name,
    wilson_bounds,
)

LEAST_UNCHOSEN = 8
"""Runs not chosen by the optimiser that a comparison of groups should rest on."""


@dataclass(frozen=True)
class Finding:
    """A short claim and the sentences that carry its numbers and its limits."""

    claim: str
    detail: str


def findings(study: StudyRecord) -> list[Finding]:
    """Everything that can be said about stability, in reading order."""
    runs = run_table(study)
    done = finished(runs)
    if done.empty:
        return [nothing_finished(runs)]
    found = [stability(study, runs), failures(done), seeds(runs), *comparisons(study)]
    return [finding for finding in found if finding is not None]


def nothing_finished(runs: pd.DataFrame) -> Finding:
    """The only finding of a study without a verdict."""
    state = [
        f"{counted(int((runs['outcome'] == status).sum()), 'run')} {status}"
        for status in in_order(set(runs["outcome"]))
    ]
    detail = f"So far: {listed(state)}." if state else "The study holds no run yet."
    return Finding("Nothing finished yet.", f"{detail} This page fills as runs end.")


def stability(study: StudyRecord, runs: pd.DataFrame) -> Finding:
    """k of n stable with Wilson's interval, and the same among Sobol runs."""
    done = finished(runs)
    stable = int((done["outcome"] == "stable").sum())
    low, high = wilson_bounds(stable, len(done))
    claim = (
        f"{stable} of {counted(len(done), 'run')} stable (Wilson 95%: {percents(low, high)})."
        if stable
        else f"No run was stable: 0 of {len(done)} (Wilson 95%: {percents(low, high)})."
    )
    rows = outcome_rows(study)
    sobol = rows[rows["origin"] == "sobol"]
    detail = (
        "That is the share of what this search tried, and the optimiser tries more of what did "
        "well; it is no property of the space."
    )
    if len(sobol):
        k = int((sobol["outcome"] == "stable").sum())
        detail += (
            f" Among the Sobol runs, an even sample of the space, {share(k, len(sobol))} "
            f"{'was' if k == 1 else 'were'} stable."
        )
    return Finding(claim, detail)


def failures(done: pd.DataFrame) -> Finding | None:
    """How the others fail, and when."""
    failed = done[done["outcome"] != "stable"]
    if failed.empty:
        low, _ = wilson_bounds(len(done), len(done))
        return Finding(
            "No run failed.",
            f"With {counted(len(done), 'run')} that still allows up to {100 * (1 - low):.0f}% "
            "failures among runs chosen like these.",
        )
    parts = [
        f"{int((failed['outcome'] == outcome).sum())} {outcome}"
        for outcome in in_order(set(failed["outcome"]))
    ]
    claim = (
        f"The other {len(failed)} {'fails' if len(failed) == 1 else 'fail'}: {listed(parts)}."
        if len(failed) < len(done)
        else f"They fail so: {listed(parts)}."
    )
    onsets = failed[failed["outcome"] != "stalled"]
    onsets = onsets[onsets["onset_images"].notna()]
    if onsets.empty:
        return Finding(claim, "")
    middle = float(onsets["onset_images"].median())
    life = float(onsets["life"].median())
    return Finding(
        claim,
        f"Of those that broke before the end ({len(onsets)}), half did so by {images(middle)} "
        f"images, {100 * life:.0f}% of the budget.",
    )


def seeds(runs: pd.DataFrame) -> Finding | None:
    """What one seed a configuration cannot say."""
    done = finished(runs)
    per_trial = done.groupby("trial").size()
    if (per_trial > 1).any():
        return None
    low, high = wilson_bounds(1, 1)
    return Finding(
        "How reliable any one configuration is, is not known yet.",
        f"Each ran with a single seed. One stable run of one leaves its P(stable) anywhere in "
        f"{percents(low, high)}: repeat the ones you like with fresh seeds before you rely on them.",
    )


def comparisons(study: StudyRecord) -> list[Finding]:
    """Stable of total by norm, penalty, loss and rate; a difference is claimed when it excludes 0."""
    rows = outcome_rows(study)
    unchosen = rows[rows["unbiased"].astype(bool)]
    fair = len(unchosen) >= LEAST_UNCHOSEN
    basis = unchosen if fair else rows
    which = "runs that no optimiser chose" if fair else "all runs, the optimiser's included"
    rates = {parameter.path: parameter for parameter in rate_parameters(study)}
    found = []
    for path in (*CHOICES, *rates):
        table = group_rows(basis, path, rates.get(path))
        if len(table) > 1:
            found.append(_comparison(path, table, which))
    return found


def _comparison(path: str, table: pd.DataFrame, which: str) -> Finding:
    shares = [
        f"{row.level} {row.stable} of {row.total} ({percents(float(row.low), float(row.high))})"  # type: ignore[arg-type]
        for row in table.itertuples()
    ]
    name = short_name(path)
    best, worst, low, high = _widest(table)
    if low > 0:
        claim = (
            f"By {name}: {best} was stable more often than {worst}, by {100 * low:.0f} to "
            f"{100 * high:.0f} points."
        )
        limit = "Unpaired: other settings differed too."
    else:
        claim = f"By {name}: no difference shown."
        limit = "The intervals allow none."
    return Finding(claim, f"{_capital(which)}: {'; '.join(shares)}. {limit}")


def _widest(table: pd.DataFrame) -> tuple[str, str, float, float]:
    """The levels with the highest and the lowest share stable, and their difference's interval.

    The pair is picked after looking, so the interval is Bonferroni-honest only for two levels;
    with more, the claim needs the lower bound of the best to clear the upper of the worst.
    """
    order = (table["stable"] / table["total"]).to_numpy().argsort()
    worst, best = table.iloc[int(order[0])], table.iloc[int(order[-1])]
    low, high = difference(best, worst)
    if len(table) > 2 and best["low"] <= worst["high"]:
        low = min(low, 0.0)
    return str(best["level"]), str(worst["level"]), low, high


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def left_out(study: StudyRecord) -> list[str]:
    """One sentence for each kind of thing this page could not show or count, or one that all is here."""
    runs = run_table(study)
    told = []
    for status, why in (
        ("running", "unfinished; their curves are drawn, nothing else counts them"),
        ("errored", "crashed, which is not the GAN's fault; neither stable nor failed"),
        ("pruned", "stopped by choice; neither stable nor failed"),
    ):
        count = int((runs["outcome"] == status).sum())
        if count:
            told.append(f"{counted(count, 'run')} {status}: {why}.")
    if study.num_torn_rows:
        rows = counted(study.num_torn_rows, "torn or damaged row")
        told.append(f"{rows} of evaluations could not be read.")
    if study.missing:
        shown = listed([*study.missing[:5], *(["more"] if len(study.missing) > 5 else [])])
        files = counted(len(study.missing), "file or folder", "files or folders")
        told.append(f"{files} missing or damaged: {shown}.")
    no_rows = sum(1 for run in study.runs if not run.evaluations)
    if no_rows:
        told.append(f"{counted(no_rows, 'run')} without any evaluation: no curve.")
    return told or ["Nothing: every trial, run and evaluation of the record is on this page."]
