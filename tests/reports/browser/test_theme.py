"""Light and dark: by the system's setting, by the switch, and the next time the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.browser.visits import Visit, visiting

PAPER = "getComputedStyle(document.body).backgroundColor"


def is_dark(visit: Visit) -> bool:
    paper = visit.page.evaluate(PAPER)
    return sum(int(part) for part in paper.strip("rgb()").split(",")[:3]) < 3 * 80


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system(browser: Any, pages: Any, scheme: str) -> None:
    with visiting(browser, pages["5"], scheme=scheme) as visit:
        assert is_dark(visit) == (scheme == "dark")
        visit.page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
        assert is_dark(visit) == (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_wins_over_the_system_and_is_remembered(
    browser: Any, pages: Any, scheme: str
) -> None:
    with visiting(browser, pages["5"], scheme=scheme) as visit:
        visit.page.click("#theme")
        assert is_dark(visit) == (scheme == "light")
        pressed = visit.page.get_attribute("#theme", "aria-pressed")
        assert pressed == ("true" if scheme == "light" else "false")
        visit.page.reload()
        visit.page.wait_for_selector("html[data-ready]")
        assert is_dark(visit) == (scheme == "light")
        visit.page.click("#theme")
        assert is_dark(visit) == (scheme == "dark")
        assert visit.complaints == []


def test_figures_change_their_ink_with_the_page(browser: Any, pages: Any) -> None:
    ink = "getComputedStyle(document.querySelector('#zone .xtick text, .xtick text')).fill"
    with visiting(browser, pages["500"]) as visit:
        visit.show("safe-zone")
        light = visit.page.evaluate(ink)
        visit.page.click("#theme")
        assert visit.page.evaluate(ink) != light
