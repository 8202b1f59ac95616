from typing import Any

import pytest

from lab.record import StudyRecord
from reports.kit.panel import Panel
from reports.sections.matters.effects import draw_effects, effect_rows, effects_panel
from tests.made_up.handmade import Run, handmade

RATE = {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True}
NORMS = {"kind": "categorical", "choices": ["none", "spectral"]}
SPACE: dict[str, dict[str, Any]] = {"optimizer.generator.lr": RATE, "network.critic_norm": NORMS}


def _study(rows: list[tuple[float, str, str]], origin: str = "sobol") -> StudyRecord:
    """A trial per row: its rate, its norm, and a letter for each seed (s stable, c collapsed)."""
    trials = [
        (origin, {"optimizer.generator.lr": rate, "network.critic_norm": norm})
        for rate, norm, _ in rows
    ]
    configs = [{"network": {"critic_norm": norm}} for _, norm, _ in rows]
    runs = [
        Run(trial, "stable" if letter == "s" else "collapsed", seed)
        for trial, (_, _, letters) in enumerate(rows)
        for seed, letter in enumerate(letters)
    ]
    return handmade(SPACE, trials, runs, configs=configs)


def _paired(num_rates: int) -> StudyRecord:
    """Gains of spectral norm within the rates: 1, 1/2, 1/2, 0, and again."""
    fates = [("cc", "ss"), ("sc", "ss"), ("cc", "sc"), ("ss", "ss")]
    return _study(
        [
            (1e-4 * (i + 1), norm, letters)
            for i in range(num_rates)
            for norm, letters in zip(("none", "spectral"), fates[i % 4], strict=True)
        ]
    )


PAIRED = _paired(12)


def test_levels_are_compared_within_configurations_that_are_equal_in_all_else() -> None:
    (row,) = effect_rows(PAIRED).to_dict("records")
    assert (row["choice"], row["level"], row["against"]) == (
        "network.critic_norm",
        "spectral",
        "none",
    )
    assert row["difference"] == pytest.approx(0.5)
    assert row["paired"] == 12
    assert 0 <= row["low"] < 0.5 < row["high"] <= 1


@pytest.mark.parametrize(("num_rates", "num_paired"), [(9, 0), (10, 10)])
def test_fewer_than_ten_pairs_are_compared_unpaired(num_rates: int, num_paired: int) -> None:
    (row,) = effect_rows(_paired(num_rates)).to_dict("records")
    assert row["paired"] == num_paired


def test_an_unpaired_difference_has_newcombes_interval() -> None:
    """Newcombe's example of 56/70 against 48/80: 0.2 (0.0524, 0.3339) (1998, table II a)."""
    rows = [(1e-4 + i * 1e-6, "spectral", "s" if i < 56 else "c") for i in range(70)]
    rows += [(5e-3 + i * 1e-6, "none", "s" if i < 48 else "c") for i in range(80)]
    (row,) = effect_rows(_study(rows)).to_dict("records")
    assert row["paired"] == 0
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(
        (0.2, 0.0524, 0.3339), abs=1e-4
    )
    assert (row["stable"], row["total"], row["other_stable"], row["other_total"]) == (
        56,
        70,
        48,
        80,
    )


def test_equal_pairs_have_an_unpaired_interval_of_some_width() -> None:
    rows = [
        (rate, norm, "s") for rate in (1e-4, 2e-4, 3e-4, 4e-4) for norm in ("none", "spectral")
    ]
    (row,) = effect_rows(_study(rows)).to_dict("records")
    assert row["paired"] == 0
    assert row["low"] < -0.4
    assert row["high"] > 0.4


def test_trials_that_the_optimizer_chose_are_not_counted() -> None:
    rows = [(1e-4 * (i + 1), ("none", "spectral")[i % 2], "s") for i in range(20)]
    assert effect_rows(_study(rows, "tpe")).empty
    sentence = effects_panel(_study(rows, "tpe"))
    assert isinstance(sentence, str)
    assert sentence.startswith("No choice has two levels")


def test_a_level_of_three_trials_has_no_row() -> None:
    rows = [(1e-4 * (i + 1), "none", "c") for i in range(9)]
    rows += [(1e-3 * (i + 1), "spectral", "s") for i in range(3)]
    assert effect_rows(_study(rows)).empty


def test_each_of_three_levels_is_compared_with_the_others() -> None:
    norms = ["none", "spectral", "layer"]
    rows = [(1e-4 * (i + 1), norms[i % 3], "s" if i % 3 else "c") for i in range(30)]
    effects = effect_rows(_study(rows)).set_index("level")
    assert set(effects["against"]) == {"the others"}
    assert effects.loc["none", "difference"] == -1
    assert effects.loc["spectral", "difference"] == pytest.approx(0.5)


def _marks(panel: Panel) -> Any:
    """The dots of the first series."""
    return next(trace for trace in panel.figure.data if trace.mode == "markers")


def test_the_forest_draws_every_row_with_its_interval_in_points() -> None:
    panel = draw_effects(effect_rows(PAIRED))
    marks = _marks(panel)
    assert list(marks.x) == [50]
    assert marks.marker.symbol == "square"
    label = panel.figure.layout.annotations[0].text
    assert label.startswith("+50 [")
    assert label.endswith("], 12 paired")


def test_unpaired_marks_differ_from_paired_ones() -> None:
    rows = [(1e-4 * (i + 1), ("none", "spectral")[i % 2], "s") for i in range(20)]
    panel = effects_panel(_study(rows))
    assert isinstance(panel, Panel)
    assert _marks(panel).marker.symbol == "circle-open"
    assert panel.figure.layout.annotations[0].text.endswith("unpaired")
    assert panel.table is not None
    assert panel.table["paired configurations"].tolist() == [0]
