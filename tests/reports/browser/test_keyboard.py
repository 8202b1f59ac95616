"""Everything can be reached and done without a mouse."""

from __future__ import annotations

from typing import Any

from tests.reports.browser.visits import Visit, visiting

REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter(it => !it.disabled && it.tabIndex >= 0 && it.checkVisibility({visibilityProperty: true}))
  .map((it, i) => { it.dataset.place = i; return i; })"""
FOCUSED = """() => {
  const it = document.activeElement;
  const style = getComputedStyle(it);
  const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
    || style.boxShadow !== "none";
  return {place: it.dataset.place ?? null, ring, tag: it.outerHTML.slice(0, 120)};
}"""
NAME = "place => document.querySelector(`[data-place='${place}']`)?.outerHTML.slice(0, 120)"
MOST_TABS = 1000


def test_tab_reaches_everything_and_the_focus_shows(browser: Any, pages: Any) -> None:
    with visiting(browser, pages["5"], complete=True) as visit:
        wanted = set(map(str, visit.page.evaluate(REACHABLE)))
        reached, bare = set(), set()
        for _ in range(MOST_TABS):
            visit.page.keyboard.press("Tab")
            focused = visit.page.evaluate(FOCUSED)
            if focused["place"] in reached:
                break
            if focused["place"] is not None:
                reached.add(focused["place"])
                if not focused["ring"]:
                    bare.add(focused["tag"])
        missing = [visit.page.evaluate(NAME, place) for place in sorted(wanted - reached)]
        # The table's rows are made anew as it scrolls, so its links may have gone meanwhile.
        assert [tag for tag in missing if tag] == []
        assert bare == set()


def test_the_first_tab_is_a_link_past_the_toolbar(browser: Any, pages: Any) -> None:
    with visiting(browser, pages["5"]) as visit:
        visit.page.keyboard.press("Tab")
        skip = visit.page.locator(":focus")
        assert skip.text_content() == "Skip to the findings"
        assert skip.bounding_box()["y"] >= 0
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Tab")
        after = visit.page.evaluate(
            "document.getElementById('findings').compareDocumentPosition(document.activeElement)"
        )
        assert after & 20, "the next stop is in the findings or behind them"


def test_arrows_walk_the_trials(visit: Visit) -> None:
    order = visit.page.evaluate("selection.order().slice(0, 3)")
    for _ in range(3):
        visit.page.keyboard.press("ArrowRight")
    assert visit.state()["trial"] == order[2]
    visit.page.keyboard.press("ArrowLeft")
    assert visit.state()["trial"] == order[1]


def test_arrows_in_the_filter_box_move_its_cursor_only(visit: Visit) -> None:
    visit.page.focus("#filter")
    visit.page.keyboard.press("ArrowRight")
    assert visit.state()["trial"] is None


def test_up_and_down_walk_the_table_and_enter_opens_the_close_up(visit: Visit) -> None:
    order = visit.page.evaluate("selection.order().slice(0, 2)")
    visit.page.focus("#trials-table")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("ArrowDown")
    assert visit.state()["trial"] == order[1]
    visit.page.keyboard.press("Enter")
    visit.until("document.getElementById('trial').getBoundingClientRect().top < innerHeight")
    visit.until(
        "title => document.getElementById('closeup-title')?.textContent === title",
        f"Trial {order[1]}",
    )


def test_escape_clears_the_filter_then_the_selection(visit: Visit) -> None:
    visit.select(trial=1, where="verdict=stable")
    visit.page.keyboard.press("Escape")
    assert (visit.state()["where"], visit.state()["trial"]) == ("", 1)
    visit.page.keyboard.press("Escape")
    assert visit.state()["trial"] is None


def test_every_control_has_a_name(visit: Visit) -> None:
    nameless = visit.page.evaluate(
        """[...document.querySelectorAll("button, select, input, [role=region]")].filter(it =>
          !(it.textContent.trim() || it.getAttribute("aria-label")
            || it.getAttribute("aria-labelledby") || it.labels?.length))
          .map(it => it.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
