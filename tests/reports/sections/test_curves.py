"""Facts about the curves, their interquartile mean, density, ends, and the strip beneath."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.kit.value_ranges import Range
from reports.sections.curves import curves as drawing
from reports.sections.curves.curves import curve_blocks, curve_rows, summaries_of
from reports.sections.curves.fates import ALIVE, UNSEEN, fate_rows
from reports.sections.curves.summaries import NUM_LEVELS, Summariser, Summary, slots_of
from reports.sections.curves.traces import end_rows
from tests.made_up.tiny import Run, tiny_study

STEPS = [(0, 0.0), (50, 0.4), (100, 0.8)]


def _summary(runs: list[Run], metric: str, folder: Path, baseline: float = np.nan) -> Summary:
    study = tiny_study(folder, runs)
    rows = curve_rows(study)
    slots = slots_of(rows["images"].to_numpy(), study.evaluations.run)
    baselines = {metric: baseline}
    (summary,) = summaries_of(rows, slots, [metric], study.evaluations.column, baselines)
    return summary


def _panel(folder: Path, runs: list[Run]) -> Panel:
    (panel,) = curve_blocks(tiny_study(folder, runs))
    assert isinstance(panel, Panel)
    return panel


def _trace(panel: Panel, role: str, outcome: str | None = None) -> Any:
    return next(
        trace
        for trace in panel.figure.data
        if (trace.meta or {}).get("role") == role
        and (outcome is None or trace.meta["outcome"] == outcome)
    )


def test_rows_are_alive_until_the_failure_and_stalled_runs_to_the_end(tmp_path: Path) -> None:
    runs = [Run(), Run("diverged", 50), Run("stalled", 100)]
    rows = curve_rows(tiny_study(tmp_path, runs))
    alive = rows.groupby("run")["alive"].agg(list)
    assert alive.tolist() == [[True] * 3, [True, False, False], [True] * 3]


def test_only_explore_runs_that_no_optimizer_chose_are_unbiased(tmp_path: Path) -> None:
    runs = [Run(), Run(origin="tpe"), Run(stage="confirm", trial=0, seed=9)]
    rows = curve_rows(tiny_study(tmp_path, runs)).drop_duplicates("run")
    assert rows.set_index(["trial"])["unbiased"].groupby("trial").sum().to_dict() == {0: 1, 1: 0}


def test_evaluations_of_different_batch_sizes_share_their_slots() -> None:
    images = np.array([0, 3008, 6016, 24000, 0, 3072, 6016, 24000], dtype=float)
    slots = slots_of(images, np.repeat([0, 1], 4))
    assert slots.of.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert slots.images.tolist() == [0, 3040, 6016, 24000]


def test_a_slot_is_between_half_way_to_its_neighbours() -> None:
    slots = slots_of(np.array([0.0, 10.0, 20.0]), np.zeros(3, dtype=np.int64))
    assert slots.edges().tolist() == [-5, 5, 15, 25]


def test_the_mean_quality_counts_failures_as_zero(tmp_path: Path) -> None:
    """Sorted at the end: 0, 0.6, 0.8, 0.8, 1.0; one is cut at either end."""
    ends = [0.6, 0.8, 0.8, 1.0]
    runs = [Run(rows=[(0, 0.0), (50, 0.4), (100, end)]) for end in ends]
    runs.append(Run("diverged", 50, rows=[(0, 0.0), (50, 0.3)]))
    summary = _summary(runs, "quality", tmp_path)
    assert summary.middle.tolist() == pytest.approx([0, 0.4, (0.6 + 0.8 + 0.8) / 3])
    assert summary.num_runs.tolist() == [5, 5, 5]


def test_the_mean_of_another_metric_is_over_the_runs_alive(tmp_path: Path) -> None:
    runs = [Run(columns={"fd": [9, 5, value]}) for value in (1, 2, 3, 6)]
    runs.append(Run("diverged", 50, columns={"fd": [9, 1e9, None]}))
    summary = _summary(runs, "fd", tmp_path)
    assert summary.num_runs.tolist() == [5, 4, 4]
    assert summary.middle.tolist() == pytest.approx([9, 5, 2.5])


def test_the_optimizers_runs_are_not_in_the_mean(tmp_path: Path) -> None:
    runs = [Run() for _ in range(4)] + [Run(origin="tpe", rows=[(0, 1.0), (100, 1.0)])]
    assert _summary(runs, "quality", tmp_path).num_runs.max() == 4


def test_with_three_runs_there_is_no_interquartile_mean(tmp_path: Path) -> None:
    summary = _summary([Run() for _ in range(3)], "quality", tmp_path)
    assert np.isnan(summary.middle).all()


def test_the_density_counts_every_row_before_a_failure_once(tmp_path: Path) -> None:
    runs = [Run(rows=STEPS) for _ in range(3)] + [Run("diverged", 50, rows=[(0, 0.0), (50, 0.9)])]
    density = _summary(runs, "quality", tmp_path).density
    assert density.shape == (NUM_LEVELS, 3)
    assert density.sum(axis=0).tolist() == [4, 3, 3]
    assert density[0, 0] == 4
    assert density[int(0.4 * NUM_LEVELS), 1] == 3


def test_points_outside_and_points_that_are_no_number_are_counted(tmp_path: Path) -> None:
    columns: list[tuple[str, float | None, list[Any]]] = [
        ("stable", None, [3.0, 2.0, 1.0]),
        ("diverged", 50, [3.0, 9e9, np.nan]),
        ("diverged", 50, [3.0, np.inf, None]),
    ]
    runs = [
        Run(
            verdict, onset, rows=STEPS[: 3 if values[2] is not None else 2], columns={"fd": values}
        )
        for verdict, onset, values in columns
    ]
    left_out = _summary(runs, "fd", tmp_path).left_out
    assert left_out == (
        "Not drawn: 1 point of 1 run outside the axis; 2 points of 2 runs not a finite number."
    )


def test_a_signal_that_begins_after_the_start_is_not_counted_as_missing(tmp_path: Path) -> None:
    runs = [Run(columns={"signal_r": [None, 0.5, 0.6]})]
    assert _summary(runs, "signal_r", tmp_path).left_out == "Every point is inside the axis."


def test_real_images_are_inside_the_axis(tmp_path: Path) -> None:
    summary = _summary([Run(columns={"fd": [9, 5, 4]})], "fd", tmp_path, baseline=1.0)
    assert summary.value_range.low == 1.0


def test_a_run_ends_at_its_failure_with_its_last_finite_value_inside_the_axis() -> None:
    rows = pd.DataFrame({
        "run": [0, 0, 0, 1, 1, 2], "images": [0, 50, 100, 0, 50, 0],
        "onset": [50, 50, 50, np.nan, np.nan, 0],
    })  # fmt: skip
    values = np.array([1.0, np.inf, 2.0, 1.0, 9.0, np.nan])
    ends = end_rows(rows, values, Range(0.0, 4.0, False))
    assert ends["images"].tolist() == [50, 50, 0]
    assert ends["value"].tolist() == [1.0, 4.0, 4.0]


def test_runs_of_one_outcome_share_a_trace_with_a_gap_between(tmp_path: Path) -> None:
    runs = [
        Run(rows=[(0, 0.1), (100, 0.8)]),
        Run("stalled", 100),
        Run(rows=[(0, 0.2), (100, 0.9)]),
    ]
    lines = _trace(_panel(tmp_path, runs), "lines", "stable")
    assert list(lines.x) == [0, 100, None, 0, 100]
    assert list(lines.y) == [0.1, 0.8, None, 0.2, 0.9]
    assert list(lines.customdata) == [0, 0, None, 2, 2]


def test_stable_runs_have_no_mark_and_pruned_ones_do(tmp_path: Path) -> None:
    pruned = Run(None, status="pruned", rows=[(0, 0.0), (50, 0.1)])
    panel = _panel(tmp_path, [Run(), pruned])
    ends = [trace for trace in panel.figure.data if (trace.meta or {}).get("role") == "ends"]
    assert [(t.meta["outcome"], list(t.x), list(t.y)) for t in ends] == [("pruned", [50], [0.1])]


def test_the_picker_holds_every_metric_and_embeds_only_the_first(tmp_path: Path) -> None:
    runs = [Run(columns={"fd": [9, 5, 4], "signal_r": [None, 1, 2]}) for _ in range(4)]
    panel = _panel(tmp_path, runs)
    assert list(panel.pickers[0].options) == ["quality", "fd", "signal_r"]
    assert not any(option.restyle for option in panel.pickers[0].options.values())
    assert panel.extra["metrics"]["fd"]["middle"] == [9, 5, 4]
    assert panel.table is not None
    assert set(panel.table["Metric"]) == {"quality", "fd", "signal_r"}


def test_many_runs_are_drawn_as_a_density(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_large", lambda study: True)
    panel = _panel(tmp_path, [Run() for _ in range(5)])
    density = _trace(panel, "density")
    assert np.nansum(10 ** np.array(density.z, dtype=float)) == pytest.approx(15, rel=1e-3)
    assert not any((trace.meta or {}).get("role") == "lines" for trace in panel.figure.data)
    assert sum(map(sum, panel.extra["metrics"]["quality"]["density"])) == 15


def test_fates_add_up_to_all_runs_and_the_stalled_are_alive(tmp_path: Path) -> None:
    runs = [
        Run(), Run("stalled", 100), Run("diverged", 50),
        Run(None, status="pruned", rows=[(0, 0.0), (50, 0.1)]),
        Run(None, status="running", rows=[(0, 0.0), (50, 0.1)]),
    ]  # fmt: skip
    rows = fate_rows(tiny_study(tmp_path, runs))
    assert set(rows.drop(columns="images").sum(axis=1)) == {5}
    last = rows.iloc[-1]
    assert (last[ALIVE], last["diverged"], last["pruned"], last[UNSEEN]) == (2, 1, 1, 1)
    half = rows[rows["images"] == 50].iloc[0]
    assert (half[ALIVE], half["diverged"], half["pruned"], half[UNSEEN]) == (3, 1, 1, 0)


def test_without_an_evaluation_a_sentence_replaces_the_figure(tmp_path: Path) -> None:
    (block,) = curve_blocks(tiny_study(tmp_path, [Run(None, status="running", rows=[])]))
    assert isinstance(block, Missing)


def test_what_summaries_share_does_not_mix_metrics(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, [Run(columns={"fd": [9, 5, 4]}) for _ in range(4)])
    rows = curve_rows(study)
    slots = slots_of(rows["images"].to_numpy(), study.evaluations.run)
    summariser = Summariser(rows, slots)
    column = study.evaluations.column

    def middle(name: str) -> NDArray[np.float64]:
        return summariser.summary(name, column(name)).middle

    first = middle("fd")
    middle("quality")
    assert middle("fd").tolist() == first.tolist() == [9, 5, 4]
