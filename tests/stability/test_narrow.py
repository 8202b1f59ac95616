"""Facts about narrow runs: samples that look real, of a part of the data alone."""

from __future__ import annotations

from typing import Any

from lab.config import StabilityConfig
from lab.record import class_share
from lab.stability.verdict import Verdict, judge
from tests.stability.rows import BASELINE, BUDGET, HEALTHY, NAMES, SCALE, run_rows, verdict_of

REAL = (
    BASELINE
    | {NAMES.precision: 0.95, NAMES.recall: 0.95}
    | {class_share(i): 0.1 for i in range(10)}
)
EVEN = {class_share(i): [0.1] * 13 for i in range(10)}
WIDE = {NAMES.precision: [0.9] * 13, NAMES.coverage: [0.8] * 13, NAMES.recall: [0.8] * 13}


def judged(columns: dict[str, Any], num_samples: int = 2_000) -> Verdict:
    return verdict_of(
        judge(
            run_rows(**columns),
            names=NAMES,
            baseline=REAL,
            budget_images=BUDGET,
            settings=StabilityConfig(),
            num_samples=num_samples,
            scale=SCALE,
        )
    )


def test_all_classes_at_full_coverage_are_not_narrow() -> None:
    assert judged(WIDE | EVEN).name == "stable"


def test_a_class_that_was_never_painted_is_a_collapse_at_the_budget() -> None:
    verdict = judged(WIDE | EVEN | {class_share(3): [0.004] * 13})
    assert (verdict.name, verdict.onset_images) == ("collapsed", BUDGET)
    assert verdict.evidence.startswith(
        "never had: 1 of 10 classes (class 3: at most .004 of samples, of real images at least "
        ".1) at 192 kimg, while samples look real (precision .9)"
    )


def test_a_class_that_came_back_at_the_end_is_not_missing() -> None:
    assert judged(WIDE | EVEN | {class_share(3): [*[0.004] * 12, 0.06]}).name == "stable"


def test_few_samples_do_not_show_that_a_class_is_missing() -> None:
    missing = WIDE | EVEN | {class_share(3): [0.0] * 13}
    assert judged(missing, num_samples=40).name == "stable"
    assert judged(missing, num_samples=500).name == "collapsed"


def test_low_coverage_of_nearly_real_samples_is_narrow_and_of_blurs_is_not() -> None:
    low = {NAMES.coverage: [0.25] * 13}
    verdict = judged(WIDE | EVEN | low)
    assert verdict.name == "collapsed"
    assert (
        "coverage is .26 of that of real images, where full diversity has .77" in verdict.evidence
    )
    blurred = {NAMES.precision: [0.6] * 13, class_share(3): [0.004] * 13}
    assert judged(WIDE | EVEN | low | blurred).name == "stable"


def test_a_distance_that_rises_as_classes_go_is_a_collapse() -> None:
    quality = [*HEALTHY[:9], *[0.55] * 4]
    lost = {class_share(3): [*[0.1] * 9, *[0.002] * 4]}
    columns = {NAMES.kernel: [SCALE.distance(u) for u in quality], "quality": quality}
    verdict = judged(WIDE | EVEN | lost | columns)
    assert verdict.name == "collapsed"
    assert "while samples lack 1 of 10 classes" in verdict.evidence
    assert judged(WIDE | EVEN | columns).name == "degraded"
