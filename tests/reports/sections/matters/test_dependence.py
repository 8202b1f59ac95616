from typing import Any

import pytest

from lab.record import StudyRecord
from reports.kit.panel import Brush, Panel
from reports.sections.matters.dependence import dependence_panel
from reports.sections.matters.marginals import dependence_rows
from tests.made_up.handmade import Run, handmade

SPACE: dict[str, dict[str, Any]] = {
    "loss": {"kind": "categorical", "choices": ["hinge", "wasserstein"]},
    "optimizer.generator.lr": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True},
    "penalty.weight": {"kind": "float", "low": 0.0, "high": 8.0},
}


def _points(num_trials: int) -> list[tuple[str, dict[str, Any]]]:
    """Every other trial has the loss hinge, a low rate, and a weight."""
    return [
        ("sobol", {"loss": "wasserstein", "optimizer.generator.lr": 5e-3})
        if i % 2
        else ("sobol", {"loss": "hinge", "optimizer.generator.lr": 2e-4, "penalty.weight": 1.0})
        for i in range(num_trials)
    ]


def _study(num_trials: int = 16) -> StudyRecord:
    """Hinge is stable with scores of 0.4 and 0.6 in turn; wasserstein diverges at 0.1."""
    runs = [
        Run(i, "diverged", score=0.1) if i % 2 else Run(i, score=0.4 + 0.2 * (i // 2 % 2))
        for i in range(num_trials)
    ]
    return handmade(SPACE, _points(num_trials), runs)


def test_failures_count_in_both_means() -> None:
    rows = dependence_rows(_study()).set_index(["parameter", "bin"])
    hinge, wasserstein = rows.loc[("loss", "hinge")], rows.loc[("loss", "wasserstein")]
    assert (hinge["stable"], hinge["runs"]) == (8, 8)
    assert (wasserstein["stable"], wasserstein["runs"]) == (0, 8)
    assert hinge["score"] == pytest.approx(0.5)
    assert wasserstein["score"] == pytest.approx(0.1)


def test_intervals_are_wilsons_and_students() -> None:
    hinge = dependence_rows(_study()).iloc[0]
    assert (hinge["low"], hinge["high"]) == pytest.approx((0.6756, 1.0), abs=1e-4)
    # Standard error sqrt(8 x 0.01 / 7 / 8) = 0.0378, t(7) = 2.3646.
    assert hinge["score_high"] == pytest.approx(0.5 + 2.3646 * 0.0378, abs=1e-4)


def test_numbers_are_cut_into_equal_parts_of_their_axis() -> None:
    rows = dependence_rows(_study())
    rates = rows[rows["parameter"] == "optimizer.generator.lr"]
    assert rates["bin"].tolist() == ["1e-4 to 1e-3", "1e-3 to 0.01"]
    assert rates["runs"].tolist() == [8, 8]
    assert rates["stable"].tolist() == [8, 0]


def test_a_branch_not_taken_is_in_no_bin() -> None:
    rows = dependence_rows(_study())
    assert rows[rows["parameter"] == "penalty.weight"]["runs"].sum() == 8


def test_only_explore_runs_of_sobol_trials_count() -> None:
    others = [("known:a", {"loss": "hinge"}), ("tpe", {"loss": "hinge"})]
    runs = [Run(i) for i in range(18)] + [Run(0, "diverged", 1, "race")]
    study = handmade(SPACE, [*_points(16), *others], runs)
    rows = dependence_rows(study)
    assert rows[rows["parameter"] == "loss"]["runs"].tolist() == [8, 8]
    assert rows["stable"].equals(rows["runs"])


def test_several_runs_of_a_trial_are_one_score_and_one_observation() -> None:
    study = _study()
    seeds = [Run(0, "diverged", 1, score=0.0), Run(0, "diverged", 2, score=0.2)]
    runs = [Run(i, score=0.5) for i in range(16)]
    hinge = dependence_rows(handmade(SPACE, _points(16), runs + seeds)).iloc[0]
    assert (hinge["runs"], hinge["trials"], hinge["stable"]) == (10, 8, 8)
    assert hinge["score"] == pytest.approx((7 * 0.5 + 0.7 / 3) / 8)
    assert len(study.runs) == 16


def test_a_run_without_a_score_counts_for_stability_alone() -> None:
    runs = [Run(i, score=None if i == 0 else 0.5) for i in range(16)]
    hinge = dependence_rows(handmade(SPACE, _points(16), runs)).iloc[0]
    assert hinge["runs"] == 8
    assert hinge["score"] == pytest.approx(0.5)


def test_too_few_sobol_trials_give_a_sentence() -> None:
    assert dependence_panel(_study(8), []) == (
        "Too few runs: 8 Sobol trials with a verdict; score and stability along each parameter "
        "are drawn for 12 or more."
    )


def test_every_parameter_has_a_small_figure_the_most_important_first() -> None:
    panel = dependence_panel(_study(), ["penalty.weight"])
    assert isinstance(panel, Panel)
    assert panel.brush == {
        "x": Brush("penalty.weight", "linear"),
        "x2": Brush("loss", "slots", ("hinge", "wasserstein")),
        "x3": Brush("optimizer.generator.lr", "log10"),
    }
    titles = [it.text for it in panel.figure.layout.annotations][1:]
    assert titles == [
        "<b>penalty weight</b>", "<b>loss</b>", "<b>generator rate</b>",
        "<b>OBJECTIVE</b>", "<b>OPTIMIZER</b>",
    ]  # fmt: skip
    assert "not what changing that one parameter causes" in panel.note
