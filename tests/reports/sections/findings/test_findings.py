from pathlib import Path

import numpy as np
import pytest

from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    StudyRecord,
    read_json,
    read_study,
    run_folder,
    write_json,
)
from reports.kit.finding import TOPICS, Finding, RunQuote
from reports.sections.findings.findings import findings
from reports.sections.findings.summary import by_prominence, topics
from reports.study.left_out import left_out
from reports.study.tables import run_table, trial_table
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT


def _text(study: StudyRecord) -> str:
    return " ".join(f"{finding.claim} {finding.detail}" for finding in findings(study))


def test_the_share_stable_comes_with_its_interval(tmp_path: Path) -> None:
    text = _text(read_study(write_study(tmp_path, 5, verdict="stable")))
    assert "5 of 5 runs stable (Wilson 95%: 57–100%)." in text
    assert "still allows up to 43% failures" in text


def test_one_seed_a_configuration_is_reported_to_prove_little(study: StudyRecord) -> None:
    assert "may truly be stable in 21–100% of runs" in _text(study)


def test_several_seeds_silence_the_sentence_about_one(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 2, verdict="stable")
    write_run(folder, 0, POINT, np.random.default_rng(1), seed=1)
    assert "one seed" not in _text(read_study(folder))


def test_the_optimisers_share_is_no_property_of_the_space(study: StudyRecord) -> None:
    text = _text(study)
    assert "That is the share of what this search tried, not of the space" in text
    assert "Of the Sobol runs, an even sample of the space," in text


def test_enough_sobol_runs_speak_for_the_space_before_all_runs_do(
    large_study: StudyRecord,
) -> None:
    runs = run_table(large_study)
    sobol = runs[(runs["trial"].map(trial_table(large_study)["origin"]) == "sobol")]
    stable = int((sobol["outcome"] == "stable").sum())
    text = _text(large_study)
    assert f"{stable} of 150 Sobol runs stable (Wilson 95%:" in text
    assert "Of all 300 runs" in text


def test_a_study_where_all_failed_says_how(tmp_path: Path) -> None:
    text = _text(read_study(write_study(tmp_path, 4, verdict="diverged")))
    assert "No run was stable: 0 of 4 (Wilson 95%: 0–49%)." in text
    assert "All failed: 4 diverged." in text
    assert "may truly be stable in 0–79% of runs" in text


def _failed(folder: Path, ends: list[tuple[str, int]]) -> StudyRecord:
    """A study of runs with a verdict and an onset each; the evidence names the trial."""
    write_study(folder, len(ends), verdict="stable", samples=False)
    for trial, (name, onset) in enumerate(ends):
        path = run_folder(folder, trial, 0) / RUN_FILE
        note = read_json(path)
        note["verdict"] |= {"name": name, "onset_images": onset, "evidence": f"sign {trial}"}
        write_json(path, note)
    return read_study(folder)


def test_failures_come_with_the_evidence_on_the_run_of_the_median_onset(tmp_path: Path) -> None:
    ends = [("collapsed", 9_000), ("diverged", 800), ("collapsed", 1_000), ("collapsed", 5_000)]
    study = _failed(tmp_path, [*ends, ("degraded", 2_000)])
    failed = next(finding for finding in findings(study) if finding.topic == "fails")
    assert failed.claim == "All failed: 1 diverged, 3 collapsed and 1 degraded."
    assert failed.quotes == (
        RunQuote("A typical collapsed run", 3, 0, "sign 3"),
        RunQuote("The diverged run", 1, 0, "sign 1"),
    )


def test_the_page_quotes_the_evidence_beside_a_link_to_its_trial(tmp_path: Path) -> None:
    study = _failed(tmp_path, [("collapsed", 9_000), ("collapsed", 1_000)])
    sentences = topics([finding for finding in findings(study) if finding.topic == "fails"])
    assert 'A typical collapsed run, <a href="#trial=1">trial 1</a>, seed 0: sign 1.' in sentences


