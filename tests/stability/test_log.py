"""Facts about logs that the lab did not make."""

import math
import subprocess
import sys

import pandas as pd
import pytest

from lab.config import StabilityConfig
from lab.errors import InputError
from lab.record.scale import Scale
from lab.stability.log import Log, read_log
from lab.stability.log_columns import LogOptions
from lab.stability.verdict import Verdict, judge

FID = [300.0, 150.0, 60.0, 30.0, 15.0, 10.0]


def told(frame: object, **options: object) -> Verdict:
    verdict = judge(frame, **options)  # type: ignore[arg-type]
    assert verdict is not None
    return verdict


def read(frame: object, **options: object) -> Log:
    return read_log(
        frame,  # type: ignore[arg-type]
        names=None,
        budget_images=None,
        options=LogOptions(**options),  # type: ignore[arg-type]
    )


def fid_log(values: list[float], **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"kimg": [200.0 * i for i in range(len(values))], "fid": values, **columns}
    )


def test_fid_alone_is_enough() -> None:
    verdict = told(fid_log(FID))
    assert verdict.name == "stable"
    assert {text.split(" could")[0] for text in verdict.not_judged} >= {
        "collapsed",
        "an explosion",
        "overfit",
        "memorised",
    }
    assert verdict.ignored == ()


def test_late_collapse_of_fid_is_degraded_at_its_onset() -> None:
    verdict = told(fid_log([*FID, 250.0, 280.0]))
    assert (verdict.name, verdict.onset_images) == ("degraded", 1_200_000)


def test_the_target_is_a_quality() -> None:
    assert told(fid_log([300.0, 100.0, 10.0])).name == "stable"
    strict = StabilityConfig(target_quality=0.9)
    assert told(fid_log([300.0, 100.0, 10.0]), settings=strict).name != "stable"


def test_the_scale_can_be_given() -> None:
    frame = fid_log([60.0, 30.0, 10.0])
    assert read(frame).scale == Scale(60.0)
    assert read(frame, initial=300.0, floor=5.0).scale == Scale(300.0, 5.0)
    assert told(frame, log=LogOptions(initial=300.0)).name == "stable"


@pytest.mark.parametrize("clock", ["images_seen", "Images", "nimg", "samples-seen"])
@pytest.mark.parametrize("quality", ["FID", "fid50k_full", "fid10k", "fd_mine", "KID", "kid_mine"])
def test_common_spellings_are_understood(clock: str, quality: str) -> None:
    frame = pd.DataFrame({clock: [0, 5000, 10_000], quality: [3.0, 0.5, 0.1]})
    log = read(frame)
    assert [row["images_seen"] for row in log.rows] == [0, 5000, 10_000]
    assert [row[log.distance] for row in log.rows] == [3.0, 0.5, 0.1]
    assert told(frame).name == "stable"


def test_steps_need_a_batch_size() -> None:
    frame = pd.DataFrame({"Step": [0, 1000], "fid": [300.0, 250.0]})
    with pytest.raises(InputError, match="give the batch size"):
        judge(frame)
    assert read(frame, batch_size=64).budget_images == 64_000


def test_columns_can_be_named() -> None:
    frame = pd.DataFrame({"seen": [0, 1000], "distance": [300.0, 10.0]})
    assert told(frame, log=LogOptions(clock="seen", quality="distance")).name == "stable"


def test_quality_between_0_and_1_is_taken_as_it_is() -> None:
    frame = pd.DataFrame({"images": [0, 1000, 2000], "u": [0.0, 0.4, 0.8]})
    log = read(frame)
    assert [row["quality"] for row in log.rows] == [0.0, 0.4, 0.8]
    assert (log.scale, log.is_relative) == (None, False)


def test_losses_of_a_log_are_evidence() -> None:
    losses = [*[1.0] * 6, 9.0, 9.0]
    verdict = told(fid_log([*FID, 250.0, 280.0], D_loss=losses))
    assert verdict.evidence.endswith("while the critic's loss rose 9x")


def test_disorder_is_judged_and_told() -> None:
    whole = fid_log([*FID, 250.0, 280.0])
    rows = whole.to_dict("records")
    rows = [rows[3], *rows[:3], *rows[3:], {"kimg": math.nan, "fid": 5.0}, {"fid": 9.0}]
    rows[5] = {"kimg": 800.0}
    verdict = told(pd.DataFrame(rows))
    assert (verdict.name, verdict.onset_images) == ("degraded", 1_200_000)
    assert verdict.ignored == (
        "2 rows without a finite number in 'kimg' were left out",
        "3 rows out of order were sorted",
    )


def test_rows_past_a_given_budget_are_not_looked_at() -> None:
    frame = fid_log([*FID, 250.0, 280.0])
    assert told(frame, budget_images=1_000_000).name == "stable"
    assert judge(fid_log(FID), budget_images=10**9) is None


def test_one_row_is_judged_and_said_to_show_no_change() -> None:
    verdict = told(pd.DataFrame({"images": [1000], "fid": [30.0]}))
    assert "change could not be judged from one row" in verdict.not_judged


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame(), "the log is empty"),
        ([], "the log is empty"),
        (pd.DataFrame({"fid": [1.0]}), "no column of images seen among fid"),
        (pd.DataFrame({"kimg": [1.0], "loss": [1.0]}), "no column of quality among kimg, loss"),
        (pd.DataFrame({"kimg": [1.0], "is": [8.0]}), "no column of quality among kimg, is"),
        (pd.DataFrame({"kimg": ["a"], "fid": [1.0]}), "no row of the log has a number in 'kimg'"),
        (pd.DataFrame({"kimg": [1.0], "fid": ["-"]}), "has a finite number in 'fid'"),
        (pd.DataFrame({"kimg": [1.0], "quality": [8.0]}), "'quality' is 8; quality lies between"),
        (pd.DataFrame({"kimg": [0.0], "fid": [9.0]}), "ends before any image was seen"),
        (pd.DataFrame({"kimg": [0.0, 1.0], "fid": [0.0, 9.0]}), "not above the 0 of real images"),
    ],
)
def test_a_log_that_cannot_be_judged_is_one_sentence(frame: object, said: str) -> None:
    with pytest.raises(InputError) as caught:
        judge(frame)  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_column_is_one_sentence() -> None:
    with pytest.raises(InputError, match="'x', which is no column of the log"):
        judge(fid_log(FID), log=LogOptions(clock="x"))


def test_a_long_log_is_judged_at_once() -> None:
    count = 20_000
    wobble = [150.0 + 100.0 * math.cos(math.pi * i) for i in range(count)]
    assert told(fid_log([300.0, *wobble])).name == "oscillating"
    assert told(fid_log([300.0 * 0.999**i for i in range(count)])).name == "stable"


def test_training_does_not_import_pandas() -> None:
    code = "import sys, lab.run; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0
