"""Facts about diverged runs: values that are not finite, and gradients that exploded."""

import math

import pytest

from tests.stability.rows import EVERY, HEALTHY, NAMES, first_told, judged, run_rows, verdict_of


def test_a_non_finite_value_is_diverged_at_once_and_dated_by_its_signal() -> None:
    rows = run_rows()
    rows[5] |= {"signal_non_finite": 3, "signal_first_non_finite_images": 70_464}
    told = first_told(rows)
    assert told is not None
    count, verdict = told
    assert count == 6
    assert (verdict.name, verdict.onset_images) == ("diverged", 70_464)
    assert verdict.evidence == (
        "a loss, logit or gradient was not finite in 3 steps up to 80 kimg, first at 70.46 kimg"
    )


@pytest.mark.parametrize("date", [None, math.nan, -1, 10**9])
def test_a_non_finite_value_without_a_good_date_is_dated_by_its_row(date: float | None) -> None:
    rows = run_rows()
    rows[5] |= {"signal_non_finite": 1, "signal_first_non_finite_images": date}
    verdict = judged(rows)
    assert verdict is not None
    assert (verdict.name, verdict.onset_images) == ("diverged", 5 * EVERY)


def test_images_that_could_not_be_made_are_diverged() -> None:
    rows = run_rows()
    rows[7] |= dict.fromkeys(NAMES.model_dump().values(), math.nan) | {"quality": 0.0}
    told = first_told(rows)
    assert told is not None
    count, verdict = told
    assert count == 8
    assert (verdict.name, verdict.onset_images) == ("diverged", 7 * EVERY)


def test_one_metric_that_could_not_be_computed_is_no_divergence() -> None:
    rows = run_rows()
    for row in rows:
        row[NAMES.frechet] = math.nan
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


def test_an_error_bar_that_could_not_be_computed_is_no_divergence() -> None:
    rows = run_rows()
    for row in rows:
        del row[NAMES.kernel], row[NAMES.coverage]
        row[NAMES.kernel_error] = math.nan
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


def test_an_infinite_loss_is_diverged_even_uncounted() -> None:
    rows = run_rows()
    rows[4]["signal_critic_loss"] = math.inf
    verdict = judged(rows)
    assert verdict is not None
    assert (verdict.name, verdict.onset_images) == ("diverged", 4 * EVERY)


def test_a_mean_signal_of_an_empty_window_is_no_divergence() -> None:
    rows = run_rows()
    rows[0] |= {"signal_generator_loss": math.nan, "signal_critic_grad_norm": math.nan}
    verdict = judged(rows)
    assert verdict is not None
    assert verdict.name == "stable"


@pytest.mark.parametrize("player", ["generator", "critic"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_sustained_gradient_explosion_is_diverged_at_any_scale(
    player: str, scale: float
) -> None:
    norms = [None, *[1.0 * scale, 1.2 * scale] * 3, *[500 * scale] * 6]
    falling = [*HEALTHY[:7], *[0.6] * 6]
    told = first_told(run_rows(falling, **{f"signal_{player}_grad_norm": norms}))
    assert told is not None
    count, verdict = told
    assert count == 9
    assert (verdict.name, verdict.onset_images) == ("diverged", 7 * EVERY)
    assert player in verdict.evidence


def test_one_window_of_large_gradients_is_no_explosion() -> None:
    norms = [None, *[1.0] * 6, 900.0, *[1.0] * 5]
    quality = [*HEALTHY[:7], *[0.6] * 6]
    verdict = judged(run_rows(quality, signal_critic_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


def test_gradients_that_grow_while_quality_reaches_new_bests_are_no_explosion() -> None:
    norms = [None, *[1.0] * 6, *[900.0] * 6]
    verdict = judged(run_rows(signal_critic_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


def test_gradient_norms_that_grow_twentyfold_slowly_are_no_explosion() -> None:
    norms = [None, *[20 ** (i / 11) for i in range(12)]]
    quality = [*HEALTHY[:7], *[0.65] * 6]
    verdict = judged(run_rows(quality, signal_critic_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


@pytest.mark.parametrize("num_tiny", [1, 2, 3])
def test_tiny_gradients_at_the_start_make_no_later_explosion(num_tiny: int) -> None:
    norms = [None, *[1e-6] * num_tiny, *[1.0] * (12 - num_tiny)]
    slow = [0.0] * 6 + [0.1, 0.1, 0.3, 0.3, 0.6, 0.6, 0.6]
    quiet = {NAMES.coverage: [0.0] * 13, "signal_generator_grad_norm": norms}
    verdict = judged(run_rows(slow, **quiet))
    assert verdict is not None
    assert verdict.name == "stable"


def test_a_frozen_player_without_gradients_is_no_explosion() -> None:
    norms = [None, *[0.0] * 8, *[1.0] * 4]
    verdict = judged(run_rows([0.6] * 13, signal_generator_grad_norm=norms))
    assert verdict is not None
    assert verdict.name == "stable"


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
    assert "gradient norm was 2e+08 and 4e+08 at 32 kimg and 48 kimg, above the limit 10000" in (
        verdict.evidence
    )


def test_large_gradients_while_quality_improves_are_no_explosion() -> None:
    rows = run_rows(signal_critic_grad_norm=[None, *[3e4] * 12])
    assert verdict_of(judged(rows)).name == "stable"
