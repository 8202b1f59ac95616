"""The selection lives in the address: links lead to it, and the back button undoes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.browser.visits import Visit, visiting


@pytest.mark.parametrize("fragment", ["#trial=3", "#trial-3"])
def test_a_link_opens_its_trial_close_up(browser: Any, pages: Any, fragment: str) -> None:
    with visiting(browser, pages["5"], fragment=fragment) as visit:
        visit.page.wait_for_selector("#closeup-title")
        assert visit.state()["trial"] == 3
        assert visit.page.text_content("#closeup-title") == "Trial 3"
        assert visit.page.locator("#trial").evaluate(IN_SIGHT)
        assert visit.complaints == []


IN_SIGHT = """element => {
  const box = element.getBoundingClientRect();
  return box.top < innerHeight && box.bottom > 0;
}"""


def test_a_link_to_a_section_scrolls_to_it_and_selects_nothing(browser: Any, pages: Any) -> None:
    with visiting(browser, pages["5"], fragment="#methods", complete=True) as visit:
        assert visit.state()["trial"] is None
        visit.until(f"({IN_SIGHT})(document.getElementById('methods'))")


def test_a_link_to_a_trial_that_is_not_there_selects_nothing(browser: Any, pages: Any) -> None:
    with visiting(browser, pages["5"], fragment="#trial=77") as visit:
        assert visit.state()["trial"] is None
        assert visit.complaints == []


def test_a_link_carries_a_filter(browser: Any, pages: Any) -> None:
    with visiting(browser, pages["5"], fragment="#trial=2&where=stage%3Dconfirm") as visit:
        state = visit.state()
        assert (state["trial"], state["where"]) == (2, "stage=confirm")
        assert visit.page.input_value("#filter") == "stage=confirm"
        assert 0 < state["matched"] < visit.page.evaluate("store.runs.trial.length")


def test_a_damaged_link_opens_the_page_all_the_same(browser: Any, pages: Any) -> None:
    with visiting(browser, pages["5"], fragment="#trial=%E0%A4%A&where=%") as visit:
        assert visit.state()["trial"] is None
        assert visit.complaints == []


def test_back_and_forward_walk_through_the_selections(visit: Visit) -> None:
    visit.select(trial=1)
    visit.select(trial=2, where="stage=explore")
    visit.page.go_back()
    visit.until("selection.trial === 1 && selection.where === ''")
    assert visit.page.input_value("#filter") == ""
    visit.page.go_forward()
    visit.until("selection.trial === 2 && selection.where === 'stage=explore'")
    assert visit.page.input_value("#filter") == "stage=explore"


def test_the_address_of_a_selection_opens_the_same_selection(
    browser: Any, pages: Any, medium: Visit
) -> None:
    medium.select(trial=7, where='loss=hinge|"non-saturating" generator_lr=1e-4..1e-3')
    state = medium.state()
    with visiting(browser, pages["500"], fragment=state["hash"]) as other:
        assert other.state() == state


def test_the_close_up_has_the_command_that_draws_from_its_trial(medium: Visit) -> None:
    medium.select(trial=3)
    medium.until("document.getElementById('closeup-title')?.textContent === 'Trial 3'")
    command = medium.page.locator("#closeup .command code").first.text_content()
    assert command.startswith("python -m lab.explore ")
    assert command.endswith("/trials/0003")
