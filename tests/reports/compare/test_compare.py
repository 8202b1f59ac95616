"""Facts about two studies side by side."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.errors import InputError
from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    read_json,
    read_study,
    run_folder,
    write_json,
    write_rows,
)
from lab.record.storage import open_storage
from lab.statistics import interquartile_mean, probability_of_improvement
from reports.compare.blocks import differs_blocks, matched_blocks, share_blocks
from reports.compare.card import StudyPair, barriers, differences, pair_of, same_study
from reports.compare.ends import end_blocks
from reports.compare.figures import quality_panel, survival_panel
from reports.compare.page import build_comparison, store_comparison
from reports.compare.rows import (
    WHOLE,
    ends_of,
    fate_rows,
    gain,
    improvement,
    matched,
    only_in,
    quality_rows,
    share_rows,
)
from reports.kit.blocks import Block, drawn
from reports.kit.shares import RunShare
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

RATE = "optimizer.generator.lr"


def _pair(first: Path, second: Path) -> StudyPair:
    studies = read_study(first), read_study(second)
    return pair_of(studies, (str(first), str(second)))


def _words(blocks: list[Block]) -> str:
    markup = "".join(drawn(block) for block in blocks)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def _change(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    card = read_json(folder / STUDY_FILE)
    change(card)
    write_json(folder / STUDY_FILE, card)
    return folder


def _planted(folder: Path, fates: list[str], *, seed: int = 0) -> Path:
    """A study of Sobol trials that differ in one rate, each ending as `fates` states."""
    write_study(folder, 0, name=folder.name)
    for number, fate in enumerate(fates):
        parameters = {**POINT, RATE: 1e-4 * (1 + number)}
        write_trial(folder, number, parameters, "sobol")
        write_run(
            folder, number, parameters, np.random.default_rng(seed), verdict=fate, samples=False
        )
    return folder


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> StudyPair:
    """Ten equal configurations: 4 stable in the first, 9 in the second."""
    root = tmp_path_factory.mktemp("studies")
    first = _planted(root / "before", ["stable"] * 4 + ["diverged"] * 6)
    second = _planted(root / "after", ["stable"] * 9 + ["collapsed"])
    return _pair(first, second)


def test_shares_of_unbiased_runs_differ_by_newcombes_interval(
    pair: StudyPair,
) -> None:
    rows = share_rows(pair)
    whole = rows[rows["choice"] == WHOLE]
    assert whole[["stable", "total"]].values.tolist() == [[4, 10], [9, 10]]
    gained = gain(RunShare(4, 10), RunShare(9, 10))
    assert gained is not None
    assert gained.difference == pytest.approx(0.5)
    # Wilson: 4/10 in [.1682, .6873], 9/10 in [.5958, .9821]; hypot by method 10.
    low = 0.5 - np.hypot(0.9 - 0.5958, 0.6873 - 0.4)
    high = 0.5 + np.hypot(0.9821 - 0.9, 0.4 - 0.1682)
    assert gained.interval == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
    words = _words(share_blocks(pair))
    assert "after: 9 of 10 stable; before: 4 of 10. A difference of +50 points [8, 75]" in words


def test_an_interval_that_includes_0_is_pointed_out(tmp_path: Path) -> None:
    first = _planted(tmp_path / "a", ["stable", "diverged", "stable"])
    second = _planted(tmp_path / "b", ["stable", "stable", "stable"])
    assert "the interval includes 0" in _words(share_blocks(_pair(first, second)))


def test_matched_configurations_are_paired_seed_by_seed(pair: StudyPair) -> None:
    both = matched(pair)
    assert (both.num_configurations, both.num_seeds) == (10, 10)
    assert both.stable.difference == pytest.approx(0.5)
    assert both.stable.num_paired == 10
    assert both.fates.values.tolist() == [
        ["diverged", "stable", 5], ["stable", "stable", 4], ["diverged", "collapsed", 1],
    ]  # fmt: skip
    assert "Share of stable runs: +50 points [" in _words(matched_blocks(pair))


def test_other_settings_are_not_matched(tmp_path: Path) -> None:
    first = write_study(tmp_path / "a", 4, seed=1, num_sobol=2, samples=False)
    second = write_study(tmp_path / "b", 4, seed=2, num_sobol=2, samples=False)
    for folder in (first, second):
        for number in (0, 1):
            shutil.rmtree(folder / "trials" / f"{number:04d}")
    assert "No configuration was run in both studies." in _words(
        matched_blocks(_pair(first, second))
    )


def test_causes_of_failure_are_counted_in_both(pair: StudyPair) -> None:
    rows = fate_rows(pair).set_index(["level", "study"])
    assert rows["stable"].to_dict() == {
        ("stable", 0): 4, ("stable", 1): 9, ("diverged", 0): 6, ("diverged", 1): 0,
        ("collapsed", 0): 0, ("collapsed", 1): 1,
    }  # fmt: skip
    assert set(rows["total"]) == {10}


@pytest.mark.parametrize(
    ("path", "value", "quality", "stable"),
    [
        (("data", "fingerprint"), "b2:other", "the data", "the data"),
        (("metrics", "extractor"), "inception", "the feature extractor", "the extractor"),
        (
            ("base", "training", "budget_images"),
            128_000,
            "the budget (64k and 128k images)",
            "the",
        ),
        (("base", "stability", "target_quality"), 0.9, "", "the target quality (0.5 and 0.9)"),
        (("base", "stability", "rise_factor"), 3.0, "", "limits of the verdicts (rise_factor"),
        (("metrics", "anchor"), {"kid_fashion": 1.0}, "the scale of quality", ""),
        (("versions", "torch"), "9.9", "", ""),
        (("settings", "trials"), 99, "", ""),
    ],
)
def test_what_makes_a_quantity_another_one_is_warned_of(
    tmp_path: Path, path: tuple[str, ...], value: Any, quality: str, stable: str
) -> None:
    def change(card: dict[str, Any]) -> None:
        node = card
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = value

    first = write_study(tmp_path / "a", 0)
    second = _change(write_study(tmp_path / "b", 0), change)
    pair = _pair(first, second)
    reasons = barriers(pair)
    assert [bool(reasons.quality), bool(reasons.stable)] == [bool(quality), bool(stable)]
    words = _words(differs_blocks(pair))
    if quality:
        assert (
            f"Do not compare quality, scores, distances or shares of stable runs here: {quality}"
            in words
        )
    elif stable:
        assert f"Do not compare shares of stable runs here: {stable}" in words
    else:
        assert "Do not compare" not in words
    row = differences(pair).iloc[0]
    assert row["what"] == ".".join(path[1:])


def test_shares_that_answer_different_questions_get_no_difference(tmp_path: Path) -> None:
    def harder(card: dict[str, Any]) -> None:
        card["base"]["stability"]["target_quality"] = 0.95

    first = _planted(tmp_path / "a", ["stable"] * 4)
    second = _change(_planted(tmp_path / "b", ["diverged"] * 4), harder)
    pair = _pair(first, second)
    assert "no difference is computed" in _words(share_blocks(pair))
    assert "Share of stable runs" not in _words(matched_blocks(pair))


def test_confirmed_trials_are_compared_by_fresh_runs_alone(tmp_path: Path) -> None:
    first = write_raced_study(tmp_path / "a", {5: "sscccsc"}, raced="sss")
    second = write_raced_study(tmp_path / "b", {9: "sssssss"}, raced="sss")
    pair = _pair(first, second)
    one, two = (ends_of(study) for study in pair.studies)
    assert one is not None
    assert two is not None
    assert (one.trial, one.stable, one.fresh) == (5, RunShare(3, 7), True)
    assert (two.trial, two.stable, two.fresh) == (9, RunShare(7, 7), True)
    assert (one.quality == 0).sum() == 4
    better = improvement(one, two)
    assert better.difference == probability_of_improvement(two.quality, one.quality) > 0.5
    words = _words(end_blocks(pair))
    assert "Stable on fresh seeds. A difference of +57 points" in words
    assert f"in {100 * better.difference:.0f}% of pairs" in words


def test_without_fresh_runs_in_both_no_difference_of_leaders_is_taken(tmp_path: Path) -> None:
    first = write_raced_study(tmp_path / "a", {5: "sss"}, raced="sss")
    second = write_study(tmp_path / "b", 6, samples=False)
    words = _words(end_blocks(_pair(first, second)))
    assert "Not both trials are confirmed, so no difference is computed" in words
    assert "of pairs" not in words


def test_a_failed_run_lowers_the_curve_of_quality_from_its_failure_on(tmp_path: Path) -> None:
    folder = _planted(tmp_path / "a", ["stable"] * 5)
    for number in range(5):
        run = run_folder(folder, number, 0)
        rows = [{"images_seen": at, "quality": at / 64_000} for at in (0, 32_000, 64_000)]
        if number == 4:
            path = run / RUN_FILE
            verdict = {"name": "diverged", "onset_images": 32_000, "evidence": "", "final": True}
            write_json(path, read_json(path) | {"verdict": verdict})
            rows = rows[:2]
        write_rows(run / EVALUATIONS_FILE, rows)
    means = quality_rows(read_study(folder))
    assert means["images"].tolist() == [0, 32_000, 64_000]
    assert means["runs"].tolist() == [5, 5, 5]
    expected = [0.0, interquartile_mean([0.5] * 4 + [0]), interquartile_mean([1.0] * 4 + [0])]
    assert means["quality"].tolist() == pytest.approx(expected)


def test_survival_steps_start_at_all_and_end_at_the_budget(pair: StudyPair) -> None:
    panel = survival_panel(pair)
    assert panel is not None
    assert panel.table is not None
    steps = panel.table[panel.table["Study"] == "before"]
    assert (steps["Images seen"].iloc[0], steps["Not broken"].iloc[0]) == (0, 1)
    assert steps["Images seen"].iloc[-1] == 64_000
    assert steps["Not broken"].iloc[-1] == pytest.approx(0.4)
    assert bool((steps["95% low"] <= steps["Not broken"]).all())


def test_what_only_one_study_has_is_listed(tmp_path: Path) -> None:
    def smaller(card: dict[str, Any]) -> None:
        del card["parameters"]["loss"]

    first = write_study(tmp_path / "a", 3, num_sobol=1, samples=False)
    second = _change(write_study(tmp_path / "b", 3, num_sobol=1, samples=False), smaller)
    differing = {what: (one, two) for what, one, two in only_in(_pair(first, second))}
    assert differing == {"parameters": (["loss"], [])}


def test_one_study_at_two_dates_is_named_by_when_it_was_written(tmp_path: Path) -> None:
    def earlier(card: dict[str, Any]) -> None:
        card["finished"] = "2026-03-01T09:00:00+00:00"

    now = write_study(tmp_path / "now", 6, num_sobol=3, samples=False)
    then = tmp_path / "then"
    shutil.copytree(now, then)
    _change(then, earlier)
    shutil.rmtree(then / "trials" / "0004")
    pair = _pair(then, now)
    assert same_study(pair)
    assert pair.names == (
        "sngan-fashion (2026-03-01 09:00)", "sngan-fashion (2026-03-01 10:09)",
    )  # fmt: skip
    both = matched(pair)
    assert both.num_configurations == 5
    assert "+0 points (the same in every configuration, so no interval)" in _words(
        matched_blocks(pair)
    )
    assert "One study at two dates" in build_comparison(pair)


def test_the_page_is_one_file_that_escapes_names(pair: StudyPair, tmp_path: Path) -> None:
    def rename(card: dict[str, Any]) -> None:
        card["study"] = "<script>alert(1)</script>"

    folder = _change(_planted(tmp_path / "hostile", ["stable"] * 4), rename)
    out = tmp_path / "page.html"
    storages = open_storage(str(pair.first.folder)), open_storage(str(folder))
    assert store_comparison(*storages, out) == str(out)
    page = out.read_text()
    assert "<script>alert(1)" not in page
    assert page.count("<h2 ") == 8
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_the_page_lies_beside_the_first_study_by_default(pair: StudyPair, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(pair.first.folder, folder)
    path = store_comparison(open_storage(str(folder)), open_storage(str(pair.second.folder)))
    assert path == f"{folder}/compare-after.html"
    assert (folder / "compare-after.html").is_file()


@pytest.mark.parametrize("num_trials", [0, 1, 3])
def test_empty_running_and_small_studies_make_a_page(tmp_path: Path, num_trials: int) -> None:
    first = write_study(tmp_path / "a", num_trials, status="running", samples=False)
    second = write_study(tmp_path / "b", 8, num_sobol=6, samples=False, verdict="diverged")
    for pair in (_pair(first, second), _pair(second, first)):
        assert build_comparison(pair).count("<section") == 8


def test_a_folder_that_is_no_study_and_one_given_twice_are_refused(
    pair: StudyPair, tmp_path: Path
) -> None:
    mine = open_storage(str(pair.first.folder))
    with pytest.raises(InputError, match="is not a study"):
        store_comparison(mine, open_storage(str(tmp_path)), tmp_path / "page.html")
    again = open_storage(f"{pair.first.folder}/../{pair.first.folder.name}")
    with pytest.raises(InputError, match="given twice: there is nothing to compare"):
        store_comparison(mine, again)
    assert list(tmp_path.iterdir()) == []


def test_curves_need_four_runs_of_either(pair: StudyPair, tmp_path: Path) -> None:
    few = _planted(tmp_path / "few", ["stable"] * 3)
    assert quality_panel(pair) is not None
    assert quality_panel(_pair(pair.first.folder, few)) is None
