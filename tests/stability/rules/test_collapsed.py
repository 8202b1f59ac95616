"""Facts about collapsed runs: coverage, modes and diversity that were lost."""

import math

import pytest

from lab.stability.verdict import Verdict
from tests.stability.rows import (
    BASELINE,
    EVERY,
    HEALTHY,
    NAMES,
    first_told,
    judged,
    replaced,
    run_rows,
    verdict_of,
)

GOOD_COVERAGE = [0.8 * u for u in HEALTHY]


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


def test_a_generator_that_makes_one_image_is_collapsed_after_the_grace() -> None:
    low = {"signal_diversity": [0.01] * 13, NAMES.coverage: [0.0] * 13}
    told = first_told(run_rows([0.0] * 13, **low))
    assert told is not None
    count, verdict = told
    assert (verdict.name, verdict.onset_images) == ("collapsed", 9 * EVERY)
    assert count == 11
    assert verdict.evidence == (
        "the diversity of generated images was .01 and .01 of that of real images at "
        "144 kimg and 160 kimg, limit .1"
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
        "the mode count fell from 20 at 16 kimg to 8 and 8 at 96 kimg and 112 kimg, and coverage "
        "to .44 of its best, while precision held"
    )
