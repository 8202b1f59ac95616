"""Facts about the planted part's counts, delays and false alarms, on hand-made runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lab.config import StabilityConfig
from lab.validate.planted.calibration import judge, keep, kept
from lab.validate.planted.cases import CASES, HEALTHY, PLANTED, config_of
from lab.validate.planted.rates import error_rates
from lab.validate.planted.runs import Judged, PlayedRun, judge_run
from lab.validate.planted.tables import (
    CALLED,
    confusion,
    false_alarms,
    healthy_runs,
    limits_table,
    named_right,
    power,
)
from tests.stability.rows import BASELINE, BUDGET, EVERY, NAMES, SCALE, run_rows
from tests.stability.rows import HEALTHY as RISING

SETTINGS = StabilityConfig()
REAL = BASELINE | {NAMES.kernel_error: 0.0}


def played(case: str, rows: Sequence[dict[str, Any]], seed: int = 5) -> PlayedRun:
    return PlayedRun(
        case, seed, rows, NAMES.model_dump(), REAL, SCALE.anchor, 2_000, BUDGET, EVERY
    )


def judged(case: str, rows: Sequence[dict[str, Any]]) -> Judged:
    return judge_run(played(case, rows), SETTINGS)


FALLEN = run_rows([*RISING[:7], *[0.1] * 6])
"""Degraded with the onset at row 7 of 12, told at row 8."""


def test_a_failure_told_after_its_true_onset_is_right_and_its_delay_is_counted() -> None:
    run = judged("critic freezes", FALLEN)
    assert run.right
    assert run.judged_images == 8 * EVERY
    assert run.delay_evaluations == 2
    assert run.called == "degraded"


def test_a_name_told_before_the_true_onset_is_not_right() -> None:
    early = run_rows([*RISING[:4], *[0.0] * 9])
    assert judged("critic freezes", early).verdict.name == "degraded"
    assert not judged("critic freezes", early).right


def test_a_flag_that_is_due_must_be_raised() -> None:
    assert not judged("training images served", run_rows()).right
    copied = run_rows(**{NAMES.ct: [0.0, 0.0, *[-30.0] * 11]})
    run = judged("training images served", copied)
    assert run.right
    assert run.judged_images == 3 * EVERY
    assert run.called == "stable + memorised"


def test_a_healthy_run_may_not_be_flagged() -> None:
    assert judged("real against real", run_rows()).right
    copied = run_rows(**{NAMES.ct: [-30.0] * 13})
    assert not judged("real against real", copied).right


def test_false_alarms_are_counted_against_evaluations() -> None:
    copied = run_rows(**{NAMES.ct: [-30.0] * 13})
    runs = [judged("real against real", rows) for rows in (run_rows(), FALLEN, copied)]
    alarms = false_alarms(runs)
    assert (alarms.num_alarms, alarms.num_evaluations) == (2, 36)
    assert alarms.per_thousand == pytest.approx(1000 * 2 / 36)
    low, high = alarms.interval
    assert low < alarms.per_thousand < high


def test_the_confusion_counts_verdicts_and_flags() -> None:
    copied = run_rows(**{NAMES.ct: [-30.0] * 13})
    found = confusion([judged("real against real", copied), judged("critic freezes", FALLEN)])
    assert list(found.rows) == ["critic freezes", "real against real"]
    first, second = (dict(zip(CALLED, counts, strict=True)) for counts in found.counts)
    assert (first["degraded"], sum(first.values())) == (1, 1)
    assert (second["stable"], second["memorised"], sum(second.values())) == (1, 1, 2)


def test_tables_tell_shares_and_delays() -> None:
    runs = [judged("critic freezes", FALLEN), judged("critic freezes", run_rows())]
    (row,) = named_right(runs).rows
    assert row[3:] == ["1/2", "96 kimg", 2, 2, 2.0 * EVERY]
    (row,) = healthy_runs([judged("real against real", FALLEN)]).rows
    assert row[2:] == ["0/1", 12, 1, "degraded"]


def test_a_trained_run_that_did_not_break_counts_for_nothing() -> None:
    name = "a trained critic's rate multiplied"
    broken, kept_on = (judged(name, rows) for rows in (FALLEN, run_rows()))
    assert (broken.decided, kept_on.decided) == (True, False)
    assert [row[3] for row in named_right([broken, kept_on]).rows] == ["1/1"]


def test_power_is_counted_apart_from_what_is_claimed() -> None:
    halves, whole = "half of each class's looks", "all classes, near real"
    ended = {column: [0.5] * 13 for column in (NAMES.precision, NAMES.coverage, NAMES.recall)}
    runs = [played(name, run_rows(**ended)) for name in (halves, whole)]
    told = [judge_run(run, SETTINGS) for run in runs]
    assert not named_right(told).rows
    first, last = (list(row) for row in power(runs, told).rows)
    assert first[:1] + first[2:5] == [halves, "0/1", "0% to 79%", "stable"]
    assert last[:1] + last[2:5] == [whole, None, None, "stable"]
    assert len(first) == len(last) == 9


def test_limits_are_shown_at_half_and_twice() -> None:
    shallow = run_rows([*RISING[:7], *[0.52] * 5, 0.66])
    table = limits_table([played("critic freezes", shallow)], SETTINGS)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["rise_factor"] == ["1.5", "0 | 0", "0 | 0", "1 | 0"]
    assert len(rows) == 12


def test_every_case_is_a_valid_configuration_with_its_own_name(tmp_path: Path) -> None:
    assert len(CASES) == len(PLANTED) + len(HEALTHY)
    assert all(case.onset is not None for case in PLANTED)
    assert all(case.healthy and case.accepted == ("stable",) for case in HEALTHY)
    for case in CASES.values():
        if not case.small:
            assert config_of(case, 3, tmp_path).seed == 3


def test_kept_runs_come_back_and_are_judged_under_other_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, played("critic freezes", FALLEN))
    (back,) = kept(tmp_path)
    assert judge_run(back, SETTINGS) == judged("critic freezes", FALLEN)
    judge(tmp_path)
    assert "0 called wrong" in capsys.readouterr().out
    judge(tmp_path, set=("rise_factor=99",))
    assert "1 called wrong" in capsys.readouterr().out


def test_an_ordinary_run_that_ends_badly_is_no_healthy_control() -> None:
    poor = run_rows([*RISING[:9], 0.7, 0.66, 0.62, 0.6])
    assert not judged("least squares", poor).healthy
    assert judged("least squares", run_rows()).healthy
    assert judged("real against real", poor).healthy
    alarms = false_alarms([judged("least squares", rows) for rows in (poor, run_rows())])
    assert (alarms.num_alarms, alarms.num_evaluations) == (0, 12)


def test_error_rates_count_by_verdict_and_by_flag() -> None:
    copied = run_rows(**{NAMES.ct: [0.0, 0.0, *[-30.0] * 11]})
    rates = error_rates(
        [
            judged("critic freezes", FALLEN),
            judged("critic freezes", run_rows()),
            judged("training images served", copied),
            judged("real against real", FALLEN),
            judged("real against real", run_rows()),
        ]
    )
    degraded = rates["verdicts"]["degraded"]
    assert (degraded["planted"], degraded["named"]) == (2, 1)
    assert (degraded["given"], degraded["given_right"]) == (2, 1)
    assert (degraded["delay_evaluations"], degraded["delay_images"]) == (2.0, 2.0 * EVERY)
    assert degraded["kinds"] == ["critic freezes"]
    assert rates["verdicts"]["collapsed"]["delay_images"] is None
    memorised = rates["flags"]["memorised"]
    assert [memorised[key] for key in ("planted", "named", "given", "given_right")] == [1] * 4
    healthy = rates["healthy"]
    assert [healthy[key] for key in ("runs", "left_alone", "evaluations")] == [2, 1, 24]
    assert healthy["per_thousand"] == pytest.approx(1000 / 24)


def test_a_failure_named_before_it_began_is_given_but_not_right() -> None:
    early = judged("critic freezes", run_rows([*RISING[:4], *[0.0] * 9]))
    healthy = judged("real against real", run_rows())
    degraded = error_rates([early, healthy])["verdicts"]["degraded"]
    assert (degraded["named"], degraded["given"], degraded["given_right"]) == (0, 1, 0)
