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
        "quality fell from its best, .77 at 144 kimg, to .5 and .45 at 160 kimg and 176 kimg, "
        "a loss of more than .2"
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
