"""Facts about verdicts: each failure with its onset, and healthy runs that must not be flagged."""

import math
from typing import Any

import pytest

from lab.config import StabilityConfig
from lab.record import FAILURES
from lab.record.words import brief, kimg
from lab.stability.history import make_history
from lab.stability.rules import READS, RULES, silent_rules
from tests.stability.rows import (
    BASELINE,
    BUDGET,
    EVERY,
    HEALTHY,
    NAMES,
    first_told,
    judged,
    run_rows,
)

GOOD_COVERAGE = [0.8 * u for u in HEALTHY]


def replaced(values: list[Any], changes: dict[int, Any]) -> list[Any]:
    """A copy of a column with some entries replaced."""
    return [changes.get(i, value) for i, value in enumerate(values)]


# Stable and undecided.


def test_a_healthy_run_is_stable_at_its_budget_only() -> None:
    told = first_told(run_rows())
    assert told is not None
    count, verdict = told
    assert count == 13
    assert (verdict.name, verdict.onset_images, verdict.final) == ("stable", None, True)
    assert verdict.evidence == "quality .83 at 192 kimg, target .5; no failure in 13 evaluations"


def test_no_rows_decide_nothing() -> None:
    assert judged([]) is None


def test_rows_past_the_budget_are_not_looked_at() -> None:
    past = {"images_seen": BUDGET + EVERY, "quality": 0.0, "signal_non_finite": 9}
    verdict = judged([*run_rows(), past])
    assert verdict == judged(run_rows())


def test_a_last_step_that_overshoots_the_budget_ends_the_run() -> None:
    rows = run_rows()
    rows[-1]["images_seen"] += 63
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


def test_stable_needs_the_target_quality() -> None:
    verdict = judged(run_rows(), target_quality=0.83)
    assert verdict is not None
    assert verdict.name == "stable"
    verdict = judged(run_rows(), target_quality=0.84)
    assert verdict is not None
    assert verdict.name == "stalled"


# Stalled.


def test_a_run_that_never_learns_is_stalled_at_the_budget() -> None:
    told = first_told(run_rows([0.0, *[0.1, 0.08] * 6], **{NAMES.coverage: [0.0] * 13}))
    assert told is not None
    count, verdict = told
    assert count == 13
    assert (verdict.name, verdict.onset_images) == ("stalled", BUDGET)
    assert verdict.evidence == (
        "quality .08 at 192 kimg, target .5; best .1 at 16 kimg; "
        "no other failure in 13 evaluations; "
        "the generator's gradient norm ended at 1.2 of its first value"
    )


@pytest.mark.parametrize("last", [None, math.nan])
def test_a_run_without_a_quality_at_the_budget_is_not_stable(last: float | None) -> None:
    rows = run_rows()
    rows[-1]["quality"] = last
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stalled"
    assert "no quality was measured" in verdict.evidence


# Diverged.


def test_a_non_finite_value_is_diverged_at_once_and_dated_by_its_signal() -> None:
    rows = run_rows()
    rows[5] |= {"signal_non_finite": 3, "signal_first_non_finite_images": 70_464}
    told = first_told(rows)
    assert told is not None
    count, verdict = told
    assert count == 6
    assert (verdict.name, verdict.onset_images) == ("diverged", 70_464)
    assert verdict.evidence == (
        "a loss, logit or gradient was not finite in 3 steps up to 80 kimg, first at 70.46 kimg"
    )


@pytest.mark.parametrize("date", [None, math.nan, -1, 10**9])
def test_a_non_finite_value_without_a_good_date_is_dated_by_its_row(date: float | None) -> None:
    rows = run_rows()
    rows[5] |= {"signal_non_finite": 1, "signal_first_non_finite_images": date}
    verdict = judged(rows)
    assert verdict is not None
    assert (verdict.name, verdict.onset_images) == ("diverged", 5 * EVERY)


def test_images_that_could_not_be_made_are_diverged() -> None:
    rows = run_rows()
    rows[7] |= dict.fromkeys(NAMES.model_dump().values(), math.nan) | {"quality": 0.0}
    told = first_told(rows)
    assert told is not None
    count, verdict = told
    assert count == 8
    assert (verdict.name, verdict.onset_images) == ("diverged", 7 * EVERY)


