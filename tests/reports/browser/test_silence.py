"""Nothing on the wire, nothing on the console, and a policy that forbids both."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.browser.conftest import SIZES, Pages
from tests.reports.browser.visits import Visit, visiting

LARGEST = pytest.param("10000 x 3", marks=pytest.mark.slow)


@pytest.mark.parametrize("size", [*SIZES, LARGEST])
def test_the_whole_page_is_read_in_silence(browser: Any, pages: Pages, size: str) -> None:
    with visiting(browser, pages[size], complete=True) as visit:
        for panel in visit.panels():
            visit.show(panel)
        visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        visit.settle()
        assert visit.complaints == []
        assert set(visit.requests) <= {"file", "data", "blob"}
        assert visit.requests.count("file") == 1


def test_the_policy_forbids_the_network_and_foreign_scripts(visit: Visit) -> None:
    policy = visit.page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules.get("connect-src", "'none'") == "'none'"
    assert "unsafe" not in rules["script-src"]


def test_the_policy_stops_a_request(browser: Any, pages: Pages) -> None:
    with visiting(browser, pages["5"]) as visit:
        failed = visit.page.evaluate(
            "fetch('https://example.invalid/').then(() => 'went', error => error.name)"
        )
        assert failed == "TypeError"
        assert any("Content Security Policy" in told for told in visit.complaints)
        assert "https" not in visit.requests