def test_a_run_that_ended_better_than_the_best_by_score_is_named(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 2, verdict="stable", samples=False)
    for number, score, quality in ((0, 0.7, 0.8), (1, 0.6, 0.95)):
        path = run_folder(folder, number, 0) / RUN_FILE
        write_json(path, read_json(path) | {"score": score, "final_quality": quality})
    assert "Trial 1 ended better than the best by score: final quality 0.95" in _text(
        read_study(folder)
    )


def test_an_empty_study_says_that_nothing_finished(tmp_path: Path) -> None:
    text = _text(read_study(write_study(tmp_path, 0)))
    assert text.startswith("Nothing finished yet. The study holds no run yet.")


def test_nothing_left_out_is_stated_in_words(study: StudyRecord) -> None:
    assert left_out(study) == [
        "Nothing: every trial, run and evaluation of the record is on this page."
    ]


@pytest.mark.parametrize("status", ["running", "pruned", "errored"])
def test_runs_without_a_verdict_are_counted_apart(tmp_path: Path, status: str) -> None:
    folder = write_study(tmp_path, 3, verdict="stable")
    write_trial(folder, 3, POINT, "tpe")
    write_run(folder, 3, POINT, np.random.default_rng(0), status=status)
    study = read_study(folder)
    assert left_out(study)[0].startswith(f"1 run {status}: ")
    assert "3 of 3 runs stable" in _text(study)


def test_torn_rows_and_missing_folders_are_counted(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 3)
    with (run_folder(folder, 0, 0) / EVALUATIONS_FILE).open("a") as file:
        file.write('{"images_seen": 64')
    (run_folder(folder, 1, 0) / "run.json").unlink()
    sentences = left_out(read_study(folder))
    assert sentences == [
        "1 torn or damaged row of evaluations could not be read.",
        "1 file or folder missing or damaged: trials/0001/seed-0/run.json.",
    ]


def test_no_more_than_nine_sentences_are_read_at_once_and_every_topic_is_heard() -> None:
    every = [Finding(f"{topic} {i}", "", topic) for topic in TOPICS for i in range(6)]
    prominent, more = by_prominence(every)
    assert len(prominent) == 8  # the first sentence stands above them
    assert {finding.topic for finding in prominent} == set(TOPICS) - {"search"}
    assert len(prominent) + len(more) == len(every)
    holds = [Finding(str(i), "", "holds") for i in range(12)]
    assert by_prominence(holds) == (holds[:8], holds[8:])


def test_small_studies_claim_no_range_and_no_effect(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0)
    for number in range(11):
        rate = 1e-5 * 2**number
        write_trial(folder, number, {**POINT, "optimizer.generator.lr": rate}, "sobol")
        verdict = "stable" if number < 6 else "diverged"
        point = {**POINT, "optimizer.generator.lr": rate}
        draw = np.random.default_rng(number)
        write_run(folder, number, point, draw, verdict=verdict, samples=False)
    assert {finding.topic for finding in findings(read_study(folder))} <= {
        "end", "holds", "fails", "untested",
    }  # fmt: skip
    assert "6 of 11 runs stable (Wilson 95%: 28–79%)" in _text(read_study(folder))


def test_a_range_that_holds_and_one_that_fails_are_under_their_topics(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0)
    draw = np.random.default_rng(5)
    for number in range(120):
        rate = float(10 ** draw.uniform(-5, -2))
        point = {**POINT, "optimizer.generator.lr": rate}
        write_trial(folder, number, point, "sobol")
        verdict = "stable" if rate < 2e-4 else "diverged"
        write_run(folder, number, point, draw, verdict=verdict, samples=False)
    by_topic = {finding.topic: finding.claim for finding in findings(read_study(folder))}
    claims = [finding.claim for finding in findings(read_study(folder))]
    assert any(claim.startswith("Generator rate 1e-5 to 2e-4: stable in ") for claim in claims)
    assert by_topic["fails"].startswith("Generator rate 2e-4 to 1e-2: only 0 of ")
