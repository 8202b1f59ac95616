"""What the numbers allow to be said, in sentences that are never stronger than their intervals."""

from __future__ import annotations

import pandas as pd

from lab.config import MetricNames
from lab.record import StudyRecord
from reports.comparisons import Comparison, comparisons_of
from reports.conclusions import is_confirmed, is_raced, is_single
from reports.finding import Finding
from reports.paper import agreements
from reports.recommendation import recommendation
from reports.tables import best_run, explored, finished, names_of, run_table, trial_table
from reports.verdicts import in_order
from reports.words import counted, fixed, images, listed, number, percents, share, wilson_bounds


def findings(study: StudyRecord) -> list[Finding]:
    """What the page opens with: of a confirmed study what its fresh runs say, and no other run.

    Without confirmation, that nothing is confirmed, and what explore runs say.
    """
    if is_confirmed(study):
        return recommendation(study)
    return [*recommendation(study), *of_explore(study)]


def of_explore(study: StudyRecord) -> list[Finding]:
    """What can be said of the space, by explore runs, which every trial has."""
    runs = run_table(study)
    done = finished(explored(runs))
    if done.empty:
        return [nothing_finished(runs)]
    comparisons = comparisons_of(study)
    found = [
        *agreements(study),
        stability(study, done),
        better_at_the_end(done, names_of(study)) if is_single(done) else None,
        failures(done),
        None if is_raced(study) else seeds(done),
        pruning(runs),
        pilot(study),
        *(difference_shown(comparison) for comparison in comparisons if comparison.shown),
        no_difference([comparison for comparison in comparisons if not comparison.shown]),
    ]
    return [finding for finding in found if finding is not None]


def nothing_finished(runs: pd.DataFrame) -> Finding:
    """The only finding of a study without a verdict."""
    state = [
        f"{counted(int((runs['outcome'] == status).sum()), 'run')} {status}"
        for status in in_order(set(runs["outcome"]))
    ]
    detail = f"So far: {listed(state)}." if state else "The study holds no run yet."
    return Finding("Nothing finished yet.", f"{detail} Make this page again when runs have ended.")


def stability(study: StudyRecord, done: pd.DataFrame) -> Finding:
    """k of n explore runs stable with Wilson's interval, and the same among Sobol runs."""
    runs = "explore run" if is_raced(study) else "run"
    stable = int((done["outcome"] == "stable").sum())
    low, high = wilson_bounds(stable, len(done))
    claim = (
        f"{stable} of {counted(len(done), runs)} stable (Wilson 95%: {percents(low, high)})."
        if stable
        else f"No {runs} was stable: 0 of {len(done)} (Wilson 95%: {percents(low, high)})."
    )
    origins = done.join(trial_table(study)[["origin"]], on="trial")["origin"]
    sobol = done[(origins == "sobol").to_numpy()]
    detail = []
    if (origins == "tpe").any():
        detail.append(
            "That is the share of what this search tried, and the optimiser tries more of what "
            "did well; it is no property of the space."
        )
    if len(sobol) and len(sobol) < len(done):
        k = int((sobol["outcome"] == "stable").sum())
        verb = "was" if k == 1 else "were"
        detail.append(
            f"Of the Sobol runs, an even sample of the space, {share(k, len(sobol))} "
            f"{verb} stable."
        )
    return Finding(claim, " ".join(detail))


def better_at_the_end(done: pd.DataFrame, names: MetricNames) -> Finding | None:
    """The run that ended best, when it is another than the best by score."""
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
        f"{fixed(ended['final_quality'])}, {names.frechet} {number(ended['frechet'])}.",
        "The score is the area under the quality curve, so it also rewards being good early.",
    )


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
    others = "run" if len(failed) == 1 else str(len(failed))
    claim = (
        f"The other {others} failed: {listed(parts)}."
        if len(failed) < len(done)
        else f"All failed: {listed(parts)}."
    )
    onsets = failed[(failed["outcome"] != "stalled") & failed["onset_images"].notna()]
    if onsets.empty:
        return Finding(claim, "")
    middle, life = float(onsets["onset_images"].median()), float(onsets["life"].median())
    when = f"{images(middle)} images, {100 * life:.0f}% of the budget"
    if len(onsets) == 1:
        return Finding(claim, f"The one that broke before the end did so at {when}.")
    return Finding(
        claim, f"Of the {len(onsets)} that broke before the end, half did so by {when}."
    )


def seeds(done: pd.DataFrame) -> Finding | None:
    """What one seed a configuration cannot say."""
    if not is_single(done):
        return None
    if (done["outcome"] != "stable").all():
        low, high = wilson_bounds(0, 1)
        return Finding(
            "One failure condemns no configuration.",
            "Each ran with one seed. A configuration that failed in 1 run of 1 may truly be "
            f"stable in {percents(low, high)} of runs.",
        )
    low, high = wilson_bounds(1, 1)
    return Finding(
        "How reliable any single configuration is, is not known yet.",
        "Each ran with one seed. A configuration that was stable in 1 run of 1 may truly be "
        f"stable in {percents(low, high)} of runs: repeat the ones you like with fresh seeds "
        "before you rely on them.",
    )


def pruning(runs: pd.DataFrame) -> Finding | None:
    """How many runs were given up, and what that leaves open."""
    explore = explored(runs)
    pruned = int((explore["outcome"] == "pruned").sum())
    if not pruned:
        return None
    done = finished(explore)
    stable, total = int((done["outcome"] == "stable").sum()), len(done) + pruned
    verb, they = ("was", "it") if pruned == 1 else ("were", "they")
    return Finding(
        f"{counted(pruned, 'explore run')} {verb} pruned: neither stable nor failed.",
        f"Had all of them failed, {stable} of {total} runs would be stable; had all been stable, "
        f"{stable + pruned} of {total}. Because {they} looked poor when stopped, no share of the "
        "others speaks for them.",
    )


def pilot(study: StudyRecord) -> Finding | None:
    """What a pilot says of pruning, as the search noted it."""
    sentence = str((study.study.get("pilot") or {}).get("sentence") or "")
    return Finding("Pilot for pruning.", sentence) if sentence else None


def difference_shown(comparison: Comparison) -> Finding:
    """A choice whose levels differ by more than their intervals."""
    low, high = comparison.difference
    best, worst = comparison.best, comparison.worst
    return Finding(
        f"{comparison.title}: {best} was stable more often than {worst}, by {100 * low:.0f} to "
        f"{100 * high:.0f} points.",
        "A 95% interval that allows for every pair compared; unpaired, so other settings differed "
        "between these runs as well.",
    )


def no_difference(comparisons: list[Comparison]) -> Finding | None:
    """The choices that show nothing, in one sentence."""
    if not comparisons:
        return None
    names = listed([comparison.title.lower() for comparison in comparisons])
    return Finding(f"No difference shown by {names}.", "The intervals below are too wide to tell.")


def left_out(study: StudyRecord) -> list[str]:
    """A sentence for each kind of thing that could not be shown or counted, or one that all is."""
    runs = run_table(study)
    told = []
    for status, why in (
        ("running", "unfinished; curves are drawn, nothing else counts them"),
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
