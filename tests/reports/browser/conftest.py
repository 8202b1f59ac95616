"""One Chromium; pages at 5, 500 and 10,000 trials, each built and opened once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reports import write_report
from tests.made_up.records import write_large_study
from tests.reports.browser.visits import CHROMIUM, FLAGS, Visit, sync_api, visiting

SHAPES = {"5": (5, 3), "500": (500, 3), "10000": (10_000, 1), "10000 x 3": (10_000, 3)}
"""Trials and seeds of each. More seeds at 10,000 take a minute more and change no behaviour."""
LARGE = pytest.param("10000", marks=pytest.mark.large)
SIZES = ("5", "500", LARGE)
AT_REST = """() => {
  document.activeElement.blur();
  scrollTo(0, 0);
  document.getElementById("trials-table").scrollTop = 0;
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs a Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                reason = "no chromium on the PATH (Debian: chromium)"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


class Pages:
    """Reports by size, written when first asked for."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def study(self, size: str) -> Path:
        folder = self.place / size.replace(" ", "-")
        if not folder.exists():
            write_large_study(folder, *SHAPES[size])
        return folder

    def __getitem__(self, size: str) -> Path:
        page = self.place / f"{size}.html"
        if not page.exists():
            write_report(self.study(size), page)
        return page


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return Pages(tmp_path_factory.mktemp("pages"))


class Opened:
    """Pages that stay open, by size; each is given with nothing selected and at its top."""

    def __init__(self, browser: Any, pages: Pages, stack: ExitStack) -> None:
        self.browser, self.pages, self.stack = browser, pages, stack
        self.visits: dict[str, Visit] = {}

    def __getitem__(self, size: str) -> Visit:
        if size not in self.visits:
            shown = visiting(self.browser, self.pages[size], complete=True, accept_downloads=True)
            self.visits[size] = self.stack.enter_context(shown)
        visit = self.visits[size]
        visit.complaints.clear()
        visit.page.evaluate(AT_REST)
        visit.select(trial=None, where="")
        return visit


@pytest.fixture(scope="package")
def opened(browser: Any, pages: Pages) -> Iterator[Opened]:
    with ExitStack() as stack:
        yield Opened(browser, pages, stack)


@pytest.fixture(params=SIZES)
def visit(opened: Opened, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The page at each size; whatever a test does there, the page must not complain."""
    found = opened[request.param]
    yield found
    assert found.complaints == []


@pytest.fixture
def medium(opened: Opened) -> Iterator[Visit]:
    """The page of 500 trials."""
    found = opened["500"]
    yield found
    assert found.complaints == []
