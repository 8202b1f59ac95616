"""Facts about deaf runs: good images of any text."""

import pytest

from lab.record.columns import R_PRECISION
from tests.stability.rows import BASELINE, judged, run_rows, verdict_of

REAL = {**BASELINE, R_PRECISION: 0.61}
"""A limit of .07."""


def test_a_good_run_whose_r_precision_stays_near_chance_is_deaf() -> None:
    rows = run_rows(r_precision=[0.01, 0.08, *[0.02] * 11])
    verdict = verdict_of(judged(rows, baseline=REAL))
    assert (verdict.name, verdict.onset_images) == ("deaf", 32_000)
    assert verdict.evidence == (
        "R-precision was .02 at 192 kimg, below .07 from 32 kimg on, where real images have .61 "
        "and chance is .01, while quality reached its target"
    )


@pytest.mark.parametrize(
    "precision",
    [
        [0.01, *[0.02] * 11, 0.2],  # it follows them at the end
        [0.01, *[0.2] * 11, 0.02],  # one low value alone
        [0.01, *[0.2] * 12],
        [None] * 13,
    ],
)
def test_a_run_that_follows_its_texts_is_not(precision: list[float | None]) -> None:
    assert verdict_of(judged(run_rows(r_precision=precision), baseline=REAL)).name == "stable"


def test_a_stable_run_states_how_far_it_follows_its_texts() -> None:
    verdict = verdict_of(judged(run_rows(r_precision=[0.01, *[0.4] * 12]), baseline=REAL))
    assert "; R-precision was .4, that of real images .61; no failure" in verdict.evidence


def test_a_run_that_missed_its_target_is_what_it_is_without_texts() -> None:
    rows = run_rows([0.0, *[0.1, 0.08] * 6], r_precision=[0.01] * 13)
    assert verdict_of(judged(rows, baseline=REAL)).name == "stalled"


def test_an_encoder_that_real_images_defeat_cannot_decide() -> None:
    rows = run_rows(r_precision=[0.01] * 13)
    unable = {**BASELINE, R_PRECISION: 0.05}
    assert verdict_of(judged(rows, baseline=unable)).name == "stable"
    assert verdict_of(judged(rows)).name == "stable"
