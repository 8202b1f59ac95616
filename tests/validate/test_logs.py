"""Logs with a known truth: the table of published ones, how logs are scored, and the part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from lab.errors import InputError
from lab.record import STABLE
from lab.stability.verdict import Verdict, judge
from lab.validate import logs
from lab.validate.logs import few_alarms, naming, onsets_near, rises_found, twins_alike
from lab.validate.logs.naming import NamedLog, name_log
from lab.validate.logs.published import PublishedLog, published_logs
from lab.validate.logs.scoring import (
    NEVER,
    OPTIONS,
    SETTINGS,
    Rate,
    ScoredCell,
    first_failure_of,
    name_of,
    rows_of,
    score_cell,
)
from lab.validate.logs.synthetic import NUM_EVALUATIONS, Cell, make_logs
from lab.validate.logs.truth import BROKEN_METRIC, CALLED, REFUSED, RIGHT, is_right
from reports.validation.markdown import validation_markdown
from reports.validation.page import build_validation_page

BY_NAME = {log.name: log for log in published_logs()}


def test_the_table_has_twelve_logs_of_every_published_truth() -> None:
    assert len(BY_NAME) == 12
    truths = [log.truth for log in BY_NAME.values()]
    assert {truth: truths.count(truth) for truth in set(truths)} == {
        "healthy": 6,
        "broke": 4,
        "worse than its start": 1,
        "broken metric": 1,
    }
    assert all(log.source and log.what_happened for log in BY_NAME.values())


def test_columns_of_a_log_are_equally_long_and_begin_with_the_clock() -> None:
    for log in BY_NAME.values():
        assert next(iter(log.columns)) == "kimg"
        assert {len(values) for values in log.columns.values()} == {len(log.rows)}
        assert np.isfinite(list(log.columns.values())).all()


@pytest.mark.parametrize(
    ("name", "num_rows", "first", "last", "every_kimg"),
    [
        ("sngan", 50, 43.627, 13.4446, 640),
        ("acgan", 50, 56.4937, 201.216, 640),
        ("dcgan", 100, 114.938, 137.407, 256),
        ("dcgan-keras", 250, 320.92, 41.58, 12.8),
        ("dcgan-starts-at-epoch-9", 80, 126.95, 90.5206, 250),
        ("sa-dcgan-starts-at-epoch-0", 56, 202.004, 88.5554, 250),
        ("finetune-worse", 103, 58.5437, 73.5543, 6.4),
    ],
)
def test_numbers_are_those_of_the_log(
    name: str, num_rows: int, first: float, last: float, every_kimg: float
) -> None:
    log = BY_NAME[name]
    assert (len(log.rows), log.rows[0]["fid"], log.rows[-1]["fid"]) == (num_rows, first, last)
    assert log.every_kimg == pytest.approx(every_kimg)


def test_a_run_broke_between_a_good_and_a_bad_evaluation() -> None:
    for log in BY_NAME.values():
        assert (log.onset_kimg is not None) == (log.truth == "broke")
        if log.onset_kimg is not None:
            first, last = log.onset_kimg
            before = [row["fid"] for row in log.rows if row["kimg"] < max(first, last)]
            after = [row["fid"] for row in log.rows if row["kimg"] > last]
            assert float(np.median(after)) > 1.8 * min(before)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_published_log_is_named_right(name: str) -> None:
    named = name_log(BY_NAME[name])
    assert named.right, (named.called, named.evidence)
    assert named.log.truth != "broke" or abs(named.onset_error or 0.0) <= logs.MOST_ONSET_ERROR


def named_log(
    called: str = "degraded",
    onset_kimg: float | None = 5000.0,
    truth: Any = "broke",
    evidence: str = "",
    name: str = "a log",
) -> NamedLog:
    columns: Mapping[str, Sequence[float]] = {"kimg": [0, 500, 1000, 1500], "fid": [4, 3, 2, 1]}
    true_onset = (4000.0, 6000.0) if truth == "broke" else None
    log = PublishedLog(name, "somewhere", truth, "something", true_onset, columns)
    return NamedLog(log, called, onset_kimg, evidence)


@pytest.mark.parametrize(
    ("onset_kimg", "error"), [(5000.0, 0.0), (4000.0, 0.0), (3000.0, -2.0), (7250.0, 2.5)]
)
def test_an_onset_error_counts_evaluations_outside_the_true_interval(
    onset_kimg: float, error: float
) -> None:
    assert named_log(onset_kimg=onset_kimg).onset_error == pytest.approx(error)


def test_a_run_that_is_not_called_broken_has_no_onset_error() -> None:
    assert named_log("stalled").onset_error is None
    assert named_log("stable", None).onset_error is None
    assert named_log("degraded", truth="healthy").onset_error is None


def test_onsets_are_near_only_where_every_broken_log_is_dated() -> None:
    assert onsets_near([named_log(onset_kimg=7000.0), named_log("stable", None, "healthy")]).holds
    assert not onsets_near([named_log(), named_log(onset_kimg=7100.0)]).holds
    assert not onsets_near([named_log(), named_log("stalled")]).holds


def test_twins_are_alike_only_with_one_name() -> None:
    first, second = logs.TWINS
    healthy = named_log("stable", None, "healthy", name=first)
    assert twins_alike([healthy, named_log("stable", None, "healthy", name=second)]).holds
    assert not twins_alike([healthy, named_log("short", None, "healthy", name=second)]).holds


def test_a_run_worse_than_its_start_is_stalled_only_if_the_evidence_says_so() -> None:
    truth = "worse than its start"
    assert is_right(truth, "degraded", "")
    assert is_right(truth, "stalled", "never better than its start, 58.5")
    assert not is_right(truth, "stalled", "quality was 0")
    assert not is_right(truth, "stable", "its start")


def test_every_right_name_can_be_counted() -> None:
    known = {name for names in RIGHT.values() for name in names} - {"short"}
    assert known <= set(CALLED)
    assert len(CALLED) == len(set(CALLED))


@pytest.mark.parametrize(
    ("message", "called"),
    [("the metric 'fid' is broken", BROKEN_METRIC), ("the log is empty", REFUSED)],
)
def test_a_refused_log_is_named_by_the_reason(
    monkeypatch: pytest.MonkeyPatch, message: str, called: str
) -> None:
    def refuse(rows: object) -> Verdict:
        raise InputError(message)

    monkeypatch.setattr(naming, "judge", refuse)
    named = name_log(BY_NAME["broken-metric"])
    assert (named.called, named.evidence, named.onset_kimg) == (called, message, None)
    assert named.right == (called == BROKEN_METRIC)


@pytest.mark.parametrize("kind", ["healthy", "step", "low plateau"])
def test_the_rules_alone_name_a_log_as_the_judge_does_and_date_its_first_verdict(
    kind: str,
) -> None:
    for distances in make_logs(Cell(kind, 0.2, 5.0, 6), 0).distances:
        failure = first_failure_of(distances)
        called = name_of(distances)
        assert called == failure.name or failure.name is None
        if failure.name is None:
            assert failure.evaluation == NUM_EVALUATIONS - 1
            continue
        budget = round(1000 * rows_of(distances)[-1]["kimg"])
        for num_rows in (failure.evaluation, failure.evaluation + 1):
            verdict = judge(
                rows_of(distances[:num_rows]),
                budget_images=budget,
                settings=SETTINGS,
                log=OPTIONS,
            )
            assert (verdict is not None) == (num_rows > failure.evaluation)


def scored(names: Sequence[str | None], evaluations: Sequence[int], **cell: Any) -> ScoredCell:
    made = Cell(**({"kind": "step", "noise": 0.1, "factor": 2.0} | cell))
    onsets = np.full(len(names), 30) if made.kind in ("step", "drift") else None
    return ScoredCell(made, tuple(names), np.array(evaluations), onsets)


def test_a_delay_counts_the_evaluations_that_show_the_rise() -> None:
    cell = scored(["degraded", "oscillating", "degraded", None, "stalled"], [30, 32, 29, 49, 49])
    assert cell.delays.tolist() == [1, 3, 0, NEVER, NEVER]
    assert cell.found_in_time == Rate(2, 5)
    assert cell.found_within(1) == Rate(1, 5)
    assert cell.too_early == Rate(1, 5)


def test_a_drift_has_until_it_has_risen_whole() -> None:
    cell = scored(["degraded", "degraded"], [41, 42], kind="drift")
    assert cell.found_in_time == Rate(1, 2)


def test_alarms_are_counted_over_the_evaluations_before_them() -> None:
    cell = scored([None, "degraded", "stalled", "short"], [49, 19, 49, 49], kind="healthy")
    assert cell.alarms == Rate(2, 170)
    assert cell.wrong_names == ["degraded", "stalled"]


def test_few_alarms_pools_the_healthy_kinds_at_the_noise_of_the_claim() -> None:
    quiet = scored([None] * 39, [49] * 39, kind="healthy", factor=1.0)
    loud = scored(["degraded", None], [49, 49], kind="spikes", factor=1.0)
    elsewhere = scored(["degraded"] * 9, [9] * 9, kind="healthy", noise=0.3)
    check = few_alarms([quiet, loud, elsewhere])
    assert check.holds
    assert check.evidence.startswith("1 in 2050 evaluations of 2 kinds: 0.49 per 1,000")
    assert "most of spikes: 10" in check.evidence
    assert not few_alarms([loud, elsewhere]).holds


def test_rises_are_found_from_the_claimed_share_on() -> None:
    elsewhere = scored([None], [49], factor=1.2)
    found = scored(["degraded"] * 19 + [None], [31] * 19 + [49])
    missed = scored(["degraded"] * 18 + [None] * 2, [31] * 18 + [49] * 2)
    assert rises_found([elsewhere, found]).holds
    assert rises_found([found]).evidence.startswith("19 of 20: 95.0%, 95% interval")
    assert not rises_found([elsewhere, missed]).holds


def test_a_cell_is_scored_with_its_own_logs() -> None:
    cell = score_cell(Cell("step", 0.02, 5.0, 7))
    assert len(cell.names) == 7
    assert cell.evaluations.shape == (7,)
    assert cell.onsets is not None
    assert (cell.evaluations < NUM_EVALUATIONS).all()


def test_the_part_counts_every_log_and_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "QUICK_LOGS", 2)
    monkeypatch.setattr(logs, "QUICK_NAMED", 1)
    said: list[str] = []
    part = logs.validate(True, 1, said.append)
    published, synthetic = part.matrices
    assert sum(map(sum, published.counts)) == 12
    assert [sum(row) for row in synthetic.counts] == [1] * len(synthetic.rows)
    assert all(STABLE in matrix.columns for matrix in part.matrices)
    alarms, power = part.planes
    assert {len(series.x) for plane in alarms.planes for series in plane.series} == {5}
    assert [plane.title for plane in power.planes] == ["step", "drift"]
    assert [len(table.rows) for table in part.tables] == [12, 12, 20, 50]
    assert len(part.checks) == 5
    assert len(said) == 1 + 20 + 50 + len(synthetic.rows)

    record = {"parts": [part.row()], "passed": part.passed, "seconds": 1.0}
    record = json.loads(json.dumps(record))
    assert "icrgan-tiny" in build_validation_page(record)
    assert "icrgan-tiny" in validation_markdown(record)
