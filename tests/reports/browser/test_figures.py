"""What figures draw by scripts of their own: other metrics, parts of bars, lines, slots."""

from __future__ import annotations

import pytest

from tests.reports.browser.visits import Visit

DRAWN = """async metric => {
  const values = await report.curve(metric);
  const {frame} = panels.find(it => it.identity === 'curves');
  const lines = frame.data.filter(trace => trace.meta?.role === 'lines');
  let points = 0, wrong = 0, last = null, row = 0;
  for (const trace of lines) trace.customdata.forEach((run, i) => {
    if (run === null) return;
    row = run === last ? row + 1 : store.first[run];
    last = run;
    points += 1;
    const stored = isFinite(values[row]) ? values[row] : null;
    if (trace.y[i] !== stored) wrong += 1;
  });
  return {points, wrong, rows: values.length, title: frame.layout.yaxis.title.text,
          middle: frame.data.findLast(trace => trace.meta?.role === 'middle').y};
}"""
RECTS = """panel => [...document.querySelectorAll(`[data-panel=${panel}] .overlay .matched rect`)]
  .map(rect => Number(rect.getAttribute('width')))"""


@pytest.fixture(autouse=True)
def _first_metric(medium: Visit) -> None:
    medium.show("curves")
    medium.page.select_option("#curves-picker-0", "quality")


def test_another_metric_is_drawn_from_the_store(medium: Visit) -> None:
    """Every row of every run, as the store has it."""
    medium.page.select_option("#curves-picker-0", "fd_fashion")
    medium.until(
        "panels.find(it => it.identity === 'curves').frame.data"
        ".find(trace => trace.meta?.role === 'lines').y[0] > 1"
    )
    medium.settle()
    drawn = medium.page.evaluate(DRAWN, "fd_fashion")
    assert drawn["title"] == "fd_fashion"
    assert drawn["points"] == drawn["rows"] > 5_000
    assert drawn["wrong"] == 0
    stored = medium.page.evaluate(
        "panels.find(it => it.identity === 'curves').stored.extra.metrics.fd_fashion.middle"
    )
    assert drawn["middle"] == stored


def test_matched_runs_have_a_line_each_up_to_a_number_that_is_told(medium: Visit) -> None:
    medium.show("curves")
    medium.select(where="stage=confirm")
    matched = medium.state()["matched"]
    lines = "document.querySelectorAll('#curves-figure .matched .line').length"
    medium.until(f"matched => {lines} === matched", matched)
    assert medium.page.text_content("[data-panel=curves] .shown-of") == ""
    medium.page.evaluate("panels.find(it => it.identity === 'curves').stored.extra.most = 20")
    medium.select(where="stage=explore")
    medium.until(f"{lines} < 30")
    assert medium.page.evaluate(lines) >= 15
    told = f"Showing the lines of 20 of {medium.state()['matched']} matched runs."
    assert medium.page.text_content("[data-panel=curves] .shown-of") == told
    medium.page.evaluate("panels.find(it => it.identity === 'curves').stored.extra.most = 300")


def test_a_click_on_a_piece_of_a_bar_filters_for_its_runs(medium: Visit) -> None:
    medium.show("failures")
    told = medium.page.evaluate(
        """() => {
          const {frame} = panels.find(it => it.identity === 'failures');
          const trace = frame.data.find(it => it.meta?.outcome === 'collapsed');
          const i = trace.customdata.findIndex(
            terms => terms.includes('network.critic_norm=none'));
          frame.emit('plotly_click', {points: [{data: trace, customdata: trace.customdata[i]}]});
          return Number(trace.text[i]);
        }"""
    )
    state = medium.state()
    assert state["where"] == (
        "verdict=collapsed stage=explore -origin=tpe network.critic_norm=none"
    )
    assert state["matched"] == told > 0


def test_a_piece_whose_runs_all_match_is_marked_over_its_whole_length(medium: Visit) -> None:
    medium.show("failures")
    medium.select(where="verdict=collapsed stage=explore")
    widths = medium.page.evaluate(RECTS, "failures")
    whole = medium.page.evaluate(
        """() => {
          const {frame} = panels.find(it => it.identity === 'failures');
          const {x} = frame.data.find(it => it.meta?.outcome === 'collapsed');
          const {xaxis} = frame._fullLayout;
          return x.map(share => share * (xaxis.d2p(1) - xaxis.d2p(0)));
        }"""
    )
    assert sorted(widths) == pytest.approx(sorted(whole), abs=0.01)


def test_every_matched_run_is_marked_in_its_slot(medium: Visit) -> None:
    medium.show("timeline")
    medium.select(where="stage=race verdict=diverged")
    assert len(medium.page.evaluate(RECTS, "timeline")) == medium.state()["matched"] > 0


def test_failed_runs_lie_on_the_survival_curve(medium: Visit) -> None:
    medium.show("survival")
    medium.select(where="verdict=collapsed stage=explore")
    assert medium.marks("survival", "matched") > 0
    medium.select(where="verdict=stable")
    assert medium.marks("survival", "matched") == 0
