"""What the numbers show, in sentences that are never stronger than their intervals."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from lab.record import UNBROKEN, StudyRecord
from lab.record.columns import MetricNames
from reports.kit.finding import Finding, RunQuote
from reports.kit.outcomes import NO_FAILURES, in_order
from reports.kit.shares import RunShare
from reports.kit.words import (
    counted,
    fixed,
    images,
    listed,
    number,
)
from reports.sections.findings.paper import agreements
from reports.sections.findings.recommendation import recommendation
from reports.study.comparisons import Comparison, comparisons_of
from reports.study.conclusions import is_confirmed, is_raced, is_single
from reports.study.ranges import range_finding, ranges_found
from reports.study.scale import LEAST_TRIALS, is_small
from reports.study.short import short_finding
from reports.study.tables import (
    best_run,
    explored,
    finished,
    from_elsewhere,
    names_of,
    run_table,
    trial_table,
)
from reports.study.trends import answer, answer_of, trend_finding, trends_of
from reports.study.untested import untested_finding

MOST_QUOTED = 2
"""Failures whose evidence is quoted."""


def findings(study: StudyRecord) -> list[Finding]:
    """What the page opens with, in the order of TOPICS: the trial it ends with, then the space.

    Of a confirmed study the first part quotes its fresh runs and no other; the
    findings about the space rest on explore runs, which every trial has.
    """
    return [*recommendation(study), *of_explore(study)]


def of_explore(study: StudyRecord) -> list[Finding]:
    """The findings about the space: what holds, what fails, what decides, what is open."""
    runs = run_table(study)
    done = finished(explored(runs))
    if done.empty:
        return [nothing_finished(runs)]
    ranges = [] if is_small(study) else ranges_found(study)
    confirmed = is_confirmed(study)
    candidates = [
        better_at_the_end(done, names_of(study)) if is_single(done) and not confirmed else None,
        None if is_raced(study) else seeds(done),
        stability(study, done),
        *(range_finding(one) for one in ranges if one.holds),
        failures(done),
        *(range_finding(one) for one in ranges if not one.holds),
        pruning(runs),
        *effects(study),
        short_finding(done),
        untested_finding(study),
        pilot(study),
    ]
    return [finding for finding in candidates if finding is not None]


def effects(study: StudyRecord) -> list[Finding]:
    """What a choice gains: methods of a paper's grid, otherwise choices level by level, and the
    settings in whose order runs end better."""
    of_paper = [finding.about("effects") for finding in agreements(study)]
    if of_paper:
        return of_paper
    comparisons = [] if is_small(study) else comparisons_of(study)
    trends = [] if is_small(study) else trends_of(study)
    asked = None if is_small(study) else answer_of(study)
    different = sorted((it for it in comparisons if it.shown), key=lambda it: -it.interval.low)
    open_ = no_difference([comparison for comparison in comparisons if not comparison.shown])
    decided = [*map(difference_shown, different), *map(trend_finding, trends)]
    if from_elsewhere(study):
        decided = [
            replace(it, detail=f"{it.detail} An association: people chose these settings.")
            for it in decided
        ]
    answers = [] if asked is None else [answer(asked)]
    return [*answers, *decided, *([] if open_ is None else [open_])]


def nothing_finished(runs: pd.DataFrame) -> Finding:
    """The only finding of a study without a verdict."""
    state = [
        f"{counted(int((runs['outcome'] == status).sum()), 'run')} {status}"
        for status in in_order(set(runs["outcome"]))
    ]
    detail = f"So far: {listed(state)}." if state else "The study holds no run yet."
    return Finding("Nothing finished yet.", f"{detail} Rebuild this page when runs have ended.")


def stability(study: StudyRecord, done: pd.DataFrame) -> Finding:
    """k of n stable with Wilson's interval: of Sobol runs where an optimizer chose the others."""
    runs = "explore run" if is_raced(study) else "run"
    every = RunShare.of_stable(done["outcome"])
    origins = done["trial"].map(trial_table(study)["origin"])
    sobol = done[origins.eq("sobol").to_numpy(dtype=bool)]
    sampled = RunShare.of_stable(sobol["outcome"])
    moved = (
        "the share of what this search tried, not of the space, because the optimizer tries "
        "more of what did well."
    )
    if not origins.eq("tpe").any() or len(sobol) < LEAST_TRIALS:
        of_sobol = f"Of the Sobol runs, an even sample of the space, {sampled}."
        return Finding(
            _share_stable(every, runs),
            " ".join([
                *([f"That is {moved}"] if origins.eq("tpe").any() else []),
                *([of_sobol] if 0 < len(sobol) < len(done) else []),
            ]),
            "holds",
        )  # fmt: skip
    return Finding(
        _share_stable(sampled, "Sobol run"),
        f"Those are an even sample of the space. Of all {counted(every.total, runs)} "
        f"{every.count:,} {'was' if every.count == 1 else 'were'} stable ({every.bounds}): "
        f"{moved}",
        "holds",
    )


