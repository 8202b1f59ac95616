"""Facts about oscillation, early explosions, lost modes, evidence and confidence."""

import pytest

from lab.config import StabilityConfig
from lab.record import VerdictCard
from lab.record.words import brief_beside
from lab.stability.confidence import FACTORS, LIMITS, more_sensitive
from lab.stability.rules import RULES
from lab.stability.verdict import Verdict, stored_verdict
from tests.stability.rows import BASELINE, EVERY, HEALTHY, NAMES, first_told, judged, run_rows

SWINGING = [0.0, 0.3, 0.6, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5]


def verdict_of(verdict: Verdict | None) -> Verdict:
    assert verdict is not None
    return verdict


# Oscillating.


def test_swings_without_gain_are_oscillating_after_two_cycles() -> None:
    told = first_told(
        run_rows(
            [0.0, *[0.8, 0.5] * 6],
            signal_logit_gap_autocorrelation=[0.9] * 13,
            signal_generator_update_cosine=[-0.4] * 13,
        )
    )
    assert told is not None
    count, verdict = told
    assert count == 9
    assert (verdict.name, verdict.onset_images) == ("oscillating", 4 * EVERY)
    assert verdict.evidence == (
        "quality swung 4 times by .3 to .3 between 64 kimg and 128 kimg, with a net gain of 0; "
        "the logit gap's autocorrelation was .9; the cosine of successive generator updates -.4"
    )


def test_swings_that_rise_are_not_oscillating() -> None:
    rising = [0.0, 0.2, 0.05, 0.35, 0.2, 0.5, 0.35, 0.65, 0.5, 0.8, 0.65, 0.95, 0.8]
    assert verdict_of(judged(run_rows(rising))).name == "stable"


def test_wobble_within_the_limit_is_not_oscillating() -> None:
    wobble = [0.0, 0.3, 0.6, *[0.8, 0.72] * 5]
    assert verdict_of(judged(run_rows(wobble))).name == "stable"
    assert verdict_of(judged(run_rows(wobble), oscillation_swing=0.05)).name == "oscillating"


def test_one_fall_after_small_swings_is_no_oscillation() -> None:
    quality = [0.0, 0.7, 0.55, 0.7, 0.0, 0.7, *[0.75] * 7]
    assert verdict_of(judged(run_rows(quality))).name == "stable"


# Diverged from the first windows on.


def test_an_explosion_from_the_first_window_on_is_diverged() -> None:
    rows = run_rows(
        [0.0, 0.2, *[0.1] * 11],
        signal_generator_grad_norm=[None, *[1e8 * 2**i for i in range(12)]],
    )
    told = first_told(rows)
    assert told is not None
    count, verdict = told
    assert count == 4
    assert (verdict.name, verdict.onset_images) == ("diverged", 2 * EVERY)
    assert "gradient norm was 2e+08 and 4e+08 at 32 kimg and 48 kimg, limit 10000" in (
        verdict.evidence
    )


def test_large_gradients_while_quality_improves_are_no_explosion() -> None:
    rows = run_rows(signal_critic_grad_norm=[None, *[3e4] * 12])
    assert verdict_of(judged(rows)).name == "stable"


# Collapsed by lost modes.


def modes_run(precision: float, duplicates: float = 0.9) -> Verdict:
    """Modes and coverage fall to a fifth from row 6 on."""
    columns = {
        NAMES.rke: [*[20.0] * 6, *[4.0] * 7],
        NAMES.coverage: [*[0.9] * 6, *[0.05] * 7],
        NAMES.precision: [*[0.9] * 6, *[precision] * 7],
        NAMES.duplicates: [*[0.1] * 6, *[duplicates] * 7],
    }
    return verdict_of(judged(run_rows([*HEALTHY[:6], *[0.3] * 7], **columns)))


def test_modes_that_are_lost_while_samples_stay_real_are_collapsed() -> None:
    verdict = modes_run(0.9)
    assert (verdict.name, verdict.onset_images) == ("collapsed", 6 * EVERY)


def test_one_bad_image_for_all_codes_is_collapsed() -> None:
    assert modes_run(0.0, duplicates=1.0).name == "collapsed"


def test_samples_that_spoil_but_differ_are_degraded() -> None:
    assert modes_run(0.2, duplicates=0.0).name == "degraded"


def test_samples_that_become_all_alike_are_collapsed_and_not_degraded() -> None:
    alike = {NAMES.duplicates: [*[1.0] * 3, *[0.1] * 3, *[1.0] * 7]}
    verdict = verdict_of(judged(run_rows([*HEALTHY[:6], *[0.1] * 7], **alike)))
    assert (verdict.name, verdict.onset_images) == ("collapsed", 6 * EVERY)
    never = {NAMES.duplicates: [1.0] * 13}
    assert verdict_of(judged(run_rows(**never))).name == "stable"


