"""What the page keeps small: its width on a phone, its WebGL contexts, its table's rows."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.reports.browser.conftest import LARGE, SIZES, Pages
from tests.reports.browser.visits import Visit, visiting

WIDER = """() => {
  const scrolls = it => it && it !== document.body
    && (getComputedStyle(it).overflowX !== "visible" || scrolls(it.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter(it => it.getBoundingClientRect().right > innerWidth + 1 && it.checkVisibility())
    .filter(it => !scrolls(it.parentElement))
    .map(it => `${it.tagName} ${it.id} ${it.className?.baseVal ?? it.className}`);
}"""
"""What sticks out of the screen and lies in no box that scrolls by itself."""
MOST_CONTEXTS = 3


@pytest.mark.parametrize("size", SIZES)
def test_nothing_scrolls_sideways_at_390_pixels(browser: Any, pages: Pages, size: str) -> None:
    with visiting(browser, pages[size], width=390, complete=True) as visit:
        assert visit.page.evaluate(WIDER) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
        assert visit.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_webgl_is_made_when_it_is_scrolled_to(browser: Any, pages: Pages, size: str) -> None:
    with visiting(browser, pages[size], complete=True) as visit:
        assert visit.page.evaluate("webgl.length") == 0
        for panel in visit.panels("panel.usesWebgl"):
            visit.show(panel)
        alive = "webgl.filter(it => !it.isContextLost()).length"
        visit.until(f"{alive} > 0 || !panels.some(it => it.usesWebgl)")
        assert visit.page.evaluate(alive) <= MOST_CONTEXTS


@pytest.mark.parametrize("size", ["500", LARGE])
def test_the_table_holds_only_the_rows_in_sight(opened: Any, size: str) -> None:
    visit = opened[size]
    rows = visit.page.locator("#runs-table tbody tr")
    assert 10 < rows.count() < 100
    last = visit.page.evaluate(
        """async () => {
          const scroll = document.getElementById("trials-table");
          scroll.scrollTop = scroll.scrollHeight;
          await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
          const rows = [...scroll.querySelectorAll("tr[aria-rowindex]")];
          scroll.scrollTop = 0;
          return [rows.length, Number(rows.at(-1).getAttribute("aria-rowindex"))];
        }"""
    )
    assert last[0] < 100
    assert last[1] == visit.page.evaluate("store.runs.trial.length") + 1


def test_a_header_sorts_up_and_down(visit: Visit) -> None:
    header = visit.page.locator("#runs-table thead th").nth(4)
    cells = visit.page.locator("#runs-table tbody tr[aria-rowindex] td:nth-child(5)")
    scores = []
    for direction in ("ascending", "descending"):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == direction
        scores.append([float(text) for text in cells.all_text_contents()[:10]])
    assert scores[0] == sorted(scores[0])
    assert scores[1] == sorted(scores[1], reverse=True)
    assert scores[1][0] > scores[0][0]


def test_every_figure_has_its_table(visit: Visit) -> None:
    figures = visit.panels()
    assert len(figures) >= 5
    for panel in figures:
        place = visit.page.locator(f"[data-panel={panel}] .figure-table")
        assert place.count() == 1, panel
        place.locator("summary").click()
        place.locator("td").first.wait_for()
        assert place.locator("th").count() > 1, panel
        place.locator("summary").click()


def test_a_figures_csv_has_the_rows_of_its_table(medium: Visit) -> None:
    # Chromium lets one page save ten files without asking.
    for panel in medium.panels()[::2]:
        rows = saved(medium, f"[data-panel={panel}] .csv")
        stored = medium.page.evaluate(
            "name => { const table = panels.find(it => it.identity === name).stored.table;"
            " return [Object.keys(table), Object.values(table)[0].length]; }",
            panel,
        )
        assert rows[0] == stored[0], panel
        assert len(rows) - 1 == stored[1] > 0, panel


def test_the_runs_csv_has_the_filtered_runs(visit: Visit) -> None:
    visit.select(where="verdict=stable")
    head, *rows = saved(visit, "#runs-csv")
    assert len(rows) == visit.state()["matched"]
    assert {row[head.index("verdict")] for row in rows} == {"stable"}


def saved(visit: Visit, button: str) -> list[list[str]]:
    """The rows of the CSV file that a button gives."""
    with visit.page.expect_download() as download:
        visit.page.click(button)
    return list(csv.reader(io.StringIO(Path(download.value.path()).read_bytes().decode())))