def _share_stable(share: RunShare, runs: str) -> str:
    if share.count:
        of = f"{share.count:,} of {counted(share.total, runs)}"
        return f"{of} stable (Wilson 95%: {share.bounds})."
    return f"No {runs} was stable: {share}."


def better_at_the_end(done: pd.DataFrame, names: MetricNames) -> Finding | None:
    """The run with the best final quality, when it is not the best by score."""
    best = best_run(done.reset_index(drop=True))
    stable = done.reset_index(drop=True)
    stable = stable[(stable["outcome"] == "stable") & stable["final_quality"].notna()]
    if best is None or stable.empty:
        return None
    ended = stable.sort_values("final_quality", ascending=False, kind="stable").iloc[0]
    if best not in stable.index or ended["final_quality"] <= stable["final_quality"][best]:
        return None
    return Finding(
        f"Trial {ended['trial']} ended better than the best by score: final quality "
        f"{fixed(ended['final_quality'])}, {names.kernel} {number(ended['kernel'])}, "
        f"{names.frechet} {number(ended['frechet'])}.",
        "The score is the area under the quality curve, so it also rewards being good early.",
    )


def failures(done: pd.DataFrame) -> Finding | None:
    """How runs fail, and when; a short run is no failure."""
    failed = done[~done["outcome"].isin(NO_FAILURES)]
    if failed.empty:
        low = RunShare(len(done), len(done)).interval.low
        return Finding(
            "No run failed.",
            f"With {counted(len(done), 'run')} that still allows up to {100 * (1 - low):.0f}% "
            "failures among runs chosen like these.",
            "fails",
        )
    parts = [
        f"{int((failed['outcome'] == outcome).sum()):,} {outcome}"
        for outcome in in_order(set(failed["outcome"]))
    ]
    others = "run" if len(failed) == 1 else f"{len(failed):,}"
    num_stable = int((done["outcome"] == "stable").sum())
    if len(failed) == len(done):
        claim = f"All failed: {listed(parts)}."
    elif len(failed) + num_stable == len(done):
        claim = f"The other {others} failed: {listed(parts)}."
    else:
        claim = f"{len(failed):,} of {counted(len(done), 'run')} failed: {listed(parts)}."
    return Finding(claim, _onsets(failed), "fails", typical_failures(failed))


def _onsets(failed: pd.DataFrame) -> str:
    onsets = failed[~failed["outcome"].isin(UNBROKEN) & failed["onset_images"].notna()]
    if onsets.empty:
        return ""
    middle, life = float(onsets["onset_images"].median()), float(onsets["life"].median())
    when = f"{images(middle)} images, {100 * life:.0f}% of the budget"
    if len(onsets) == 1:
        return f"The one that broke before the end did so at {when}."
    return f"Of the {len(onsets):,} that broke before the end, half did so by {when}."


