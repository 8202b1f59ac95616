"""Facts about the lines of the parallel coordinates, their axes, and the sample of many."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.record import ParameterCard, StudyCard, StudyRecord, read_study
from reports.kit.blocks import Missing
from reports.kit.markup import Html
from reports.kit.panel import Panel
from reports.sections.parameters.parallel import (
    TrialLines,
    draw_parallel,
    parallel_rows,
    parameter_blocks,
    stratified,
)
from reports.study.tables import parameters_of
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_study


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """Trial 5: explore s, race s c s, confirm s c s; trial 9: s, s s s, confirm s r s."""
    folder = tmp_path_factory.mktemp("raced") / "study"
    return read_study(write_raced_study(folder, {5: "scs", 9: "srs"}, raced="scs"))


def _drawn(study: StudyRecord) -> tuple[Panel, dict[str, dict[str, Any]], dict[str, Any]]:
    """The panel, its dimensions by name, and the script's settings of its axes by column."""
    panel = draw_parallel(parallel_rows(study), parameters_of(study))
    dimensions = {it.name: it.to_plotly_json() for it in panel.figure.data[0].dimensions}
    return panel, dimensions, {axis["column"]: axis for axis in panel.extra["axes"]}


def test_a_trial_has_a_line_for_each_outcome(raced: StudyRecord) -> None:
    rows = parallel_rows(raced).rows
    assert rows.loc[rows["trial"] == 5, "outcome"].tolist() == ["stable", "collapsed"]
    assert rows.loc[rows["trial"] == 9, "outcome"].tolist() == ["stable", "running"]
    assert rows["trial"].nunique() == 20


def test_the_line_of_an_outcome_is_the_explore_run_where_that_has_it(raced: StudyRecord) -> None:
    rows = parallel_rows(raced).rows
    stable = rows[(rows["trial"] == 5) & (rows["outcome"] == "stable")]
    run = raced.runs[int(stable["run"].iloc[0])]
    assert (run.trial, run.seed, run.card.stage) == (5, 0, "explore")


def test_the_first_axis_of_a_family_has_its_name(raced: StudyRecord) -> None:
    _, dimensions, _ = _drawn(raced)
    labels = {name: dimension["label"] for name, dimension in dimensions.items()}
    assert labels["penalty.kind"] == "penalty"
    assert labels["optimizer.generator.lr"].startswith("<b>OPTIMIZER</b><br>")
    assert labels["optimizer.critic.lr"] == "critic<br>rate"


def test_a_sample_keeps_every_outcome_and_has_its_size() -> None:
    outcomes = np.array(["stable"] * 900 + ["diverged"] * 97 + ["oscillating"] * 3)
    chosen = stratified(outcomes, 100, np.random.default_rng(0))
    assert np.all(np.diff(chosen) > 0)
    # 16 places each (3 for oscillating), the other 65 by what is left: 884 and 81 of 965.
    assert Counter(outcomes[chosen].tolist()) == {"stable": 76, "diverged": 21, "oscillating": 3}


