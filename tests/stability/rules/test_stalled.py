"""Facts about stalled runs: the target quality was never reached."""

import math

import pytest

from lab.record.words import brief_beside
from tests.stability.rows import BUDGET, NAMES, first_told, judged, run_rows, verdict_of


def test_a_run_that_never_learns_is_stalled_at_the_budget() -> None:
    told = first_told(run_rows([0.0, *[0.1, 0.08] * 6], **{NAMES.coverage: [0.0] * 13}))
    assert told is not None
    count, verdict = told
    assert count == 13
    assert (verdict.name, verdict.onset_images) == ("stalled", BUDGET)
    assert verdict.evidence == (
        "quality was .08 at 192 kimg, below the target .5 (kid_fashion .14, target .019), and did "
        "not improve beyond noise over the last third; its best kid_fashion was .13 at 16 kimg; "
        "no other failure in 13 evaluations; "
        "the generator's gradient norm ended at 1.2 times its first value"
    )


def test_the_best_is_the_lowest_distance_where_quality_is_zero_throughout() -> None:
    distances = [1.1, 0.9, *[0.6, 0.5] * 5, 0.55]
    verdict = verdict_of(judged(run_rows([0.0] * 13, **{NAMES.kernel: distances})))
    assert verdict.name == "stalled"
    assert "its best kid_fashion was .5 at 48 kimg" in verdict.evidence


@pytest.mark.parametrize("last", [None, math.nan])
def test_a_run_without_a_quality_at_the_budget_is_not_stable(last: float | None) -> None:
    rows = run_rows()
    rows[-1]["quality"] = last
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stalled"
    assert "no quality was measured" in verdict.evidence


def test_a_stall_states_the_last_gradient_norm_and_a_critic_without_mistakes() -> None:
    verdict = verdict_of(
        judged(
            run_rows(
                [0.0] * 13,
                signal_generator_grad_norm=[None, *[10.0**-i for i in range(12)]],
                signal_critic_accuracy=[None, *[1.0] * 12],
            )
        )
    )
    assert verdict.name == "stalled"
    assert verdict.evidence.endswith(
        "; the generator's gradient norm ended at 1e-11 times its first value; "
        "the critic classified every image correctly"
    )


def test_a_quality_just_below_the_target_does_not_read_as_the_target() -> None:
    assert brief_beside(0.8987, 0.9) == ".899"
    assert brief_beside(0.89996, 0.9) == ".89996"
    assert brief_beside(0.7, 0.9) == ".7"
