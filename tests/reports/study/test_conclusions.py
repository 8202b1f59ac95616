"""Facts about what a study concluded, and by which runs."""

import math
from pathlib import Path

import numpy as np
import pytest

from lab.record import RUN_FILE, STUDY_FILE, StudyRecord, read_json, read_study, run_folder
from lab.record import write_json as write
from lab.statistics import shrink, wilson_interval
from reports.kit.shares import RunShare
from reports.sections.findings.findings import findings, of_explore
from reports.sections.findings.summary import opening
from reports.sections.zone.rows import safe_zone_rows
from reports.study.comparisons import outcome_rows
from reports.study.conclusions import (
    believed,
    conclusions_of,
    finalist_results,
    is_raced,
    leading_run,
    leading_trial,
)
from reports.study.gallery import Album
from reports.study.tables import explored, run_table
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """Trial 5 won the race by 4 of 4; of its seven fresh runs one collapsed. Trial 9 confirmed
    better, trial 3 worse and not yet to its end."""
    folder = tmp_path_factory.mktemp("studies") / "raced"
    finalists = {5: "ssssscs", 9: "sssssss", 3: "sscccsr"}
    return read_study(write_raced_study(folder, finalists, raced="sss", pareto=(5, 9)))


def _text(study: StudyRecord) -> str:
    return " ".join(f"{finding.claim} {finding.detail}" for finding in findings(study))


def test_finalists_are_counted_by_race_and_by_fresh_runs_apart(raced: StudyRecord) -> None:
    finalists = finalist_results(raced)
    assert [it.trial for it in finalists] == [5, 9, 3]
    assert [it.race for it in finalists] == [RunShare(4, 4)] * 3
    assert [it.fresh for it in finalists] == [
        RunShare(6, 7),
        RunShare(7, 7),
        RunShare(3, 6),
    ]
    assert [it.num_pending for it in finalists] == [0, 0, 1]
    assert finalists[0].fresh.interval == wilson_interval(6, 7)
    assert finalists[1].seeds == tuple(range(1000, 1007))


def test_a_finalists_quality_takes_failures_as_0(raced: StudyRecord) -> None:
    runs = run_table(raced)
    fresh = runs[(runs["trial"] == 3) & (runs["stage"] == "confirm") & (runs["score"].notna())]
    kept = np.sort(fresh["final_quality"].to_numpy(dtype=float))
    assert (kept == 0).sum() == 3
    finalist = finalist_results(raced)[2]
    assert finalist.quality == pytest.approx(kept[1:-1].mean())
    assert finalist.risk == 0.0
    low, high = finalist.quality_interval
    assert low <= finalist.quality <= high


def test_the_recommended_trial_leads_whatever_its_fresh_runs(raced: StudyRecord) -> None:
    assert leading_trial(raced) == 5
    chosen = run_table(raced).iloc[leading_run(raced)]
    assert (chosen["trial"], chosen["stage"], chosen["outcome"]) == (5, "confirm", "stable")


def test_findings_quote_fresh_runs_and_name_the_races_figure_optimistic(
    raced: StudyRecord,
) -> None:
    text = _text(raced)
    assert text.startswith(
        "Trial 5 is recommended; 6 of 7 fresh runs were stable (Wilson 95%: 49–97%)."
    )
    assert "The race showed 4 of 4: an optimistic figure" in text
    assert "Nothing is confirmed" not in text


def test_a_finalist_that_confirmed_better_is_no_reason_to_switch(raced: StudyRecord) -> None:
    text = _text(raced)
    assert "Finalist trial 9 did better on fresh seeds: 7 of 7 (Wilson 95%: 65–100%)." in text
    assert "Their intervals overlap" in text


def test_race_and_confirm_runs_do_not_speak_of_the_space(raced: StudyRecord) -> None:
    runs = run_table(raced)
    assert set(runs["stage"]) == {"explore", "race", "confirm"}
    assert len(explored(runs)) == 20
    assert len(outcome_rows(raced)) == 20
    assert len(safe_zone_rows(raced)) == 20
    stable = int((explored(runs)["outcome"] == "stable").sum())
    space = " ".join(f"{finding.claim} {finding.detail}" for finding in of_explore(raced))
    assert f"Of all 20 explore runs {stable} were stable" in space


