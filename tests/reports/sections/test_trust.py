"""Facts about what Trust reports to a sceptic."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.record import (
    RUN_FILE,
    STUDY_FILE,
    StudyRecord,
    read_json,
    read_study,
    run_folder,
    write_json,
)
from lab.statistics import shrink, wilson_interval
from reports.kit.blocks import Block, drawn
from reports.sections.trust.contrast import CHOSEN, FRESH, SHRUNK, contrast_panel, contrast_rows
from reports.sections.trust.detector import COMMAND, detector_section
from reports.sections.trust.trust import facts, stage_rows, standing, trust_blocks
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

RATES: dict[str, Any] = {
    "created": "2026-11-23T00:40:00+00:00",
    "quick": False,
    "version": "0.1.0",
    "command": "python -m lab.validate --seeds 3",
    "seeds": [40, 41, 42],
    "budget_images": 9600,
    "same_thresholds": True,
    "changed_thresholds": {},
    "verdicts": {
        "diverged": {
            "planted": 12, "named": 11, "given": 13, "given_right": 11, "delay_evaluations": 1.0,
            "delay_images": 600.0, "kinds": ["rate x100", "NaN"],
        },
        "degraded": {
            "planted": 0, "named": 0, "given": 0, "given_right": 0, "delay_evaluations": None,
            "delay_images": None, "kinds": [],
        },
    },
    "flags": {},
    "healthy": {
        "runs": 42, "left_alone": 41, "evaluations": 672, "false_alarms": 1,
        "per_thousand": 1.488, "interval": [0.26, 8.4],
    },
}  # fmt: skip


def _words(markup: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", str(markup))).split())


def _study(folder: Path, **entries: Any) -> StudyRecord:
    write_json(folder / STUDY_FILE, read_json(folder / STUDY_FILE) | entries)
    return read_study(folder)


def _facts(study: StudyRecord) -> dict[str, str]:
    return dict(facts(study))


@pytest.mark.parametrize(
    ("letters", "claim"),
    [
        ("sssssss", "Confirmed on 7 fresh seeds: 7 of 7 stable (Wilson 95%: 65–100%)."),
        ("sssscsc", "Tested on 7 fresh seeds, not settled: 5 of 7 stable (Wilson 95%: 36–92%)."),
        ("ccccccc", "Refuted on 7 fresh seeds: 0 of 7 stable (Wilson 95%: 0–35%), so it mostly"),
        (
            "sssr",
            "Confirmation is under way: 3 of 3 stable (Wilson 95%: 44–100%) of 4 fresh runs.",
        ),
    ],
)
def test_the_verdict_on_a_confirmed_study_follows_its_interval(
    tmp_path: Path, letters: str, claim: str
) -> None:
    verdict = standing(read_study(write_raced_study(tmp_path, {5: letters}, raced="sss")))
    assert verdict.claim.startswith(claim)
    assert "The runs it was chosen by gave 4 of 4." in verdict.detail


def test_without_fresh_runs_leading_figures_are_optimistic(tmp_path: Path) -> None:
    raced = read_study(write_raced_study(tmp_path / "raced", {5: ""}, raced="sss"))
    assert "Trial 5 won the race by the same runs" in standing(raced).detail
    plain = read_study(write_study(tmp_path / "plain", 4, samples=False))
    assert "One seed a trial, and the best of 4 trials" in standing(plain).detail
    empty = read_study(write_study(tmp_path / "empty", 0))
    assert standing(empty).claim == "Nothing to trust yet: no run has its verdict."


def test_every_run_is_counted_by_stage_and_outcome(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {5: "sc", 9: "ss"}, raced="s", num_trials=10)
    write_trial(folder, 10, POINT, "tpe")
    write_run(folder, 10, POINT, np.random.default_rng(0), status="errored", samples=False)
    rows = stage_rows(read_study(folder)).set_index("stage")
    assert rows["runs"].to_dict() == {"explore": 11, "race": 2, "confirm": 4}
    assert rows["trials"].to_dict() == {"explore": 11, "race": 2, "confirm": 2}
    assert rows.loc["confirm", ["stable", "collapsed", "errored"]].tolist() == [3, 1, 0]
    assert rows.loc["explore", "errored"] == 1
    outcomes = [name for name in rows if name not in {"trials", "runs"} and "seeds" not in name]
    assert int(rows[outcomes].to_numpy().sum()) == 17


def test_a_finalist_stands_by_its_race_and_by_its_fresh_runs(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "sscs", 9: "ss"}, raced="sss"))
    rows = contrast_rows(study)
    assert rows[["trial", "kind", "stable", "total"]].values.tolist() == [
        [5, CHOSEN, 4, 4], [5, FRESH, 3, 4], [9, CHOSEN, 4, 4], [9, FRESH, 2, 2],
    ]  # fmt: skip
    assert tuple(rows.loc[1, ["low", "high"]]) == wilson_interval(3, 4)
    panel = contrast_panel(study)
    assert panel is not None
    assert panel.table is not None
    assert len(panel.table) == 4


def test_unconfirmed_leaders_with_several_runs_are_drawn_towards_all(tmp_path: Path) -> None:
    study = read_study(write_raced_study(tmp_path, {5: "", 9: ""}, raced="sss", num_trials=12))
    rows = contrast_rows(study)
    assert rows["kind"].tolist() == [CHOSEN, SHRUNK, CHOSEN, SHRUNK]
    chosen_by = rows[rows["kind"] == CHOSEN]
    assert chosen_by[["stable", "total"]].values.tolist() == [[4, 4], [4, 4]]
    stable = np.array([run.verdict == "stable" for run in study.runs])
    trial = np.array([run.trial for run in study.runs])
    k = np.bincount(trial, stable)
    expected = shrink(k, np.bincount(trial)).mean[5]
    assert rows.loc[1, "share"] == pytest.approx(expected)
    assert rows.loc[1, "share"] < 1


def test_single_runs_have_no_contrast(study: StudyRecord) -> None:
    assert contrast_panel(study) is None


def test_the_judges_error_rates_are_printed_with_their_intervals(tmp_path: Path) -> None:
    words = _words(
        detector_section(_study(write_study(tmp_path, 1, samples=False), detector=RATES))
    )
    assert "11 of 12 (65–99%)" in words
    assert "11 of 13 (58–96%)" in words
    assert "600 images, 1 evaluation" in words
    assert "rate x100 and NaN" in words
    assert "Of 42 healthy runs the judge left 41 alone (Wilson 95%: 88–100%)" in words
    assert "1,000 healthy evaluations: 1.49 (0.26 to 8.4)" in words
    assert "This study uses the limits that were validated." in words


def test_changed_limits_invalidate_the_error_rates(tmp_path: Path) -> None:
    changed = RATES | {
        "same_thresholds": False, "changed_thresholds": {"rise_factor": [1.5, 3.0]}
    }  # fmt: skip
    words = _words(detector_section(_study(write_study(tmp_path, 1), detector=changed)))
    assert "rise_factor 3 instead of 1.5" in words
    assert "these rates were not measured with the limits it uses" in words


def test_a_record_without_error_rates_names_the_command_that_measures_them(tmp_path: Path) -> None:
    study = _study(write_study(tmp_path, 1, samples=False), detector={})
    assert COMMAND in _words(detector_section(study))


def test_crashes_budgets_hosts_and_resumptions_are_reported(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 3, verdict="stable", samples=False)
    for number, entries in ((0, {"attempts": 3, "host": "b"}), (1, {"budget_images": 32_000})):
        path = run_folder(folder, number, 0) / RUN_FILE
        write_json(path, read_json(path) | entries)
    by_title = _facts(_study(folder, resumed=["2026-03-01T11:00:00+00:00"]))
    assert by_title["crashes"].startswith("1 run started more than once (up to 3 times)")
    assert "2 budgets" in by_title["conditions"]
    assert "2 hosts" in by_title["conditions"]
    assert "resumed 1 time" in by_title["conditions"]


def test_how_firm_verdicts_are_is_counted(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 0)
    for number, (sure, blind) in enumerate(((1.0, []), (0.8, ["overfit"]), (1.0, []))):
        write_trial(folder, number, POINT, "sobol")
        write_run(
            folder, number, POINT, np.random.default_rng(0), verdict="stable", samples=False,
            told={"confidence": sure, "not_judged": blind},
        )  # fmt: skip
    sentence = _facts(read_study(folder))["verdicts"]
    assert sentence.startswith("2 of 3 (Wilson 95%: 21–94%) stay the same")
    assert "1 run could not be judged in full" in sentence


def test_an_empty_study_and_one_of_every_kind_have_a_section(tmp_path: Path) -> None:
    def words(blocks: list[Block]) -> str:
        return _words("".join(drawn(block) for block in blocks))

    assert "holds no run yet" in words(trust_blocks(read_study(write_study(tmp_path / "a", 0))))
    folder = write_raced_study(tmp_path / "b", {5: "sscs", 9: "srs"}, raced="scs")
    assert "Tested on 4 fresh seeds" in words(trust_blocks(read_study(folder)))
