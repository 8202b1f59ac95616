"""Facts about the numbers of a log: failed measurements, broken metrics, losses that fail."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from lab.record import Row
from lab.stability.log import BrokenMetric, Log, read_log
from lab.stability.log_columns import LogOptions
from lab.stability.verdict import Verdict, judge

FID = [300.0, 100.0, 40.0, 20.0, 12.0, 10.0, 9.0, 9.0, 8.0, 8.0]
NAN, INF = math.nan, math.inf


def rows_of(values: list[float], **columns: list[float]) -> list[Row]:
    return [
        {"kimg": 100.0 * i, "fid": value} | {name: cells[i] for name, cells in columns.items()}
        for i, value in enumerate(values)
    ]


def read(rows: list[Row]) -> Log:
    return read_log(rows, names=None, budget_images=None, options=LogOptions())


def judged(rows: list[Row]) -> Verdict:
    verdict = judge(rows)
    assert verdict is not None
    return verdict


def replaced(changes: dict[int, float]) -> list[float]:
    return [changes.get(i, value) for i, value in enumerate(FID)]


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_a_measurement_that_failed_once_is_noted(bad: float) -> None:
    verdict = judged(rows_of(replaced({4: bad}), kid_error=FID))
    assert verdict.name == "stable"
    assert verdict.ignored == (
        f"'fid' was {bad} at 400 kimg: taken for a measurement that failed",
    )


def test_failed_measurements_leave_the_rest_of_their_rows() -> None:
    rows = rows_of(replaced({4: NAN}), d_loss=[1.0] * 9 + [2.0], kid=replaced({4: NAN}))
    result = read(rows)
    assert [row["images_seen"] for row in result.rows] == [
        100_000 * i for i in range(10) if i != 4
    ]
    assert result.rows[-1]["signal_critic_loss"] == 2.0


def test_a_gap_that_ends_is_noted_and_one_that_lasts_is_diverged() -> None:
    assert judged(rows_of(replaced({3: NAN, 4: NAN, 5: NAN}))).name == "stable"
    many = judged(rows_of(replaced({1: NAN, 3: NAN, 5: NAN, 7: NAN})))
    assert many.name == "stable"
    assert many.ignored[0].startswith("'fid' held no usable number in 4 rows between good ones")
    assert judged(rows_of(replaced({8: NAN, 9: NAN}))).name == "diverged"
    assert judged(rows_of(replaced({8: INF, 9: NAN}))).name == "diverged"
    last = judged(rows_of(replaced({9: NAN})))
    assert last.name == "stable"
    assert "as nothing shows that it lasts" in last.ignored[0]


def test_an_empty_cell_of_a_frame_is_no_measurement() -> None:
    frame = pd.DataFrame(rows_of(replaced({8: NAN, 9: NAN})))
    verdict = judge(frame)
    assert verdict is not None
    assert verdict.name == "stable"
    assert verdict.ignored == ("2 rows after the last 'fid', at 700 kimg, were not judged",)


@pytest.mark.parametrize("column", ["d_loss", "Loss/G/loss", "critic_loss", "train/loss_G"])
@pytest.mark.parametrize("bad", [NAN, INF])
def test_losses_that_are_not_finite_are_diverged(column: str, bad: float) -> None:
    verdict = judged(rows_of(FID, **{column: [1.0] * 6 + [bad] * 4}))
    assert (verdict.name, verdict.onset_images) == ("diverged", 600_000)


def test_losses_that_fail_after_the_last_evaluation_are_diverged() -> None:
    rows: list[Row] = rows_of(FID, d_loss=[1.0] * 10)
    rows += [{"kimg": 950.0, "d_loss": 1.0}, {"kimg": 975.0, "d_loss": NAN}]
    verdict = judged(rows)
    assert (verdict.name, verdict.onset_images) == ("diverged", 975_000)


def test_a_loss_before_training_may_be_nan() -> None:
    assert judged(rows_of(FID, d_loss=[NAN] + [1.0] * 9)).name == "stable"


@pytest.mark.parametrize(
    "values",
    [
        [300.0, 100.0, -40.0, 20.0],
        [1e57, 8e51, 4e53, -3e68, -2e57],
        [1e57, 8e51, 4e55, 8e50, 2e57],
        [40.0, 1e9, 20.0, 1e8, 15.0],
        [-5.0, -4.0, -8.0],
    ],
)
def test_a_broken_metric_has_no_verdict(values: list[float]) -> None:
    with pytest.raises(BrokenMetric, match=r"broken metric: 'fid' .* nothing follows"):
        judge(rows_of(values))


@pytest.mark.parametrize(
    "values",
    [
        [300.0, 100.0, 20.0, 5.0, 400.0, 380.0, 420.0],
        [0.3, 0.1, 0.002, -0.0004, 0.0006],
        [300.0, 20.0, 0.02, 0.01],
    ],
    ids=["a collapse", "an unbiased estimate", "overfit"],
)
def test_what_a_training_can_do_is_no_broken_metric(values: list[float]) -> None:
    assert judge(rows_of(values)) is not None


def test_one_wild_number_between_good_ones_is_a_failed_measurement() -> None:
    verdict = judged(rows_of(replaced({5: 1e30})))
    assert verdict.name == "stable"
    assert verdict.ignored == ("'fid' was 1e+30 at 500 kimg: taken for a measurement that failed",)


def test_a_lasting_rise_is_degraded() -> None:
    assert judged(rows_of([300.0, 100.0, 30.0, 20.0, 100.0, 110.0, 105.0])).name == "degraded"
