"""The findings about the trial a study ends with: by fresh runs only, or not confirmed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.record import StudyRecord
from lab.record.columns import MetricNames
from reports.kit.axes import Ruler, quality_words
from reports.kit.finding import Finding
from reports.kit.shares import RunShare
from reports.kit.words import counted, fixed, listed, number, percents
from reports.study.conclusions import (
    Finalist,
    believed,
    conclusions_of,
    finalist_results,
    leading_trial,
)
from reports.study.tables import finished, names_of, ruler_of, run_table


def recommendation(study: StudyRecord) -> list[Finding]:
    """The recommended trial by its fresh runs, and a finalist whose fresh runs were better; or the
    leading trial, and why that is not confirmed."""
    recommended = conclusions_of(study).recommended
    results = {it.trial: it for it in finalist_results(study)}
    winner = results.pop(recommended, None) if recommended is not None else None
    if winner is None or not winner.fresh.total:
        unconfirmed = not_confirmed(study)
        return [] if unconfirmed is None else [unconfirmed]
    better = confirmed_better(winner, list(results.values()))
    return [
        confirmed(winner, names_of(study), ruler_of(study)),
        *([] if better is None else [better]),
    ]


def confirmed(winner: Finalist, names: MetricNames, ruler: Ruler | None = None) -> Finding:
    """The headline: k of n fresh runs, their quality, and beside it the result of the race."""
    fresh = winner.fresh
    detail = ["No choice was made on those seeds."]
    if winner.num_pending:
        have = "has" if winner.num_pending == 1 else "have"
        pending = f"{counted(winner.num_pending, 'more fresh run')} {have} not ended yet."
        detail = [pending, *detail]
    quality = f"interquartile mean {quality_words(winner.quality, ruler)}"
    low, high = winner.quality_interval
    if not math.isnan(low):
        quality += f" (bootstrap, nominally 95%: {fixed(low)}–{fixed(high)})"
    detail.append(f"Final quality over them, failures as 0: {quality}.")
    if not math.isnan(winner.frechet):
        which = "them" if fresh.count == fresh.total else "the stable ones"
        detail.append(f"Median {names.frechet} of {which}: {number(winner.frechet)}.")
    detail.append(
        f"The race showed {winner.race.counts}: an optimistic figure, because the trial was "
        "chosen by it."
    )
    flags = [
        f"{name} in {winner.flags.count(name)} of {fresh.total}"
        for name in sorted(set(winner.flags))
    ]
    if flags:
        detail.append(f"Flagged: {listed(flags)}.")
    return Finding(
        f"Trial {winner.trial} is recommended; {fresh.count} of "
        f"{counted(fresh.total, 'fresh run')} {'was' if fresh.count == 1 else 'were'} stable "
        f"(Wilson 95%: {fresh.bounds}).",
        " ".join(detail),
    )


def confirmed_better(winner: Finalist, others: Sequence[Finalist]) -> Finding | None:
    """A finalist whose fresh runs look better than the recommended one's: no reason to switch."""
    done = [other for other in others if other.fresh.total]
    best = max(done, key=lambda it: it.fresh.value, default=None)
    if best is None or best.fresh.value <= winner.fresh.value:
        return None
    apart = best.fresh.interval.low > winner.fresh.interval.high
    detail = (
        "Their intervals do not even overlap, so confirm that trial on new seeds."
        if apart
        else "Their intervals overlap. Switching to it would be a choice made on these same "
        "seeds, and would need fresh ones again."
    )
    return Finding(f"Finalist trial {best.trial} did better on fresh seeds: {best.fresh}.", detail)


def not_confirmed(study: StudyRecord) -> Finding | None:
    """That no number of the leading trial is confirmed, and what all runs suggest for it."""
    trial = leading_trial(study)
    if trial is None:
        return None
    runs = finished(run_table(study))
    leading = runs[(runs["trial"] == trial) & (runs["stage"] != "confirm")]
    believe = believed(study, trial)
    if believe is None:
        return None
    led_by = RunShare.of_stable(leading["outcome"])
    others = counted(int(runs["trial"].nunique()), "trial")
    how = (
        "its spread fitted to them"
        if believe.fitted
        else "with a prior worth two runs: their runs do not show how much trials differ"
    )
    return Finding(
        "Nothing is confirmed.",
        f"Trial {trial} leads by {led_by.count} stable of {counted(led_by.total, 'run')} that it "
        f"was chosen by. Shrunk towards what all {others} show ({how}), its share of stable runs "
        f"is about {fixed(believe.mean)} (95% credible: {percents(believe.low, believe.high)}). "
        "Only runs on fresh seeds can confirm it.",
    )
