"""The page of two studies: drawn, silent, accessible, and no wider than a narrow screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.record.storage import open_storage
from reports.compare.page import store_comparison
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_study
from tests.reports.browser.test_axe import AXE, RUN
from tests.reports.browser.visits import visiting

FIGURES = {"lanes", "fates-lanes", "survival-overlay", "quality-overlay"}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raced and confirmed study against one of other runs; both names are long."""
    root = tmp_path_factory.mktemp("two")
    first = write_raced_study(root / "first", {5: "sscs", 9: "ss"}, raced="sss")
    second = write_study(
        root / "second",
        30,
        seed=4,
        num_sobol=20,
        samples=False,
        name="<b>a name of words</b>",
    )
    place = root / "comparison.html"
    store_comparison(open_storage(str(first)), open_storage(str(second)), place)
    return place


@pytest.mark.parametrize("width", [1200, 390])
def test_every_figure_is_drawn_in_silence(browser: Any, comparison: Path, width: int) -> None:
    with visiting(browser, comparison, width=width, complete=True) as visit:
        assert set(visit.panels()) == FIGURES
        for panel in visit.panels():
            visit.show(panel)
        assert visit.complaints == []
        assert set(visit.requests) <= {"file", "data", "blob"}
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_comparison(browser: Any, comparison: Path, scheme: str) -> None:
    with visiting(browser, comparison, scheme=scheme, complete=True) as visit:
        visit.page.evaluate(AXE)
        assert visit.page.evaluate(RUN) == []