def typical_failures(failed: pd.DataFrame) -> tuple[RunQuote, ...]:
    """The evidence on one run of each of the `MOST_QUOTED` most frequent failures.

    It is the run with the median onset; of an even number, the earlier of the middle two. Runs
    that failed at the same onset are taken in the order of their final quality.
    """
    failed = failed[failed["evidence"] != ""]
    order = ["onset_images", "final_quality", "trial", "seed"]
    quotes = []
    for outcome in in_order(set(failed["outcome"])):
        runs = failed[failed["outcome"] == outcome].sort_values(order)
        run = runs.iloc[(len(runs) - 1) // 2]
        words = f"A typical {outcome} run" if len(runs) > 1 else f"The {outcome} run"
        quotes.append((len(runs), RunQuote(words, run["trial"], run["seed"], run["evidence"])))
    quotes.sort(key=lambda quote: -quote[0])
    return tuple(quote for _, quote in quotes[:MOST_QUOTED])


def seeds(done: pd.DataFrame) -> Finding | None:
    """What one seed a configuration leaves open."""
    if not is_single(done):
        return None
    if (done["outcome"] != "stable").all():
        if done["outcome"].isin(NO_FAILURES).all():
            return None
        return Finding(
            "One failure does not rule out a configuration.",
            "Each ran with one seed. A configuration that failed in 1 run of 1 may truly be "
            f"stable in {RunShare(0, 1).bounds} of runs.",
        )
    return Finding(
        "The reliability of any single configuration is not yet known.",
        "Each ran with one seed. A configuration that was stable in 1 run of 1 may truly be "
        f"stable in {RunShare(1, 1).bounds} of runs: repeat those you want to use with fresh "
        "seeds before you rely on them.",
    )


def pruning(runs: pd.DataFrame) -> Finding | None:
    """How many runs were pruned, and what that leaves open."""
    explore = explored(runs)
    pruned = int((explore["outcome"] == "pruned").sum())
    if not pruned:
        return None
    done = finished(explore)
    stable, total = RunShare.of_stable(done["outcome"]).count, len(done) + pruned
    verb, they = ("was", "it") if pruned == 1 else ("were", "they")
    return Finding(
        f"{counted(pruned, 'explore run')} {verb} pruned: neither stable nor failed.",
        f"Had all of them failed, {stable:,} of {total:,} runs would be stable; had all been "
        f"stable, {stable + pruned:,} of {total:,}. Because {they} looked poor when stopped, no "
        "share of the others holds for them.",
        "fails",
    )


def pilot(study: StudyRecord) -> Finding | None:
    """What a pilot shows about pruning, as the search recorded it."""
    sentence = study.card.pilot.sentence if study.card.pilot else ""
    return Finding("Pilot for pruning.", sentence, "search") if sentence else None


def difference_shown(comparison: Comparison) -> Finding:
    """A choice whose levels differ by more than their intervals: `+22 points [6, 37]`."""
    low, high = 100 * comparison.interval.low, 100 * comparison.interval.high
    points = f"{100 * comparison.difference:+.0f} points [{math.floor(low)}, {math.ceil(high)}]"
    best, worst = comparison.best, comparison.worst
    how = (
        f"paired over {comparison.num_paired} configurations"
        if comparison.num_paired
        else "unpaired"
    )
    counts = comparison.table.set_index("level")
    detail = (
        "Each configuration ran with either; bootstrap over configurations."
        if comparison.num_paired
        else f"{counts['stable'][best]} of {counts['total'][best]} against "
        f"{counts['stable'][worst]} of {counts['total'][worst]} runs stable; their other settings "
        "differed as well."
    )
    return Finding(
        f"{comparison.title} {best}: {points} in stable runs over {worst}, {how}.",
        detail,
        "effects",
    )


def no_difference(comparisons: list[Comparison]) -> Finding | None:
    """The choices without a shown difference, in one sentence."""
    if not comparisons:
        return None
    names = listed([comparison.title.lower() for comparison in comparisons])
    return Finding(
        f"No difference shown by {names}.",
        "Their intervals contain 0: these runs cannot show a difference, which does not prove "
        "that there is none.",
        "effects",
    )
