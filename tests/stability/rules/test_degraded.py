"""Facts about degraded runs: quality that was reached and lost."""

from tests.stability.rows import (
    EVERY,
    HEALTHY,
    NAMES,
    first_told,
    judged,
    replaced,
    run_rows,
    verdict_of,
)


def test_a_lasting_drawdown_is_degraded_from_its_first_row() -> None:
    told = first_told(run_rows(replaced(HEALTHY, {10: 0.5, 11: 0.45, 12: 0.4})))
    assert told is not None
    count, verdict = told
    assert count == 12
    assert (verdict.name, verdict.onset_images) == ("degraded", 10 * EVERY)
    assert verdict.evidence == (
        "kid_fashion rose from its best, .0048 at 144 kimg, to .019 and .024 at 160 kimg and "
        "176 kimg (4.3 and 5.6 x); a rise counts here from 1.5 x on"
    )


def test_a_noisy_run_must_rise_further_to_be_degraded() -> None:
    steady = [0.0, 0.3, 0.5, 0.6, 0.66, 0.68, 0.7, 0.7, 0.7, 0.58, 0.58, 0.58, 0.58]
    noisy = [0.0, 0.3, 0.45, 0.4, 0.6, 0.5, 0.7, 0.75, 0.6, 0.58, 0.58, 0.58, 0.6]
    names = [verdict_of(judged(run_rows(quality))).name for quality in (steady, noisy)]
    assert names == ["degraded", "stable"]


def test_a_rise_below_the_factor_is_not_degraded() -> None:
    quality = [*HEALTHY[:7], *[0.6] * 5, 0.6]
    assert verdict_of(judged(run_rows(quality))).name == "stable"
    assert verdict_of(judged(run_rows(quality), rise_factor=1.1)).name == "stable"


def test_a_rise_at_the_last_evaluation_alone_is_suspected_in_words() -> None:
    verdict = verdict_of(judged(run_rows(replaced(HEALTHY, {12: 0.55}))))
    assert verdict.name == "stable"
    assert "a rise is suspected at the last evaluation alone: kid_fashion was" in verdict.evidence


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
