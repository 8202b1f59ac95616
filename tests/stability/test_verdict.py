"""Facts about verdicts: healthy runs, precedence, evidence, confidence, storage."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lab.config import StabilityConfig
from lab.record import RULED, VerdictCard
from lab.record.words import brief, kimg
from lab.stability.confidence import FACTORS, more_sensitive
from lab.stability.history import make_history
from lab.stability.rules import RULES, silent_rules
from lab.stability.verdict import Verdict, stored_verdict
from tests.stability.rows import (
    BASELINE,
    BUDGET,
    EVERY,
    HEALTHY,
    NAMES,
    SCALE,
    first_told,
    judged,
    replaced,
    run_rows,
    verdict_of,
)

GOOD_COVERAGE = [0.8 * u for u in HEALTHY]


# Stable and undecided.


def test_a_healthy_run_is_stable_at_its_budget_only() -> None:
    told = first_told(run_rows())
    assert told is not None
    count, verdict = told
    assert count == 13
    assert (verdict.name, verdict.onset_images, verdict.final) == ("stable", None, True)
    assert verdict.evidence == (
        "quality was .83 (kid_fashion .0034) at 192 kimg, target .5; no failure in 13 evaluations"
    )


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
    assert verdict.name == "short"


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
    changed = replace(RULES["degraded"], name="oscillating")
    monkeypatch.setattr("lab.stability.rules.RULES", {"oscillating": changed})
    verdict = judged(run_rows(replaced(HEALTHY, {8: 0.1, 9: 0.1})))
    assert verdict is not None
    assert verdict.name == "oscillating"


def test_every_verdict_but_stable_has_a_rule_with_columns_in_the_same_order() -> None:
    assert tuple(RULES) == RULED
    assert all(rule.reads(NAMES) for rule in RULES.values())


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
        "x on, while the critic's loss rose 9x and the critic's accuracy went from .6 to 1"
    )


# Confidence.


def test_every_rule_has_limits_that_are_settings() -> None:
    assert all(rule.limits for rule in RULES.values())
    fields = StabilityConfig.model_fields
    assert all(name in fields for rule in RULES.values() for name in rule.limits)


def test_confidence_is_the_share_of_scaled_limits_that_agree() -> None:
    # A rise by 2.6 x from the level of .7, more than what the noise of this history asks for.
    quality = [*HEALTHY[:9], 0.5, 0.5, 0.8, 0.83]
    verdict = verdict_of(judged(run_rows(quality), rise_factor=2.0))
    assert verdict.name == "degraded"
    rose = float(np.diff(SCALE.log_distances([SCALE.distance(u) for u in (0.7, 0.5)]))[0])
    agreeing = sum(math.log(2.0) / factor < rose for factor in FACTORS)
    assert verdict.confidence == agreeing / len(FACTORS) < 1


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


# Storage.


def test_a_stored_verdict_comes_back_whole() -> None:
    rows = run_rows(**{NAMES.ct: [-20.0] * 13})
    verdict = verdict_of(judged(rows, baseline=BASELINE))
    assert verdict.flags
    assert stored_verdict(verdict.stored()) == verdict


def test_a_verdict_of_an_older_record_is_readable() -> None:
    note = {"name": "stable", "onset_images": None, "evidence": "fine", "final": True}
    assert stored_verdict(VerdictCard.model_validate(note)) == Verdict(
        "stable", None, "fine", True
    )
