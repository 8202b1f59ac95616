"""Runs that were short: still improving at the budget, which ended before the target quality."""

from __future__ import annotations

import pandas as pd

from reports.kit.finding import Finding, RunQuote
from reports.kit.words import counted, images

SHORT = "short"
"""The verdict of such a run: not stable, and no failure of the game."""


def short_finding(done: pd.DataFrame) -> Finding | None:
    """How many of the finished runs `done` were short, and what that means; None without one."""
    short = done[done["outcome"] == SHORT]
    if short.empty:
        return None
    of = f"{len(short):,} of {counted(len(done), 'run')}"
    was = "was" if len(short) == 1 else "were"
    their, it = ("its", "it") if len(short) == 1 else ("their", "them")
    claim = (
        f"The budget is the problem: {of} {was} still improving at {their} budget."
        if 2 * len(short) >= len(done)
        else f"{of} {was} short: still improving at {their} budget."
    )
    budgets = short["budget_images"].dropna().unique()
    ended = f" of {images(float(budgets[0]))} images" if len(budgets) == 1 else ""
    subject = "It had" if len(short) == 1 else "They had"
    detail = (
        f"{subject} not reached the target quality when the budget{ended} ended. That counts as "
        f"not stable, but as no failure: nothing broke. Only a larger budget can judge {it}."
    )
    return Finding(claim, detail, "untested", typical_short(short))


def typical_short(short: pd.DataFrame) -> tuple[RunQuote, ...]:
    """The evidence on the run of median final quality; of an even number, the lower one."""
    runs = short[short["evidence"] != ""].sort_values(["final_quality", "trial", "seed"])
    if runs.empty:
        return ()
    run = runs.iloc[(len(runs) - 1) // 2]
    words = "A typical short run" if len(runs) > 1 else "The short run"
    return (RunQuote(words, int(run["trial"]), int(run["seed"]), str(run["evidence"])),)
