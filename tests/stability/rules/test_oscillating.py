"""Facts about oscillating runs: quality that swings without a net gain."""

from tests.stability.rows import EVERY, first_told, judged, run_rows, verdict_of

SWINGING = [0.0, 0.3, 0.6, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5]


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
        "kid_fashion swung 4 times by factors of 5.3 to 5.3 between 64 kimg and 128 kimg, with a "
        "net gain of 1 x; the logit gap's autocorrelation was .9; the cosine of successive "
        "generator updates was -.4"
    )


def test_swings_that_rise_are_not_oscillating() -> None:
    rising = [0.0, 0.2, 0.05, 0.35, 0.2, 0.5, 0.35, 0.65, 0.5, 0.8, 0.65, 0.95, 0.8]
    assert verdict_of(judged(run_rows(rising))).name == "stable"


def test_wobble_within_the_limit_is_not_oscillating() -> None:
    wobble = [0.0, 0.3, 0.6, *[0.8, 0.72] * 5]
    assert verdict_of(judged(run_rows(wobble))).name == "stable"
    assert verdict_of(judged(run_rows(wobble), swing_factor=1.3)).name == "oscillating"


def test_one_fall_after_small_swings_is_no_oscillation() -> None:
    quality = [0.0, 0.7, 0.55, 0.7, 0.0, 0.7, *[0.75] * 7]
    assert verdict_of(judged(run_rows(quality))).name == "stable"


def test_swinging_names_are_judged_by_their_first_failure() -> None:
    verdict = verdict_of(judged(run_rows(SWINGING)))
    assert verdict.name == "oscillating"
