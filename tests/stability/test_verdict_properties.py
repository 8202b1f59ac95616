"""Properties of `judge` over arbitrary rows: it never raises, and it stays online."""

import itertools
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lab.record import FAILURES
from tests.stability.rows import BASELINE, BUDGET, EVERY, NAMES, judged

# Few values near the thresholds, so that rules do fire, and everything a damaged row may hold.
shares = st.sampled_from([0.0, 0.02, 0.05, 0.3, 0.6, 0.9])
norms = st.sampled_from([1e-6, 1.0, 2.0, 500.0, 1e6])
damaged = st.one_of(
    st.floats(), st.integers(), st.none(), st.text(max_size=3), st.just([1.0]), st.booleans()
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "quality": shares,
    NAMES.coverage: shares,
    NAMES.kernel: st.sampled_from([0.1, 0.2, math.nan]),
    NAMES.precision: shares,
    NAMES.duplicates: shares,
    NAMES.rke: st.sampled_from([1.0, 2.0, 5.0, 20.0]),
    NAMES.ct: st.sampled_from([-30.0, 0.0, 30.0]),
    NAMES.authenticity: shares,
    "signal_diversity": shares,
    "signal_critic_loss": st.sampled_from([0.0, 1e-4, 0.7, 9.0]),
    "signal_critic_accuracy": shares,
    "signal_logit_real": st.sampled_from([0.0, 1.0]),
    "signal_logit_heldout": st.sampled_from([-1.0, 0.0, 1.0]),
    "signal_logit_fake": st.sampled_from([-1.0, 0.0]),
    "signal_r_t": shares,
    "signal_generator_grad_norm": norms,
    "signal_critic_grad_norm": norms,
    "signal_non_finite": st.sampled_from([0] * 20 + [1]),
    "signal_first_non_finite_images": st.integers(0, BUDGET),
}
plausible_rows = st.lists(st.fixed_dictionaries({}, optional=LIKELY), max_size=16).map(
    lambda rows: [{"images_seen": i * EVERY, **row} for i, row in enumerate(rows)]
)
any_rows = st.lists(
    st.dictionaries(
        st.sampled_from(["images_seen", NAMES.frechet, NAMES.kernel_error, *LIKELY]),
        st.one_of(damaged, shares, st.integers(0, BUDGET)),
    ),
    max_size=12,
)
baselines = st.one_of(
    st.just(BASELINE | {NAMES.authenticity: 0.6}),
    st.dictionaries(st.sampled_from([NAMES.coverage, NAMES.authenticity]), st.floats()),
)


@given(st.one_of(any_rows, plausible_rows), baselines, st.integers(1, 10**9))
def test_judge_never_raises_and_dates_what_it_names(
    rows: list[dict[str, Any]], baseline: dict[str, float], budget: int
) -> None:
    verdict = judged(rows, baseline=baseline, budget_images=budget)
    if verdict is None:
        return
    assert verdict.evidence
    assert "\n" not in verdict.evidence
    assert (verdict.onset_images is None) == (verdict.name == "stable")
    assert verdict.onset_images is None or verdict.onset_images >= 0
    assert verdict.confidence is not None
    assert 1 / 9 <= verdict.confidence <= 1


@given(st.one_of(any_rows, plausible_rows))
def test_later_rows_never_change_a_verdict(rows: list[dict[str, Any]]) -> None:
    baseline = BASELINE | {NAMES.authenticity: 0.6}
    verdicts = [judged(rows[:count], baseline=baseline) for count in range(len(rows) + 1)]
    for earlier, later in itertools.pairwise(verdicts):
        assert earlier is None or earlier == later


@given(plausible_rows)
def test_before_the_budget_only_failures_are_named(rows: list[dict[str, Any]]) -> None:
    verdict = judged(rows)
    if len(rows) <= 12:
        assert verdict is None or (verdict.name in FAILURES and verdict.name != "stalled")
    else:
        assert verdict is not None


@given(plausible_rows, st.data())
def test_a_repeated_row_changes_no_verdict(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    times = data.draw(st.lists(st.integers(1, 3), min_size=len(rows), max_size=len(rows)))
    repeated = [row for row, count in zip(rows, times, strict=True) for _ in range(count)]
    assert judged(repeated) == judged(rows)
