"""Facts about the confirmed part of the page."""

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import numpy as np

from lab.record import GENERATOR_FILE, read_study, trial_folder
from reports.page import build_page
from reports.sections.findings.finalists import pareto_rows, pareto_table
from reports.sections.findings.leader import leader_card
from reports.sections.trust.finalists import finalists_table
from reports.study.conclusions import leading_run
from reports.study.gallery import Album
from tests.made_up.raced import write_grid_study, write_raced_study
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _words(markup: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", str(markup))).split())


def test_every_finalist_stands_with_both_counts_and_its_seeds(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "sscs", 9: "ss"}, raced="sss"))
    words = _words(finalists_table(study))
    assert "trial 5 recommended 3 of 4 (30–95%) 4 of 4 (51–100%)" in words
    assert "1000–1003" in words
    assert "1000, 1001" in words


def test_the_card_shows_fresh_runs_first_and_the_race_as_optimistic(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "sscs"}, raced="sss"))
    words = _words(leader_card(study, Album()))
    assert words.startswith("Recommended: trial 5 (sobol) stable on fresh seeds 3 of 4")
    assert "in the race (optimistic) 4 of 4" in words
    assert "python -m lab.train --trial" in words
    assert "--threads 1" in words, "with more threads the run would be another one"
    assert "--confirm" not in words


def test_the_card_names_the_files_to_copy_as_far_as_they_are_there(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {5: "sss"}, raced="sss")
    study = read_study(folder)
    words = _words(leader_card(study, Album()))
    assert f"{trial_folder(folder, 5)}/trial.json" in words
    assert "generator.safetensors" not in words
    run = leading_run(study)
    assert run is not None
    (study.runs[run].folder / GENERATOR_FILE).write_bytes(b"weights")
    card = leader_card(study, Album())
    assert f"{study.runs[run].folder}/{GENERATOR_FILE}" in _words(card)
    assert str(card).count('class="copy"') == 3


def test_a_winner_without_fresh_runs_is_not_called_recommended(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: ""}, raced="sss"))
    words = _words(leader_card(study, Album()))
    assert words.startswith("Winner of the race, not confirmed: trial 5")
    assert "--confirm 7" in words
    assert "--race" not in words


def test_a_study_that_did_not_race_has_the_command_that_confirms(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path, 6, verdict="stable", samples=False))
    assert "--race 3 --confirm 7" in _words(leader_card(study, Album()))


def test_a_grid_with_seeds_leads_by_its_stable_share(tmp_path: Path) -> None:
    study = read_study(write_grid_study(tmp_path, {"a-x": "sc", "a-y": "ss"}))
    words = _words(leader_card(study, Album()))
    assert words.startswith("Leading by stable runs, then by score: trial 1 (known:a-y)")


def test_the_pareto_set_is_listed(tmp_path: Path) -> None:
    folder = write_raced_study(
        tmp_path, {5: "s"}, raced="s", pareto=(9, 5), objective="quality,cost"
    )
    study = read_study(folder)
    rows = pareto_rows(study)
    assert rows["trial"].tolist() == [9, 5]
    assert rows["total"].tolist() == [1, 1]
    assert rows["cost"].tolist() == [57.0, 57.0]
    assert "Pareto set of quality and cost" in _words(pareto_table(study))


def test_one_objective_has_no_pareto_set(tmp_path: Path) -> None:
    assert pareto_table(read_study(write_study(tmp_path, 3, samples=False))) is None


def test_fresh_runs_that_were_not_stable_are_listed_with_their_evidence(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "sccccs"}, raced="s"))
    words = _words(leader_card(study, Album()))
    assert "The fresh runs that were not stable: seed 1001 collapsed at" in words
    assert "coverage 0.04 of real images'" in words
    assert "and 1 more" in words


def test_a_page_of_every_kind_of_run_can_be_made(tmp_path: Path) -> None:
    folder = write_raced_study(
        tmp_path, {5: "sscs", 9: "srs"}, raced="scs", pareto=(5,), objective="stability,quality"
    )
    write_trial(folder, 20, POINT, "tpe")
    write_run(folder, 20, POINT, np.random.default_rng(0), status="pruned", samples=False)
    page = build_page(read_study(folder), NOW)
    assert "Finalists" in page
    assert "Pareto set of stability and quality" in page
    assert "All runs of the study: 21 to explore, 6 to race" in page
