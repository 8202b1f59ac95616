"""Accessibility as axe-core checks it: WCAG 2.0 and 2.1, levels A and AA, in light and dark.

axe.min.js is axe-core 4.14.1, unchanged (Mozilla Public License 2.0, see axe-LICENSE.txt).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.browser.conftest import Opened

AXE = Path(__file__).with_name("axe.min.js").read_text()
WIDE, NARROW = 1200, 390
RUN = """async () => {
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    resultTypes: ["violations"],
  });
  return found.violations.flatMap(it => it.nodes.slice(0, 3).map(node =>
    `${it.id}: ${node.target.join(" ")}: ${node.any.concat(node.all, node.none)
      .map(check => check.message).join("; ").slice(0, 160)}`));
}"""


@pytest.mark.parametrize(
    ("size", "scheme", "width"),
    [
        ("5", "light", WIDE),
        ("5", "dark", WIDE),
        ("5", "light", NARROW),
        pytest.param("500", "dark", WIDE, marks=pytest.mark.slow),
        pytest.param("500", "light", WIDE, marks=pytest.mark.slow),
        pytest.param("500", "light", NARROW, marks=pytest.mark.slow),
        pytest.param("10000", "light", WIDE, marks=pytest.mark.large),
        pytest.param("10000", "dark", WIDE, marks=pytest.mark.large),
    ],
)
def test_axe_finds_nothing(opened: Opened, size: str, scheme: str, width: int) -> None:
    visit = opened[size]
    usual = visit.page.viewport_size
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.emulate_media(color_scheme=scheme)
    visit.select(trial=2, where="stage=explore")
    visit.page.evaluate(AXE)
    found = visit.page.evaluate(RUN)
    visit.page.emulate_media(color_scheme="light")
    visit.page.set_viewport_size(usual)
    assert found == []