def test_the_first_sentences_and_the_card_of_a_confirmed_study_quote_fresh_runs_only(
    raced: StudyRecord,
) -> None:
    first = " ".join(opening(raced, Album())[:3])
    assert "6 of 7 fresh runs were stable" in first
    assert "explore" not in first


def test_a_study_without_confirmation_states_it_and_shrinks_its_leader(study: StudyRecord) -> None:
    trial = leading_trial(study)
    assert trial is not None
    belief = believed(study, trial)
    assert belief is not None
    runs = run_table(study)
    stable = (runs["outcome"] == "stable").to_numpy()
    assert belief.mean == pytest.approx(shrink(stable, np.ones(20)).mean[np.argmax(stable)])
    assert belief.mean < 1
    text = _text(study)
    assert text.startswith(f"Nothing is confirmed. Trial {trial} leads by 1 stable of 1 run")
    assert f"about {belief.mean:.2f} (95% credible:" in text


def test_a_race_without_confirm_runs_has_a_winner_but_nothing_confirmed(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {4: "", 2: ""}, raced="sss")
    study = read_study(folder)
    assert is_raced(study)
    assert leading_trial(study) == 4
    assert "Nothing is confirmed. Trial 4 leads by 4 stable of 4 runs" in _text(study)
    assert math.isnan(finalist_results(study)[0].quality)


def test_a_race_that_is_not_over_has_no_recommendation(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {4: "", 2: ""}, raced="s")
    card = read_json(folder / STUDY_FILE)
    card["conclusions"] |= {"finalists": [], "recommended": None}
    write(folder / STUDY_FILE, card)
    study = read_study(folder)
    assert is_raced(study)
    assert conclusions_of(study).recommended is None
    assert "Nothing is confirmed." in _text(study)


def test_conclusions_about_trials_that_are_gone_are_left_out(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {4: "ss"}, raced="s")
    card = read_json(folder / STUDY_FILE)
    card["conclusions"] |= {"finalists": [77, 4], "recommended": 77, "pareto": [4, 99]}
    write(folder / STUDY_FILE, card)
    conclusions = conclusions_of(read_study(folder))
    assert (conclusions.finalists, conclusions.recommended, conclusions.pareto) == (
        (4,),
        None,
        (4,),
    )


def test_among_trials_with_several_seeds_the_share_stable_leads(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 2, verdict="stable", samples=False)
    for trial, seed, verdict, score in (
        (0, 0, "stable", 0.99),
        (0, 1, "collapsed", 0.3),
        (1, 0, "stable", 0.5),
        (1, 1, "stable", 0.5),
    ):
        write_run(folder, trial, POINT, np.random.default_rng(0), seed=seed, verdict=verdict)
        path = run_folder(folder, trial, seed) / RUN_FILE
        write(path, read_json(path) | {"score": score})
    assert leading_trial(read_study(folder)) == 1


def test_pruned_runs_are_neither_stable_nor_failed_and_bound_the_share(
    tmp_path: Path,
) -> None:
    folder = write_study(tmp_path, 3, verdict="stable", samples=False)
    write_trial(folder, 3, POINT, "sobol")
    write_run(folder, 3, POINT, np.random.default_rng(0), status="pruned", samples=False)
    text = _text(read_study(folder))
    assert "3 of 3 runs stable" in text
    assert "1 explore run was pruned: neither stable nor failed." in text
    assert (
        "Had all of them failed, 3 of 4 runs would be stable; had all been stable, 4 of 4" in text
    )


def test_flags_of_confirm_runs_are_reported_with_the_recommendation(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {4: "ss"}, raced="s")
    details = {"confidence": 0.9, "flags": [{"name": "overfit", "evidence": "r_v .8"}]}
    write_run(
        folder, 4, POINT, np.random.default_rng(0), seed=1000, stage="confirm",
        verdict="stable", samples=False, told=details,
    )  # fmt: skip
    study = read_study(folder)
    assert "Flagged: overfit in 1 of 2." in _text(study)
    runs = run_table(study)
    assert runs["flags"].map(len).sum() == 1
    assert runs["confidence"].notna().sum() == 1


def test_the_result_of_a_pilot_is_a_finding(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 3, verdict="stable", samples=False)
    sentence = "Not enough evidence for a grace period: 3 finished runs, at least 10 are needed."
    write(folder / STUDY_FILE, read_json(folder / STUDY_FILE) | {"pilot": {"sentence": sentence}})
    assert f"Pilot for pruning. {sentence}" in _text(read_study(folder))
