"""Facts about the bars of causes."""

from pathlib import Path

import pandas as pd

from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.failures.failures import CHOSEN, UNCHOSEN, WHO, cause_blocks, failures_rows
from tests.made_up.tiny import Run, tiny_study

NORM = "network.critic_norm"
RUNS = [
    Run("stable", choices={NORM: "spectral"}),
    Run("stable", choices={NORM: "spectral"}, origin="known:a"),
    Run("collapsed", 50, choices={NORM: "none"}),
    Run("diverged", 50, choices={NORM: "none"}),
    Run("collapsed", 50, choices={NORM: "none"}, origin="tpe"),
    Run(None, status="pruned", choices={NORM: "none"}),
    Run("collapsed", 50, stage="race", choices={NORM: "none"}),
]


def _counts(rows: pd.DataFrame, group: str, level: str) -> dict[str, int]:
    chosen = rows[(rows["group"] == group) & (rows["level"] == level)]
    return dict(zip(chosen["outcome"], chosen["count"].tolist(), strict=True))


def test_explore_runs_with_a_verdict_are_counted_by_what_chose_them(tmp_path: Path) -> None:
    rows = failures_rows(tiny_study(tmp_path, RUNS))
    assert _counts(rows, WHO, UNCHOSEN) == {"stable": 2, "diverged": 1, "collapsed": 1}
    assert _counts(rows, WHO, CHOSEN) == {"collapsed": 1}


def test_the_optimizers_runs_are_in_no_bar_of_a_choice(tmp_path: Path) -> None:
    rows = failures_rows(tiny_study(tmp_path, RUNS))
    assert _counts(rows, NORM, "spectral") == {"stable": 2}
    assert _counts(rows, NORM, "none") == {"diverged": 1, "collapsed": 1}
    of_none = rows[(rows["group"] == NORM) & (rows["level"] == "none")]
    assert of_none["total"].tolist() == [2, 2]
    assert of_none["stable"].tolist() == [0, 0]


def test_pieces_of_a_bar_begin_where_the_one_before_ends(tmp_path: Path) -> None:
    rows = failures_rows(tiny_study(tmp_path, RUNS))
    chosen = rows[(rows["group"] == WHO) & (rows["level"] == UNCHOSEN)]
    assert chosen["before"].tolist() == [0, 2, 3]


def test_a_choice_with_one_value_has_no_bars(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, [Run(choices={NORM: "none", "loss": "hinge"}) for _ in range(3)])
    assert set(failures_rows(study)["group"]) == {WHO}


def test_a_piece_carries_the_terms_that_filter_for_it(tmp_path: Path) -> None:
    choices = {NORM: {"kind": "categorical", "choices": ["spectral", "none"]}}
    (panel,) = cause_blocks(tiny_study(tmp_path, RUNS, parameters=choices))
    assert isinstance(panel, Panel)
    collapsed = next(t for t in panel.figure.data if (t.meta or {}).get("outcome") == "collapsed")
    assert collapsed.meta["of"] == "terms"
    both = ["verdict=collapsed", "stage=explore"]
    assert list(collapsed.customdata) == [
        [*both, "-origin=tpe"], [*both, "origin=tpe"], [*both, "-origin=tpe", f"{NORM}=none"],
    ]  # fmt: skip


def test_stable_runs_of_all_and_runs_without_a_verdict_are_counted(tmp_path: Path) -> None:
    (panel,) = cause_blocks(tiny_study(tmp_path, RUNS))
    assert isinstance(panel, Panel)
    labels = [text for trace in panel.figure.data for text in trace.text]
    assert any("2/4, " in label for label in labels)
    assert "1 explore run without a verdict not counted." in panel.note
    assert panel.table is not None
    assert panel.table["Runs"].sum() == 5 + 4


def test_without_a_verdict_a_sentence_replaces_the_figure(tmp_path: Path) -> None:
    (block,) = cause_blocks(tiny_study(tmp_path, [Run(None, status="running")]))
    assert isinstance(block, Missing)
