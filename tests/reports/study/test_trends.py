"""Settings in whose order Sobol runs score higher."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lab.record import STUDY_FILE, ParameterCard, read_json, read_study
from lab.statistics import Interval
from reports.sections.findings.findings import effects
from reports.study.trends import Trend, answer, answer_of, trend, trend_finding, trends_of
from tests.made_up.study import put_study
from tests.made_up.synthetic import write_run, write_study, write_trial
from tests.reports.study.test_tables import POINT

RATE = "optimizer.generator.lr"


def test_numbers_and_choices_among_numbers_have_an_order() -> None:
    def choice(*choices: object) -> ParameterCard:
        return ParameterCard(path="it", kind="categorical", choices=choices)

    assert ParameterCard(path=RATE, kind="float", low=1e-5, high=1e-2, log=True).is_ordered
    assert choice(16, 32, 64).is_ordered
    assert not choice("hinge", "wasserstein").is_ordered
    assert not choice(True, False).is_ordered


def test_pruned_runs_count_as_the_lowest_and_unscored_ones_not_at_all() -> None:
    values = pd.Series(np.arange(16.0))
    scores = values.copy()
    scores[:4] = -math.inf
    one = trend(RATE, values, scores.where(scores != 10), num_tested=1)
    assert (one.num_runs, one.num_pruned) == (15, 4)
    assert one.correlation == pytest.approx(0.99, abs=0.01)
    assert 0.9 < one.interval.low < one.correlation < one.interval.high <= 1


def test_more_settings_tested_together_widen_every_interval() -> None:
    draw = np.random.default_rng(0)
    values = pd.Series(draw.normal(size=24))
    scores = values + draw.normal(size=24)
    alone, among = (trend(RATE, values, scores, number) for number in (1, 12))
    assert alone.correlation == among.correlation
    assert among.interval.low < alone.interval.low
    assert among.interval.high > alone.interval.high


def test_chance_alone_shows_a_trend_in_one_study_of_twenty_at_most() -> None:
    """Eleven settings without effect, 24 runs, of which half share the lowest score."""
    draw = np.random.default_rng(1)
    wrong = 0
    for _ in range(200):
        scores = pd.Series(draw.normal(size=24).clip(min=0))
        trends = [trend(RATE, pd.Series(draw.normal(size=24)), scores, 11) for _ in range(11)]
        wrong += any(one.interval.low > 0 or one.interval.high < 0 for one in trends)
    assert wrong <= 0.05 * 200 + 4


def planted(folder: Path) -> Path:
    """24 Sobol trials, stable at the higher half of the generator's rates."""
    write_study(folder, 0)
    draw = np.random.default_rng(0)
    for number in range(24):
        rate = 10 ** (-4 + number / 12)
        write_trial(folder, number, {**POINT, RATE: rate}, "sobol")
        verdict = "stable" if number >= 12 else "stalled"
        write_run(folder, number, {**POINT, RATE: rate}, draw, verdict=verdict, samples=False)
    return folder


def test_a_planted_trend_is_a_finding_about_effects(tmp_path: Path) -> None:
    study = read_study(planted(tmp_path))
    (only,) = trends_of(study)
    assert answer_of(study) is None
    assert (only.path, only.num_runs) == (RATE, 24)
    claims = [finding.claim for finding in effects(study)]
    assert trend_finding(only).claim in claims


def test_the_question_of_the_space_is_answered_alone(tmp_path: Path) -> None:
    folder = planted(tmp_path)
    card = read_json(folder / STUDY_FILE)
    card["space"]["question"] = RATE
    put_study(folder, card)
    study = read_study(folder)
    alone = answer_of(study)
    assert alone is not None
    assert alone.num_tested == 1
    assert trends_of(study) == []
    first = effects(study)[0]
    assert first.claim == "Runs scored higher the larger generator rate."
    assert "95% for this setting alone, which the space asked about before any run" in first.detail


def test_a_question_may_stay_open() -> None:
    finding = answer(Trend("training.batch_size", -0.2, Interval(-0.5, 0.2), 24, 0, num_tested=1))
    assert finding.claim == "Whether a larger batch size is better or worse stays open."


def test_the_words_name_direction_interval_and_runs() -> None:
    finding = trend_finding(
        Trend("training.critic_steps", -0.61, Interval(-0.86, -0.12), 24, 3, num_tested=10)
    )
    assert finding.claim == "Runs scored higher the smaller critic steps."
    assert "-0.61 [-0.86, -0.12] over 24 Sobol runs" in finding.detail
    assert "all 10 settings tested together" in finding.detail
    assert "3 pruned runs count as the lowest" in finding.detail
    assert finding.topic == "effects"