def test_a_sample_is_the_same_every_time() -> None:
    outcomes = np.array(["stable", "diverged"] * 50)
    first, second = (stratified(outcomes, 10, np.random.default_rng(4)) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_few_lines_are_all_drawn_and_no_sample_is_noted(study: StudyRecord) -> None:
    lines = parallel_rows(study)
    panel = draw_parallel(lines, parameters_of(study))
    assert len(lines.rows) == lines.num_all == 20
    assert "Showing" not in panel.note


def test_the_size_of_a_sample_is_noted(large_study: StudyRecord) -> None:
    lines = parallel_rows(large_study, most=60)
    panel = draw_parallel(lines, parameters_of(large_study))
    assert "Showing 60 of 300 lines" in panel.note
    drawn = set(lines.rows["outcome"])
    assert drawn == set(parallel_rows(large_study).rows["outcome"])


def test_log_parameters_lie_at_their_log10_with_ticks_in_words(study: StudyRecord) -> None:
    _, dimensions, scripted = _drawn(study)
    rows = parallel_rows(study).rows
    rate = dimensions["optimizer.generator.lr"]
    assert scripted["optimizer.generator.lr"]["scale"] == "log10"
    expected = np.log10(rows["optimizer.generator.lr"].to_numpy(dtype=float))
    np.testing.assert_allclose(rate["values"], expected, atol=1e-4)
    tick = rate["ticktext"].index("1e-3")
    assert rate["tickvals"][tick] == pytest.approx(-3)


def test_a_branch_not_taken_lies_below_its_axis(study: StudyRecord) -> None:
    _, dimensions, scripted = _drawn(study)
    rows = parallel_rows(study).rows
    axis, weight = scripted["penalty.weight"], dimensions["penalty.weight"]
    absent = rows["penalty.weight"].isna().to_numpy()
    values = np.array(weight["values"])
    assert 0 < absent.sum() < len(rows)
    assert axis["missing"] < axis["low"]
    np.testing.assert_allclose(values[absent], axis["missing"])
    assert values[~absent].min() >= axis["low"] - 1e-4
    assert weight["ticktext"][0] == "not sampled"
    assert weight["tickvals"][0] == pytest.approx(axis["missing"])


def test_every_outcome_is_a_category_of_the_last_axis(raced: StudyRecord) -> None:
    panel, dimensions, scripted = _drawn(raced)
    rows = parallel_rows(raced).rows
    assert panel.extra["axes"][-1]["column"] == "verdict"
    slots = scripted["verdict"]["slots"]
    assert set(slots) == set(rows["outcome"])
    assert slots[-1] == "stable"
    nearest = np.round(dimensions["verdict"]["values"]).astype(int)
    assert [slots[slot] for slot in nearest] == rows["outcome"].tolist()


def test_texts_of_ticks_differ_even_where_they_are_blank(study: StudyRecord) -> None:
    _, dimensions, _ = _drawn(study)
    for dimension in dimensions.values():
        assert len(set(dimension["ticktext"])) == len(dimension["ticktext"])
        assert dimension["tickvals"] == sorted(dimension["tickvals"])


def test_the_script_has_run_and_outcome_of_every_line(raced: StudyRecord) -> None:
    panel, _, _ = _drawn(raced)
    extra, rows = panel.extra, parallel_rows(raced).rows
    assert extra["runs"] == rows["run"].tolist()
    named = [extra["outcomes"][number - 1] for number in extra["of"]]
    assert named == rows["outcome"].tolist()


def test_a_study_without_parameters_has_its_table_and_a_sentence(study: StudyRecord) -> None:
    bare = replace(study, card=StudyCard(study="bare"))
    missing, table = parameter_blocks(bare)
    assert isinstance(missing, Missing)
    assert "samples no parameter" in missing.sentence
    assert isinstance(table, Html)


@pytest.mark.parametrize("num_trials", [0, 1])
def test_the_smallest_studies_have_blocks(tmp_path: Path, num_trials: int) -> None:
    blocks = parameter_blocks(read_study(write_study(tmp_path, num_trials, samples=False)))
    assert isinstance(blocks[0], Panel if num_trials else Missing)


def test_lines_of_one_outcome_alone_have_a_scale_of_colours(study: StudyRecord) -> None:
    rows = parallel_rows(study).rows
    stable = rows[rows["outcome"] == "stable"].reset_index(drop=True)
    panel = draw_parallel(TrialLines(stable, len(stable)), parameters_of(study))
    assert len(panel.figure.data[0].line.colorscale) == 2


def test_slots_are_named_as_the_store_writes_a_choice(study: StudyRecord) -> None:
    _, _, scripted = _drawn(study)
    assert scripted["training.batch_size"]["slots"] == ["16", "32", "64", "128"]


def test_long_names_are_shortened(study: StudyRecord) -> None:
    rows = parallel_rows(study)
    long = ParameterCard(path="a" * 40, kind="categorical", choices=("b" * 40, "c"))
    lines = TrialLines(rows.rows.assign(**{"a" * 40: "c"}), rows.num_all)
    dimension = draw_parallel(lines, [long]).figure.data[0].dimensions[0]
    assert dimension.label == "a" * 15 + "…"
    assert dimension.ticktext == ("b" * 15 + "…", "c")