def test_half_the_modes_lost_is_collapsed_before_coverage_is_gone() -> None:
    columns = {
        NAMES.rke: [*[20.0] * 6, *[8.0] * 7],
        NAMES.coverage: [*[0.9] * 6, *[0.4] * 7],
        NAMES.precision: [0.9] * 13,
    }
    verdict = verdict_of(judged(run_rows(**columns)))
    assert verdict.name == "collapsed"
    assert verdict.evidence == (
        "modes fell from 20 at 16 kimg to 8 and 8 at 96 kimg and 112 kimg, and coverage to .44 "
        "of its best, while samples stayed as precise"
    )


# Evidence.


def test_signals_that_moved_with_a_failure_are_told_the_largest_first() -> None:
    verdict = verdict_of(
        judged(
            run_rows(
                [*HEALTHY[:8], *[0.3] * 5],
                signal_critic_loss=[None, *[1.0] * 7, *[9.0] * 5],
                signal_critic_accuracy=[None, *[0.6] * 7, *[1.0] * 5],
                signal_generator_loss=[None, *[1.0] * 12],
            )
        )
    )
    assert verdict.name == "degraded"
    assert verdict.evidence.endswith(
        "more than .2 below, while the critic's loss rose 9x and the critic's accuracy went from "
        ".6 to 1"
    )


def test_a_jump_of_the_critics_loss_from_nothing_is_told() -> None:
    verdict = verdict_of(
        judged(
            run_rows(
                [*HEALTHY[:8], *[0.3] * 5],
                signal_critic_loss=[None, 2.0, 1.0, 0.5, 0.1, 0.01, 0.001, 0.002, *[3.0] * 5],
            )
        )
    )
    assert "; the critic's loss had fallen to .001 at 96 kimg and jumped to 3" in verdict.evidence


def test_a_stall_tells_of_a_deaf_generator_and_a_sure_critic() -> None:
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
        "; the generator's gradient norm ended at 1e-11 of its first value; "
        "the critic told every image"
    )


# Confidence.


def test_every_rule_has_limits_that_are_settings() -> None:
    assert set(LIMITS) == set(RULES)
    fields = StabilityConfig.model_fields
    assert all(name in fields for limits in LIMITS.values() for name in limits)


def test_confidence_is_the_share_of_scaled_limits_that_agree() -> None:
    # A drawdown of .27 twice: limits .2 / 2^(k/4) below it say degraded, from k = -1 on.
    quality = [*HEALTHY[:9], 0.74 - 0.27, 0.74 - 0.27, 0.8, 0.83]
    verdict = verdict_of(judged(run_rows(quality)))
    assert verdict.name == "degraded"
    agreeing = sum(0.2 / factor < 0.27 for factor in FACTORS)
    assert verdict.confidence == agreeing / len(FACTORS) == 6 / 9


def test_a_clear_case_is_certain() -> None:
    assert verdict_of(judged(run_rows())).confidence == 1.0
    rows = run_rows()
    rows[5]["signal_non_finite"] = 1
    assert verdict_of(judged(rows)).confidence == 1.0


def test_a_shortfall_scales_with_the_target() -> None:
    settings = StabilityConfig(target_quality=0.9)
    assert more_sensitive(settings, "stalled", 2.0).target_quality == pytest.approx(0.95)
    assert more_sensitive(settings, "stable", 0.5).target_quality == pytest.approx(0.8)
    assert more_sensitive(settings, "degraded", 2.0).target_quality == 0.9


def test_swinging_names_are_judged_by_their_first_failure() -> None:
    verdict = verdict_of(judged(run_rows(SWINGING)))
    assert verdict.name == "oscillating"


# Storage.


def test_a_stored_verdict_comes_back_whole() -> None:
    rows = run_rows(**{NAMES.ct: [-20.0] * 13})
    verdict = verdict_of(judged(rows, baseline=BASELINE))
    assert verdict.flags
    assert stored_verdict(verdict.stored()) == verdict


def test_a_verdict_of_an_older_record_is_readable() -> None:
    note = {"name": "stable", "onset_images": None, "evidence": "fine", "final": True}
    card = VerdictCard.model_validate(note)
    assert stored_verdict(card) == Verdict("stable", None, "fine", True)


def test_a_quality_just_below_the_target_does_not_read_as_the_target() -> None:
    assert brief_beside(0.8987, 0.9) == ".899"
    assert brief_beside(0.89996, 0.9) == ".89996"
    assert brief_beside(0.7, 0.9) == ".7"
