from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lab.record import StudyRecord, read_study
from lab.statistics import difference_interval
from reports.sections.findings.findings import difference_shown
from reports.study.comparisons import (
    _unpaired,
    comparisons_of,
    level_counts,
    outcome_rows,
)
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

NORM = "network.critic_norm"


def test_levels_count_the_first_run_of_each_trial_with_wilsons_bounds() -> None:
    rows = pd.DataFrame(
        {
            "trial": [0, 1, 2, 3, 4, 5, 6, 0],
            "seed": [0, 0, 0, 0, 0, 0, 0, 1],
            "outcome": ["stable"] * 5 + ["diverged", "stable", "diverged"],
            NORM: ["spectral"] * 5 + ["none", None, "spectral"],
        }
    )
    table = level_counts(rows, NORM)
    assert table[["level", "stable", "total"]].values.tolist() == [
        ["none", 0, 1],
        ["spectral", 5, 5],
    ]
    assert table["low"].tolist() == pytest.approx([0.0, 0.566], abs=1e-3)


def test_choices_are_compared_over_unbiased_runs(large_study: StudyRecord) -> None:
    rows = outcome_rows(large_study)
    num_unbiased = int(rows["unbiased"].sum())
    for comparison in comparisons_of(large_study):
        assert comparison.table["total"].sum() == num_unbiased < len(rows)


def test_a_planted_effect_is_seen_and_few_runs_claim_nothing(
    study: StudyRecord, large_study: StudyRecord
) -> None:
    comparisons = {comparison.path: comparison for comparison in comparisons_of(large_study)}
    norm = comparisons[NORM]
    assert (norm.best, norm.worst, norm.num_paired) == ("spectral", "none", 0)
    assert norm.interval.low < norm.difference < norm.interval.high
    assert not comparisons["loss"].shown
    assert not any(comparison.shown for comparison in comparisons_of(study))


def test_a_difference_found_by_looking_allows_for_every_pair_of_every_choice() -> None:
    table = pd.DataFrame({"level": ["spectral", "none"], "stable": [40, 24], "total": [60, 60]})
    assert _unpaired(NORM, table, 0.95).interval == difference_interval((40, 60), (24, 60))
    assert _unpaired(NORM, table, 0.95).shown
    assert not _unpaired(NORM, table, 1 - 0.05 / 30).shown


def test_two_lucky_runs_claim_no_difference() -> None:
    def claimed(num_lucky: int) -> bool:
        table = pd.DataFrame(
            [("high", num_lucky, num_lucky, 0.0, 1.0), ("low", 0, 8, 0.0, 1.0)],
            columns=["level", "stable", "total", "low", "high"],
        )
        return _unpaired(NORM, table, 0.95).shown

    assert not claimed(2)
    assert claimed(5)


def test_configurations_equal_but_for_one_choice_are_paired(tmp_path: Path) -> None:
    """24 configurations run with and without spectral norm: 18 stable against 6 of 24."""
    folder = write_study(tmp_path, 0)
    draw = np.random.default_rng(0)
    for number in range(48):
        twin, norm = number // 2, ("spectral", "none")[number % 2]
        parameters = {
            **POINT, "optimizer.generator.lr": 1e-4 * (1 + twin), "network.critic_norm": norm,
        }  # fmt: skip
        write_trial(folder, number, parameters, "sobol")
        holds = twin < 18 if norm == "spectral" else twin < 6
        write_run(
            folder, number, parameters, draw, verdict="stable" if holds else "diverged",
            samples=False,
        )  # fmt: skip
    comparisons = {effect.path: effect for effect in comparisons_of(read_study(folder))}
    norm_effect = comparisons[NORM]
    assert norm_effect.num_paired == 24
    assert norm_effect.difference == pytest.approx(0.5)
    assert (norm_effect.best, norm_effect.worst) == ("spectral", "none")
    # Twelve gains of 1 and twelve of 0: the mean of 24 has a standard error of .102.
    assert norm_effect.interval.low == pytest.approx(0.5 - 1.96 * 0.102, abs=0.03)
    assert "paired over 24 configurations" in difference_shown(norm_effect).claim


def test_nothing_differs_where_there_is_no_effect() -> None:
    """The pair is picked by looking, over three choices of four levels; 5 % may be wrong."""
    draw = np.random.default_rng(7)
    wrong = 0
    for _ in range(400):
        claims = []
        for _ in range(3):
            total = np.bincount(draw.integers(4, size=80), minlength=4)
            table = pd.DataFrame(
                {"level": list("abcd"), "stable": draw.binomial(total, 0.3), "total": total}
            )
            claims.append(_unpaired(NORM, table, 1 - 0.05 / 18).shown)
        wrong += any(claims)
    assert wrong <= 0.05 * 400
