"""Facts about the flags: when the critic or the generator memorised."""

from collections.abc import Sequence
from typing import Any

import pytest

from lab.stability.verdict import Verdict
from tests.stability.rows import (
    BASELINE,
    BUDGET,
    EVERY,
    HEALTHY,
    NAMES,
    judged,
    run_rows,
    verdict_of,
)

REAL = BASELINE | {NAMES.authenticity: 0.6}
FLAT = [0.0, 0.4, 0.7, *[0.8] * 10]


def with_logits(
    quality: Sequence[float], heldout: Sequence[float], **columns: Sequence[Any]
) -> list[dict[str, Any]]:
    """Rows whose real logits are 1 and fake ones -1; held-out ones as given from row 1 on."""
    count = len(quality)
    return run_rows(
        quality,
        signal_logit_real=[None, *[1.0] * (count - 1)],
        signal_logit_fake=[None, *[-1.0] * (count - 1)],
        signal_logit_heldout=[None, *heldout],
        **columns,
    )


def flags(verdict: Verdict | None) -> list[str]:
    assert verdict is not None
    return [flag.name for flag in verdict.flags]


def test_a_critic_that_takes_held_out_images_for_fake_is_overfit_once_quality_stands() -> None:
    verdict = judged(with_logits(FLAT, [-1.0] * 12))
    assert verdict is not None
    assert verdict.name == "stable"
    (flag,) = verdict.flags
    assert flag.name == "overfit"
    assert flag.onset_images == 9 * EVERY
    assert flag.evidence == (
        "the critic's r_v over 4 windows was 1 and 1 at 144 kimg and 160 kimg, limit .5, "
        "while quality did not improve"
    )


def test_a_critic_that_knows_held_out_images_for_real_is_not_overfit() -> None:
    assert flags(judged(with_logits(FLAT, [0.9] * 12))) == []


def test_a_critic_that_memorises_while_quality_improves_is_not_flagged() -> None:
    rising = [1 - 0.8**i for i in range(13)]
    assert flags(judged(with_logits(rising, [-1.0] * 12))) == []


def test_a_critic_that_tells_nothing_apart_is_not_overfit() -> None:
    guessing = [None, *[0.51] * 12]
    rows = with_logits(FLAT, [-1.0] * 12, signal_critic_accuracy=guessing)
    assert flags(judged(rows)) == []


def test_one_window_of_strange_held_out_logits_is_no_flag() -> None:
    assert flags(judged(with_logits(FLAT, [0.9] * 8 + [-2.0] + [0.9] * 3))) == []


@pytest.mark.parametrize(("r_t", "expected"), [(0.97, ["overfit"]), (0.6, [])])
def test_without_held_out_logits_r_t_tells(r_t: float, expected: list[str]) -> None:
    assert flags(judged(run_rows(FLAT, signal_r_t=[None, *[r_t] * 12]))) == expected


def test_a_degraded_run_is_told_to_be_overfit() -> None:
    verdict = judged(with_logits([*FLAT[:10], 0.3, 0.2, 0.1], [-1.0] * 12))
    assert verdict is not None
    assert verdict.name == "degraded"
    assert verdict.evidence.endswith("; overfit since 144 kimg")
    assert flags(verdict) == ["overfit"]


def test_copies_are_memorised_and_the_run_still_stable() -> None:
    columns = {NAMES.ct: [30.0] * 5 + [-20.0] * 8, NAMES.authenticity: [0.9] * 5 + [0.06] * 8}
    verdict = judged(run_rows(**columns), baseline=REAL)
    assert verdict is not None
    assert verdict.name == "stable"
    (flag,) = verdict.flags
    assert (flag.name, flag.onset_images) == ("memorised", 5 * EVERY)
    assert "C_T was -20, limit -5; authenticity was .1 of that of real images" in flag.evidence


@pytest.mark.parametrize(
    ("ct", "share"), [(-20.0, 0.6), (-1.0, 0.06)], ids=["authentic", "as near as real images"]
)
def test_both_measures_must_tell_copies(ct: float, share: float) -> None:
    rows = run_rows(**{NAMES.ct: [ct] * 13, NAMES.authenticity: [share] * 13})
    assert flags(judged(rows, baseline=REAL)) == []


def test_where_a_log_has_one_measure_of_copies_it_tells_alone() -> None:
    assert flags(judged(run_rows(**{NAMES.ct: [-20.0] * 13}))) == ["memorised"]
    rows = run_rows(**{NAMES.authenticity: [0.06] * 13})
    assert flags(judged(rows, baseline=REAL)) == ["memorised"]
    assert flags(judged(rows, baseline={})) == []


def test_flags_are_those_known_at_the_failure() -> None:
    quality = [*HEALTHY[:6], 0.1, 0.1, *HEALTHY[8:]]
    rows = run_rows(quality, **{NAMES.ct: [0.0] * 8 + [-30.0] * 5})
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "degraded"
    assert verdict.flags == ()


def test_an_average_that_hides_its_generator_is_flagged() -> None:
    rows = run_rows()
    rows[-1]["live_" + NAMES.kernel] = 4.0 * rows[-1][NAMES.kernel]
    verdict = verdict_of(judged(rows))
    assert verdict.name == "stable"
    (flag,) = verdict.flags
    assert (flag.name, flag.onset_images) == ("averaged", BUDGET)
    assert flag.evidence.startswith(f"averaging hides it: {NAMES.kernel} of the generator itself")
    rows[-1]["live_" + NAMES.kernel] = 2.0 * rows[-1][NAMES.kernel]
    assert verdict_of(judged(rows)).flags == ()
