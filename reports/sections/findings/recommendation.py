"""What may be said of the trial a study ends with: by fresh runs only, or that nothing is."""

from __future__ import annotations

import math
from typing import Any

from lab.record import StudyRecord
from lab.record.columns import MetricNames
from reports.kit.finding import Finding
from reports.kit.words import counted, fixed, listed, number, percents, share
from reports.study.conclusions import believed, conclusions_of, finalist_rows, leading_trial
from reports.study.tables import finished, names_of, run_table


def recommendation(study: StudyRecord) -> list[Finding]:
    """The recommended trial by its fresh runs and who confirmed better; or what leads, and why
    that is not confirmed."""
    recommended = conclusions_of(study).recommended
    rows = {int(row["trial"]): row for row in finalist_rows(study).to_dict("records")}
    row = rows.get(recommended) if recommended is not None else None
    if row is None or not row["confirm_total"]:
        unconfirmed = not_confirmed(study)
        return [] if unconfirmed is None else [unconfirmed]
    others = [other for trial, other in rows.items() if trial != recommended]
    better = confirmed_better(row, others)
    return [confirmed(row, names_of(study)), *([] if better is None else [better])]


def confirmed(row: dict[Any, Any], names: MetricNames) -> Finding:
    """The headline: k of n fresh runs, their quality, and beside it what the race showed."""
    stable, total = int(row["confirm_stable"]), int(row["confirm_total"])
    interval = percents(row["confirm_low"], row["confirm_high"])
    detail = ["Those seeds were used for no choice."]
    if row["num_pending"]:
        detail = [f"{counted(row['num_pending'], 'fresh run')} more not ended yet.", *detail]
    quality = f"interquartile mean {fixed(row['quality'])}"
    if not math.isnan(row["quality_low"]):
        between = f"{fixed(row['quality_low'])}–{fixed(row['quality_high'])}"
        quality += f" (bootstrap, nominally 95%: {between})"
    detail.append(f"Final quality over them, failures as 0: {quality}.")
    if not math.isnan(row["frechet"]):
        which = "them" if stable == total else "the stable ones"
        detail.append(f"Median {names.frechet} of {which}: {number(row['frechet'])}.")
    detail.append(
        f"The race showed {row['race_stable']} of {row['race_total']}: an optimistic figure, for "
        "the trial was chosen by it."
    )
    if row["flags"]:
        flags = [
            f"{name} in {row['flags'].count(name)} of {total}"
            for name in sorted(set(row["flags"]))
        ]
        detail.append(f"Flagged: {listed(flags)}.")
    return Finding(
        f"Trial {row['trial']} is recommended; {stable} of {counted(total, 'fresh run')} "
        f"{'was' if stable == 1 else 'were'} stable (Wilson 95%: {interval}).",
        " ".join(detail),
    )


def confirmed_better(row: dict[Any, Any], others: list[dict[Any, Any]]) -> Finding | None:
    """A finalist whose fresh runs look better than the recommended one's: no reason to switch."""
    done = [other for other in others if other["confirm_total"]]
    best = max(done, key=_share, default=None)
    if best is None or _share(best) <= _share(row):
        return None
    stable, total = int(best["confirm_stable"]), int(best["confirm_total"])
    apart = best["confirm_low"] > row["confirm_high"]
    told = (
        "Their intervals do not even overlap, so confirm that one with seeds of its own."
        if apart
        else "Their intervals overlap. To choose it for that would be a choice by these very "
        "seeds, and would need fresh ones again."
    )
    return Finding(
        f"Finalist trial {best['trial']} did better on fresh seeds: {share(stable, total)}.", told
    )


def not_confirmed(study: StudyRecord) -> Finding | None:
    """That no number of the leader is confirmed, and what its runs and all others suggest."""
    trial = leading_trial(study)
    if trial is None:
        return None
    runs = finished(run_table(study))
    own = runs[(runs["trial"] == trial) & (runs["stage"] != "confirm")]
    believe = believed(study, trial)
    if believe is None:
        return None
    stable, total = int((own["outcome"] == "stable").sum()), len(own)
    others = counted(int(runs["trial"].nunique()), "trial")
    how = (
        "its spread fitted to them"
        if believe.fitted
        else "with a prior worth two runs: their runs cannot tell how much trials differ"
    )
    return Finding(
        "Nothing is confirmed.",
        f"Trial {trial} leads by {stable} stable of {counted(total, 'run')} that it was chosen "
        f"by. Drawn towards what all {others} show ({how}), its share of stable runs is about "
        f"{fixed(believe.mean)} (95% credible: {percents(believe.low, believe.high)}). Only runs "
        "on fresh seeds can confirm it.",
    )


def _share(row: dict[Any, Any]) -> float:
    return float(row["confirm_stable"] / row["confirm_total"])
