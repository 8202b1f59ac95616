"""One selection, shared by all figures, the close-up, the table and the address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.browser.visits import Visit

LONELY_MARK = """frame => {
  // The mark of a run or trial that is farthest from any other: {x, y, trial}.
  const layout = frame._fullLayout;
  const box = frame.getBoundingClientRect();
  const marks = frame._fullData.flatMap(trace => {
    const of = trace.meta?.of;
    if (trace.visible !== true || !["runs", "trials"].includes(of) || !trace.customdata) return [];
    const across = layout[(trace.xaxis ?? "x").replace("x", "xaxis")];
    const upward = layout[(trace.yaxis ?? "y").replace("y", "yaxis")];
    return [...trace.customdata].map((which, i) => ({
      x: box.left + across._offset + across.d2p(trace.x[i]),
      y: box.top + upward._offset + upward.d2p(trace.y[i]),
      trial: of === "runs" ? store.runs.trial[which] : which,
    }));
  }).filter(mark => Number.isFinite(mark.x + mark.y));
  const distance = (one, other) => one === other || one.trial === other.trial ? Infinity
    : Math.hypot(one.x - other.x, one.y - other.y);
  return marks.map(mark => ({...mark, alone: Math.min(...marks.map(it => distance(mark, it)))}))
    .sort((one, other) => other.alone - one.alone)[0] ?? null;
}"""
"""A click must not be able to hit another trial's mark."""
NO_MARKS = "panel => !document.querySelector(`[data-panel='${panel}'] .overlay .selected > *`)"


@pytest.mark.parametrize("size", ["5", "500"])
def test_a_click_on_a_mark_selects_its_trial(opened: Any, size: str) -> None:
    visit = opened[size]
    frame = visit.show("cost")
    mark = frame.evaluate(LONELY_MARK)
    visit.page.mouse.move(mark["x"] + 1, mark["y"])
    visit.page.wait_for_selector("#card:not([hidden])")
    visit.page.mouse.click(mark["x"], mark["y"])
    visit.until("selection.trial !== null")
    assert visit.state()["trial"] == mark["trial"]
    assert visit.state()["hash"] == f"#trial={mark['trial']}"


def test_the_close_up_follows_the_selection(visit: Visit) -> None:
    visit.page.locator("#trial").scroll_into_view_if_needed()
    for trial in (3, 1):
        visit.select(trial=trial)
        visit.until(
            "trial => document.getElementById('closeup-title')?.textContent === `Trial ${trial}`",
            trial,
        )
    assert visit.page.text_content("#trial-now") == "trial 1"


def test_every_figure_with_marks_shows_the_selected_trial_and_forgets_it(visit: Visit) -> None:
    """Of the trials tried, one at least must show in each figure that marks runs at all."""
    for panel in visit.panels("panel.stored?.marks && !panel.usesWebgl"):
        visit.show(panel)
        seen = 0
        for trial in (0, 1, 2, 3, 4):
            visit.select(trial=trial)
            seen += visit.marks(panel, "selected")
        assert seen > 0, panel
        visit.select(trial=None)
        visit.show(panel)  # the close-up above may have pushed it out of sight
        visit.until(NO_MARKS, panel)


def test_a_script_draws_the_marks_that_every_figure_names(visit: Visit) -> None:
    assert len(visit.panels("panel.stored?.marks")) > 3
    assert visit.panels("panel.stored?.marks && !report.markers[panel.stored.marks]") == []


def test_the_table_marks_the_rows_of_the_selected_trial(visit: Visit) -> None:
    visit.select(trial=2)
    rows = visit.page.locator("#runs-table tr[aria-current=true] th")
    assert rows.count() >= 1
    assert set(rows.all_text_contents()) == {"2"}


def test_a_click_on_a_row_selects_its_trial(visit: Visit) -> None:
    row = visit.page.locator("#runs-table tbody tr[aria-rowindex]").nth(2)
    trial = int(row.locator("th").text_content())
    row.locator("td").nth(1).click()
    visit.settle()
    assert visit.state()["trial"] == trial


def test_the_steppers_walk_the_trials_of_the_table(visit: Visit) -> None:
    order = visit.page.evaluate("selection.order().slice(0, 3)")
    visit.page.click("#trial-next")
    visit.page.click("#trial-next")
    assert visit.state()["trial"] == order[1]
    visit.page.click("#trial-previous")
    assert visit.state()["trial"] == order[0]


def test_a_hovered_mark_shows_a_card_about_its_trial(medium: Visit) -> None:
    frame = medium.show("cost")
    mark = frame.evaluate(LONELY_MARK)
    medium.page.mouse.move(mark["x"] + 1, mark["y"])
    medium.page.wait_for_selector("#card:not([hidden])")
    assert f"trial {mark['trial']}" in medium.page.text_content("#card").lower()
    medium.page.mouse.move(0, 0)
