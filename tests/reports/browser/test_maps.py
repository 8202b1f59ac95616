"""Figures over parameters: another pair, a chosen trial on binned figures and small multiples."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.browser.conftest import LARGE
from tests.reports.browser.visits import Visit

CELLS = """() => {
  const panel = panels.find(it => it.identity === 'safe-zone');
  const [cells] = panel.frame.data;
  return {lines: cells.z.length, columns: cells.z[0].length, dx: cells.dx,
          told: cells.hovertext.flat().filter(Boolean).length, brush: panel.brush,
          title: panel.frame.layout.xaxis.title.text};
}"""
PLACE = """async trial => {
  const panel = panels.find(it => it.identity === 'cost');
  const { extra } = panel.stored;
  const i = extra.trial.indexOf(trial);
  const axes = panel.frame._fullLayout;
  const mark = document.querySelector('[data-panel=cost] .overlay .selected > *');
  return {x: axes.xaxis.p2d(Number(mark.getAttribute('cx'))) - extra.x[i],
          y: axes.yaxis.p2d(Number(mark.getAttribute('cy'))) - extra.y[i]};
}"""
SMALL = """trial => {
  const panel = panels.find(it => it.identity === 'dependence');
  const sampled = Object.values(panel.brush)
    .filter(brush => report.columnOf(brush.column).values[report.trialIndex(trial)] !== null);
  const scored = report.runsOf(trial).filter(run => store.runs.score[run] !== null);
  return sampled.length * scored.length;
}"""


@pytest.mark.parametrize("size", ["500", LARGE])
def test_another_pair_of_parameters_has_its_own_cells(opened: Any, size: str) -> None:
    visit = opened[size]
    visit.show("safe-zone")
    visit.page.select_option("#safe-zone-picker-0", "loss")
    visit.page.select_option("#safe-zone-picker-1", "network.critic_norm")
    visit.until("panels.find(it => it.identity === 'safe-zone').brush.x.column === 'loss'")
    visit.settle()
    found = visit.page.evaluate(CELLS)
    slots = [found["brush"][axis]["slots"] for axis in "xy"]
    assert (found["columns"], found["lines"]) == (len(slots[0]), len(slots[1]))
    assert found["told"] == found["columns"] * found["lines"]
    assert (found["dx"], found["title"]) == (1, "loss")
    visit.page.select_option("#safe-zone-picker-0", "optimizer.generator.lr")
    visit.page.select_option("#safe-zone-picker-1", "optimizer.critic.lr")
    visit.settle()
    assert visit.complaints == []


@pytest.mark.large
def test_a_trial_is_marked_at_its_place_among_ten_thousand(opened: Any) -> None:
    visit = opened["10000"]
    visit.show("cost")
    visit.select(trial=17)
    assert visit.marks("cost", "selected") == 1
    assert visit.page.evaluate(PLACE, 17) == pytest.approx({"x": 0, "y": 0}, abs=1e-4)


def test_a_trial_is_marked_in_the_small_figure_of_each_parameter_it_has(medium: Visit) -> None:
    medium.show("dependence")
    medium.select(trial=17)
    assert medium.marks("dependence", "selected") == medium.page.evaluate(SMALL, 17) > 5
