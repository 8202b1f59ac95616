"""A drag in a figure writes a range into the filter, and all others follow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.browser.conftest import LARGE
from tests.reports.browser.visits import Visit

WITH_MAPS = ("500", LARGE)
"""Five trials are too few for a map."""
PLOT = """frame => {
  const box = frame.getBoundingClientRect();
  const {xaxis, yaxis} = frame._fullLayout;
  return {left: box.left + xaxis._offset, top: box.top + yaxis._offset,
          width: xaxis._length, height: yaxis._length};
}"""


def drag(visit: Visit, panel: str, across: tuple[float, float], down: tuple[float, float]) -> None:
    """Drag over shares of a figure's plot, as a person does."""
    plot = visit.show(panel).evaluate(PLOT)
    mouse = visit.page.mouse
    xs = [plot["left"] + share * plot["width"] for share in across]
    ys = [plot["top"] + share * plot["height"] for share in down]
    mouse.move(xs[0], ys[0])
    mouse.down()
    mouse.move(sum(xs) / 2, sum(ys) / 2, steps=4)
    mouse.move(xs[1], ys[1], steps=4)
    mouse.up()
    visit.until("selection.where !== ''")
    visit.settle()


@pytest.mark.parametrize("size", WITH_MAPS)
def test_a_drag_in_the_safe_zone_writes_both_ranges(opened: Any, size: str) -> None:
    visit = opened[size]
    drag(visit, "safe-zone", (0.2, 0.7), (0.2, 0.8))
    where = visit.state()["where"].split(" ")
    assert sorted(term.split("=")[0] for term in where) == ["critic_lr", "generator_lr"]
    assert all(".." in term for term in where)
    assert visit.page.input_value("#filter") == visit.state()["where"]


def test_brushed_runs_lie_within_the_drag(medium: Visit) -> None:
    """On log axes from 1e-5 to 1e-2: half way is 10^-3.5."""
    drag(medium, "safe-zone", (0.25, 0.75), (0.1, 0.9))
    found = medium.page.evaluate(
        """() => {
          const low = report.columnOf('optimizer.generator.lr');
          const rates = selection.matched().map(run => report.valueIn(low, run));
          const axis = panels.find(it => it.identity === 'safe-zone').frame._fullLayout.xaxis;
          const [first, last] = [0.25, 0.75].map(share => 10 ** axis.p2d(share * axis._length));
          return {least: Math.min(...rates), most: Math.max(...rates), first, last,
                  matched: rates.length};
        }"""
    )
    assert found["matched"] > 0
    assert found["least"] >= found["first"] * 0.98
    assert found["most"] <= found["last"] * 1.02


@pytest.mark.parametrize("size", WITH_MAPS)
def test_table_and_other_figures_follow_a_brush(opened: Any, size: str) -> None:
    visit = opened[size]
    drag(visit, "safe-zone", (0.05, 0.95), (0.05, 0.95))
    matched = visit.state()["matched"]
    assert visit.page.text_content("#runs-count").startswith(f"showing {matched:,} of ")
    others = [
        panel for panel in visit.panels("panel.stored?.marks && !panel.usesWebgl")
        if panel != "safe-zone"
    ]  # fmt: skip
    marked = []
    for panel in others:
        visit.show(panel)
        marked.append(visit.marks(panel, "matched") > 0)
    assert any(marked)


def test_a_second_brush_moves_the_first(medium: Visit) -> None:
    drag(medium, "safe-zone", (0.1, 0.4), (0.1, 0.9))
    first = medium.state()["where"]
    drag(medium, "safe-zone", (0.6, 0.9), (0.1, 0.9))
    medium.until("first => selection.where !== first", first)
    assert len(medium.state()["where"].split(" ")) == 2


def test_clearing_the_filter_takes_the_outline_away(medium: Visit) -> None:
    drag(medium, "safe-zone", (0.2, 0.6), (0.2, 0.6))
    outlines = "panels.find(it => it.identity === 'safe-zone').frame.layout.selections?.length"
    assert medium.page.evaluate(outlines) == 1
    medium.page.click("#filter-clear")
    medium.until(f"!({outlines})")
    assert medium.marks("safe-zone", "matched") == 0
