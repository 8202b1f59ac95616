import pandas as pd
import pytest

from lab.record import StudyRecord
from reports.comparisons import (
    _comparison,
    comparison_rows,
    comparisons_of,
    difference,
    outcome_rows,
)
from reports.tables import Parameter

NORM = "network.critic_norm"


def test_a_difference_has_newcombes_published_interval() -> None:
    """Newcombe 1998, Table II, example (a), method 10: 56/70 against 48/80."""
    low, high = difference((56, 70), (48, 80))
    assert (low, high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_levels_count_stable_of_total_with_wilsons_bounds() -> None:
    rows = pd.DataFrame(
        {
            "outcome": ["stable"] * 5 + ["diverged", "stable"],
            NORM: ["spectral"] * 5 + ["none", None],
        }
    )
    table = comparison_rows(rows, NORM)
    assert table[["level", "stable", "total"]].values.tolist() == [
        ["none", 0, 1],
        ["spectral", 5, 5],
    ]
    assert table["low"].tolist() == pytest.approx([0.0, 0.566], abs=1e-3)


def test_a_rate_is_cut_into_thirds_of_its_logarithmic_range() -> None:
    rate = Parameter("optimizer.critic_lr", "float", 1e-5, 1e-2, True)
    rows = pd.DataFrame({"outcome": ["stable"] * 4, rate.path: [2e-5, 9e-5, 5e-4, 5e-3]})
    table = comparison_rows(rows, rate.path, rate)
    assert dict(zip(table["level"], table["total"], strict=True)) == {
        "below 1e-4": 2,
        "1e-4 to 1e-3": 1,
        "above 1e-3": 1,
    }


def test_choices_are_compared_over_runs_that_no_optimiser_chose(large_study: StudyRecord) -> None:
    rows = outcome_rows(large_study)
    unchosen = int(rows["unbiased"].sum())
    for comparison in comparisons_of(large_study):
        assert comparison.table["total"].sum() == unchosen < len(rows)


def test_a_planted_effect_is_claimed_and_few_runs_claim_nothing(
    study: StudyRecord, large_study: StudyRecord
) -> None:
    shown = {comparison.path for comparison in comparisons_of(large_study) if comparison.shown}
    assert NORM in shown
    assert "loss" not in shown
    assert not any(comparison.shown for comparison in comparisons_of(study))


def test_two_lucky_runs_claim_no_difference() -> None:
    def claimed(num_lucky: int) -> bool:
        table = pd.DataFrame(
            [("high", num_lucky, num_lucky, 0.0, 1.0), ("low", 0, 8, 0.0, 1.0)],
            columns=["level", "stable", "total", "low", "high"],
        )
        return _comparison(NORM, table).shown

    assert not claimed(2)
    assert claimed(5)