def test_one_metric_that_could_not_be_computed_is_no_divergence() -> None:
    rows = run_rows()
    for row in rows:
        row[NAMES.frechet] = math.nan
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


def test_an_error_bar_that_could_not_be_computed_is_no_divergence() -> None:
    rows = run_rows()
    for row in rows:
        del row[NAMES.kernel], row[NAMES.coverage]
        row[NAMES.kernel_error] = math.nan
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


def test_an_infinite_loss_is_diverged_even_uncounted() -> None:
    rows = run_rows()
    rows[4]["signal_critic_loss"] = math.inf
    verdict = judged(rows)
    assert verdict is not None
    assert (verdict.name, verdict.onset_images) == ("diverged", 4 * EVERY)


def test_a_mean_signal_of_an_empty_window_is_no_divergence() -> None:
    rows = run_rows()
    rows[0] |= {"signal_generator_loss": math.nan, "signal_critic_grad_norm": math.nan}
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


@pytest.mark.parametrize("player", ["generator", "critic"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_sustained_gradient_explosion_is_diverged_at_any_scale(
    player: str, scale: float
) -> None:
    norms = [None, *[1.0 * scale, 1.2 * scale] * 3, *[500 * scale] * 6]
    falling = [*HEALTHY[:7], *[0.6] * 6]
    told = first_told(run_rows(falling, **{f"signal_{player}_grad_norm": norms}))
    assert told is not None
    count, verdict = told
    assert count == 9
    assert (verdict.name, verdict.onset_images) == ("diverged", 7 * EVERY)
    assert player in verdict.evidence


def test_one_window_of_large_gradients_is_no_explosion() -> None:
    norms = [None, *[1.0] * 6, 900.0, *[1.0] * 5]
    quality = [*HEALTHY[:7], *[0.6] * 6]
    verdict = judged(run_rows(quality, signal_critic_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


def test_gradients_that_grow_while_quality_reaches_new_bests_are_no_explosion() -> None:
    norms = [None, *[1.0] * 6, *[900.0] * 6]
    verdict = judged(run_rows(signal_critic_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


def test_gradient_norms_that_grow_twentyfold_slowly_are_no_explosion() -> None:
    norms = [None, *[20 ** (i / 11) for i in range(12)]]
    quality = [*HEALTHY[:7], *[0.65] * 6]
    verdict = judged(run_rows(quality, signal_critic_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


@pytest.mark.parametrize("num_tiny", [1, 2, 3])
def test_tiny_gradients_at_the_start_make_no_later_explosion(num_tiny: int) -> None:
    norms = [None, *[1e-6] * num_tiny, *[1.0] * (12 - num_tiny)]
    slow = [0.0] * 6 + [0.1, 0.1, 0.3, 0.3, 0.6, 0.6, 0.6]
    quiet = {NAMES.coverage: [0.0] * 13, "signal_generator_grad_norm": norms}
    verdict = judged(run_rows(slow, **quiet))
    assert verdict is not None
    assert verdict.name == "stable"


def test_a_frozen_player_without_gradients_is_no_explosion() -> None:
    norms = [None, *[0.0] * 8, *[1.0] * 4]
    verdict = judged(run_rows([0.6] * 13, signal_generator_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


# Collapsed.


def test_coverage_had_and_lost_twice_is_collapsed_from_the_first() -> None:
    coverage = replaced(GOOD_COVERAGE, {8: 0.04, 9: 0.03})
    told = first_told(run_rows(**{NAMES.coverage: coverage}))
    assert told is not None
    count, verdict = told
    assert count == 10
    assert (verdict.name, verdict.onset_images) == ("collapsed", 8 * EVERY)
    assert verdict.evidence == (
        "coverage_fashion fell from .56 at 112 kimg to .04 and .03 at 128 kimg and 144 kimg; "
        "real images have .95"
    )


def test_one_bad_coverage_between_good_ones_is_no_collapse() -> None:
    coverage = replaced(GOOD_COVERAGE, {6: 0.01, 8: 0.01, 10: 0.01})
    verdict = judged(run_rows(**{NAMES.coverage: coverage}))
    assert verdict is not None
    assert verdict.name == "stable"


def test_no_coverage_at_the_first_evaluations_is_no_collapse() -> None:
    coverage = [0.0] * 6 + [0.01, 0.05, 0.15, 0.3, 0.4, 0.5, 0.5]
    verdict = judged(run_rows(**{NAMES.coverage: coverage}))
    assert verdict is not None
    assert verdict.name == "stable"


def test_coverage_of_the_untrained_generator_is_not_coverage_once_had() -> None:
    coverage = [0.9, 0.0, 0.0, 0.0, *GOOD_COVERAGE[4:]]
    verdict = judged(run_rows(**{NAMES.coverage: coverage}))
    assert verdict is not None
    assert verdict.name == "stable"


def test_coverage_is_judged_relative_to_real_images() -> None:
    coverage = replaced(GOOD_COVERAGE, {8: 0.06, 9: 0.06})
    rows = run_rows(**{NAMES.coverage: coverage})
    relative = judged(rows, baseline={**BASELINE, NAMES.coverage: 0.5})
    absolute = judged(rows, baseline={**BASELINE, NAMES.coverage: 0.7})
    assert relative is not None
    assert relative.name == "stable"
    assert absolute is not None
    assert absolute.name == "collapsed"


@pytest.mark.parametrize("real", [None, 0.0, math.nan])
def test_coverage_without_a_real_baseline_is_not_judged(real: float | None) -> None:
    rows = run_rows(**{NAMES.coverage: replaced(GOOD_COVERAGE, {8: 0.0, 9: 0.0})})
    baseline = {} if real is None else {NAMES.coverage: real}
    verdict = judged(rows, baseline=baseline)
    assert verdict is not None
    assert verdict.name == "stable"


def test_a_generator_that_paints_one_image_is_collapsed_after_the_grace() -> None:
    low = {"signal_diversity": [0.01] * 13, NAMES.coverage: [0.0] * 13}
    told = first_told(run_rows([0.0] * 13, **low))
    assert told is not None
    count, verdict = told
    assert (verdict.name, verdict.onset_images) == ("collapsed", 9 * EVERY)
    assert count == 11
    assert verdict.evidence == (
        "generated images differed from each other by .01 and .01 of what real images do "
        "at 144 kimg and 160 kimg, limit .1"
    )


def test_diversity_that_was_had_and_lost_is_collapsed_at_once() -> None:
    told = first_told(run_rows(signal_diversity=[0.01, 0.05, 0.6, 0.6, *[0.04] * 9]))
    assert told is not None
    count, verdict = told
    assert (verdict.name, verdict.onset_images) == ("collapsed", 4 * EVERY)
    assert count == 6


def test_low_diversity_within_the_grace_is_no_collapse() -> None:
    verdict = judged(run_rows(signal_diversity=[0.01] * 8 + [0.5] * 5))
    assert verdict is not None
    assert verdict.name == "stable"


def test_one_window_of_low_diversity_is_no_collapse() -> None:
    verdict = judged(run_rows(signal_diversity=[0.01, *[0.5, 0.5, 0.01] * 4]))
    assert verdict is not None
    assert verdict.name == "stable"


# Degraded.


def test_a_lasting_drawdown_is_degraded_from_its_first_row() -> None:
    told = first_told(run_rows(replaced(HEALTHY, {10: 0.5, 11: 0.45, 12: 0.4})))
    assert told is not None
    count, verdict = told
    assert count == 12
    assert (verdict.name, verdict.onset_images) == ("degraded", 10 * EVERY)
    assert verdict.evidence == (
        "quality fell from its best .77 at 144 kimg to .5 and .45 at 160 kimg and 176 kimg, "
        "more than .2 below"
    )


WOBBLING = [0.0, 0.5, 0.53, 0.4, 0.66, 0.7, 0.82, 0.61, 0.43, 0.86, 0.88, 0.9, 0.92]


def test_a_run_that_wobbles_must_fall_further_to_be_degraded() -> None:
    """Its usual bend is .19: a fall of .21, then .39, is one and two of those."""
    lost = [*WOBBLING[:8], 0.3, 0.2, 0.2, 0.2, 0.2]
    steady = [0.0, 0.5, 0.6, 0.66, 0.72, 0.78, 0.82, *WOBBLING[7:]]
    verdicts = [judged(run_rows(quality)) for quality in (WOBBLING, lost, steady)]
    names = [verdict.name for verdict in verdicts if verdict is not None]
    assert names == ["stable", "degraded", "degraded"]


def test_a_drawdown_within_the_limit_is_not_degraded() -> None:
    verdict = judged(run_rows([*HEALTHY[:7], *[0.47] * 5, 0.6]))
    assert verdict is not None
    assert verdict.name == "stable"


def test_a_single_bad_evaluation_between_good_ones_is_not_degraded() -> None:
    verdict = judged(run_rows(replaced(HEALTHY, {5: 0.1})))
    assert verdict is not None
    assert verdict.name == "stable"


def test_noisy_but_improving_is_stable() -> None:
    noise = [0.0, 0.08, -0.08, 0.09, -0.1, 0.08, -0.09, 0.1, -0.1, 0.05, -0.08, 0.08, -0.02]
    verdict = judged(run_rows([u + e for u, e in zip(HEALTHY, noise, strict=True)]))
    assert verdict is not None
    assert verdict.name == "stable"


def test_a_slow_start_is_stable() -> None:
    slow = [0.0] * 7 + [0.05, 0.2, 0.35, 0.5, 0.55, 0.6]
    late = {NAMES.coverage: [0.0] * 8 + [0.02, 0.1, 0.3, 0.4, 0.5]}
    verdict = judged(run_rows(slow, **late))
    assert verdict is not None
    assert verdict.name == "stable"


# Precedence and later additions.


def test_at_one_row_the_nearer_to_the_cause_names_the_failure() -> None:
    fallen = replaced(HEALTHY, {8: 0.1, 9: 0.1})
    lost = {NAMES.coverage: replaced(GOOD_COVERAGE, {8: 0.0, 9: 0.0})}
    both = run_rows(fallen, **lost)[:10]
    verdict = judged(both)
    assert verdict is not None
    assert verdict.name == "collapsed"
    both[9]["signal_non_finite"] = 1
    verdict = judged(both)
    assert verdict is not None
    assert verdict.name == "diverged"


def test_the_earlier_row_names_the_failure_whatever_its_precedence() -> None:
    rows = run_rows(replaced(HEALTHY, {8: 0.1, 9: 0.1}))
    rows[10]["signal_non_finite"] = 1
    verdict = judged(rows)
    assert verdict is not None
    assert (verdict.name, verdict.onset_images) == ("degraded", 8 * EVERY)


def test_a_rule_added_to_the_rules_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"oscillating": RULES["degraded"], "stalled": RULES["stalled"]}
    monkeypatch.setattr("lab.stability.rules.RULES", changed)
    verdict = judged(run_rows(replaced(HEALTHY, {8: 0.1, 9: 0.1})))
    assert verdict is not None
    assert verdict.name == "oscillating"


def test_every_rule_is_a_failure_of_the_record_and_says_what_it_reads() -> None:
    assert set(RULES) == set(READS)
    assert set(RULES) <= set(FAILURES)


def test_a_rule_whose_columns_are_absent_is_silent_and_stable_says_so() -> None:
    rows = run_rows()
    for row in rows:
        del row[NAMES.coverage], row["signal_diversity"]
    missing = (NAMES.coverage, NAMES.rke, NAMES.duplicates, "signal_diversity")
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"
    told = f"collapsed could not be judged without {', '.join(missing)}"
    assert verdict.evidence.endswith(f"; {told}")
    assert told in verdict.not_judged
    history = make_history(
        rows, names=NAMES, baseline={}, budget_images=BUDGET, settings=StabilityConfig()
    )
    assert silent_rules(history) == {"collapsed": missing}


def test_numbers_of_a_sentence_are_short() -> None:
    assert [brief(x) for x in (0.714, 0.0042, -0.25, 1.0, 8.44, 623.4, 1.23e9, 0.0)] == [
        ".71",
        ".0042",
        "-.25",
        "1",
        "8.4",
        "623",
        "1.2e+09",
        "0",
    ]
    assert [kimg(x) for x in (0, 70_464, 96_000, 25_000_000)] == [
        "0 kimg",
        "70.46 kimg",
        "96 kimg",
        "25000 kimg",
    ]
