"""Facts about short runs: the budget ended before the improvement did."""

from lab.record import FAILURES, UNBROKEN
from lab.stability.rules.short import _more
from tests.stability.rows import BUDGET, judged, run_rows, verdict_of

RISING = [0.0, 0.05, 0.1, 0.14, 0.18, 0.22, 0.26, 0.29, 0.32, 0.35, 0.38, 0.41, 0.43]


def test_a_run_that_still_improves_is_short_and_needs_more_images() -> None:
    verdict = verdict_of(judged(run_rows(RISING)))
    assert (verdict.name, verdict.onset_images) == ("short", BUDGET)
    assert verdict.evidence == (
        "quality was .43 at 192 kimg, below the target .5 (kid_fashion .027, target .019), but "
        "still improving; give it more images: at its present rate it reaches the target at "
        "about 250 kimg, between 240 kimg and 260 kimg"
    )


def test_a_rate_that_is_hardly_known_gives_the_earliest_time_alone() -> None:
    assert _more(250e3, 240e3, 1e20, far=20e6).endswith("about 250 kimg, 240 kimg at the earliest")
    assert _more(1e20, 240e3, 1e30, far=20e6) == "at its present rate the target is out of reach"


def test_a_run_that_improved_early_alone_is_stalled() -> None:
    flat = [*RISING[:6], *[0.24, 0.23] * 3, 0.23]
    assert verdict_of(judged(run_rows(flat))).name == "stalled"


def test_short_is_no_failure_of_the_game() -> None:
    assert "short" not in FAILURES
    assert "short" in UNBROKEN
